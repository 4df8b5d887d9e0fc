"""Which version has which colour and place: the same in every picture of a run, whatever the config does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meshtui.model.echo.tally import OTHER
from meshtui.model.phrases import percent_digits
from meshtui.model.split.assessment import Expectation
from meshtui.session.echo.state import EchoState
from meshtui.tui.kit.palette import SERIES
from meshtui.tui.kit.style import Role

EMPTY_NAME: Final = "(empty)"
"""Stands for a version that says nothing."""


def versions_of(state: EchoState) -> tuple[str, ...]:
    """Every version that was configured or has answered in this run, in the order it first was."""
    found: dict[str, None] = {}
    for epoch in state.epochs:
        found.update(dict.fromkeys(epoch.expectation.shares if epoch.expectation else ()))
        found.update(dict.fromkeys(sorted(epoch.counts.by_version)))
    found.update(dict.fromkeys(version for version in state.tally.by_version if version != OTHER))
    return tuple(sorted(found)) if len(found) <= len(SERIES) else tuple(found)


def role_at(place: int) -> Role:
    """The colour of the version at that place. They come round again; the names are always there too."""
    return SERIES[place % len(SERIES)]


def name_of(version: str) -> str:
    """The version as it is said."""
    return version or EMPTY_NAME


def weights_words(expectation: Expectation | None, versions: tuple[str, ...]) -> str:
    """``80/20`` in the order of ``versions``; empty when there are no shares."""
    shares: Mapping[str, float] = expectation.shares if expectation else {}
    if not shares:
        return ""
    return "/".join(percent_digits(round(shares.get(version, 0.0), 3)) for version in versions)
