"""Numbers three lines high, to be read from the last row of a room."""

from __future__ import annotations

from typing import Final

HEIGHT: Final = 3
"""Lines a number takes."""

_FONT: Final = {
    "0": ("███", "█ █", "█ █", "█ █", "███"),
    "1": (" █ ", "██ ", " █ ", " █ ", "███"),
    "2": ("███", "  █", "███", "█  ", "███"),
    "3": ("███", "  █", " ██", "  █", "███"),
    "4": ("█ █", "█ █", "███", "  █", "  █"),
    "5": ("███", "█  ", "███", "  █", "███"),
    "6": ("███", "█  ", "███", "█ █", "███"),
    "7": ("███", "  █", "  █", " █ ", " █ "),
    "8": ("███", "█ █", "███", "█ █", "███"),
    "9": ("███", "█ █", "███", "  █", "███"),
    "–": ("   ", "   ", "███", "   ", "   "),
    " ": ("   ", "   ", "   ", "   ", "   "),
}
"""Five dots high; two dots make one line."""

_HALVES: Final = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def big(text: str) -> tuple[str, str, str]:
    """The three lines of a text of digits; four cells a character."""
    rows = [" ".join(_FONT[character][dot] for character in text) for dot in range(5)]
    rows.append(" " * len(rows[0]))
    top, middle, bottom = (_joined(rows[dot], rows[dot + 1]) for dot in (0, 2, 4))
    return top, middle, bottom


def _joined(upper: str, lower: str) -> str:
    return "".join(_HALVES[above != " ", below != " "] for above, below in zip(upper, lower, strict=True))
