"""Text from the mesh made fit for a terminal: control characters are shown, not obeyed."""

from __future__ import annotations

import unicodedata
from typing import Final

_CONTROL_PICTURES: Final = 0x2400
"""Unicode block whose n-th character pictures the control character n."""


def printable(text: str) -> str:
    """The text with every control, bidirectional-override and invisible format character replaced by something seen.

    Line feeds and tabs are replaced as well: what this returns is one line.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def printable_lines(text: str) -> str:
    """As :func:`printable`, line by line, with tabs as four spaces; line ends stay."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.split("\n"))


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == 0x7F:
        return "␡"
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return f"‹{code:04X}›"
    return character
