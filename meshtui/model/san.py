"""Whether a certificate's names satisfy what the config expects, as gRPC compares them (gRFC A29)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from meshtui.model.certificate import San

MAXIMUM_REGEX = 256
"""A SAN regex or name longer than this is not tried: gRPC uses RE2, we do not, and must not hang."""

_RISKY_REGEX = re.compile(r"\)\s*[*+?{]|\\[1-9]|\(\?[^:)]|(\.[*+].*){4}")
"""What could make a backtracking matcher slow (a repeated group, many ``.*``), or means another thing in RE2."""


class MatchKind(StrEnum):
    """How a SAN matcher of a cluster compares (``envoy.type.matcher.v3.StringMatcher``)."""

    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    CONTAINS = "contains"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class SanExpectation:
    """One SAN matcher of the accepted config: ``cluster`` accepts a server certificate with such a name."""

    kind: MatchKind
    value: str
    cluster: str
    ignore_case: bool = False

    def __str__(self) -> str:
        return self.value if self.kind is MatchKind.EXACT else f"{self.kind} {self.value}"


def san_satisfies(expectation: SanExpectation, san: San) -> bool | None:
    """Whether one name satisfies the matcher as gRPC compares it (gRFC A29); None when it can't be told safely."""
    wanted, have = expectation.value, san.value
    if expectation.kind is MatchKind.EXACT and san.kind == "DNS":
        return _dns_matches(wanted, have)
    if expectation.kind is MatchKind.REGEX:
        return _regex_matches(wanted, have)
    if expectation.ignore_case:
        wanted, have = wanted.lower(), have.lower()
    match expectation.kind:
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


def satisfies(expectations: tuple[SanExpectation, ...], sans: tuple[San, ...]) -> bool | None:
    """Whether a certificate with ``sans`` is accepted: any matcher satisfied by any name, or no matcher at all.

    None when it hangs on a regex that is not tried here.
    """
    if not expectations:
        return True
    outcomes = {san_satisfies(expectation, san) for expectation in expectations for san in sans}
    if True in outcomes:
        return True
    return None if None in outcomes else False
