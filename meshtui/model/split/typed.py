"""Expected shares as they are typed: ``v1=20,v2=80``."""

from __future__ import annotations

import re
from typing import Final

from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import FORM, Expectation, ExpectationSource

LEAST_WEIGHT: Final = 1e-6
"""The least weight above 0 that can be typed: no run is long enough to see a smaller share."""

MOST_WEIGHT: Final = float(2**32 - 1)
"""The largest weight that can be typed: that of the config, an uint32; the sum of a few stays finite."""

NUMBER: Final = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")
"""A number as people type it, in ASCII digits and no more of them than any bound has."""


def parse_expectation(text: str) -> Expectation:
    """``v1=20,v2=80`` as typed. Raises ``UsageError`` naming the part that cannot be meant."""
    pairs: list[tuple[str, float]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        version, separator, weight = part.rpartition("=")
        digits = weight.strip().removesuffix("%").strip()
        if not separator or not version.strip() or not NUMBER.fullmatch(digits):
            raise UsageError(f"Cannot read {as_typed(part)} as an expected share.", FORM)
        number = float(digits)
        if number > MOST_WEIGHT or 0 < number < LEAST_WEIGHT:
            raise UsageError(
                f"The weight in {as_typed(part)} is neither 0 nor from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}.", FORM
            )
        pairs.append((version.strip(), number))
    if not pairs:
        raise UsageError("No expected share is given.", FORM)
    return Expectation.of(pairs, ExpectationSource.TYPED)
