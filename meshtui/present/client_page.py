"""``docs/clients.md``: what each gRPC reads of xDS config, and since when. ``make clients`` writes it."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from meshtui.model.xds.clients import Client, Language, Version
from meshtui.model.xds.feature_table import FEATURES
from meshtui.model.xds.features import LOOKED_AT, Feature, Support
from meshtui.model.xds.readings import LEAVES_OUT_LOST, PASSES_OVER_REFUSED, READINGS, passes_over

WIDEST: Final = 120
"""Columns of a page's text, as in the other documents."""

HOW_MADE: Final = (
    "<!-- Made from meshtui/model/xds/feature_table.py and readings.py by `make clients`; change it there. -->"
)

INTRODUCTION: Final = (
    "Every gRPC reads the same xDS config, each language with its own code and each part since a release of its own. "
    "What a client does not read it ignores without a word in its log. meshtui knows a client by the user agent in "
    "its node and says what it ignores; of a release that does not say its number, or that is newer than those "
    "below, it says that it is not known."
)

SOURCES: Final = (
    "Where no file is named, a release is that of grpc/grpc `doc/grpc_xds_features.md`. Environment variables and "
    "their defaults were read at each release's tag in grpc-go `internal/envconfig/xds.go` (before 1.43 "
    "`internal/xds/env/env.go`), grpc-java `xds/src/main/java/io/grpc/xds` and grpc-node "
    "`packages/grpc-js-xds/src/environment.ts`. C-core is C++, Python, Ruby, PHP and C#. grpc-js is the release of "
    "`@grpc/grpc-js-xds`. What is said of faults at each layer and of a limit of 0 requests is held against calls of "
    "real clients, C-core, grpc-go and grpc-java, in `tests/peers/test_faults.py`."
)

READ_OTHERWISE: Final = (
    "What a route configuration or an aggregate cluster means differs by language in these points; the sources are "
    "named in `meshtui/model/xds/readings.py`. How hosts, paths and headers are matched is in "
    "[matching.md](matching.md)."
)

TITLES: Final = {Language.CORE: "C-core", Language.JAVA: "Java", Language.GO: "Go", Language.NODE: "Node"}
"""The columns."""


OLDEST: Final = Version(0, 0)
"""Before every release."""


def page() -> str:
    """The whole page."""
    some = [feature for feature in FEATURES if not feature.never]
    never = [feature for feature in FEATURES if feature.never]
    newest = ", ".join(f"{title} {LOOKED_AT[language]}" for language, title in TITLES.items())
    parts = (
        "# What each gRPC reads",
        textwrap.fill(INTRODUCTION, WIDEST),
        textwrap.fill(f"Looked at up to: {newest}. {SOURCES}", WIDEST, break_long_words=False, break_on_hyphens=False),
        "## Since which release",
        _table(("what", "gRFC", *TITLES.values()), map(_releases, some)),
        "## What that is, and what a client does that does not read it",
        _table(("what", "in xDS", "otherwise"), ((one.name, one.where, one.instead) for one in some)),
        "## What no gRPC reads",
        _table(
            ("what", "in xDS", "gRFC", "instead", "source"),
            ((one.name, one.where, one.grfc, one.instead, one.source) for one in never),
        ),
        "## What the languages read otherwise than one another",
        textwrap.fill(READ_OTHERWISE, WIDEST),
        _table(("what", *TITLES.values()), _readings()),
        "## Sources of single entries",
        "\n".join(_sources(some)),
        HOW_MADE,
    )
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _releases(feature: Feature) -> tuple[str, ...]:
    return (feature.name, feature.grfc, *(_words(feature.support[language]) for language in TITLES))


def _words(support: Support) -> str:
    """``1.73; 1.58 with GRPC_X``, ``1.78 with GRPC_X``, ``no``."""
    if support.unsure:
        return f"not known: {support.unsure}"
    switched = f"{support.variable_since} with `{support.variable}`" if support.variable else ""
    if support.since is None:
        return switched or "no"
    since = f"{support.since} or before" if support.at_least else str(support.since)
    return f"{since}; {switched}" if switched else since


def _readings() -> Iterable[tuple[str, ...]]:
    """What stands in readings.py, a line for each question."""
    read = [READINGS[language] for language in TITLES]
    yield (
        "a destination of weight 0",
        *("kept: its cluster is asked for" if one.asks_for_weightless else "left out" for one in read),
    )
    yield (
        "a redirect, a direct response, no action",
        *("the route configuration is refused" if one.refuses_actions else "calls that match fail" for one in read),
    )
    yield (
        "an aggregate that contains itself",
        *("it, or the second place, may fail" if one.refuses_loops else "the second place is left out" for one in read),
    )
    for what, absent in (
        ("a member of an aggregate that does not exist", True),
        ("a member of an aggregate that was refused, or came as an error", False),
    ):
        yield (what, *(_passing(language, absent=absent) for language in TITLES))


def _passing(language: Language, *, absent: bool) -> str:
    """What a language does, and since when where older releases are not known to do it."""
    since = {Language.CORE: LEAVES_OUT_LOST, Language.JAVA: PASSES_OVER_REFUSED}.get(language, LOOKED_AT[language])
    newest = passes_over(Client(language, since), absent=absent)
    if newest is None:
        return "not known"
    if not newest:
        return "the aggregate fails"
    always = passes_over(Client(language, OLDEST), absent=absent)
    return "passed over" if always else f"passed over since {since}; before, not known"


def _sources(features: Iterable[Feature]) -> Iterable[str]:
    for feature in features:
        named = [
            f"{TITLES[language]}: {support.source}" for language, support in feature.support.items() if support.source
        ]
        if named:
            yield f"- {feature.name}: {'; '.join(named)}"


def main() -> None:
    """Write the page to the file that is named."""
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
