"""The sign of each severity, the same on the screen and in text; a word stands beside it.

Apart from :mod:`meshtui.present.marks`, since a list of resources needs no findings.
"""

from __future__ import annotations

from typing import Final

from meshtui.model.finding import Severity
from meshtui.present.text_lines import Sign, Tone

SEVERITY_SIGNS: Final = {
    Severity.ERROR: Sign("✗", Tone.BAD),
    Severity.WARNING: Sign("!", Tone.CAUTION),
    Severity.INFO: Sign("i"),
}
"""One cell each."""

SEVERITY_GLYPHS: Final = {severity: sign.glyph for severity, sign in SEVERITY_SIGNS.items()}
"""The glyphs alone, for a screen with colours of its own."""
