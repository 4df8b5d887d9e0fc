"""Standard output and error as every command finds them: whatever they are, writing ends in no traceback.

A character that the encoding has no place for becomes an ASCII stand-in, or a backslash escape. Output that cannot be
written raises :class:`OutputFailed`, once; a pipe whose reader has gone, as in ``| head``, drops the rest in silence.
Standard error that cannot be written is dropped: the exit code still tells.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

from meshtui.model.errors import MeshtuiError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STAND_INS: Final = {
    "✓": "+", "✗": "x", "∅": "-", "…": "...", "·": "|", "–": "-", "—": "-", "−": "-", "←": "<-", "→": "->", "▾": "v",
    "▸": ">", "●": "*", "○": "o", "■": "#", "█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": ":", "▎": ":",
    "▏": ":", "─": "-", "│": "|", "┃": "|", "├": "|", "┤": "|", "└": "`", "┘": "'", "‹": "<", "›": ">", "∞": "inf",
    "≥": ">=", "≤": "<=", "×": "x", "±": "+-", "“": '"', "”": '"', "‘": "'", "’": "'", "\u00a0": " ", "\u202f": " ",
    "␡": "^?", **{chr(0x2400 + code): f"^{chr(0x40 + code)}" for code in range(0x20)},
}  # fmt: skip
"""What our own marks become where they cannot be written; pictures of control characters become the usual ``^[``."""

_ERRORS: Final = "meshtui.stand-in"


class OutputFailed(MeshtuiError):
    """What was asked for could not be written."""


def install() -> None:
    """Put both streams in place, and something harmless behind each of the first three descriptors that is closed:
    the next file or socket would get its number, and what is printed."""
    codecs.register_error(_ERRORS, _stand_in)
    closed = {descriptor for descriptor in range(3) if not _is_open(descriptor)}
    while (free := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(free)
    sys.stdout = _stream(_StandardOutput(1, closed=1 in closed or sys.stdout is None), sys.stdout)
    sys.stderr = _stream(_Errors(2), sys.stderr)


def encodable(text: str) -> bool:
    """Whether standard output can write all of the text as it is."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def written(text: str) -> str:
    """The text as standard output will show it, for one who counts its cells."""
    if text.isascii() or encodable(text):
        return text
    encoding = sys.stdout.encoding
    codecs.register_error(_ERRORS, _stand_in)
    return text.encode(encoding, _ERRORS).decode(encoding)


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    escape = "".join(STAND_INS.get(character) or _escape(character) for character in wrong)
    return escape, error.end


def _escape(character: str) -> str:
    return character.encode("ascii", "backslashreplace").decode("ascii")


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _stream(raw: io.RawIOBase, before: TextIO | None) -> TextIO:
    encoding = (before.encoding if before is not None else None) or "utf-8"
    lines = raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=_ERRORS, line_buffering=lines)


class _StandardOutput(io.FileIO):
    """Standard output: the first write that fails raises, and what comes later is dropped."""

    def __init__(self, descriptor: int, *, closed: bool) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self._was_closed = closed
        self._ended = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Raises ``OutputFailed``."""
        if not self._ended:
            try:
                if self._was_closed:
                    raise OSError(errno.EBADF, "it is closed")
                return super().write(data) or 0
            except OSError as error:
                self._ended = True
                if error.errno != errno.EPIPE:
                    reason = error.strerror or str(error)
                    raise OutputFailed(
                        f"The output could not be written: {reason}.", "give it another place with > FILE"
                    ) from None
        return len(memoryview(data).cast("B"))


class _Errors(io.FileIO):
    """Standard error: what cannot be written is dropped."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: ReadableBuffer, /) -> int:
        """Never fails."""
        try:
            return super().write(data) or 0
        except OSError:
            return len(memoryview(data).cast("B"))
