"""One thing said of each trouble, wherever it is said: tree, counts, ladder, findings, ``--check`` and JSON.

What serves is no outage (gRFCs A27, A32, A37, A56), what a status means is decided by the entry (A88).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.cli.xds.check import check_config
from meshtui.cli.xds.tree import roots_json
from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.xds.config import (
    ClusterLoadAssignment,
    Drop,
    Route,
    RouteMatch,
)
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, RDS, Health, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.documents.document import resource_document
from meshtui.present.ladder_config import config_rungs
from meshtui.present.marks import HEALTH_GLYPHS
from tests.present.verdict_cases import CASES, DEGRADED, JAVA, OK, V2, WELL, place
from tests.world.clock import NOW
from tests.world.config import (
    EVERYTHING,
    ROUTES,
    canary,
    cluster,
    header_equals,
    resource,
    routes,
    split_routes,
    subset,
    weighted,
    with_resource,
)


@pytest.mark.parametrize(("seen", "health", "counts", "code", "worst"), CASES)
def test_one_verdict(seen: Snapshot, health: Health, counts: tuple[str, ...], code: int, worst: str) -> None:
    graph = build(seen)
    assert graph.roots[0].worst is health
    assert roots_json(graph)[0]["worst"] == health.name.lower()
    assert counted(seen) == counts
    assert {resource_document(item)["health"] for item in seen.resources.values()} >= {
        resource.health.name.lower() for resource in seen.troubled
    }
    rungs = [rung.health for rung in config_rungs(seen, graph, NOW) if rung.health is not None]
    assert max(rungs, key=lambda found: found.rank) is health
    errors_said = [finding.title for finding in judged(seen) if finding.severity is Severity.ERROR]
    assert len(errors_said) == len(set(errors_said)), "one cause, said once"
    first = next(iter(judged(seen)), None)
    assert (f"{first.severity.name.lower()}: {first.title}" if first else "") == worst
    _, errors = check_config(seen, canary, None, wait=lambda _: None)  # what is waited for comes
    assert bool(errors) is bool(code)


def counted(seen: Snapshot) -> tuple[str, ...]:
    """The counts of what is not fine, as every screen and command has them."""
    return tuple(f"{HEALTH_GLYPHS[health]} {number} {word}" for health, word, number in seen.counts[1:])


def judged(seen: Snapshot) -> tuple[Finding, ...]:
    return diagnose(Evidence(config=ConfigEvidence(now=seen.taken_at, snapshot=seen, graph=build(seen))))


def test_shares_are_of_what_grpc_would_pick() -> None:
    """A share of the calls of one route, through an aggregate that failed over, dropped in part."""
    canaries = Route("c", replace_headers(), weighted({"v1": 20, "v2": 80}))
    rest = Route("r", EVERYTHING, weighted({"v1": 1}))
    seen = with_resource(canary(), resource(RDS, ROUTES, routes(canaries, rest)))
    (dropped,) = judged(with_drops(seen, 0.5))
    assert dropped.title == (
        "40 % of calls to echo.echo-grpc:7070 that match header x-canary=1 are dropped by the client"
    )
    nowhere = with_resource(seen, resource(CDS, subset("v1"), None, status=Status.DOES_NOT_EXIST))
    (missing,) = judged(nowhere)
    assert missing.title == (
        "All calls to echo.echo-grpc:7070 that match no other route (and of 1 more route) fail: "
        "cluster echo:7070 subset v1 does not exist"
    )


def with_drops(seen: Snapshot, share: float) -> Snapshot:
    return with_resource(seen, resource(EDS, V2, ClusterLoadAssignment(V2, (place(WELL),), (Drop("throttle", share),))))


def replace_headers() -> RouteMatch:
    return EVERYTHING._replace(headers=(header_equals("x-canary", "1"),))


def test_a_cluster_that_no_route_names_fails_no_call() -> None:
    seen = with_resource(canary(), resource(CDS, "spare", cluster("spare")))
    seen = with_resource(seen, resource(EDS, "spare", ClusterLoadAssignment("spare", ())))
    (found,) = judged(seen)
    assert (found.severity, found.title) == (Severity.WARNING, "Cluster spare has nowhere to send requests")


def test_a_missing_cluster_of_weight_0_that_java_asks_for() -> None:
    """grpc-java keeps a destination of weight 0 and asks for its cluster; no call goes there."""
    seen = replace(with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 1, "v2": 0}))), node=JAVA)
    seen = with_resource(seen, resource(CDS, V2, None, status=Status.DOES_NOT_EXIST))
    (found,) = judged(seen)
    assert found.severity is Severity.WARNING
    assert "no call is known to fail for it" in found.explanation
    assert build(seen).roots[0].worst is OK
    assert all(rung.health in (OK, DEGRADED, None) for rung in config_rungs(seen, build(seen), NOW))
