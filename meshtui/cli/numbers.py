"""Numbers and spans of time as options take them: one check for all of them, and one sentence for what is none."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Any, Final

import click

from meshtui.model.address import as_typed

LONGEST_TEXT: Final = 30
"""Characters of a number as typed. No bound has as many digits; more would only cost time (``int`` is quadratic)."""

MOST_COUNT: Final = 2**31 - 1
"""The largest int32, which is what the echo server's count and qps are."""


class Number(click.ParamType[float]):
    """A finite number between two bounds; ``below`` leaves the upper one itself out."""

    name = "number"

    def __init__(self, low: float, high: float, noun: str = "number", *, below: bool = False):
        self._low, self._high, self._noun, self._below = low, high, noun, below

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises a usage error for anything else, nan and inf too."""
        number = self._read(str(value).strip())
        if number is None or not self._fits(number):
            bound = f"less than {self._high:g}" if self._below else f"{self._high:g}"
            self.fail(f"{as_typed(str(value))} is no {self._noun} from {self._low:g} to {bound}.", param, ctx)
        return number

    def _read(self, text: str) -> float | None:
        if len(text) > LONGEST_TEXT or not text.isascii() or "_" in text:
            return None
        try:
            number = float(text)
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def _fits(self, number: float) -> bool:
        return self._low <= number and (number < self._high if self._below else number <= self._high)


class Whole(click.ParamType[int]):
    """A whole number between two bounds."""

    name = "whole number"

    def __init__(self, low: int, high: int) -> None:
        self._low, self._high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises a usage error for anything else."""
        text = str(value).strip()
        if re.fullmatch(rf"[+-]?[0-9]{{1,{LONGEST_TEXT}}}", text) is None or not self._low <= int(text) <= self._high:
            self.fail(f"{as_typed(str(value))} is no whole number from {self._low} to {self._high}.", param, ctx)
        return int(text)


class Duration(click.ParamType[timedelta]):
    """A length of time such as ``24h``, ``90m``, ``30d``, ``45s``."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Raises a usage error for anything else."""
        if isinstance(value, timedelta):
            return value
        from meshtui.model.durations import parse_typed_duration  # few commands take one

        length = parse_typed_duration(str(value))
        if length is None:
            self.fail(
                f"{as_typed(str(value))} is no span; write a number below 1000000 and s, m, h or d, such as 24h.",
                param,
                ctx,
            )
        return length
