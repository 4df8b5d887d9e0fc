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


def config_document(resource: Resource) -> Json:
    """The resource's config in force; ``None`` where there is none."""
    return any_json(resource.type_url, resource.value) if resource.value else None


def config_json(resource: Resource) -> str:
    """The resource's config in force, indented; empty where there is none."""
    document = config_document(resource)
    return "" if document is None else indented(document)


def any_json(type_url: str, value: bytes) -> Json:
    """An ``Any``: the message's fields after ``@type``; well-known types under ``value``, as the mapping has it."""
    return _any_json(type_url, value, 0, 0)


Convert: TypeAlias = Callable[[Any, int, int], Json]
"""A value as JSON, given how many messages and how many ``Any`` it lies within."""


def _any_json(type_url: str, value: bytes, messages: int, anys: int) -> Json:
    if anys > DEEPEST_ANY:
        return _unread(type_url, value, "packed too deep")
    try:
        message = parse(type_url, value)
    except UnreadableError as error:
        return _unread(type_url, value, str(error))
    special = _WELL_KNOWN.get(message.DESCRIPTOR.full_name)
    if special is not None:
        return {"@type": type_url, "value": special(message, messages, anys)}
    return {"@type": type_url, **_fields(message, messages, anys)}


def _unread(type_url: str, value: bytes, reason: str) -> Json:
    unread = {"@type": type_url, "@unread": reason, "@size": len(value)}
    if value:
        unread["@preview"] = base64.b64encode(value[:PREVIEW_BYTES]).decode()
    return unread


def _too_deep(message: Any) -> Json:
    return {"@unread": f"nested more than {DEEPEST} deep", "@size": message.ByteSize()}


# fields: what a field's values become depends on its descriptor alone, so it is found out once for each field


def _fields(message: Any, messages: int, anys: int) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for field, value in message.ListFields():
        name, convert = _FIELDS[field]
        shown[name] = value if convert is None else convert(value, messages, anys)
    return shown


class _Fields(dict[FieldDescriptor, tuple[str, Convert | None]]):
    """Each field's name, and how its value is converted: ``None`` for one that is JSON already. There are as many as
    the protos that meshtui ships have.
    """

    def __missing__(self, field: FieldDescriptor) -> tuple[str, Convert | None]:
        self[field] = found = (field.json_name, _of_field(field))
        return found


_FIELDS: Final = _Fields()


def _of_field(field: FieldDescriptor) -> Convert | None:
    if field.has_options and field.GetOptions().Extensions[sensitive_pb2.sensitive]:
        return lambda value, messages, anys: MASK
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _map(field)
    single = _of_value(field)
    if not field.is_repeated:
        return single
    if single is None:
        return lambda values, messages, anys: list(values)
    return lambda values, messages, anys: [single(value, messages, anys) for value in values]


def _map(field: FieldDescriptor) -> Convert:
    """Keys become text; sorted, so that two dumps of the same map are the same."""
    assert field.message_type is not None
    single = _of_value(field.message_type.fields_by_name["value"]) or _as_it_is

    def convert(entries: Mapping[Any, Any], messages: int, anys: int) -> Json:
        return {_key(key): single(entries[key], messages, anys) for key in sorted(entries)}

    return convert


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _of_value(field: FieldDescriptor) -> Convert | None:
    """How one value of a field is converted; ``None`` for one that is JSON already."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        assert field.message_type is not None
        return _of_message(_WELL_KNOWN.get(field.message_type.full_name, _fields))
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return _of_enum(field)
    scalar = _scalar(field)
    return None if scalar is None else lambda value, messages, anys: scalar(value)


def _of_message(content: Convert) -> Convert:
    def convert(message: Any, messages: int, anys: int) -> Json:
        return content(message, messages + 1, anys) if messages < DEEPEST else _too_deep(message)

    return convert


def _of_enum(field: FieldDescriptor) -> Convert:
    assert field.enum_type is not None
    if field.enum_type.full_name == "google.protobuf.NullValue":
        return lambda value, messages, anys: None
    names = {number: known.name for number, known in field.enum_type.values_by_number.items()}
    return lambda value, messages, anys: names.get(value, value)


def _as_it_is(value: Json, messages: int, anys: int) -> Json:
    return value


def _scalar(field: FieldDescriptor) -> Callable[[Any], Json] | None:
    """How a number, text or bytes is converted; ``None`` for what is JSON already."""
    if field.cpp_type in (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64):
        return str
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: base64.b64encode(value).decode()
    if field.cpp_type == FieldDescriptor.CPPTYPE_FLOAT:
        return lambda value: _float(value, single=True)
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return _float
    return None


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


def _any(message: Any, messages: int, anys: int) -> Json:
    if not message.type_url and not message.value:
        return {}
    return _any_json(message.type_url, message.value, messages, anys + 1)


def _duration(message: duration_pb2.Duration, messages: int, anys: int) -> Json:
    try:
        return message.ToJsonString()
    except ValueError:
        return f"{message.seconds}s"  # out of the range the mapping allows


def _timestamp(message: timestamp_pb2.Timestamp, messages: int, anys: int) -> Json:
    try:
        return message.ToJsonString()
    except (ValueError, OverflowError):
        return f"{message.seconds}s since 1970"


def _wrapper(message: Any, messages: int, anys: int) -> Json:
    _, convert = _FIELDS[message.DESCRIPTOR.fields_by_name["value"]]
    return message.value if convert is None else convert(message.value, messages, anys)


def _struct(message: Any, messages: int, anys: int) -> dict[str, Json]:
    return {name: _nested(value, messages, anys) for name, value in sorted(message.fields.items())}


def _list(message: Any, messages: int, anys: int) -> Json:
    return [_nested(value, messages, anys) for value in message.values]


def _nested(message: Any, messages: int, anys: int) -> Json:
    return _too_deep(message) if messages >= DEEPEST else _value(message, messages + 1, anys)


def _value(message: Any, messages: int, anys: int) -> Json:
    form = message.WhichOneof("kind")
    if form == "struct_value":
        return _struct(message.struct_value, messages, anys)
    if form == "list_value":
        return _list(message.list_value, messages, anys)
    if form == "number_value":
        return _float(message.number_value)
    return getattr(message, form) if form in ("string_value", "bool_value") else None


def _field_mask(message: Any, messages: int, anys: int) -> Json:
    return ",".join(message.paths)


_WELL_KNOWN: Final[Mapping[str, Convert]] = {
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
