"""What the bytes of a terminal mean, where Textual's own reading lets what was typed go astray."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual import constants, events
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.message import Message

ESC: Final = "\x1b"

INTRODUCERS: Final = "[O]P_^X\\"
"""What follows ``ESC`` in the sequences of keys, of the mouse and of a terminal's answers (ECMA-48, 5.3)."""

WORD_KEYS: Final = ("b", "f", "d", "\x7f", "\b")
"""With ``ESC`` before them these move and delete by words in every line editor, and macOS terminals send them so."""


PASTE_START: Final = "\x1b[200~"
PASTE_END: Final = "\x1b[201~"

PASTE_CHARACTERS: Final = 1 << 20
"""The most of one paste that is kept. A line of it is all that any place here takes."""


class KeyParser(XTermParser):
    """``esc`` and what is typed after it are two keys, however close they come, and a newline is ``enter``.

    Textual takes ``ESC 2`` for what the option key types on a Mac (``™``), ``ESC j`` for alt+j, and ``ESC`` before more
    than 32 letters for ``^``: a dialog would stay open and take what was meant for the screen below. A newline is what
    an ``enter`` becomes that was typed before the terminal was put into raw mode. An ``ESC`` inside a paste makes
    Textual hand out the letters after it as keys; here a paste is text to its end, without what controls a terminal.
    """

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._pasted: list[str] | None = None
        self._paste_size = 0
        self._torn = ""
        self._torn_at = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        if not data:
            yield from super().feed(data)
            return
        data, self._torn, self._torn_at = self._torn + data, "", get_time()
        while data:
            if self._pasted is not None:
                text, end, data = data.partition(PASTE_END)
                if not end:
                    text, self._torn = _torn_off(text, PASTE_END)
                self._keep(text)
                if end:
                    yield events.Paste("".join(self._pasted))
                    self._pasted = None
            else:
                text, start, data = data.partition(PASTE_START)
                if start:
                    self._pasted, self._paste_size = [], 0
                else:
                    text, self._torn = _torn_off(text, PASTE_START)
                if text:
                    yield from super().feed(text)

    def tick(self) -> Iterable[Message]:
        """What began like a sequence and did not go on was typed: ``esc``, perhaps with something after it."""
        if self._torn and self._pasted is None and get_time() >= self._torn_at + constants.ESCAPE_DELAY:
            typed, self._torn = self._torn[1:], ""
            yield events.Key("escape", ESC)
            if typed:
                yield from super().feed(typed)
        yield from super().tick()

    def _keep(self, text: str) -> None:
        """Take note of pasted text, as far as it can be shown."""
        if self._pasted is None:
            return
        kept = text[: PASTE_CHARACTERS - self._paste_size]
        self._paste_size += len(kept)
        self._pasted.append("".join(letter for letter in kept if letter.isprintable() or letter in "\r\n\t"))

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == "\n":
            sequence = "\r"
        if len(sequence) == 2 and sequence[0] == ESC and sequence[1] not in (*INTRODUCERS, *WORD_KEYS):
            alt, sequence = True, sequence[1]
        if alt:
            yield events.Key("escape", ESC)
        yield from super()._sequence_to_key_events("\r" if sequence == "\n" else sequence)


def _torn_off(text: str, mark: str) -> tuple[str, str]:
    """A text without the beginning of a mark it ends with, and that beginning: the rest is in the next read."""
    for length in range(len(mark) - 1, 0, -1):
        if text.endswith(mark[:length]):
            return text[:-length], mark[:length]
    return text, ""
