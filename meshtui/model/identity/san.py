"""Whether a certificate's names satisfy what the config expects, as gRPC compares them (gRFC A29)."""

from __future__ import annotations

from typing import Final

from meshtui.model.identity.certificate import San
from meshtui.model.regex import PatternRefusedError, full_match
from meshtui.model.xds.config import MatchKind, StringMatch

MOST_COMPARED: Final = 100_000
"""Pairs of a matcher and a name that are compared: both lists come from outside, and real ones have one or two."""


def san_satisfies(matcher: StringMatch, san: San) -> bool | None:
    """Whether one name satisfies the matcher as gRPC compares it (gRFC A29); None for a pattern RE2 does not take."""
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
    try:
        return full_match(pattern, text)
    except PatternRefusedError:
        return None


def satisfies(matchers: tuple[StringMatch, ...], sans: tuple[San, ...]) -> bool | None:
    """Whether a certificate with ``sans`` is accepted: any matcher satisfied by any name, or no matcher at all.

    None when it hangs on a regex that RE2 does not take, or on more comparisons than are made here.
    """
    if not matchers:
        return True
    unknown = False
    left = MOST_COMPARED
    for matcher in matchers:
        for san in sans:
            if left == 0:
                return None
            left -= 1
            outcome = san_satisfies(matcher, san)
            if outcome:
                return True
            unknown = unknown or outcome is None
    return None if unknown else False
