"""The detail pane says of an endpoint what the tree says of it."""

from __future__ import annotations

import pytest

from meshtui.model.xds.config import EndpointHealth
from meshtui.model.xds.graph import NodeKind
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.references import References
from meshtui.model.xds.resource import CDS, EDS
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.summary import summarize
from tests.present.verdict_cases import DRAINING, V2, WELL, place, v2_endpoints, with_sessions
from tests.world.config import key

UNHEALTHY = EndpointHealth.UNHEALTHY
CASES = [
    v2_endpoints(place(WELL, DRAINING)),
    v2_endpoints(place(DRAINING, UNHEALTHY)),
    with_sessions(v2_endpoints(place(WELL, DRAINING))),
    with_sessions(v2_endpoints(place(DRAINING, UNHEALTHY))),
]


@pytest.mark.parametrize("type_", [CDS, EDS])
@pytest.mark.parametrize("seen", CASES)
def test_each_endpoint_has_one_state(seen: Snapshot, type_: str) -> None:
    """gRFC A55: one that drains serves the calls of its sessions where its cluster keeps them, and no others."""
    graph = build(seen)
    below = next(node for node in graph.distinct() if node.kind is NodeKind.CLUSTER and node.name == V2).children
    resource = seen.resources[key(type_, V2)]
    sections = summarize(seen, None, resource, References(seen.resources))
    told = {fact.label: (fact.health, fact.value) for section in sections for fact in section.facts}
    for endpoint in below:
        health, text = told[endpoint.label]
        assert health is endpoint.health
        assert ("sessions" in text) is ("sessions" in endpoint.note)
