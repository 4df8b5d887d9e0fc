"""Whether a certificate's names satisfy what the config expects, as gRPC compares them (gRFC A29)."""

from __future__ import annotations

import re

from meshtui.model.certificate import San
from meshtui.model.config import MatchKind, StringMatch

MAXIMUM_REGEX = 256
"""A SAN regex or name longer than this is not tried: gRPC uses RE2, we do not, and must not hang."""

_RISKY_REGEX = re.compile(r"\)\s*[*+?{]|\\[1-9]|\(\?[^:)]|(\.[*+].*){4}")
"""What could make a backtracking matcher slow (a repeated group, many ``.*``), or means another thing in RE2."""


def san_satisfies(matcher: StringMatch, san: San) -> bool | None:
    """Whether one name satisfies the matcher as gRPC compares it (gRFC A29); None when it can't be told safely."""
    wanted, have = matcher.value, san.value
    if matcher.kind is MatchKind.EXACT and san.kind == "DNS":
        return _dns_matches(wanted, have)
    if matcher.kind is MatchKind.REGEX:
        return _regex_matches(wanted, have)
    if matcher.ignore_case:
        wanted, have = wanted.lower(), have.lower()
    match matcher.kind:
        case MatchKind.PREFIX:
            return have.startswith(wanted)
        case MatchKind.SUFFIX:
            return have.endswith(wanted)
        case MatchKind.CONTAINS:
            return wanted in have
        case _:
            return have == wanted


def _dns_matches(wanted: str, have: str) -> bool:
    """Exact DNS comparison with one wildcard label at the left of the certificate's name (RFC 6125 §6.4.3)."""
    wanted, have = wanted.lower().rstrip("."), have.lower().rstrip(".")
    if not have.startswith("*."):
        return wanted == have
    _, dot, rest = wanted.partition(".")
    return bool(dot) and rest == have[2:] and "." in rest


def _regex_matches(pattern: str, text: str) -> bool | None:
    if len(pattern) > MAXIMUM_REGEX or len(text) > MAXIMUM_REGEX or _RISKY_REGEX.search(pattern):
        return None
    try:
        return re.fullmatch(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return None


def satisfies(matchers: tuple[StringMatch, ...], sans: tuple[San, ...]) -> bool | None:
    """Whether a certificate with ``sans`` is accepted: any matcher satisfied by any name, or no matcher at all.

    None when it hangs on a regex that is not tried here.
    """
    if not matchers:
        return True
    outcomes = {san_satisfies(matcher, san) for matcher in matchers for san in sans}
    if True in outcomes:
        return True
    return None if None in outcomes else False
