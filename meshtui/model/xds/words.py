"""Config in words: how matches and TLS are said everywhere."""

from __future__ import annotations

from typing import Final

from meshtui.model.phrases import share_words
from meshtui.model.xds.config import ChainMatch, HeaderMatch, MatchKind, RouteMatch, StringMatch, TlsContext, TlsMode

EVERYTHING_ELSE: Final = "(everything else)"
"""What a route is called that takes whatever no route before it took."""


def path_words(path: StringMatch) -> str:
    """``/a.B/*`` for a prefix, ``/a.B/C`` for an exact path, ``~ regex`` for a regular expression; ``(any case)``."""
    if path.kind is MatchKind.REGEX:
        return f"~ {path.value}"
    words = f"{path.value or '/'}*" if path.kind is MatchKind.PREFIX else path.value
    return f"{words} (any case)" if path.ignore_case else words


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
        return EVERYTHING_ELSE
    parts = [path_words(match.path)] if not is_catch_all(RouteMatch(match.path)) else []
    parts += [f"header {header_words(header)}" for header in match.headers]
    if match.fraction is not None:
        parts.append(f"{share_words(match.fraction)} of requests")
    if match.unsupported:
        parts.append(f"({match.unsupported}: gRPC leaves this route out)")
    return "  ".join(parts)


def chain_match_words(match: ChainMatch) -> str:
    """``connections from 10.0.0.0/8``; empty for a chain that is for every connection no other one fits better."""
    if match.ignored_for:
        return f"gRPC leaves this chain out: it asks for {match.ignored_for}"
    parts = [f"from {', '.join(match.sources)}"] if match.sources else []
    parts += [_ORIGINS[match.source_type]] if match.source_type in _ORIGINS else []
    parts += [f"from port {', '.join(str(port) for port in match.source_ports)}"] if match.source_ports else []
    parts += [f"to {', '.join(match.destinations)}"] if match.destinations else []
    return f"connections {' '.join(parts)}" if parts else ""


_ORIGINS: Final = {"SAME_IP_OR_LOOPBACK": "from the same host", "EXTERNAL": "from other hosts"}
"""``FilterChainMatch.ConnectionSourceType`` in words."""


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
