"""The mesh's temporary directory: made, marked as in use, and removed even when nobody was left to do it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

from meshtui.demo.pods import LONGEST_SOCKET_PATH

_PREFIX = "meshtui-demo-"

_LOCK = "lock"

_DEEPEST_SOCKET = "/pods/echo-v1/XDS"

_UNMARKED_SECONDS = 60.0
"""A directory without a mark may be one that is being made at this moment; older than this it is not."""


class Directory:
    """A directory that is this process's for as long as it lives. The mark is a lock that the kernel drops."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_parent())).resolve()
        self._mark = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._mark, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Delete the directory with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._mark)


def _parent() -> str:
    """The usual place for temporary files, or /tmp where a Unix socket's path would be too long there."""
    usual = tempfile.gettempdir()
    longest = len(os.path.join(os.path.realpath(usual), f"{_PREFIX}xxxxxxxx{_DEEPEST_SOCKET}").encode())
    return usual if longest <= LONGEST_SOCKET_PATH else "/tmp"


def sweep() -> None:
    """Remove what meshes left that were killed together with their supervisor."""
    for path in Path(_parent()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.getuid():
                continue
            if _abandoned(path):
                shutil.rmtree(path, ignore_errors=True)


def _abandoned(path: Path) -> bool:
    try:
        mark = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return time.time() - path.stat().st_mtime > _UNMARKED_SECONDS
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(mark)
    return True
