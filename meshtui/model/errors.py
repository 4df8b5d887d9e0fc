"""The tree of our own exceptions. Each message is a whole sentence that can be shown as it is.

::

    MeshtuiError
    ├── UsageError              what was typed cannot be meant            (exit code 2)
    ├── TargetUnreachable       nothing answers there, or not in time     (exit code 3)
    │   └── ServiceMissing      it answers, but does not serve this       (exit code 3)
    └── BadInput                a file or an answer that cannot be read   (exit code 2)
"""

from __future__ import annotations


class MeshtuiError(Exception):
    """Anything meshtui says about the world outside; never a defect of its own.

    ``what`` names what failed and why in one sentence; ``hint`` is what to try, or empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(f"{what} {hint}".strip())
        self.what = what
        self.hint = hint


class UsageError(MeshtuiError):
    """What was typed cannot be meant: an unknown target form, a bad option value."""


class TargetUnreachable(MeshtuiError):
    """Nothing answers at the address, or not before the deadline."""


class ServiceMissing(TargetUnreachable):
    """The peer answers, but does not offer the service that was asked for (UNIMPLEMENTED)."""


class BadInput(MeshtuiError):
    """A file, a recording or an answer that cannot be read as what it should be."""
