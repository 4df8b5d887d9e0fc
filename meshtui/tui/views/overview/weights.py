"""The weights of the accepted routes as bars: a shifting split is seen, not read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.model.phrases import share_words
from meshtui.model.xds.clients import client_of
from meshtui.model.xds.config import Route, RouteConfiguration
from meshtui.model.xds.matching import as_read
from meshtui.model.xds.names import cluster_label
from meshtui.model.xds.resource import CDS, Health, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.words import is_catch_all, match_words
from meshtui.present.blocks import bar
from meshtui.tui.kit.marks import ROLES
from meshtui.tui.kit.palette import SERIES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, pad, pad_left, span

MOST_LINES: Final = 8
"""Lines of bars at most; the config view has all."""

WIDEST: Final = 60
"""Cells of a full bar at most: longer ones are not read better."""

LABEL: Final = 12
"""Cells for a destination's short name."""


def split_lines(snapshot: Snapshot, scope: str, routes: RouteConfiguration, indent: int, width: int) -> Iterator[Line]:
    """A line a destination, for each route that has several."""
    split = [
        route
        for host in routes.virtual_hosts
        for route in host.routes
        if len(route.action.clusters) > 1 and not route.left_out
    ]
    lines = [line for route in split for line in _route(snapshot, scope, route, indent, width)]
    yield from lines[:MOST_LINES]


def _route(snapshot: Snapshot, scope: str, route: Route, indent: int, width: int) -> Iterator[Line]:
    if not is_catch_all(route.match):
        words = match_words(as_read(route.match, client_of(snapshot.node)))
        yield (Span(" " * indent), span(cut(words, width - indent - 1), Role.DIM))
    cells = max(min(width - indent - LABEL - 10, WIDEST), 8)
    series = {name: SERIES[place % len(SERIES)] for place, name in enumerate(_names(route))}
    for weighted in route.action.clusters:
        held = snapshot.resources.get(ResourceKey(scope, CDS, weighted.cluster))
        health = held.health if held else Health.WAITING
        # A refused cluster still serves its old config: only one that cannot be reached takes the colour of trouble.
        lacking = not (held and held.serves) and weighted.weight > 0
        role = ROLES[health] if lacking else series[weighted.cluster]
        yield (
            Span(" " * indent),
            span(pad(cluster_label(weighted.cluster), LABEL), Role.STRONG),
            Span(pad_left(share_words(weighted.share), 7), Role.STRONG),
            Span("  "),
            Span(pad(bar(weighted.share, cells), cells), role),
        )


def _names(route: Route) -> list[str]:
    """Sorted, so that a version keeps its colour when the weights change, as in the echo view."""
    return sorted(weighted.cluster for weighted in route.action.clusters)
