"""What load a person agreed to, and whether another run stays within it.

A run is covered when nothing about it goes beyond one earlier answer: not who sends, not where to, not how much, how
fast, how long or how heavy. What cannot be ordered (a URL, headers, which choose the route) must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final

from meshtui.model.echo.spec import EchoRequestSpec


class Bound(StrEnum):
    """What an answer bounds; the value is the word for it."""

    SENDER = "from"
    URL = "to"
    HEADERS = "headers"
    METHOD = "HTTP method"
    COUNT = "requests"
    RATE = "a second"
    DURATION = "for"
    DECISION = "until decided"
    MESSAGE = "message"
    TIMEOUT = "timeout"
    CONNECTIONS = "connections"


@dataclass(frozen=True, slots=True)
class UntilDecided:
    """A run that ends with its verdict. A smaller ``alpha`` or ``margin`` takes more answers; ``shares`` are those
    typed to judge by, empty for the accepted config's."""

    alpha: float
    margin: float
    shares: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """One run as far as it is load. ``sender`` is the pod; ``duration_s`` and ``decision`` are ends besides the count,
    ``None`` where there is no such end."""

    sender: str
    spec: EchoRequestSpec
    duration_s: float | None = None
    decision: UntilDecided | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A bound that is exceeded: what was agreed and what is asked now, as they are said."""

    bound: Bound
    agreed: str
    asked: str


ENDLESS: Final = "∞"
UNTHROTTLED: Final = "no limit"
NONE: Final = "none"


def excesses(agreed: Load, asked: Load) -> tuple[Excess, ...]:
    """Everything about ``asked`` that goes beyond ``agreed``; empty when it is covered."""
    return tuple(
        Excess(bound, before, now)
        for bound, beyond, before, now in (*_target(agreed, asked), *_amount(agreed, asked), *_weight(agreed, asked))
        if beyond
    )


def covers(agreed: Load, asked: Load) -> bool:
    """Whether who agreed to the one load agreed to the other."""
    return not excesses(agreed, asked)


_Compared = tuple[Bound, bool, str, str]
"""A bound, whether it is exceeded, and both sides in words."""


def _target(agreed: Load, asked: Load) -> Iterator[_Compared]:
    old, new = agreed.spec, asked.spec
    yield Bound.SENDER, agreed.sender != asked.sender, agreed.sender, asked.sender
    yield Bound.URL, old.url != new.url, old.url, new.url
    yield Bound.HEADERS, _headers(old) != _headers(new), _header_words(old), _header_words(new)
    yield Bound.METHOD, old.method != new.method, old.method or NONE, new.method or NONE


def _amount(agreed: Load, asked: Load) -> Iterator[_Compared]:
    old, new = agreed.spec, asked.spec
    yield Bound.COUNT, (new.count or inf) > (old.count or inf), _count(old), _count(new)
    yield Bound.RATE, (new.qps or inf) > (old.qps or inf), _rate(old), _rate(new)
    longer = _seconds(asked.duration_s) > _seconds(agreed.duration_s)
    yield Bound.DURATION, longer, _duration(agreed.duration_s), _duration(asked.duration_s)
    later = agreed.decision is not None and (
        asked.decision is None
        or asked.decision.alpha < agreed.decision.alpha
        or asked.decision.margin < agreed.decision.margin
        or asked.decision.shares != agreed.decision.shares
    )
    yield Bound.DECISION, later, _decision(agreed.decision), _decision(asked.decision)


def _weight(agreed: Load, asked: Load) -> Iterator[_Compared]:
    old, new = agreed.spec, asked.spec
    before, now = len(old.message.encode(errors="replace")), len(new.message.encode(errors="replace"))
    yield Bound.MESSAGE, now > before, f"{before} bytes", f"{now} bytes"
    yield Bound.TIMEOUT, new.timeout_s > old.timeout_s, f"{old.timeout_s:g} s", f"{new.timeout_s:g} s"
    heavier = new.new_connection and not old.new_connection
    yield Bound.CONNECTIONS, heavier, "shared by the requests of a set", "a new one for each request"


def _headers(spec: EchoRequestSpec) -> tuple[tuple[str, str], ...]:
    """Names in lower case, as HTTP/2 sends them, and in order; values of one name keep theirs."""
    lowered = ((name.lower(), value) for name, value in spec.all_headers)
    return tuple(sorted(lowered, key=lambda header: header[0]))


def _header_words(spec: EchoRequestSpec) -> str:
    return ", ".join(f"{name}: {value}" for name, value in spec.all_headers) or NONE


def _count(spec: EchoRequestSpec) -> str:
    return ENDLESS if spec.count is None else str(spec.count)


def _rate(spec: EchoRequestSpec) -> str:
    return str(spec.qps) if spec.qps else UNTHROTTLED


def _seconds(duration: float | None) -> float:
    return inf if duration is None else duration


def _duration(duration: float | None) -> str:
    return UNTHROTTLED if duration is None else f"{duration:g} s"


def _decision(decision: UntilDecided | None) -> str:
    if decision is None:
        return "no"
    shares = ",".join(f"{version}={share * 100:g}" for version, share in decision.shares)
    return f"α {decision.alpha:g}, {decision.margin * 100:g} points, {shares or 'the accepted split'}"


@dataclass(frozen=True, slots=True)
class Consent:
    """The answers given so far, the newest last."""

    answers: tuple[Load, ...] = ()

    def agree(self, load: Load) -> Consent:
        """Remember an answer; what it covers need not be remembered beside it."""
        return Consent((*(answer for answer in self.answers if not covers(load, answer)), load))

    def covers(self, load: Load) -> bool:
        """Whether one answer covers the load. Two that cover it only together do not."""
        return any(covers(answer, load) for answer in self.answers)

    def excesses(self, load: Load) -> tuple[Excess, ...]:
        """What goes beyond the answer that comes nearest, the newest of those; empty when covered or never asked."""
        found = [excesses(answer, load) for answer in reversed(self.answers)]
        return min(found, key=len, default=())
