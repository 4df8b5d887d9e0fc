"""Files, read with a limit and without ever hanging on what is no file."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from typing import Final, Protocol

from meshtui.model.identity.file_facts import FileFacts, FileKind

SETTLING: Final = 0.25
"""Seconds to wait before looking again at what may be half written: the agent replaces its certificate files one after
the other, and a file that is written in place is empty, then cut short, for a moment."""


class TooLarge(OSError):
    """The file is larger than anything of its kind; nothing was read."""


class Files(Protocol):
    """Where files are read: this machine, or what was fetched of a container."""

    @property
    def opens_keys(self) -> bool:
        """Whether a private key may be opened there, to compare it with its certificate."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """As :func:`read_limited`."""
        ...

    def look_at(self, path: str) -> FileFacts:
        """As :func:`look_at`."""
        ...


class LocalFiles:
    """The files of this machine."""

    opens_keys: bool = True

    def read(self, path: str, limit: int) -> bytes:
        """As :func:`read_limited`."""
        return read_limited(path, limit)

    def look_at(self, path: str) -> FileFacts:
        """As :func:`look_at`."""
        return look_at(path)


LOCAL: Final[Files] = LocalFiles()
"""This machine."""


def read_limited(path: str, limit: int) -> bytes:
    """The whole content of a regular file of at most ``limit`` bytes.

    Raises ``OSError`` with the system's reason; ``IsADirectoryError`` for a directory, ``TooLarge`` beyond the limit.
    """
    # O_NONBLOCK: opening a pipe nobody writes to would wait for ever.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(21, "Is a directory", path)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(22, "Not a regular file", path)
        if found.st_size > limit:
            raise TooLarge(27, f"File too large ({found.st_size} bytes)", path)
        return _read(handle, limit)
    finally:
        os.close(handle)


def _read(handle: int, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit + 1
    while left > 0 and (part := os.read(handle, min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise TooLarge(27, f"File too large (grew beyond {limit} bytes)")
    return b"".join(parts)


def look_at(path: str) -> FileFacts:
    """What stands at ``path``; follows links. Never raises."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return FileFacts(path, FileKind.MISSING, detail="No such file or directory")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        return FileFacts(path, FileKind.UNREADABLE, detail=reason)
    modified = datetime.fromtimestamp(found.st_mtime, UTC)
    if stat.S_ISDIR(found.st_mode):
        return FileFacts(path, FileKind.DIRECTORY, modified=modified)
    if stat.S_ISSOCK(found.st_mode):
        return FileFacts(path, FileKind.SOCKET, modified=modified)
    if not stat.S_ISREG(found.st_mode):
        return FileFacts(path, FileKind.OTHER, modified=modified)
    if not os.access(path, os.R_OK):
        return FileFacts(path, FileKind.UNREADABLE, size=found.st_size, modified=modified, detail="Permission denied")
    return FileFacts(path, FileKind.FILE, size=found.st_size, modified=modified)
