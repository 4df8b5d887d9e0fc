"""Config in words: how matches, shares, ages and sizes are said everywhere."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from meshtui.model.config import HeaderMatch, MatchKind, RouteMatch, StringMatch, TlsContext, TlsMode


def path_words(path: StringMatch) -> str:
    """``/a.B/*`` for a prefix, ``/a.B/C`` for an exact path, ``~ regex`` for a regular expression."""
    if path.kind is MatchKind.PREFIX:
        return f"{path.value or '/'}*"
    if path.kind is MatchKind.REGEX:
        return f"~ {path.value}"
    return path.value


def pattern_words(match: StringMatch) -> str:
    """A string matcher in a few characters: ``v``, ``v*``, ``*v``, ``*v*``, ``~ v``, ``present``, ``in v``."""
    value = match.value
    words = {
        MatchKind.EXACT: value,
        MatchKind.PREFIX: f"{value}*",
        MatchKind.SUFFIX: f"*{value}",
        MatchKind.CONTAINS: f"*{value}*",
        MatchKind.REGEX: f"~ {value}",
        MatchKind.PRESENT: "present",
        MatchKind.RANGE: f"in {value}",
    }[match.kind]
    return words + (" (any case)" if match.ignore_case else "")


def header_words(header: HeaderMatch) -> str:
    """``x-canary=1``, ``x-user present``, ``not x-beta=1``, ``x-shard in [0, 10)``."""
    if header.match.kind is MatchKind.RANGE:
        words = f"{header.name} in [{header.low}, {header.high})"
    else:
        joint = " " if header.match.kind in (MatchKind.REGEX, MatchKind.PRESENT) else "="
        words = f"{header.name}{joint}{pattern_words(header.match)}"
    return f"not {words}" if header.invert else words


def is_catch_all(match: RouteMatch) -> bool:
    """Whether every request matches."""
    everything = match.path.kind is MatchKind.PREFIX and match.path.value in ("", "/")
    return everything and not match.headers and match.fraction is None and not match.unsupported


def match_words(match: RouteMatch) -> str:
    """When a route applies, as a phrase."""
    if is_catch_all(match):
        return "(everything else)"
    parts = [path_words(match.path)] if not is_catch_all(RouteMatch(match.path)) else []
    parts += [f"header {header_words(header)}" for header in match.headers]
    if match.fraction is not None:
        parts.append(f"{share_words(match.fraction)} of requests")
    if match.unsupported:
        parts.append(f"({match.unsupported}: gRPC leaves this route out)")
    return "  ".join(parts)


def share_words(share: float) -> str:
    """A share of 0 to 1 in per cent: ``20 %``, ``33.3 %``, ``0.05 %``; one short of all is never ``100 %``."""
    return f"{percent_digits(share)} %"


def percent_digits(share: float) -> str:
    """The number of :func:`share_words` alone, for columns and lists that say the unit elsewhere."""
    percent = share * 100
    if 99.95 <= percent < 100:
        return f"{percent:.2f}" if percent < 99.995 else "> 99.99"
    if percent and percent < 0.1:
        return f"{percent:.2g}"
    return f"{percent:.1f}".removesuffix(".0")


def tls_words(tls: TlsContext) -> str:
    """``plaintext``, ``TLS`` or ``mTLS``."""
    return tls.mode.value


def inbound_tls_words(tls: TlsContext) -> str:
    """Istio's word for an inbound chain: STRICT demands a client certificate."""
    if tls.mode is TlsMode.PLAINTEXT:
        return "plaintext"
    if tls.mode is TlsMode.UNREADABLE:
        return tls_words(tls)
    return "STRICT mTLS" if tls.require_client_certificate else "TLS, client certificate optional"


def span_words(span: timedelta | float) -> str:
    """A span of time in its two largest units: ``3 s``, ``4m 12s``, ``2h 5m``, ``9y 364d``; ``-`` before a past one."""
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 60:
        return f"{sign}{seconds} s"
    units = (("y", 31_536_000), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for (name, size), (next_name, next_size) in pairwise(units):
        if seconds >= size:
            rest = seconds % size // next_size
            return f"{sign}{seconds // size}{name}" + (f" {rest}{next_name}" if rest else "")
    return f"{sign}{seconds} s"


def age_words(span: timedelta | float) -> str:
    """A span in its largest unit alone, for columns: ``now``, ``3 s``, ``4 m``, ``2 h``, ``999 d``, ``3 y``."""
    seconds = int(span.total_seconds() if isinstance(span, timedelta) else span)
    if seconds < 1:
        return "now"
    if seconds >= 1_000 * 86_400:
        return f"{seconds // (365 * 86_400)} y"
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def ago_words(span: timedelta) -> str:
    """How long ago, in a sentence: ``just now``, ``3 s ago``."""
    return "just now" if span < timedelta(seconds=1) else f"{age_words(span)} ago"


def size_words(size: int) -> str:
    """Bytes for people: ``512 B``, ``4.2 KiB``, ``6.1 MiB``."""
    if size < 1024:
        return f"{size} B"
    amount = size / 1024
    for unit in ("KiB", "MiB"):
        if amount < 999.95:  # never wider than 999.9 KiB
            return f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """``1 cluster``, ``2 clusters``; ``nouns`` for an irregular plural."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"
