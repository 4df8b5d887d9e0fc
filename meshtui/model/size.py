"""Numbers of bytes as people write them."""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile(r"([0-9]{1,12})(?: ?([KMG])(?:i?B)?)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

SMALLEST: Final = 1 << 20
"""Bytes; less would refuse what every pod answers."""

LARGEST: Final = 64 << 30
"""Bytes; more is a slip of the finger."""


def parse_size(text: str) -> int | None:
    """``64M``, ``2GiB`` or plain bytes; ``None`` for anything else, and for what is too small or too large."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    size = int(found.group(1)) * _UNITS[(found.group(2) or "").upper()]
    return size if SMALLEST <= size <= LARGEST else None


def size_words(size: int) -> str:
    """The size in the largest unit that needs no fraction: ``128M``."""
    for unit in ("G", "M", "K"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)
