"""Names of protobuf types as they stand in an ``Any``."""

from __future__ import annotations


def type_name(type_url: str) -> str:
    """The full name of the type in a type URL, whatever comes before its last slash."""
    return type_url.rpartition("/")[2]


def short_name(type_url: str) -> str:
    """The last part of a type's name: ``Router``."""
    return type_name(type_url).rpartition(".")[2]
