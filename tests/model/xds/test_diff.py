"""What changed, in a phrase."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from meshtui.model.xds.config import (
    Body,
    Drop,
    Endpoint,
    EndpointHealth,
    FilterChain,
    Listener,
    Locality,
    MatchKind,
    Opaque,
    Route,
    RouteMatch,
    StringMatch,
    TlsContext,
    TlsMode,
)
from meshtui.model.xds.diff import ChangeKind, body_change, diff
from meshtui.model.xds.filters import HttpFilter
from meshtui.model.xds.resource import CDS, RDS, ErrorState, Health, Status
from tests.world.clock import NOW
from tests.world.config import (
    EVERYTHING,
    MTLS,
    ROUTES,
    canary,
    cluster,
    endpoints,
    resource,
    routes,
    snapshot,
    split_routes,
    subset,
    weighted,
    with_resource,
)


def test_from_nothing_everything_is_added() -> None:
    changes = diff(None, canary())
    assert [change.kind for change in changes] == [ChangeKind.ADDED] * 7
    assert {change.words for change in changes} == {"new"}


def test_nothing_changed() -> None:
    before = canary()
    assert diff(before, replace(before, taken_at=NOW + timedelta(seconds=1))) == ()


def test_a_new_version_of_the_same_bytes_is_no_change() -> None:
    before = canary()
    old = next(iter(before.resources.values()))
    assert diff(before, with_resource(before, old._replace(version="99", last_updated=NOW + timedelta(1)))) == ()


def test_other_bytes_are_a_change_even_in_the_same_version() -> None:
    before = canary()
    (change,) = diff(before, with_resource(before, resource(RDS, ROUTES, split_routes({"v1": 50, "v2": 50}))))
    assert change.kind is ChangeKind.CONFIG
    assert change.words == "v1 20 % → 50 %, v2 80 % → 50 %"


def test_what_went_comes_last() -> None:
    before, after = canary(), snapshot(list(canary().resources.values())[1:])
    new = subset("v3")
    changes = diff(before, with_resource(after, resource(CDS, new, cluster(new))))
    assert [change.kind for change in changes][-1] is ChangeKind.REMOVED
    assert (changes[-1].words, changes[-1].health) == ("removed", None)


def test_a_refusal_is_a_change_of_status_once() -> None:
    before = canary()
    name = subset("v1")
    old = before.resources[resource(CDS, name, None).key]
    refused = old._replace(status=Status.NACKED, error=ErrorState("8", "bad", NOW))
    (change,) = diff(before, with_resource(before, refused))
    assert (change.kind, change.words, change.health) == (
        ChangeKind.STATUS,
        "refused 8: bad; 1 still in force",
        Health.REFUSED,
    )
    again = refused._replace(error=ErrorState("8", "bad", NOW + timedelta(seconds=5)))
    assert diff(with_resource(before, refused), with_resource(before, again)) == ()
    (back,) = diff(with_resource(before, refused), before)
    assert back.words == "NACKED → ACKED"


def test_arrival_and_loss_of_a_config() -> None:
    name = subset("v1")
    asked = resource(CDS, name, None, status=Status.REQUESTED)
    here = resource(CDS, name, cluster(name))
    assert [change.words for change in diff(snapshot([asked]), snapshot([here]))] == ["arrived"]
    assert [change.words for change in diff(snapshot([here]), snapshot([asked._replace(status=Status.ACKED)]))] == [
        "its config is gone"
    ]
    gone = asked._replace(status=Status.DOES_NOT_EXIST)
    assert [change.words for change in diff(snapshot([here]), snapshot([gone]))] == ["does not exist"]


V1 = subset("v1")
BETA = RouteMatch(StringMatch(MatchKind.PREFIX, "/beta"))


def lone(timeout: float | None = None, fault: str = "") -> Body:
    """One catch-all route to v1."""
    action = weighted({"v1": 1})._replace(timeout=timeout)
    faults = (HttpFilter("f", "HTTPFault", fault),) if fault else ()
    return routes(Route("r", EVERYTHING, action, faults=faults))


def listening(**fields: Any) -> Listener:
    return Listener("l", inbound=True)._replace(**fields)


PLAIN = FilterChain("c", TlsContext(TlsMode.PLAINTEXT))
STRICT = FilterChain("c", MTLS._replace(require_client_certificate=True))
PLACE = Locality(region="r", zone="", sub_zone="", priority=0, weight=1, endpoints=())


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (split_routes({"v1": 1}), split_routes({"v1": 80, "v9": 20}), "v1 100 % → 80 %, + v9 20 %"),
        (split_routes({"v1": 80, "v9": 20}), split_routes({"v1": 1}), "v1 80 % → 100 %, - v9 20 %"),
        (lone(), lone(timeout=2.0), "timeout none → 2 s"),
        (lone(fault="aborts 5 %"), lone(), "faults aborts 5 % → none"),
        (
            lone(),
            routes(Route("b", BETA, weighted({"v2": 1})), Route("r", EVERYTHING, weighted({"v1": 1}))),
            "+ route /beta* → v2 100 %",
        ),
        (
            routes(Route("b", BETA, weighted({"v2": 1})), Route("r", EVERYTHING, weighted({"v1": 1}))),
            lone(),
            "- route /beta*",
        ),
        (cluster(V1), cluster(V1, TlsContext(TlsMode.PLAINTEXT)), "mTLS → plaintext"),
        (
            cluster(V1),
            cluster(V1, MTLS._replace(sans=(StringMatch(MatchKind.EXACT, "x"),))),
            "expected SANs changed",
        ),
        (cluster(V1), cluster(V1, policy="RING_HASH"), "policy ROUND_ROBIN → RING_HASH"),
        (cluster(V1), cluster(V1)._replace(discovery="LOGICAL_DNS"), "discovery EDS → LOGICAL_DNS"),
        (cluster(V1), cluster(V1)._replace(max_requests=5), "request limit 1024 → 5"),
        (endpoints(V1, "a:1"), endpoints(V1, "b:1"), "+ b:1; - a:1"),
        (endpoints(V1), endpoints(V1, "a:1", "b:1", "c:1", "d:1"), "+ 4 endpoints"),
        (
            endpoints(V1)._replace(localities=(PLACE._replace(endpoints=(Endpoint("a:1"),)),)),
            endpoints(V1)._replace(
                localities=(PLACE._replace(endpoints=(Endpoint("a:1", EndpointHealth.UNHEALTHY, weight=4),)),),
            ),
            "a:1 UNKNOWN → UNHEALTHY; a:1 weight 1 → 4",
        ),
        (listening(route_name="a"), listening(), "routes from a → itself"),
        (listening(chains=(PLAIN,)), listening(chains=(STRICT,)), "plaintext → STRICT mTLS"),
        (listening(), listening(filters=(HttpFilter("rbac", "RBAC"),)), "filters none → rbac"),
        (endpoints(V1), endpoints(V1)._replace(drops=(Drop("d", 0.1),)), "changed in detail"),
        (cluster(V1), Opaque("t", "why"), "changed in detail"),
        (None, cluster(V1), "changed in detail"),
    ],
)
def test_a_change_in_words(before: Body | None, after: Body | None, words: str) -> None:
    assert body_change(before, after) == words
