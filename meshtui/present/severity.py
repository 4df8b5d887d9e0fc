"""The glyph of each severity, the same on the screen and in text; a word stands beside it.

Apart from :mod:`meshtui.present.marks`, since a list of resources needs no findings.
"""

from __future__ import annotations

from typing import Final

from meshtui.model.finding import Severity

SEVERITY_GLYPHS: Final = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "i"}
