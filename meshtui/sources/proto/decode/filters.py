"""HTTP filters and their overrides on routes, said in words (gRFC A33, A39, A41, A55)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from meshtui.model.phrases import plural
from meshtui.model.xds.filters import FAULT_FILTER, SESSION_FILTER, Fault, HttpFilter
from meshtui.sources.proto.type_names import short_name
from meshtui.sources.proto.unpack import UnreadableError, fraction, parse, seconds, unpack

GRPC_STATUS: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Status codes by number (gRPC's statuscodes.md)."""

HTTP_TO_GRPC: Final = {
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
    return filter_._replace(off=True) if message.disabled else filter_


def overrides(layer: Mapping[str, Any]) -> tuple[HttpFilter, ...]:
    """``typed_per_filter_config`` of a virtual host, a route or a weighted cluster."""
    return tuple(_override(name, layer[name]) for name in sorted(layer)) if layer else ()


def _override(name: str, packed: Any) -> HttpFilter:
    """An override, taken out of the envelope that says it is optional or switches the filter off."""
    if short_name(packed.type_url) != "FilterConfig":
        return _filter(name, packed)
    try:
        envelope = unpack(packed)
    except UnreadableError as error:
        return HttpFilter(name, "FilterConfig", f"override of {name} cannot be read: {error}")
    found = _filter(name, envelope.config)
    return found._replace(off=True) if envelope.disabled else found


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
        if kind == FAULT_FILTER:
            fault = _fault(parse(type_url, value))
            return HttpFilter(name, kind, fault.words, fault)
        return HttpFilter(name, kind, words(parse(type_url, value)) if words else "")
    except UnreadableError as error:
        return HttpFilter(name, kind, f"{kind} cannot be read: {error}")


def _fault(message: Any) -> Fault:
    """gRFC A33: a share that is not said is none, and a fault is for every request, whatever its ``headers`` say."""
    delay, abort = message.delay, message.abort
    by_header = delay.HasField("header_delay")
    return Fault(
        delayed=fraction(delay.percentage) if message.HasField("delay") else 0.0,
        delay=None if by_header else seconds(delay.fixed_delay),
        aborted=fraction(abort.percentage) if message.HasField("abort") else 0.0,
        status=_abort_status(abort),
        at_most=message.max_active_faults.value if message.HasField("max_active_faults") else None,
    )


def _abort_status(abort: Any) -> str:
    """The status that calls end with; empty where a header of theirs says it.

    grpc-go ``internal/xds/httpfilter/fault/fault.go``: HTTP 200 and what has no mapping become UNKNOWN, and so does a
    number that is no status (gRFC A33).
    """
    form = abort.WhichOneof("error_type")
    if form == "grpc_status":
        known = abort.grpc_status < len(GRPC_STATUS)
        return GRPC_STATUS[abort.grpc_status] if known else f"UNKNOWN (status {abort.grpc_status})"
    if form == "http_status":
        return f"{HTTP_TO_GRPC.get(abort.http_status, 'UNKNOWN')} (HTTP {abort.http_status})"
    return ""


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


def _session_words(message: Any) -> str:
    """``sessions by cookie NAME``; the cookie is the only state that gRPC knows (gRFC A55)."""
    packed = message.session_state.typed_config
    if short_name(packed.type_url) != "CookieBasedSessionState":
        return f"sessions by {short_name(packed.type_url)}" if packed.type_url else ""
    return f"sessions by cookie {unpack(packed).cookie.name}"


def _session_override_words(message: Any) -> str:
    off = message.disabled or not message.HasField("stateful_session")
    return "sessions off" if off else _session_words(message.stateful_session)


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "RBAC": rbac_words,
    "RBACPerRoute": _rbac_override_words,
    SESSION_FILTER: _session_words,
    "StatefulSessionPerRoute": _session_override_words,
}
"""The filters that have something to say."""
