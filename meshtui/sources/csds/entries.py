"""The many ways in which clients report their resources over CSDS, brought into one form.

``generic_xds_configs`` is what every gRPC library sends since 2021; before that it was one ``PerXdsConfig`` a type, in
the shapes of Envoy's config dump. grpc-js has quirks of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from meshtui.sources.proto.wire import WireError, fields

Stamp: TypeAlias = int
"""Nanoseconds since the epoch; 0 stands for none, as the protos have it."""

Failure: TypeAlias = tuple[str, str, Stamp]
"""Refused version, details, and the time of the attempt."""


NANOSECONDS: Final = 1_000_000_000
"""In a second."""


class Entry(NamedTuple):
    """One resource as reported. ``status`` is the wire number of ``ClientResourceStatus``."""

    type_url: str
    name: str
    version: str
    value: bytes
    status: int
    updated: Stamp
    failure: Failure | None


DOES_NOT_EXIST: Final = 2
ACKED: Final = 3
NACKED: Final = 4
"""Wire numbers of ``ClientResourceStatus``."""

_FROM_CONFIG_STATUS: Final = {1: ACKED, 2: 1, 3: 1, 4: NACKED}
"""``ConfigStatus`` (SYNCED, NOT_SENT, STALE, ERROR), which servers sent before ``client_status`` was there."""


def generic_entry(message: Any) -> Entry:
    """An entry of ``generic_xds_configs``."""
    config = message.xds_config
    type_url, value = config.type_url or message.type_url, config.value
    status = message.client_status or _FROM_CONFIG_STATUS.get(message.config_status, 0)
    version = message.version_info
    failure = None
    if message.HasField("error_state"):
        state = message.error_state
        failure = _failure(state)
        if not value and status == NACKED and "/" not in message.type_url:
            # grpc-js puts the config in force here; others put the refused one here, which is not.
            value = state.failed_configuration.value
    if status == DOES_NOT_EXIST and not value:
        version = ""  # grpc-js leaves the version of what was there before
    updated = message.last_updated
    stamp = updated.seconds * NANOSECONDS + updated.nanos
    return Entry(type_url, message.name, version, value, status, stamp, failure)


def old_form_entries(config: Any, problems: list[str]) -> Iterator[Entry]:
    """A client's resources in the deprecated ``xds_config``; what cannot be told apart is left out and counted."""
    nameless: Counter[str] = Counter()
    for per_type in config.xds_config:
        for found in legacy_entries(per_type):
            if isinstance(found, str):
                nameless[found] += 1
            else:
                yield found
    problems += (text if count == 1 else f"{text} ({count} times)" for text, count in nameless.items())


def legacy_entries(message: Any) -> Iterator[Entry | str]:
    """The entries of a deprecated ``PerXdsConfig``; for one that cannot be told apart, a sentence that says so."""
    form = message.WhichOneof("per_xds_config")
    reader = _LEGACY.get(form or "")
    if reader is None:
        return
    fallback = message.client_status or _FROM_CONFIG_STATUS.get(message.status, 0)
    dump = getattr(message, form)
    field, config_field, type_url = reader
    for entry in getattr(dump, field):
        state = entry.active_state if field == "dynamic_listeners" else entry
        packed = getattr(state, config_field)
        name = entry.name if field == "dynamic_listeners" else _name_inside(packed.value)
        if not name:
            yield f"A {type_url.rpartition('.')[2]} of the old xds_config form has no name and is left out."
            continue
        yield Entry(
            packed.type_url or type_url,
            name,
            state.version_info,
            packed.value,
            entry.client_status or fallback,
            _stamp(state.last_updated),
            _failure(entry.error_state) if entry.HasField("error_state") else None,
        )


_PREFIX: Final = "type.googleapis.com/envoy.config."

_LEGACY: Final = {
    "listener_config": ("dynamic_listeners", "listener", f"{_PREFIX}listener.v3.Listener"),
    "cluster_config": ("dynamic_active_clusters", "cluster", f"{_PREFIX}cluster.v3.Cluster"),
    "route_config": ("dynamic_route_configs", "route_config", f"{_PREFIX}route.v3.RouteConfiguration"),
    "endpoint_config": ("dynamic_endpoint_configs", "endpoint_config", f"{_PREFIX}endpoint.v3.ClusterLoadAssignment"),
}
"""For each form its list, the field of the config in it, and the type."""


def _name_inside(value: bytes) -> str:
    """The name of a resource out of its bytes: field 1 of all three types, written first by every protobuf library."""
    try:
        for number, content in fields(value):
            if number == 1 and isinstance(content, bytes):
                return content.decode("utf-8", "replace")
    except WireError:
        pass
    return ""


def _failure(state: Any) -> Failure:
    return state.version_info, state.details, _stamp(state.last_update_attempt)


def _stamp(timestamp: Any) -> Stamp:
    return int(timestamp.seconds * NANOSECONDS + timestamp.nanos)


def distinct(scopes: Iterable[str]) -> Iterator[str]:
    """The scopes, a repeated one with its number: clients before gRPC 1.66 say none, and two must not be mixed up."""
    seen: dict[str, int] = {}
    for scope in scopes:
        seen[scope] = count = seen.get(scope, 0) + 1
        yield scope if count == 1 else f"{scope} ({count})".strip()
