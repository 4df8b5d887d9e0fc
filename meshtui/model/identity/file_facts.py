"""What the world outside says about a path, gathered once so that the rules stay pure."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum


class FileKind(StrEnum):
    """What stands at a path, or why that is not known."""

    FILE = "file"
    DIRECTORY = "directory"
    SOCKET = "socket"
    OTHER = "other"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    """It is there, but this user may not read it or look at it."""
    NOT_LOOKED = "not looked at"
    """The path belongs to another machine or container, or is relative to an unknown directory."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One path as it was found: never its content.

    ``size`` is in bytes and ``modified`` in UTC; both are None when the path is not a file that could be
    looked at. ``detail`` is the reason as the operating system gave it, or empty.
    """

    path: str
    kind: FileKind
    _: KW_ONLY
    size: int | None = None
    modified: datetime | None = None
    detail: str = ""


def facts_for(path: str, facts: tuple[FileFacts, ...]) -> FileFacts:
    """The facts about ``path``, or that it was not looked at."""
    return next((fact for fact in facts if fact.path == path), FileFacts(path, FileKind.NOT_LOOKED))
