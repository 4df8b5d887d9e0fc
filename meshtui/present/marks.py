"""The glyph of each health, the same on the screen and in text; a word stands beside it."""

from __future__ import annotations

from typing import Final

from meshtui.model.xds.resource import Health

HEALTH_GLYPHS: Final = {Health.OK: "✓", Health.WAITING: "…", Health.MISSING: "∅", Health.REFUSED: "✗"}
"""One cell each."""
