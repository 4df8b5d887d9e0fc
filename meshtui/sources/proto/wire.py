"""The protobuf wire format, one level deep: enough to save the good parts of a message that does not parse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_VARINT: Final = 0
_FIXED64: Final = 1
_BYTES: Final = 2
_FIXED32: Final = 5

LONGEST_VARINT: Final = 10
"""Bytes of a 64-bit number at most (protobuf's encoding guide)."""


class WireError(ValueError):
    """Bytes that are no protobuf message from here on."""


def fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Field numbers with their contents, in the order of the bytes. Raises :class:`WireError` where it breaks off."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        number, form = tag >> 3, tag & 7
        content: bytes | int
        if form == _VARINT:
            content, at = _varint(data, at)
        elif form in (_FIXED64, _FIXED32, _BYTES):
            if form == _BYTES:
                size, at = _varint(data, at)
            else:
                size = 8 if form == _FIXED64 else 4
            if size > end - at:
                raise WireError(f"field {number} is longer than what is left")
            content = data[at : at + size]
            at += size
        else:
            raise WireError(f"field {number} has the form {form}")
        yield number, content


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(LONGEST_VARINT):
        if at + shift >= len(data):
            break
        byte = data[at + shift]
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    raise WireError("a number breaks off")
