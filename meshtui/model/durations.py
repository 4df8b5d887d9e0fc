"""Durations read: as Go prints them, as protobuf's JSON writes them, as people type them on a command line."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds per unit. Both the micro sign (U+00B5, what Go prints) and the Greek mu (U+03BC) are read, as Go does."""

LONGEST_TEXT = 64
"""Longer text is no duration: the longest that Go prints has about 20 characters."""

PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
WHOLE = re.compile(rf"(?:{PART.pattern})+")


def parse_go_duration(text: str) -> float | None:
    """Seconds in ``512.3µs``, ``1.5ms`` or ``1h0m0s``; ``None`` for what is no Go duration. ``0`` needs no unit."""
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        return None
    sign, body = (-1.0, text[1:]) if text[:1] == "-" else (1.0, text.removeprefix("+"))
    if body == "0":
        return 0.0
    if not WHOLE.fullmatch(body):
        return None
    return sign * sum(float(number) * UNITS[unit] for number, unit in PART.findall(body))


MAXIMUM_SECONDS = 315_576_000_000
"""The range of ``google.protobuf.Duration``: about 10 000 years."""

PROTO = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s")


def parse_proto_duration(text: str) -> timedelta | None:
    """A ``google.protobuf.Duration`` in JSON form (``900s``, ``1.5s``), or None when it is not one."""
    found = PROTO.fullmatch(text)
    if found is None:
        return None
    sign, whole, fraction = found.groups()
    if int(whole) > MAXIMUM_SECONDS:
        return None
    length = timedelta(seconds=int(whole), microseconds=int((fraction or "").ljust(9, "0")) // 1000)
    return -length if sign else length


TYPED_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
"""Seconds in each unit that a typed length of time takes."""

TYPED = re.compile(r"([0-9]{1,6})([smhd])")


def parse_typed_duration(text: str) -> timedelta | None:
    """A whole number below a million and one unit, as in ``24h``, ``90m``, ``30d``, ``45s``; None for anything else."""
    found = TYPED.fullmatch(text.strip())
    return None if found is None else timedelta(seconds=int(found[1]) * TYPED_UNITS[found[2]])
