"""JSON for people: indented, every character as itself. The one module that knows orjson.

Byte for byte what ``json.dumps(…, indent=2, ensure_ascii=False)`` writes, which takes ten times as long: Python's own
writer leaves C as soon as it is to indent.
"""

from __future__ import annotations

import json
from typing import Any, Final

FEW_VALUES: Final = 1_000
"""A document of fewer values is written by ``json`` before orjson is even imported."""

PLAIN: Final = (1e-4, 1e15)
"""Numbers between these are written without an exponent by everyone; below and above, each library has its own way."""


def indented(document: Any) -> str:
    """The document as text, two spaces a level. Raises what ``json.dumps`` raises."""
    values, alike = _examined(document)
    if alike and values >= FEW_VALUES:
        import orjson

        try:
            options = orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
            return orjson.dumps(document, option=options).decode()
        except TypeError:
            pass  # a lone surrogate, a number of more than 64 bits, a key that is no text, or nested very deep
    return json.dumps(document, indent=2, ensure_ascii=False)


def _examined(document: Any) -> tuple[int, bool]:
    """How many values the document has, and whether both libraries write each of its floats alike."""
    low, high = PLAIN
    values = [document]
    for value in values:  # grows meanwhile
        kind = type(value)
        if kind is str:
            continue
        if kind is dict:
            values.extend(value.values())
        elif kind is list or kind is tuple:
            values.extend(value)
        elif kind is float and not (low <= value < high or -high < value <= -low or value == 0):
            return len(values), False  # nan is neither below nor above anything
    return len(values), True
