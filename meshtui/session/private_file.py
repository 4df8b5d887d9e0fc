"""Files that only their owner reads, written whole or not at all.

What is written goes to a file of an unguessable name in the same directory first, so that neither a full disk nor a
kill leaves half of it under the name that was asked for, and no other user of the machine can prepare that name.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from meshtui.model.errors import BadInput

_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EXDEV})
"""What a file system without hard links (FAT, some network and container mounts) answers to ``link``."""


def create_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet, mode 0600. Raises ``BadInput``: nothing is ever overwritten.

    A lone surrogate, which UTF-8 cannot hold, is written as ``\\udc80``: in JSON the same character.
    """
    try:
        with _staged(path, text) as staged:
            _give_name(staged, path)
    except FileExistsError:
        raise BadInput(f"{path} exists already.", "type another name") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.", "type another place") from None
    except ValueError:  # a NUL in the name, or a character that no file name can hold
        raise BadInput("This is no usable file name.", "type another name") from None


def replace(path: Path, text: str) -> None:
    """Write a file of our own, mode 0600, in a directory made with 0700 when missing. Raises ``OSError``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _staged(path, text) as staged:
        staged.replace(path)


@contextmanager
def _staged(path: Path, text: str) -> Iterator[Path]:
    """The text, safe on disk beside ``path``; what is left of it in the end is removed."""
    handle, name = tempfile.mkstemp(prefix=".meshtui-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        with suppress(OSError):
            os.unlink(name)


def _give_name(staged: Path, path: Path) -> None:
    """Let the file appear under its name, unless the name is taken. Raises ``FileExistsError``."""
    try:
        os.link(staged, path)  # unlike rename, never replaces
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # ours from here on, or it raised
        try:
            staged.replace(path)
        except OSError:
            os.unlink(path)
            raise
