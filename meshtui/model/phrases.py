"""How shares, spans of time, sizes and counts are said everywhere, and what is too long is cut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Final

ELLIPSIS: Final = "…"
"""Stands where something was left out."""


def share_words(share: float) -> str:
    """A share of 0 to 1 in per cent: ``20 %``, ``33.3 %``, ``0.05 %``; one short of all is never ``100 %``."""
    return f"{percent_digits(share)} %"


def percent_digits(share: float) -> str:
    """The number of :func:`share_words` alone, for columns and lists that say the unit elsewhere."""
    percent = share * 100
    if 99.95 <= percent < 100:
        return f"{percent:.2f}" if percent < 99.995 else "> 99.99"
    if percent and percent < 0.1:
        return f"{percent:.2g}"
    return f"{percent:.1f}".removesuffix(".0")


def span_words(span: timedelta | float) -> str:
    """A span of time in its two largest units: ``3 s``, ``4m 12s``, ``2h 5m``, ``9y 364d``; ``-`` before a past one."""
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    units = (("y", 31_536_000), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for (name, size), (next_name, next_size) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // next_size
            return f"{sign}{seconds // size}{name}" + (f" {rest}{next_name}" if rest else "")
    return f"{sign}{seconds} s"


def age_words(span: timedelta | float) -> str:
    """A span in its largest unit alone, for columns: ``now``, ``3 s``, ``4 m``, ``2 h``, ``999 d``, ``3 y``."""
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    if seconds < 1:
        return "now"
    if seconds >= 1_000 * 86_400:
        return f"{seconds // (365 * 86_400)} y"
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def ago_words(span: timedelta) -> str:
    """How long ago, in a sentence: ``just now``, ``3 s ago``."""
    return "just now" if span < timedelta(seconds=1) else f"{age_words(span)} ago"


def size_words(size: int) -> str:
    """Bytes for people: ``512 B``, ``4.2 KiB``, ``6.1 MiB``."""
    if size < 1024:
        return f"{size} B"
    amount = size / 1024
    for unit in ("KiB", "MiB"):
        if amount < 999.95:  # never wider than 999.9 KiB
            return f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """``1 cluster``, ``2 clusters``; ``nouns`` for an irregular plural."""
    return f"{count} {plural_noun(count, noun, nouns)}"


def plural_noun(count: int, noun: str, nouns: str = "") -> str:
    """The noun of :func:`plural` alone, where the things themselves are named instead of counted."""
    return noun if count == 1 else nouns or f"{noun}s"


def and_words(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = words or ("",)
    return f"{', '.join(most)} and {last}" if most else last


def one_line(text: str, most: int) -> str:
    """The text in one line, its end cut off beyond ``most`` characters; of an error the beginning says what it is."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + ELLIPSIS


def shorten(text: str, width: int) -> str:
    """The text cut in its middle to ``width`` characters; both ends of Istio's long names tell things apart."""
    if len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    tail = (width - 1) // 2
    head = width - 1 - tail
    return text[:head] + ELLIPSIS + (text[-tail:] if tail else "")
