"""A local socket that gRPC and nobody else's programs can dial: a Unix socket, or a port of 127.0.0.1."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from meshtui.model.address import Address, parse_address

LONGEST_PATH: Final = 103
"""Bytes of a Unix socket's path that every system takes: macOS 103, Linux 107 (unix(7))."""

BACKLOG: Final = 256
"""Connections that may wait to be accepted; 200 at once have been seen."""

_PREFIX: Final = "meshtui-"

_NAME: Final = "s"
"""The socket's in its directory."""

_STARTS_WITHIN_S: Final = 60.0
"""Seconds in which a socket that has its name is listened on as well; before, it looks like one that was left."""


class Listener:
    """A listening socket. A Unix socket is made in a directory that only this user may enter; on Linux its name is
    taken away at once and the address leads to it through this process, so that nothing stays whatever ends it.
    Where the name has to stay, those that killed processes left are removed.
    """

    def __init__(self) -> None:
        """Raises ``OSError`` where not even a port of 127.0.0.1 can be had."""
        self._files: list[str] = []
        self._handle = -1
        self.socket = self._unix() or _loopback()
        self.address = self._address()

    def close(self) -> None:
        """Let go of the socket and remove what it left on disk. May be called again."""
        self.socket.close()
        self._forget()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _unix(self) -> socket.socket | None:
        """A Unix socket in the first directory that takes one."""
        for parent in _parents():
            with suppress(OSError):
                return self._unix_in(parent)
        return None

    def _unix_in(self, parent: str) -> socket.socket:
        directory = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)  # of mode 0700
        path = os.path.join(directory, _NAME)
        self._files = [path, directory]
        found = socket.socket(socket.AF_UNIX)
        try:
            found.bind(path)
            found.listen(BACKLOG)
            found.setblocking(False)
            self._take_the_name_away(found, path)
            if self._files:
                _sweep(parent)
        except OSError:
            found.close()
            self._forget()
            raise
        return found

    def _take_the_name_away(self, listening: socket.socket, path: str) -> None:
        """Where the system can dial a socket by a handle on its file, remove the file."""
        flag = getattr(os, "O_PATH", 0)
        if not flag:
            return
        handle = os.open(path, flag | os.O_CLOEXEC)
        if _can_be_dialled(listening, _through_handle(handle)):
            self._handle = handle
            self._forget()
        else:
            os.close(handle)

    def _forget(self) -> None:
        for remove, path in zip((os.unlink, os.rmdir), self._files, strict=False):
            with suppress(OSError):
                remove(path)
        self._files = []

    def _address(self) -> Address:
        if self.socket.family is not socket.AF_UNIX:
            _, port = self.socket.getsockname()
            return parse_address(f"127.0.0.1:{port}")
        return parse_address(f"unix:{_through_handle(self._handle) if self._handle >= 0 else self._files[0]}")


def _parents() -> Iterator[str]:
    """Directories in which a socket's path is short enough: the session's own, that for temporary files, /tmp."""
    for parent in dict.fromkeys((os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp")):
        longest = len(os.fsencode(os.path.join(parent, f"{_PREFIX}xxxxxxxx", _NAME)))
        if parent.startswith("/") and longest <= LONGEST_PATH:
            yield parent


def _through_handle(handle: int) -> str:
    return f"/proc/{os.getpid()}/fd/{handle}"


def _can_be_dialled(listening: socket.socket, path: str) -> bool:
    """Whether a connection to ``path`` arrives; it is accepted and closed again."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(path)
            listening.accept()[0].close()
        except OSError:
            return False
    return True


def _sweep(parent: str) -> None:
    """Remove from ``parent`` each socket of this user's that nobody listens on any more, with its directory."""
    with suppress(OSError):
        found = [entry.path for entry in os.scandir(parent) if entry.name.startswith(_PREFIX)]
        for directory in found:
            path = os.path.join(directory, _NAME)
            if _was_left(path):
                with suppress(OSError):
                    os.unlink(path)
                    os.rmdir(directory)


def _was_left(path: str) -> bool:
    """Whether ``path`` is a socket of ours, not just made, at which nobody is."""
    try:
        facts = os.lstat(path)
        if not stat.S_ISSOCK(facts.st_mode) or facts.st_uid != os.getuid():
            return False
        if time.time() - facts.st_mtime < _STARTS_WITHIN_S:
            return False
        with socket.socket(socket.AF_UNIX) as caller:
            caller.setblocking(False)  # one who is behind in accepting is there
            caller.connect(path)
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def _loopback() -> socket.socket:
    found = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    found.setblocking(False)
    return found
