"""Regular expressions of the mesh, matched by RE2, the engine that gRPC uses (gRFC A28, A29): linear in time, bounded
in memory, and the same answer as gRPC's where Python's own engine would take another syntax or run for minutes.

The one place where the model is more than plain Python.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from meshtui.model.phrases import shorten

MOST_MEMORY: Final = 8 << 20
"""Bytes for one pattern: RE2's default, which is what gRPC gives it, so that both refuse the same patterns."""

KEPT: Final = 16
"""Compiled patterns kept: a route table is walked again with each look, and each may take :data:`MOST_MEMORY`."""


LONGEST_REASON: Final = 100
"""Characters of a reason; RE2 quotes the pattern in it."""


class PatternRefusedError(ValueError):
    """RE2 does not take the pattern; the text says why. gRPC refuses a resource that has one."""


def full_match(pattern: str, text: str) -> bool:
    """Whether the pattern fits the whole of the text. Raises :class:`PatternRefusedError`."""
    return _compiled(pattern).fullmatch(_bytes(text)) is not None


def refusal(pattern: str) -> str:
    """Why RE2 does not take the pattern; empty when it does."""
    try:
        _compiled(pattern)
    except PatternRefusedError as refused:
        return str(refused)
    return ""


def found_in(pattern: str, text: str) -> bool:
    """Whether a pattern of our own is found anywhere in the text, in any case. For texts of any length."""
    return _ours(pattern).search(_bytes(text)) is not None


@lru_cache(KEPT)
def _compiled(pattern: str) -> Any:
    import re2  # most configs have no pattern, and few commands meet one

    try:
        return re2.compile(_bytes(pattern), _options())
    except re2.error as error:
        raise PatternRefusedError(_words(error)) from None
    finally:
        re2.purge()  # it keeps 128 patterns of its own, with 8 MiB each in the worst case


@lru_cache(None)
def _ours(pattern: str) -> Any:
    import re2

    options = _options()
    options.case_sensitive = False
    return re2.compile(pattern, options)


def _options() -> Any:
    import re2

    options = re2.Options()
    options.max_mem = MOST_MEMORY
    options.never_capture = True  # a place for each of 100 000 groups at each step takes gigabytes
    options.log_errors = False  # it writes to standard error, which is the screen
    return options


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else b""
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return shorten(text, LONGEST_REASON)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
