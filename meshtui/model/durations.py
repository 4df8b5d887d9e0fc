"""Durations as Go prints them: ``512.3µs``, ``1.5ms``, ``1m2.3s``, ``1h0m0s``."""

from __future__ import annotations

import re

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds per unit. Both the micro sign (U+00B5, what Go prints) and the Greek mu (U+03BC) are read, as Go does."""

LONGEST_TEXT = 64
"""Longer text is no duration: the longest that Go prints has about 20 characters."""

PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
WHOLE = re.compile(rf"(?:{PART.pattern})+")


def parse_go_duration(text: str) -> float | None:
    """Seconds, or ``None`` when the text is not a Go duration. ``0`` alone needs no unit."""
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        return None
    sign, body = (-1.0, text[1:]) if text[:1] == "-" else (1.0, text.removeprefix("+"))
    if body == "0":
        return 0.0
    if not WHOLE.fullmatch(body):
        return None
    return sign * sum(float(number) * UNITS[unit] for number, unit in PART.findall(body))
