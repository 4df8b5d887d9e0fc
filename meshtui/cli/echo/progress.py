"""One line on the terminal that says how a run is going; nothing at all when standard error is no terminal."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from meshtui.doctor.explain.echo_run import fates_words
from meshtui.model.printable import printable
from meshtui.model.split.words import split_beside_failures
from meshtui.session.echo.state import EchoState, Phase

CLEAR = "\r\x1b[K"
"""To the start of the line, and empty it."""


class Progress:
    """Rewrites one line with each state; :meth:`clear` takes it away before anything else is written."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._shown = False

    @property
    def live(self) -> bool:
        """Whether anybody looks."""
        return self._live

    def show(self, state: EchoState) -> None:
        """Show how far the run is."""
        if not self._live or state.phase.ended:
            return
        width = shutil.get_terminal_size().columns - 1
        self._write(CLEAR + progress_line(state)[:width])
        self._shown = True

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write(CLEAR)
            self._shown = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def progress_line(state: EchoState) -> str:
    """``120 of 300, 49.7/s, 2 failed, undecided after …``: one line, harmless whatever the mesh says."""
    tally = state.tally
    back = tally.sent - tally.abandoned
    parts = [f"{back} of {tally.requested}" if tally.requested is not None else f"{back} requests"]
    if state.phase is Phase.WAITING and state.error is not None:
        parts.append(f"waiting: {state.error.what}")
        return printable(", ".join(parts))
    if state.phase is Phase.SETTLING:
        parts.append("waiting for one more look at the config")
    elif state.rate:
        parts.append(f"{state.rate:.1f}/s")
    if tally.trouble:
        parts.append(fates_words(tally.failed, tally.lost))
    if state.assessment.expectation is not None and state.assessment.counts.total:
        said = split_beside_failures(state.assessment) if tally.trouble else state.sentence
        parts += [said] if said else []
    return printable(", ".join(parts))
