"""The tree of our own exceptions. Each message is a whole sentence that can be shown as it is.

::

    MeshtuiError
    ├── UsageError              what was typed cannot be meant            (exit code 2)
    ├── TargetUnreachable       nothing answers there, or not in time     (exit code 3)
    │   ├── NoAnswer            nothing came in the time it was given    (exit code 3)
    │   ├── ServiceMissing      it answers, but does not serve this       (exit code 3)
    │   └── BadAnswer           it was reached, and gave no proper answer (exit code 3)
    └── BadInput                a file that cannot be read                (exit code 2)
"""

from __future__ import annotations

import errno
from typing import Final

from meshtui.model.phrases import one_line


class MeshtuiError(Exception):
    """Anything meshtui says about the world outside; never a defect of its own.

    ``what`` names what failed and why in one sentence; ``hint`` is what to try, or empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what} {hint}".strip())
        self.what = what
        self.hint = hint


SCARCE: Final = {
    errno.EMFILE: ("meshtui may open no more files", "raise the limit (ulimit -n) and start it again"),
    errno.ENFILE: ("this machine may open no more files", "end what holds them open, or raise fs.file-max"),
    errno.ENOMEM: ("this machine has no memory left", "end what uses it"),
    errno.ENOSPC: ("the disk is full", "free some space"),
}
"""What the operating system runs out of, by ``errno``: what it means and what to try."""

REPORT: Final = "please report this"
"""What to do about a defect of our own."""

LOOKS_AGAIN: Final = f"{REPORT}; meshtui goes on and looks again"
"""The same where one look failed and the next one comes."""


def unforeseen(error: BaseException, what: str, hint: str = REPORT) -> MeshtuiError:
    """An error nobody expected, as one of our own. ``what`` is what could not be done: "the look at ADDRESS"; ``hint``
    is what to do about a defect there."""
    if isinstance(error, MeshtuiError):
        return error
    if isinstance(error, MemoryError):
        return MeshtuiError(f"{what} failed: there is not enough memory for it.", "look at a target that holds less")
    if isinstance(error, OSError):
        why, scarce = SCARCE.get(error.errno or 0, (error.strerror or type(error).__name__, hint))
        return MeshtuiError(f"{what} failed: {why}.", scarce)
    said = one_line(str(error), LONGEST_QUOTE)
    name = type(error).__name__
    return MeshtuiError(f"{what} failed within meshtui: {name}{f' ({said})' if said else ''}.", hint)


LONGEST_QUOTE: Final = 160
"""Characters quoted of an error nobody expected."""


class UsageError(MeshtuiError):
    """What was typed cannot be meant: an unknown target form, a bad option value."""


class TargetUnreachable(MeshtuiError):
    """Nothing answers at the address, or not before the deadline, or not as it should.

    ``again_in`` is the number of seconds before which no further try can do better, as with a login plugin that is left
    in peace for a while, infinite where only a person's asking helps; ``None`` where the next one may. ``is_final``
    says that what was there will not answer again, as with a pod that has ended: only another one of its name may.
    """

    again_in: float | None = None
    is_final: bool = False


class NoAnswer(TargetUnreachable):
    """Nothing came in the time it was given, which the sentence names."""


class ServiceMissing(TargetUnreachable):
    """The peer answers, but does not offer the service that was asked for (UNIMPLEMENTED)."""


class BadAnswer(TargetUnreachable):
    """The peer was reached, and what it gives is an error, no gRPC, or nothing that can be read."""


class BadInput(MeshtuiError):
    """A file or a recording that cannot be read as what it should be."""
