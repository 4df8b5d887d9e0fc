"""Times in which Python's garbage collector would hold everything up for nothing.

While a large config is taken in, hundreds of thousands of objects are made and none is let go of. Each full collection
meanwhile walks all of them, with every thread waiting: 80 ms and more at 10 000 resources, several times over.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

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
