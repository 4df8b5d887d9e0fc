"""meshtui's own themes; all of Textual's can be chosen as well."""

from __future__ import annotations

from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

NIGHT: Final = Theme(
    name="meshtui-night",
    primary="#6ea8fe",
    secondary="#9db4d0",
    accent="#8fc7ff",
    foreground="#d8dee9",
    background="#10141b",
    surface="#151b24",
    panel="#1c2430",
    success="#74b98a",
    warning="#e3b65b",
    error="#ff7b86",
    dark=True,
    variables={"block-cursor-text-style": "none", "input-selection-background": "#6ea8fe 35%", "border": "#3b4a60"},
)
"""The default: a dark, quiet blue; alarm colours are the only saturated ones."""

DAY: Final = Theme(
    name="meshtui-day",
    primary="#2563c9",
    secondary="#4e6280",
    accent="#1d5fb8",
    foreground="#242b36",
    background="#f8f9fb",
    surface="#f0f2f6",
    panel="#e4e8ef",
    success="#24693f",
    warning="#7d5300",
    error="#b02532",
    dark=False,
    variables={"block-cursor-text-style": "none", "border": "#b4bfcd"},
)
"""For bright rooms and projectors."""

OURS: Final = (NIGHT, DAY)

NAMES: Final = (*(theme.name for theme in OURS), *BUILTIN_THEMES)
"""Every theme that can be chosen."""
