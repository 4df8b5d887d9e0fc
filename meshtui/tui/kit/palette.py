"""From a theme to the style of each role. Weight and colour are spent on what needs a person; the rest is calm."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from rich.style import Style
from textual.color import Color, ColorParseError

from meshtui.tui.kit.style import Role

Palette: TypeAlias = Mapping[Role, Style]
"""The style of each role, without a background of its own except where the background is the meaning."""

DIM_ON_DARK: Final = 0.38
"""How far dim text is blended into a dark background: above WCAG's 4.5:1 on every surface of our own theme."""

DIM_ON_LIGHT: Final = 0.28
"""The same on a light background, where the eye needs more."""

FAINT: Final = 0.62
"""How far rules and guides are: seen, not read."""


def palette_of(variables: Mapping[str, str]) -> Palette:
    """The palette of a theme, from its CSS variables."""
    plain = Style()
    foreground = _colour(variables, "foreground")
    background = _colour(variables, "background")
    dark = background is None or background.brightness < 0.5
    dim = _blend(foreground, background, DIM_ON_DARK if dark else DIM_ON_LIGHT)
    styles = {
        Role.TEXT: plain,
        Role.DIM: dim,
        Role.FAINT: _blend(foreground, background, FAINT),
        Role.STRONG: Style(bold=True),
        Role.TITLE: dim + Style(bold=True),
        Role.BRAND: _style(variables, "primary", bold=True),
        Role.ACCENT: _style(variables, "accent"),
        Role.OK: _style(variables, "success"),
        Role.WAITING: _style(variables, "warning"),
        Role.MISSING: _style(variables, "error"),
        Role.REFUSED: _style(variables, "error", bold=True),
        Role.ALARM: _style(variables, "error", bold=True),
        Role.NOTE: _style(variables, "warning"),
        Role.GLOW: _style(variables, "accent", bold=True),
        Role.BAR: _style(variables, "primary"),
        Role.MATCH: _style(variables, "accent", bold=True, underline=True),
        Role.ADDED: _style(variables, "success"),
        Role.REMOVED: _style(variables, "error"),
        Role.KEY: _style(variables, "accent"),
        Role.STRING: plain,
        Role.NUMBER: _style(variables, "secondary"),
    }
    return MappingProxyType(styles | _grounds(variables))


SERIES: Final = (
    Role.SERIES_1,
    Role.SERIES_2,
    Role.SERIES_3,
    Role.SERIES_4,
    Role.SERIES_5,
    Role.SERIES_6,
)
"""Colours for things that are compared, such as versions. The first is muted and the second vivid: what is old and what
is new differ in brightness, which every eye and every projector keeps apart."""

HUES: Final = (0.22, -0.16, 0.36, -0.3)
"""How far the hues of the third series and on are turned from the primary colour; none comes near red, amber, green."""

TINT: Final = 0.8
"""How far a tint is blended into the background: a band is seen, and text on it stays readable."""


def _grounds(variables: Mapping[str, str]) -> dict[Role, Style]:
    """Colours that are also used behind text."""
    primary, background = _colour(variables, "primary"), _colour(variables, "background")
    muted = _blend(_colour(variables, "secondary"), background, 0.45)
    turned = [_turned(primary, hue) for hue in HUES]
    styles = dict(zip(SERIES, (muted, _style(variables, "primary"), *turned), strict=True))
    styles[Role.ON] = Style(color=background.rich_color if background else None, reverse=background is None, bold=True)
    tints = ((Role.TINT_OK, "success"), (Role.TINT_NOTE, "warning"), (Role.TINT_ALARM, "error"))
    for role, name in (*tints, (Role.TINT_CALM, "secondary")):
        colour = _colour(variables, name)
        mixed = colour.blend(background, TINT) if colour and background else None
        styles[role] = Style(color=mixed.rich_color if mixed else None)
    return styles


def _turned(colour: Color | None, hue: float) -> Style:
    if colour is None:
        return Style()
    own = colour.hsl
    return Style(color=Color.from_hsl((own.h + hue) % 1.0, own.s, own.l).rich_color)


def cursor_style(variables: Mapping[str, str], focused: bool) -> Style:
    """What goes over the line the cursor is on."""
    primary, background = _colour(variables, "primary"), _colour(variables, "background")
    if primary is None or background is None:
        return Style(reverse=True) if focused else Style(underline=True)
    share = 0.28 if focused else 0.12
    return Style(bgcolor=background.blend(primary, share).rich_color)


def _style(
    variables: Mapping[str, str], name: str, *, bold: bool | None = None, underline: bool | None = None
) -> Style:
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
