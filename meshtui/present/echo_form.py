"""A probe as a person types it: one text a field, understood or refused with a sentence."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import Any

from meshtui.model.address import as_typed
from meshtui.model.echo.spec import DEFAULT_TIMEOUT, EchoRequestSpec, parse_header, validate
from meshtui.model.errors import UsageError
from meshtui.model.identity.masking import masked_headers
from meshtui.model.split.assessment import ALPHA, LEAST_ALPHA, LEAST_MARGIN, MARGIN, MOST_ALPHA, Expectation
from meshtui.model.split.typed import NUMBER, parse_expectation

ENDLESS = "∞"
"""The count of a run that goes on until it is stopped; empty, ``inf`` and ``continuous`` mean the same."""

DEFAULT_COUNT = "500"
"""Requests of a run: half of all healthy splits are decided after 350 answers, nine of ten of 80/20 after 420."""

DEFAULT_QPS = "50"
"""Requests a second: the default count takes ten seconds, and no service notices."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_ENDLESS_WORDS = frozenset(["", ENDLESS, "inf", "infinite", "continuous", "endless"])
_NEXT_HEADER = re.compile(r",\s*(?=:?[A-Za-z0-9!#$%&'*+.^_`|~-]+:)")


@dataclass(frozen=True, slots=True)
class EchoForm:
    """The fields as typed. ``headers`` are ``name: value`` pairs with commas between, ``margin`` is in points,
    ``timeout`` in seconds; an empty ``expect`` means the accepted config."""

    url: str = ""
    _: KW_ONLY
    count: str = DEFAULT_COUNT
    qps: str = DEFAULT_QPS
    headers: str = ""
    message: str = ""
    method: str = ""
    authority: str = ""
    timeout: str = f"{DEFAULT_TIMEOUT:g}"
    expect: str = ""
    alpha: str = f"{ALPHA:g}"
    margin: str = f"{MARGIN * 100:g}"
    new_connection: bool = False
    until_decided: bool = False
    lift_limits: bool = False

    @property
    def endless(self) -> bool:
        """Whether the run goes on until it is stopped."""
        return self.count.strip().lower() in _ENDLESS_WORDS

    def spec(self) -> EchoRequestSpec:
        """What to send. Raises ``UsageError`` naming the field that cannot be meant."""
        return validate(
            EchoRequestSpec(
                _url(self.url.strip()),
                count=None if self.endless else _whole(self.count, "count"),
                qps=_whole(self.qps or "0", "qps"),
                headers=_headers(self.headers),
                message=self.message,
                method=self.method.strip(),
                timeout_s=_number(self.timeout, "timeout"),
                new_connection=self.new_connection,
                authority=self.authority.strip(),
                lift_limits=self.lift_limits,
            )
        )

    @property
    def headers_shown(self) -> str:
        """The headers as they are shown outside the field they are typed in: secrets masked."""
        try:
            pairs = _headers(self.headers)
        except UsageError:
            return "(not readable)"
        return ", ".join(f"{name}: {value}" for name, value in masked_headers(pairs))

    def expectation(self) -> Expectation | None:
        """The shares typed, or ``None`` to take the accepted config's. Raises ``UsageError``."""
        return parse_expectation(self.expect) if self.expect.strip() else None

    def judging(self) -> tuple[float, float]:
        """Alpha, and the margin as a share of 1. Raises ``UsageError``."""
        alpha, margin = _number(self.alpha, "α"), _number(self.margin, "margin")
        if not LEAST_ALPHA <= alpha <= MOST_ALPHA:
            raise UsageError(
                f"An α of {alpha:g} makes no test.", f"Give one from {LEAST_ALPHA:g} to {MOST_ALPHA:g}, as 0.01."
            )
        if not LEAST_MARGIN * 100 <= margin < 100:
            raise UsageError(
                f"A margin of {margin:g} points makes no test.",
                f"Give one from {LEAST_MARGIN * 100:g} to less than 100, as 10.",
            )
        return alpha, margin / 100

    def with_field(self, name: str, value: str | bool) -> EchoForm:
        """The form with another value in the field of that name."""
        if name not in {field.name for field in fields(self)}:
            raise KeyError(name)
        changed: dict[str, Any] = {name: value}
        return replace(self, **changed)


def form_of(spec: EchoRequestSpec) -> EchoForm:
    """A form that sends this."""
    return EchoForm(
        url=spec.url,
        count=ENDLESS if spec.count is None else str(spec.count),
        qps=str(spec.qps),
        headers=", ".join(f"{name}: {value}" for name, value in spec.headers),
        message=spec.message,
        method=spec.method,
        authority=spec.authority,
        timeout=f"{spec.timeout_s:g}",
        new_connection=spec.new_connection,
        lift_limits=spec.lift_limits,
    )


def _url(text: str) -> str:
    """``echo:7070`` is meant as what proxyless clients dial."""
    return text if "://" in text or not text else f"xds:///{text}"


def _whole(text: str, field: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise UsageError(f"{as_typed(text.strip())} is no {field}.", "Give a whole number.")
    return int(text)


def _number(text: str, field: str) -> float:
    digits = text.strip().removesuffix("%").removesuffix("s").strip()
    if not NUMBER.fullmatch(digits):
        raise UsageError(f"{as_typed(text.strip())} is no {field}.", "Give a number.")
    return float(digits)


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in _NEXT_HEADER.split(text.strip()):
        if not part.strip():
            continue
        pair = parse_header(part)
        if pair is None:
            raise UsageError(
                f"Cannot read {as_typed(part.strip())} as a header.", "Write name: value, as in x-canary: 1."
            )
        pairs.append(pair)
    return tuple(pairs)
