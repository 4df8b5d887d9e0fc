"""Textual's driver, with the end of the terminal taken for what it is.

Textual 8.2.8 loses its writer thread by the first error, so that the event loop blocks on a full queue; and its input
thread reads an ended terminal again and again. Here both end, and the process gets the SIGHUP that the kernel sends
when the terminal is the controlling one.
"""

from __future__ import annotations

import io
import os
import select
import selectors
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from textual._parser import ParseError
from textual.drivers.linux_driver import LinuxDriver

from meshtui.tui.key_parser import KeyParser

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from textual.app import App
    from textual.message import Message

READ_BYTES: Final = 4096
"""Keys and pasted text taken in one go."""

LOOK_SECONDS: Final = 0.1
"""How often the input thread looks whether it should end, as Textual's own does."""


@runtime_checkable
class TellsOfDrawing(Protocol):
    """An app that wants to know in whose hands the terminal is."""

    drawing: Callable[[bool], None]


class TerminalDriver(LinuxDriver):
    """The driver of the real screen."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert sys.__stderr__ is not None
        output = _TerminalOutput(sys.__stderr__.fileno(), "w", closefd=False)
        self._file = io.TextIOWrapper(
            io.BufferedWriter(output), encoding=sys.__stderr__.encoding, errors="backslashreplace", newline=""
        )

    def start_application_mode(self) -> None:
        """Take the terminal, at the start and after a suspension."""
        self._tell(True)
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's own is not typed

    def stop_application_mode(self) -> None:
        """Give the terminal back, at the end and for a suspension."""
        super().stop_application_mode()
        self._tell(False)

    def _tell(self, drawn_on: bool) -> None:
        if isinstance(self._app, TellsOfDrawing):
            self._app.drawing(drawn_on)

    def run_input_thread(self) -> None:
        """Pass on what is typed until the driver or the terminal ends."""
        parser = KeyParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(LOOK_SECONDS):
                    data = _read(self.fileno)
                    if data == b"":
                        _hang_up()
                        break
                    if data and (text := decode(data)):
                        self._pass_on(parser.feed(text))
                self._pass_on(parser.tick())
        with suppress(EOFError, ParseError):
            list(parser.feed(""))

    def _pass_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)


class _TerminalOutput(io.FileIO):
    """The terminal's output, which never fails: what is written after its end is dropped."""

    _ended = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write some of the data; all of it, to nowhere, once the terminal has ended."""
        while not self._ended:
            try:
                written = super().write(data)
            except OSError:
                self._ended = True
                _hang_up()
                break
            if written is not None:
                return written
            select.select((), (self.fileno(),), ())  # another program left the terminal non-blocking
        return len(memoryview(data).cast("B"))


def _read(descriptor: int) -> bytes | None:
    """What was typed, empty at the end of the terminal, ``None`` when there is nothing after all."""
    try:
        return os.read(descriptor, READ_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _hang_up() -> None:
    signal.raise_signal(signal.SIGHUP)
