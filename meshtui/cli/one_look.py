"""For commands that look once and end: the process is not tidied up, neither meanwhile nor afterwards.

Such a command makes many objects and lets go of none before its end. Looking for garbage among them finds nothing, and
freeing them one by one before the system takes the whole process costs as much as reading the answer.
"""

from __future__ import annotations

import gc
import os
import sys

_begun: bool = False
"""Whether the command in this process is one that looks once."""


def begin() -> None:
    """Collect no garbage from here on."""
    global _begun
    _begun = True
    gc.disable()


def leave(code: int) -> None:
    """End the process at once if it looked once; what was written is flushed, and raises what writing raises."""
    if _begun:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
