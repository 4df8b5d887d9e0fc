"""HTTP filters and their overrides on routes, said in words (gRFC A33, A39, A41, A60)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from meshtui.model.phrases import plural, share_words
from meshtui.model.xds.config import HttpFilter
from meshtui.sources.proto.type_names import short_name
from meshtui.sources.proto.unpack import UnreadableError, fraction, parse, seconds, unpack

GRPC_STATUS: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Status codes by number (gRPC's statuscodes.md)."""

HTTP_TO_GRPC: Final = {
    200: "OK",
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}
"""What an HTTP status becomes (gRPC's http-grpc-status-mapping.md); any other is UNKNOWN."""

RBAC_ACTIONS: Final = {0: "ALLOW", 1: "DENY", 2: "LOG"}
"""``envoy.config.rbac.v3.RBAC.Action`` by number; gRPC acts on the first two."""


def http_filters(messages: Iterable[Any]) -> tuple[HttpFilter, ...]:
    """The filters of an ``HttpConnectionManager``."""
    return tuple(_listed(message) for message in messages)


def _listed(message: Any) -> HttpFilter:
    filter_ = _filter(message.name, message.typed_config)
    if not message.disabled:
        return filter_
    return HttpFilter(filter_.name, filter_.kind, f"{filter_.kind} disabled")


def overrides(*layers: Mapping[str, Any]) -> tuple[HttpFilter, ...]:
    """``typed_per_filter_config`` of a virtual host and its route; the later layer replaces the earlier, by filter."""
    merged = {name: packed for layer in layers if layer for name, packed in layer.items()}
    return tuple(_override(name, merged[name]) for name in sorted(merged))


def _override(name: str, packed: Any) -> HttpFilter:
    """An override, taken out of the envelope that says it is optional or switches the filter off."""
    if short_name(packed.type_url) != "FilterConfig":
        return _filter(name, packed)
    try:
        envelope = unpack(packed)
    except UnreadableError as error:
        return HttpFilter(name, "FilterConfig", f"override of {name} cannot be read: {error}")
    if envelope.disabled:
        return HttpFilter(name, short_name(envelope.config.type_url), f"{name} disabled")
    return _filter(name, envelope.config)


def _filter(name: str, packed: Any) -> HttpFilter:
    return _read_filter(name, packed.type_url, packed.value)


FILTERS_REMEMBERED: Final = 512
"""A control plane puts the same few filters into every listener."""


@lru_cache(FILTERS_REMEMBERED)
def _read_filter(name: str, type_url: str, value: bytes) -> HttpFilter:
    kind = short_name(type_url)
    words = _WORDS.get(kind)
    try:
        if kind == "TypedStruct":
            return HttpFilter(name, short_name(parse(type_url, value).type_url) or kind)
        return HttpFilter(name, kind, words(parse(type_url, value)) if words else "")
    except UnreadableError as error:
        return HttpFilter(name, kind, f"{kind} cannot be read: {error}")


def fault_words(fault: Any) -> str:
    """``delays 10 % by 2 s, aborts 50 % with UNAVAILABLE``; empty when it does nothing."""
    parts = []
    if fault.HasField("delay"):
        delay = fault.delay
        by = "what a header says" if delay.HasField("header_delay") else f"{seconds(delay.fixed_delay):g} s"
        parts.append(f"delays {share_words(fraction(delay.percentage))} by {by}")
    if fault.HasField("abort"):
        abort = fault.abort
        parts.append(f"aborts {share_words(fraction(abort.percentage))} with {_abort_status(abort)}")
    if parts and fault.HasField("max_active_faults"):
        parts.append(f"at most {fault.max_active_faults.value} at a time")
    return ", ".join(parts)


def _abort_status(abort: Any) -> str:
    form = abort.WhichOneof("error_type")
    if form == "grpc_status":
        known = abort.grpc_status < len(GRPC_STATUS)
        return GRPC_STATUS[abort.grpc_status] if known else f"status {abort.grpc_status}"
    if form == "http_status":
        return f"{HTTP_TO_GRPC.get(abort.http_status, 'UNKNOWN')} (HTTP {abort.http_status})"
    return "what a header says"


def rbac_words(rbac: Any) -> str:
    """``RBAC: ALLOW 2 rules``; gRPC reads ``rules`` only, and without them lets everything pass."""
    if not rbac.HasField("rules"):
        return ""
    action = RBAC_ACTIONS.get(rbac.rules.action, f"action {rbac.rules.action}")
    count = len(rbac.rules.policies)
    if not count and action == "ALLOW":
        return "RBAC: ALLOW without rules, so nothing is allowed"
    return f"RBAC: {action} {plural(count, 'rule')}"


def _rbac_override_words(message: Any) -> str:
    return rbac_words(message.rbac) or "RBAC off"


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "HTTPFault": fault_words,
    "RBAC": rbac_words,
    "RBACPerRoute": _rbac_override_words,
}
"""The filters that have something to say."""
