"""What a line on the screen is made of: spans of text, each with a role. Colours come later, from the theme."""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple, TypeAlias


class Role(Enum):
    """Why a piece of text looks the way it does."""

    TEXT = auto()
    DIM = auto()
    FAINT = auto()
    STRONG = auto()
    TITLE = auto()
    BRAND = auto()
    ACCENT = auto()
    OK = auto()
    WAITING = auto()
    MISSING = auto()
    REFUSED = auto()
    ALARM = auto()
    NOTE = auto()
    GLOW = auto()
    BAR = auto()
    MATCH = auto()
    ADDED = auto()
    REMOVED = auto()
    KEY = auto()
    STRING = auto()
    NUMBER = auto()
    ON = auto()
    SERIES_1 = auto()
    SERIES_2 = auto()
    SERIES_3 = auto()
    SERIES_4 = auto()
    SERIES_5 = auto()
    SERIES_6 = auto()
    TINT_OK = auto()
    TINT_NOTE = auto()
    TINT_ALARM = auto()
    TINT_CALM = auto()


class Span(NamedTuple):
    """Some text that is already fit to be shown (``kit/text.py`` makes it so), and its role.

    ``ground`` is the role whose colour is behind the text, where the background means something; ``ON`` is the role of
    text that is read on such a ground.
    """

    text: str
    role: Role = Role.TEXT
    ground: Role | None = None


Line: TypeAlias = tuple[Span, ...]
"""One line of a view, of any width; it is cut to the widget's when drawn."""

EMPTY: Line = ()
"""A line with nothing on it."""
