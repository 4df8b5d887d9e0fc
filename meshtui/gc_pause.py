"""Times in which Python's garbage collector would hold everything up for nothing.

While a large config is taken in, hundreds of thousands of objects are made and none is let go of. Each full collection
meanwhile walks all of them, with every thread waiting: 80 ms and more at 10 000 resources, several times over.

Later ones still take 10 to 30 ms, longer than a key may: beside a screen they wait until nobody types.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NEVER: Final = 1_000_000_000
"""Smaller collections before a full one follows by itself: more than there will be."""

DUE: Final = 50
"""Smaller collections after which a full one is worth its time: some 350 000 objects were made and not let go of, most
of which were young when they were. Half a minute while a large target is polled."""

OVERDUE: Final = 1_000
"""Smaller collections after which a full one waits no longer, whoever types."""

_PAUSES: list[bool] = []
"""One entry for each block that is open: whether the collector was at work when the first was opened."""


@contextmanager
def paused() -> Iterator[None]:
    """No collection, in any thread, until the block is left. What was made by then is set aside: it lives as long as
    its target is attached and is let go of by reference counting, so no later collection has to walk it.
    """
    _PAUSES.append(gc.isenabled() if not _PAUSES else _PAUSES[0])
    gc.disable()
    try:
        yield
    finally:
        was_at_work = _PAUSES.pop()
        if not _PAUSES and was_at_work:
            gc.freeze()
            gc.enable()


@contextmanager
def at_leisure() -> Iterator[None]:
    """Until the block is left, full collections happen in :func:`catch_up` only; smaller ones go on by themselves. What
    was loaded by now is set aside: it lives as long as the program.
    """
    young, middle, old = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(young, middle, NEVER)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)


def catch_up(*, busy: bool) -> None:
    """Make a full collection if one is due. ``busy`` if somebody would wait for it."""
    _, _, smaller = gc.get_count()
    if gc.isenabled() and smaller >= (OVERDUE if busy else DUE):
        gc.collect()
