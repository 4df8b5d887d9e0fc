"""How tests wait: for a condition, never for a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 90.0
"""How long a test waits for what must come. Only a defect takes so long: a machine that is busy does not."""


async def until(holds: Callable[[], object], what: str = "the condition") -> None:
    """Wait until something holds; fails with ``what`` when it never does."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None
