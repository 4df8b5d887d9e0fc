"""Reads JSON of the API server, whatever it holds: what is missing or of another kind is empty, never an error.

The server checks what it stores, so a wrong kind means another server or version; one odd object must not cost a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

NOTHING: Final[Mapping[str, object]] = {}
"""What stands for an object that is not there."""


def at(document: object, *path: str) -> object:
    """What stands at the path of member names, or ``None``."""
    for name in path:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def mapping(document: object, *path: str) -> Mapping[str, object]:
    """The object at the path, or an empty one."""
    found = at(document, *path)
    return found if isinstance(found, dict) else NOTHING


def texts(document: object, *path: str) -> Mapping[str, str]:
    """The object of strings at the path (labels, annotations, a selector) without what is no string."""
    return {name: value for name, value in mapping(document, *path).items() if isinstance(value, str)}


def objects(document: object, *path: str) -> Iterator[Mapping[str, object]]:
    """The objects of the list at the path."""
    found = at(document, *path)
    if isinstance(found, list):
        yield from (item for item in found if isinstance(item, dict))


def words(document: object, *path: str) -> tuple[str, ...]:
    """The strings of the list at the path."""
    found = at(document, *path)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def text(document: object, *path: str) -> str:
    """The string at the path, or an empty one."""
    found = at(document, *path)
    return found if isinstance(found, str) else ""


def number(document: object, *path: str) -> int:
    """The whole number at the path, or 0."""
    found = at(document, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def truth(document: object, *path: str) -> bool:
    """Whether the path holds ``true``."""
    return at(document, *path) is True


def moment(document: object, *path: str) -> datetime | None:
    """The time at the path (RFC 3339, as the API server writes it), or ``None``."""
    written = text(document, *path)
    if not written:
        return None
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
