"""The sign of each health, the same on the screen and in text; a word stands beside it."""

from __future__ import annotations

from typing import Final

from meshtui.model.xds.resource import Health
from meshtui.present.text_lines import Sign, Tone

HEALTH_SIGNS: Final = {
    Health.OK: Sign("✓", Tone.GOOD),
    Health.DEGRADED: Sign("~", Tone.CAUTION),
    Health.UNKNOWN: Sign("?", Tone.CAUTION),
    Health.WAITING: Sign("…", Tone.CAUTION),
    Health.MISSING: Sign("∅", Tone.CAUTION),
    Health.REFUSED: Sign("✗", Tone.BAD),
}
"""One cell each."""

HEALTH_GLYPHS: Final = {health: sign.glyph for health, sign in HEALTH_SIGNS.items()}
"""The glyphs alone, for a screen with colours of its own."""
