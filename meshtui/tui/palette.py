"""From a theme to the style of each role. Weight and colour are spent on what needs a person; the rest is calm."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from rich.style import Style
from textual.color import Color, ColorParseError

from meshtui.tui.ink import Role

Palette: TypeAlias = Mapping[Role, Style]
"""The style of each role, without a background of its own except where the background is the meaning."""

DIM: Final = 0.38
"""How far dim text is blended into the background: 5:1 contrast on our own themes, above WCAG's 4.5:1."""

FAINT: Final = 0.62
"""How far rules and guides are: seen, not read."""


def palette_of(variables: Mapping[str, str]) -> Palette:
    """The palette of a theme, from its CSS variables."""
    plain = Style()
    foreground = _colour(variables, "foreground")
    background = _colour(variables, "background")
    dim = _blend(foreground, background, DIM)
    styles = {
        Role.TEXT: plain,
        Role.DIM: dim,
        Role.FAINT: _blend(foreground, background, FAINT),
        Role.STRONG: Style(bold=True),
        Role.TITLE: dim + Style(bold=True),
        Role.BRAND: _ink(variables, "primary", bold=True),
        Role.ACCENT: _ink(variables, "accent"),
        Role.OK: _ink(variables, "success"),
        Role.WAITING: _ink(variables, "warning"),
        Role.MISSING: _ink(variables, "error"),
        Role.REFUSED: _ink(variables, "error", bold=True),
        Role.ALARM: _ink(variables, "error", bold=True),
        Role.NOTE: _ink(variables, "warning"),
        Role.GLOW: _ink(variables, "accent", bold=True),
        Role.BAR: _ink(variables, "primary"),
        Role.MATCH: _ink(variables, "accent", bold=True, underline=True),
        Role.ADDED: _ink(variables, "success"),
        Role.REMOVED: _ink(variables, "error"),
        Role.KEY: _ink(variables, "accent"),
        Role.STRING: plain,
        Role.NUMBER: _ink(variables, "secondary"),
    }
    return MappingProxyType(styles)


def cursor_style(variables: Mapping[str, str], focused: bool) -> Style:
    """What goes over the line the cursor is on."""
    primary, background = _colour(variables, "primary"), _colour(variables, "background")
    if primary is None or background is None:
        return Style(reverse=True) if focused else Style(underline=True)
    share = 0.28 if focused else 0.12
    return Style(bgcolor=background.blend(primary, share).rich_color)


def _ink(variables: Mapping[str, str], name: str, *, bold: bool | None = None, underline: bool | None = None) -> Style:
    colour = _colour(variables, name, ansi=True)
    return Style(color=colour.rich_color if colour else None, bold=bold, underline=underline)


def _colour(variables: Mapping[str, str], name: str, *, ansi: bool = False) -> Color | None:
    """The theme's colour; ``None`` for one of the terminal's own colours, whose value nobody knows, unless ``ansi``."""
    try:
        colour = Color.parse(variables[name])
    except (KeyError, ColorParseError):
        return None
    return None if colour.ansi is not None and not ansi else colour


def _blend(colour: Color | None, towards: Color | None, share: float) -> Style:
    if colour is None or towards is None:
        return Style(dim=True)
    return Style(color=colour.blend(towards, share).rich_color)
