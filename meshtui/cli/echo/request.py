"""What ``meshtui echo`` was asked for: options as typed become a spec, an expectation and settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Final

from meshtui.model.address import as_typed
from meshtui.model.echo.spec import MOST_UNTHROTTLED, EchoRequestSpec, parse_header, validate
from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import Expectation
from meshtui.model.split.typed import parse_expectation

DEFAULT_COUNT: Final = 100
"""Requests when no amount is given: enough to see a split, too few to disturb anyone."""

FROM_CONFIG: Final = "config"
"""The word after ``--expect`` that stands for the shares of the accepted config."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRequest:
    """A run as it was asked for.

    ``typed`` are shares given by hand; ``from_config`` asks for those of the accepted config; without either nothing
    is tested. ``mapping`` is subset → version. ``allowed_failures`` is the share (0 to 1) of requests that may fail
    before the run counts as failed. ``margin`` is a share of 1.
    """

    target: str
    spec: EchoRequestSpec
    typed: Expectation | None
    from_config: bool
    mapping: Mapping[str, str]
    alpha: float
    margin: float
    duration_s: float | None
    until_decided: bool
    allowed_failures: float

    @property
    def tests(self) -> bool:
        """Whether a verdict is asked for."""
        return self.from_config or self.typed is not None


def amount(count: int | None, duration: timedelta | None, until_decided: bool) -> int | None:
    """How many requests at most; ``None`` when only time ends the run."""
    if count is not None:
        return count
    if duration is not None:
        return None
    return MOST_UNTHROTTLED if until_decided else DEFAULT_COUNT


def check(request: ProbeRequest) -> ProbeRequest:
    """The request, if it can be meant. Raises ``UsageError`` naming what to change."""
    validate(request.spec)
    if not all(map(isfinite, (request.alpha, request.margin, request.allowed_failures))):
        raise UsageError("--alpha, --margin and --allow-failed are numbers.", "Leave them out for the usual ones.")
    if request.duration_s is not None and request.duration_s <= 0:
        raise UsageError("A duration of 0 makes no run.", "Give at least 1s.")
    if request.until_decided and not request.tests:
        raise UsageError("--until-decided needs something to decide.", "Add --expect config, or --expect v1=20,v2=80.")
    if request.mapping and not request.from_config:
        raise UsageError("--map says which version a subset of the config is.", "Use it with --expect config.")
    if request.from_config and not request.spec.goes_by_config:
        raise UsageError(
            f"No config says where requests to {as_typed(request.spec.url)} go.",
            "Use an xds:/// URL, or type the shares: --expect v1=20,v2=80.",
        )
    return request


def expectation(text: str | None) -> tuple[Expectation | None, bool]:
    """``--expect`` as typed: shares given by hand, and whether those of the config are wanted. Raises
    ``UsageError``."""
    if text is None:
        return None, False
    if text.strip() == FROM_CONFIG:
        return None, True
    return parse_expectation(text), False


def headers(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``NAME:VALUE`` each; a pseudo-header's own leading colon is part of its name. Raises ``UsageError``."""
    pairs = []
    for text in texts:
        pair = parse_header(text)
        if pair is None:
            raise UsageError(f"Cannot read {as_typed(text)} as a header.", "Write NAME:VALUE, as in x-canary:1.")
        pairs.append(pair)
    return tuple(pairs)


def mapping(texts: Sequence[str]) -> dict[str, str]:
    """``SUBSET=VERSION`` each. A cluster's whole name may stand for the subset. Raises ``UsageError``."""
    pairs = {}
    for text in texts:
        subset, separator, version = text.rpartition("=")
        if not separator or not subset.strip() or not version.strip():
            raise UsageError(
                f"Cannot read {as_typed(text)} as a mapping.", "Write SUBSET=VERSION, as in --map canary=v2."
            )
        pairs[subset.strip()] = version.strip()
    return pairs
