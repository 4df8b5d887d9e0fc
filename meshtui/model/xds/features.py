"""What each gRPC reads of xDS config, and since when: the one place that says it, each entry with its source.

Tree, route notes, expectation and rules ask :func:`reads`; the features themselves are in
:mod:`meshtui.model.xds.feature_table`, of which ``docs/clients.md`` is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from meshtui.model.xds.clients import Client, Language, Version

LOOKED_AT: Final = MappingProxyType(
    {
        Language.CORE: Version(1, 85),
        Language.JAVA: Version(1, 83, 1),
        Language.GO: Version(1, 83, 1),
        Language.NODE: Version(1, 14),
    }
)
"""The newest release of each that was read. Of a newer one it is not known whether it still lacks something."""


class Reads(Enum):
    """Whether a client reads a part of the config; BY_VARIABLE says: only if its environment asks for it."""

    YES = "yes"
    NO = "no"
    BY_VARIABLE = "by variable"
    UNKNOWN = "unknown"


class Support(NamedTuple):
    """Since which release a language reads something.

    ``since`` is ``None`` for what no release does of itself; ``variable`` is the environment variable that switches it
    on in releases before (from ``variable_since`` on). ``at_least`` says that ``since`` is the oldest release that was
    looked at, not the first that has it. ``unsure`` is what is not known, in words.
    """

    since: Version | None = None
    variable: str = ""
    variable_since: Version | None = None
    at_least: bool = False
    unsure: str = ""
    source: str = ""


NEVER: Final = Support()
"""No release that was looked at reads it."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """A part of the config. ``name`` is what it is called in a sentence, ``where`` the field of xDS.

    ``instead`` says what a client does that does not read it. ``never`` is set for what gRPC by design never reads.
    """

    name: str
    where: str
    grfc: str
    instead: str
    support: Mapping[Language, Support] = field(default_factory=lambda: MappingProxyType({}))
    source: str = ""
    never: bool = False


def support_of(feature: Feature, language: Language) -> Support | None:
    """``None`` where nothing is known of a client that is no gRPC."""
    if language is Language.OTHER:
        return None
    return NEVER if feature.never else feature.support.get(language, NEVER)


CLIENTS_REMEMBERED: Final = 1_024
"""Answers for a few clients: each cluster and route of ten thousand asks for the same."""


@lru_cache(CLIENTS_REMEMBERED)
def reads(feature: Feature, client: Client) -> Reads:
    """Whether a client reads it, by its language and release."""
    support = support_of(feature, client.language)
    if support is None or support.unsure:
        return Reads.UNKNOWN
    if feature.never:
        return Reads.NO
    version = client.version
    if version is None:
        return Reads.NO if support == NEVER._replace(source=support.source) else Reads.UNKNOWN
    if support.since is not None and version >= support.since:
        return Reads.YES
    if version[:2] > LOOKED_AT[client.language][:2] or support.at_least:  # a patch brings nothing new
        return Reads.UNKNOWN
    if support.variable and (support.variable_since is None or version >= support.variable_since):
        return Reads.BY_VARIABLE
    return Reads.NO


def ignores(feature: Feature, client: Client) -> bool:
    """Whether it is known that the client does not read it, unless its environment asks for it."""
    return reads(feature, client) in (Reads.NO, Reads.BY_VARIABLE)


def since_words(feature: Feature, client: Client) -> str:
    """When the client's language reads it: ``since 1.50``, ``only with X=true``, ``in no release``."""
    support = support_of(feature, client.language)
    if support is None or support.unsure:
        return "not known"
    if reads(feature, client) is Reads.BY_VARIABLE:
        before = f"since {support.since}, before it " if support.since is not None else ""
        return f"{before}only with {support.variable}=true"
    if support.since is not None:
        return f"since {support.since}"
    if support.variable:
        return f"since {support.variable_since}, only with {support.variable}=true"
    return "in no release" if feature.never else f"in no release up to {LOOKED_AT[client.language]}"
