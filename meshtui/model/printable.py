"""Text from the mesh made fit for a terminal: control characters are shown, not obeyed.

Two ways: a person reads a picture of the character (:func:`printable`), a file or another program gets an escape that
says which it was (:func:`escaped`, :func:`json_escaped`), so that nothing is lost and ``cat`` obeys nothing.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_CONTROL_PICTURES: Final = 0x2400
"""Unicode block whose n-th character pictures the control character n."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what a terminal obeys or nobody sees: controls (C0, C1), format characters (bidirectional
overrides, zero widths, tags), lone surrogates, private and unassigned characters, line and paragraph separators."""


def is_printable(text: str) -> bool:
    """Whether the text holds nothing but characters that are seen as they are; a line feed or tab is not one."""
    return text.isprintable() or not any(unicodedata.category(character) in _UNSEEN for character in text)


def printable(text: str) -> str:
    """The text with every control, bidirectional-override and invisible format character replaced by something seen.

    Line feeds and tabs are replaced as well: what this returns is one line.
    """
    if text.isprintable():  # Python's own list leaves out what ours does, and some blanks beside
        return text
    return text.translate(_PICTURES)


def printable_lines(text: str) -> str:
    """As :func:`printable`, line by line, with tabs as four spaces; line ends stay."""
    return "\n".join(printable(line.replace("\t", "    ")) for line in text.split("\n"))


def escaped(text: str) -> str:
    r"""The text with every character that :func:`printable` would replace written as ``\u001b`` or ``\U000e0041``.

    These are the escapes of a double-quoted YAML scalar and of most languages. A backslash of the text stays as it is.
    """
    return text if text.isprintable() else text.translate(_ESCAPES)


def json_escaped(document: str) -> str:
    r"""A JSON document without raw control, bidirectional or invisible characters, and with the same meaning.

    ``document`` is what ``json.dumps(…, ensure_ascii=False)`` wrote: whatever has to be escaped then stands inside a
    string, except the line feeds between the values, which stay. Characters beyond U+FFFF become a surrogate pair, as
    JSON has it.
    """
    return document.translate(_JSON_ESCAPES)


class _Escapes(dict[int, str]):
    """A table for ``str.translate`` that looks at each character once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        text = self.escape(code) if unicodedata.category(character) in _UNSEEN else character
        if len(self) < MOST_REMEMBERED:
            self[code] = text
        return text

    @staticmethod
    def escape(code: int) -> str:
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


class _JsonEscapes(_Escapes):
    """The same as JSON writes it."""

    @staticmethod
    def escape(code: int) -> str:
        if code <= 0xFFFF:
            return f"\\u{code:04x}"
        high, low = divmod(code - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


class _Pictures(_Escapes):
    """What a person sees in its place."""

    @staticmethod
    def escape(code: int) -> str:
        if code < 0x20:
            return chr(_CONTROL_PICTURES + code)
        return "␡" if code == 0x7F else f"‹{code:04X}›"


MOST_REMEMBERED: Final = 4_096
"""Characters a table remembers; text of the mesh may hold all of Unicode."""

_ESCAPES: Final = _Escapes()

_PICTURES: Final = _Pictures()

_JSON_ESCAPES: Final = _JsonEscapes({ord("\n"): "\n"})
