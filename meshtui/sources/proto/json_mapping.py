"""Canonical proto JSON that never gives up.

The mapping is that of protobuf's ``json_format``. The differences: an ``Any`` of an unknown type or with corrupt bytes
becomes its type URL, its size and the first bytes, where ``json_format`` loses the whole message; what is nested deeper
than anything real is cut there and says so; and a field that Envoy's protos mark as sensitive is masked.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from google.protobuf import duration_pb2, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from udpa.annotations import sensitive_pb2

from meshtui.json_writer import indented
from meshtui.model.identity.masking import MASK
from meshtui.model.xds.resource import Resource
from meshtui.sources.proto.unpack import UnreadableError, parse

Json: TypeAlias = Any
"""What ``json.dumps`` takes."""

DEEPEST_ANY: Final = 16
"""How many ``Any`` may be packed into each other; a listener needs four. Deeper ones show type URL and size."""

DEEPEST: Final = 100
"""How many messages may lie within each other, through every ``Any``; a real listener has some 25. It is protobuf's own
limit for one message, and keeps this writer and those of JSON and YAML far from Python's limit of recursion."""

LARGEST_EXACT: Final = 2**53
"""Whole numbers up to here are written without a fraction; beyond, a double is no exact number any more."""

PREVIEW_BYTES: Final = 48
"""Bytes shown of what cannot be read: enough to recognise text or a certificate."""


def resource_document(resource: Resource) -> Json:
    """The resource's config in force; ``None`` where there is none."""
    return any_json(resource.type_url, resource.value) if resource.value else None


def resource_json(resource: Resource) -> str:
    """The resource's config in force, indented; empty where there is none."""
    document = resource_document(resource)
    return "" if document is None else indented(document)


@dataclass(frozen=True, slots=True)
class _Depth:
    """How far inside: messages of any kind, and ``Any`` among them."""

    messages: int = 0
    anys: int = 0

    def inside(self) -> _Depth:
        return _Depth(self.messages + 1, self.anys)

    def unpacked(self) -> _Depth:
        return _Depth(self.messages, self.anys + 1)


def any_json(type_url: str, value: bytes) -> Json:
    """An ``Any``: the message's fields after ``@type``; well-known types under ``value``, as the mapping has it."""
    return _any_json(type_url, value, _Depth())


def _any_json(type_url: str, value: bytes, depth: _Depth) -> Json:
    if depth.anys > DEEPEST_ANY:
        return _unread(type_url, value, "packed too deep")
    try:
        message = parse(type_url, value)
    except UnreadableError as error:
        return _unread(type_url, value, str(error))
    special = _WELL_KNOWN.get(message.DESCRIPTOR.full_name)
    if special is not None:
        return {"@type": type_url, "value": special(message, depth)}
    return {"@type": type_url, **_fields(message, depth)}


def _unread(type_url: str, value: bytes, reason: str) -> Json:
    unread = {"@type": type_url, "@unread": reason, "@size": len(value)}
    if value:
        unread["@preview"] = base64.b64encode(value[:PREVIEW_BYTES]).decode()
    return unread


def _message(message: Any, depth: _Depth) -> Json:
    if depth.messages >= DEEPEST:
        return _too_deep(message)
    depth = depth.inside()
    special = _WELL_KNOWN.get(message.DESCRIPTOR.full_name)
    return special(message, depth) if special else _fields(message, depth)


def _too_deep(message: Any) -> Json:
    return {"@unread": f"nested more than {DEEPEST} deep", "@size": message.ByteSize()}


def _fields(message: Any, depth: _Depth) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for field, value in message.ListFields():
        if _is_sensitive(field):
            shown[field.json_name] = MASK
        elif _is_map(field):
            shown[field.json_name] = _map(field, value, depth)
        elif field.is_repeated:
            shown[field.json_name] = [_single(field, item, depth) for item in value]
        else:
            shown[field.json_name] = _single(field, value, depth)
    return shown


def _is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type is not None and field.message_type.GetOptions().map_entry)


def _is_sensitive(field: FieldDescriptor) -> bool:
    return bool(field.has_options) and _marked_sensitive(field)


@lru_cache(4096)
def _marked_sensitive(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[sensitive_pb2.sensitive])


def _map(field: FieldDescriptor, entries: Mapping[Any, Any], depth: _Depth) -> dict[str, Json]:
    """Keys become text; sorted, so that two dumps of the same map are the same."""
    assert field.message_type is not None
    of_value = field.message_type.fields_by_name["value"]
    return {_key(key): _single(of_value, entries[key], depth) for key in sorted(entries)}


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _single(field: FieldDescriptor, value: Any, depth: _Depth) -> Json:
    if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        return _message(value, depth)
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return _enum(field, value)
    return _scalar(field.cpp_type, field.type, value)


def _enum(field: FieldDescriptor, value: int) -> Json:
    assert field.enum_type is not None
    if field.enum_type.full_name == "google.protobuf.NullValue":
        return None
    known = field.enum_type.values_by_number.get(value)
    return known.name if known else value


def _scalar(cpp_type: int, type_: int, value: Any) -> Json:
    if cpp_type in (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64):
        return str(value)
    if type_ == FieldDescriptor.TYPE_BYTES:
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return _float(value, single=cpp_type == FieldDescriptor.CPPTYPE_FLOAT)
    return value


def _float(value: float, *, single: bool = False) -> Json:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if single:
        value = _shortest(value)
    return int(value) if value.is_integer() and abs(value) <= LARGEST_EXACT else value


def _shortest(value: float) -> float:
    """The shortest decimal that is the same 32-bit number: 0.1, not 0.10000000149011612."""
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == struct.pack("f", value):
            return short
    return float(f"{value:.9g}")


# well-known types


def _any(message: Any, depth: _Depth) -> Json:
    if not message.type_url and not message.value:
        return {}
    return _any_json(message.type_url, message.value, depth.unpacked())


def _duration(message: duration_pb2.Duration, _: _Depth) -> Json:
    try:
        return message.ToJsonString()
    except ValueError:
        return f"{message.seconds}s"  # out of the range the mapping allows


def _timestamp(message: timestamp_pb2.Timestamp, _: _Depth) -> Json:
    try:
        return message.ToJsonString()
    except (ValueError, OverflowError):
        return f"{message.seconds}s since 1970"


def _wrapper(message: Any, _: _Depth) -> Json:
    field = message.DESCRIPTOR.fields_by_name["value"]
    return _scalar(field.cpp_type, field.type, message.value)


def _struct(message: Any, depth: _Depth) -> dict[str, Json]:
    return {name: _nested(value, depth) for name, value in sorted(message.fields.items())}


def _list(message: Any, depth: _Depth) -> Json:
    return [_nested(value, depth) for value in message.values]


def _nested(message: Any, depth: _Depth) -> Json:
    return _too_deep(message) if depth.messages >= DEEPEST else _value(message, depth.inside())


def _value(message: Any, depth: _Depth) -> Json:
    form = message.WhichOneof("kind")
    if form == "struct_value":
        return _struct(message.struct_value, depth)
    if form == "list_value":
        return _list(message.list_value, depth)
    if form == "number_value":
        return _float(message.number_value)
    return getattr(message, form) if form in ("string_value", "bool_value") else None


def _field_mask(message: Any, _: _Depth) -> Json:
    return ",".join(message.paths)


_WELL_KNOWN: Final[Mapping[str, Callable[[Any, _Depth], Json]]] = {
    "google.protobuf.Any": _any,
    "google.protobuf.Duration": _duration,
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Struct": _struct,
    "google.protobuf.Value": _value,
    "google.protobuf.ListValue": _list,
    "google.protobuf.FieldMask": _field_mask,
    **{
        f"google.protobuf.{kind}Value": _wrapper
        for kind in ("Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes")
    },
}
