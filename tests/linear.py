"""Whether a piece of work costs more than linear time, told by what it does rather than by how long it takes.

Calls of Python and C functions are counted: a count does not depend on how busy the machine is. What one C call does
over and over (``x in list``, ``a + b``) does not show as a call; :func:`process_seconds` is for that.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any


def calls(work: Callable[[], object]) -> int:
    """How many functions the work calls, in Python and in C."""
    count = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def process_seconds(work: Callable[[], object]) -> float:
    """Processor time of the work, the shorter of two runs: other programs cannot add to it, only caches can."""
    times = []
    collects = gc.isenabled()
    gc.disable()  # what it costs depends on what other tests left behind
    try:
        for _ in range(2):
            began = time.process_time()
            work()
            times.append(time.process_time() - began)
    finally:
        if collects:
            gc.enable()
    return min(times)
