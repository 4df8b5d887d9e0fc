"""``Any`` values taken out of their envelope, and the small message types that everything else is made of.

Where the decoders read tens of thousands of repeated fields they take a slice: protobuf makes it in C, while its
iterator ends with an exception, which costs more than the items of most.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from google.protobuf.message import DecodeError

from meshtui.model.address import host_port
from meshtui.model.xds.config import MatchKind, StringMatch
from meshtui.sources.proto.registry import KNOWN_NAMES, message_class
from meshtui.sources.proto.type_names import short_name, type_name

DENOMINATORS: Final = (100, 10_000, 1_000_000)
"""``FractionalPercent.DenominatorType`` HUNDRED, TEN_THOUSAND, MILLION."""


class UnreadableError(Exception):
    """Bytes that are not what their type says, or a type that is not known; the text says which."""


def parse(type_url: str, value: bytes) -> Any:
    """The message in ``value``. Raises :class:`UnreadableError`."""
    cls = _class_of(type_url)
    if cls is None:
        raise UnreadableError(f"meshtui does not know the type {type_name(type_url) or '(none)'}")
    try:
        return cls.FromString(value)
    except DecodeError:
        raise UnreadableError(f"its bytes are no {type_name(type_url)}") from None


@lru_cache(KNOWN_NAMES)
def _class_of(type_url: str) -> Any | None:
    return message_class(type_name(type_url))


def unpack(packed: Any, *expected: str) -> Any:
    """The message in an ``Any``, which has to be one of the expected short types, if some are given.

    Raises :class:`UnreadableError`.
    """
    return parse_as(packed.type_url, packed.value, *expected)


def parse_as(type_url: str, value: bytes, *expected: str) -> Any:
    """As :func:`unpack`, of the two fields of an ``Any``."""
    if expected and short_name(type_url) not in expected:
        wanted = " or ".join(expected)
        raise UnreadableError(f"a {type_name(type_url) or 'nothing'} where gRPC needs a {wanted}")
    return parse(type_url, value)


def string_match(matcher: Any) -> StringMatch:
    """``envoy.type.matcher.v3.StringMatcher``; a form that is not known matches like an empty exact one."""
    form = matcher.WhichOneof("match_pattern")
    ignore_case = bool(matcher.ignore_case)
    if form == "safe_regex":
        return StringMatch(MatchKind.REGEX, matcher.safe_regex.regex)
    kind = _STRING_FORMS.get(form or "exact")
    return StringMatch(kind, getattr(matcher, form), ignore_case) if kind and form else StringMatch(MatchKind.EXACT, "")


_STRING_FORMS: Final = {
    "exact": MatchKind.EXACT,
    "prefix": MatchKind.PREFIX,
    "suffix": MatchKind.SUFFIX,
    "contains": MatchKind.CONTAINS,
}


def fraction(percent: Any) -> float:
    """``envoy.type.v3.FractionalPercent`` as a share of 0 to 1; more than all is all."""
    denominator = DENOMINATORS[percent.denominator] if 0 <= percent.denominator < len(DENOMINATORS) else 100
    return min(1.0, float(percent.numerator) / denominator)


def seconds(duration: Any) -> float:
    """``google.protobuf.Duration`` in seconds."""
    return float(duration.seconds + duration.nanos / 1e9)


def socket_address(address: Any) -> str:
    """``envoy.config.core.v3.Address`` as ``host:port``; a pipe as ``unix:path``; empty for an empty one."""
    form = address.WhichOneof("address")
    if form == "socket_address":
        host, port = address.socket_address.address, address.socket_address.port_value
        return host_port(host, port)
    if form == "pipe":
        return f"unix:{address.pipe.path}"
    if form == "envoy_internal_address":
        return str(address.envoy_internal_address.server_listener_name)
    return ""


def istio_metadata(metadata: Any, field: str) -> str:
    """A text istiod left in ``filter_metadata["istio"]``, or an empty one."""
    struct = metadata.filter_metadata.get("istio")
    value = struct.fields.get(field) if struct is not None else None
    return str(value.string_value) if value is not None else ""


def istio_origin(metadata: Any) -> str:
    """The Istio object a part was made from, as ``virtual-service/ns/name``; empty when istiod does not say.

    istiod writes ``/apis/networking.istio.io/v1/namespaces/NS/virtual-service/NAME``.
    """
    parts = istio_metadata(metadata, "config").split("/")
    if len(parts) < 4 or parts[-4] != "namespaces":
        return ""
    namespace, kind, name = parts[-3:]
    return f"{kind}/{namespace}/{name}"
