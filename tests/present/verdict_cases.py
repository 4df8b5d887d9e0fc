"""The troubles that :mod:`tests.present.test_one_verdict` asks about, each with its one right answer.

What serves is no outage (gRFCs A27, A32, A37, A56), what a status means is decided by the entry (A88).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.model.xds.config import (
    Body,
    Cluster,
    ClusterLoadAssignment,
    Drop,
    Endpoint,
    EndpointHealth,
    Locality,
    Opaque,
    Policy,
    Route,
)
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, ErrorState, Health, Resource, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from tests.world.clock import NOW
from tests.world.config import (
    EVERYTHING,
    LISTENER,
    ROUTES,
    canary,
    cluster,
    endpoints,
    key,
    resource,
    routes,
    snapshot,
    subset,
    weighted,
    with_resource,
    without,
)

WELL, ILL, DRAINING = EndpointHealth.HEALTHY, EndpointHealth.UNHEALTHY, EndpointHealth.DRAINING
OK, DEGRADED, UNKNOWN, WAITING, MISSING, REFUSED = Health
V2 = subset("v2")


def place(*healths: EndpointHealth, region: str = "eu", priority: int = 0) -> Locality:
    found = tuple(Endpoint(f"{region}-{number}:1", health) for number, health in enumerate(healths))
    return Locality(region=region, zone="", sub_zone="", priority=priority, weight=1, endpoints=found)


def v2_endpoints(*places: Locality, drops: tuple[Drop, ...] = ()) -> Snapshot:
    assignment = ClusterLoadAssignment(V2, places, drops)
    return with_resource(canary(), resource(EDS, V2, assignment))


def v2_cluster(status: Status, *, held: bool, type_: str = CDS, at: timedelta | None = None) -> Snapshot:
    """The cluster, or its endpoints, in a status, with the old config or without."""
    error = None if status is Status.REQUESTED else ErrorState("2", "the client's words", None)
    body: Body = cluster(V2) if type_ == CDS else endpoints(V2, "127.0.1.12:17070")
    when = NOW - at if at is not None else None
    return with_resource(canary(), resource(type_, V2, body if held else None, status=status, error=error, at=when))


def with_sessions(seen: Snapshot) -> Snapshot:
    """The cluster's draining endpoints keep the calls of their sessions (gRFC A55, A75)."""
    kept = cluster(V2)._replace(kept_for_sessions=("DRAINING",))
    return with_resource(seen, resource(CDS, V2, kept))


def aggregate(*members: Resource, language: NodeIdentity, names: tuple[str, ...] = ("eu", "us")) -> Snapshot:
    whole = resource(CDS, "all", Cluster("all", "AGGREGATE", children=names, policies=(Policy("ROUND_ROBIN"),)))
    table = routes(Route("r", EVERYTHING, weighted({"a|l|l|all": 1})))
    named = table.virtual_hosts[0].routes[0].action.clusters[0]._replace(cluster="all")
    action = table.virtual_hosts[0].routes[0].action._replace(clusters=(named,))
    table = routes(Route("r", EVERYTHING, action))
    listener = canary().resources[key(LDS, LISTENER)]
    return replace(snapshot([listener, resource(RDS, ROUTES, table), whole, *members]), node=language)


def member(name: str, *healths: EndpointHealth) -> tuple[Resource, Resource]:
    return (
        resource(CDS, name, cluster(name)),
        resource(EDS, name, ClusterLoadAssignment(name, (place(*healths, region=name),))),
    )


def dropping(parts: tuple[Resource, Resource], share: float) -> tuple[Resource, Resource]:
    found, assignment = parts
    body = assignment.body
    assert isinstance(body, ClusterLoadAssignment)
    return found, resource(EDS, assignment.key.name, body._replace(drops=(Drop("throttle", share),)))


def refused_later(parts: tuple[Resource, Resource]) -> Resource:
    return parts[0]._replace(status=Status.NACKED, error=ErrorState("2", "the client's words", None))


def endpointless(name: str) -> Resource:
    return resource(EDS, name, None, status=Status.DOES_NOT_EXIST)


def gone(name: str, status: Status = Status.DOES_NOT_EXIST) -> Resource:
    return resource(CDS, name, None, status=status)


GO = NodeIdentity(id="go", user_agent="gRPC Go", user_agent_version="1.82.0")
JAVA = NodeIdentity(id="java", user_agent="gRPC Java", user_agent_version="1.76.0")
CORE = NodeIdentity(id="core", user_agent="gRPC C-core linux Python", user_agent_version="C-core 58.0.0 Python 1.85.1")
OLD_CORE = NodeIdentity(id="core", user_agent="gRPC C-core linux", user_agent_version="C-core 30.0.0")

NOWHERE = "80 % of calls to echo.echo-grpc:7070 fail"
ALL_FAIL = "All calls to echo.echo-grpc:7070 fail"
UNSERVED = f"error: {NOWHERE}: no endpoint of cluster v2 can serve"

CASES = [
    # input · worst in the tree · counts that are not ok · exit code · worst finding · its title
    pytest.param(canary(), OK, (), 0, "", id="all well"),
    pytest.param(v2_endpoints(place(WELL, WELL, ILL)), DEGRADED, (), 0, "", id="one endpoint of three unhealthy"),
    pytest.param(
        v2_endpoints(place(ILL), place(WELL, region="us", priority=1)),
        DEGRADED,
        (),
        0,
        "warning: Cluster v2 failed over to us",
        id="priority failover",
    ),
    pytest.param(
        v2_endpoints(place(WELL), drops=(Drop("throttle", 0.25),)),
        DEGRADED,
        (),
        0,
        "warning: 20 % of calls to echo.echo-grpc:7070 are dropped by the client",
        id="partly dropped",
    ),
    pytest.param(
        v2_endpoints(place(WELL), drops=(Drop("all", 1.0),)),
        MISSING,
        (),
        1,
        "error: 80 % of calls to echo.echo-grpc:7070 are dropped by the client",
        id="dropped all",
    ),
    pytest.param(
        v2_cluster(Status.DOES_NOT_EXIST, held=True),
        DEGRADED,
        ("~ 1 deleted",),
        0,
        "warning: The cluster echo:7070 subset v2 was deleted and is still served from cache",
        id="deleted but cached",
    ),
    pytest.param(
        v2_cluster(Status.DOES_NOT_EXIST, held=False),
        MISSING,
        ("∅ 1 missing",),
        1,
        f"error: {NOWHERE}: cluster echo:7070 subset v2 does not exist",
        id="missing",
    ),
    pytest.param(
        v2_cluster(Status.RECEIVED_ERROR, held=True),
        DEGRADED,
        ("~ 1 error",),
        0,
        "warning: The control plane has an error for the cluster echo:7070 subset v2",
        id="received error, old config",
    ),
    pytest.param(
        v2_cluster(Status.RECEIVED_ERROR, held=False),
        MISSING,
        ("∅ 1 error",),
        1,
        f"error: {NOWHERE}: the control plane has an error for cluster echo:7070 subset v2",
        id="received error, no config",
    ),
    pytest.param(
        v2_cluster(Status.NACKED, held=True),
        REFUSED,
        ("✗ 1 refused",),
        1,
        "error: The client refused the newest cluster echo:7070 subset v2",
        id="refused, old config",
    ),
    pytest.param(
        v2_cluster(Status.NACKED, held=False),
        REFUSED,
        ("✗ 1 refused",),
        1,
        f"error: {NOWHERE}: the client refused cluster echo:7070 subset v2",
        id="refused the first time",
    ),
    pytest.param(
        v2_cluster(Status.TIMEOUT, held=True),
        DEGRADED,
        ("~ 1 timeout",),
        0,
        "warning: The control plane did not send the cluster echo:7070 subset v2 in time",
        id="timeout, old config",
    ),
    pytest.param(
        v2_cluster(Status.TIMEOUT, held=False),
        MISSING,
        ("∅ 1 timeout",),
        1,
        f"error: {NOWHERE}: cluster echo:7070 subset v2 did not come in time",
        id="timeout, no config",
    ),
    pytest.param(
        v2_cluster(Status.DOES_NOT_EXIST, held=False, type_=EDS),
        MISSING,
        ("∅ 1 missing",),
        1,
        f"error: {NOWHERE}: endpoint resource echo:7070 subset v2 does not exist",
        id="EDS missing",
    ),
    pytest.param(
        v2_cluster(Status.NACKED, held=True, type_=EDS),
        REFUSED,
        ("✗ 1 refused",),
        1,
        "error: The client refused the newest endpoint resource echo:7070 subset v2",
        id="EDS refused, old endpoints",
    ),
    pytest.param(
        v2_cluster(Status.TIMEOUT, held=True, type_=EDS),
        DEGRADED,
        ("~ 1 timeout",),
        0,
        "warning: The control plane did not send the endpoint resource echo:7070 subset v2 in time",
        id="EDS timeout, old endpoints",
    ),
    pytest.param(v2_endpoints(), MISSING, (), 1, UNSERVED, id="EDS empty"),
    pytest.param(v2_endpoints(place(DRAINING)), MISSING, (), 1, UNSERVED, id="all draining"),
    pytest.param(
        with_sessions(v2_endpoints(place(WELL, DRAINING))), DEGRADED, (), 0, "", id="override host, one draining"
    ),
    pytest.param(
        with_sessions(v2_endpoints(place(DRAINING))),
        UNKNOWN,
        (),
        0,
        "warning: 80 % of calls to echo.echo-grpc:7070 without a session fail: no endpoint of cluster v2 can serve",
        id="override host, all draining",
    ),
    pytest.param(
        with_resource(
            v2_cluster(Status.DOES_NOT_EXIST, held=True), resource(EDS, V2, ClusterLoadAssignment(V2, (place(ILL),)))
        ),
        MISSING,
        ("~ 1 deleted",),
        1,
        UNSERVED,
        id="deleted but cached, and its endpoints are ill",
    ),
    pytest.param(
        with_resource(
            canary(), resource(EDS, V2, ClusterLoadAssignment(V2, ()), status=Status.DOES_NOT_EXIST, value=b"empty")
        ),
        MISSING,
        ("~ 1 deleted",),
        1,
        UNSERVED,
        id="EDS deleted but cached, and empty",
    ),
    pytest.param(
        with_resource(
            without(canary(), key(EDS, V2)), resource(CDS, V2, Cluster(V2, "LOGICAL_DNS", dns_name="a.example:443"))
        ),
        OK,
        (),
        0,
        "",
        id="LOGICAL_DNS",
    ),
    pytest.param(
        v2_cluster(Status.REQUESTED, held=False, at=timedelta(seconds=1)),
        WAITING,
        ("… 1 waiting",),
        0,
        "",
        id="waiting a second",
    ),
    pytest.param(
        v2_cluster(Status.REQUESTED, held=False, at=timedelta(seconds=40)),
        WAITING,
        ("… 1 waiting",),
        1,
        "error: The cluster echo:7070 subset v2 has not arrived for 40 s, longer than gRPC waits (15 s)",
        id="waiting for longer than the timer",
    ),
    pytest.param(v2_cluster(Status.UNKNOWN, held=True), UNKNOWN, ("? 1 unknown",), 0, "", id="no status of gRPC's"),
    pytest.param(
        with_resource(canary(), resource(CDS, V2, Opaque("type.googleapis.com/x.Y", "cut off", 3))),
        UNKNOWN,
        (),
        0,
        "info: The config of echo:7070 subset v2 cannot be read here",
        id="unreadable",
    ),
    pytest.param(
        aggregate(*member("eu", ILL), *member("us", WELL), language=GO),
        DEGRADED,
        (),
        0,
        "warning: Cluster all failed over to us",
        id="aggregate: ill member",
    ),
    pytest.param(
        aggregate(*member("eu", ILL), *member("us", ILL), language=GO),
        MISSING,
        (),
        1,
        f"error: {ALL_FAIL}: no member of cluster all can serve",
        id="aggregate: no member serves",
    ),
    pytest.param(
        aggregate(*dropping(member("eu", WELL), 1.0), *member("us", WELL), language=GO),
        MISSING,
        (),
        1,
        "error: All calls to echo.echo-grpc:7070 are dropped by the client",
        id="aggregate: what its first member drops goes to no other",
    ),
    pytest.param(
        aggregate(*dropping(member("eu", WELL), 0.3), *member("us", WELL), language=GO),
        DEGRADED,
        (),
        0,
        "warning: 30 % of calls to echo.echo-grpc:7070 are dropped by the client",
        id="aggregate: its first member drops a part",
    ),
    pytest.param(
        aggregate(*member("eu", WELL), *dropping(member("us", WELL), 0.3), language=GO),
        DEGRADED,
        (),
        0,
        "",
        id="aggregate: a member that takes no calls drops",
    ),
    pytest.param(
        aggregate(refused_later(member("eu", WELL)), member("eu", WELL)[1], *member("us", WELL), language=GO),
        REFUSED,
        ("✗ 1 refused",),
        1,
        "error: The client refused the newest cluster eu",
        id="aggregate: a member that was refused serves its old config",
    ),
    pytest.param(
        aggregate(*dropping(member("eu", ILL), 1.0), *member("us", WELL), language=CORE),
        MISSING,
        (),
        1,
        f"error: {ALL_FAIL.removesuffix('fail')}are dropped by the client",
        id="aggregate: to C-core the first member is READY as it drops all, though its endpoints are ill",
    ),
    pytest.param(
        aggregate(*dropping(member("eu", ILL), 1.0), *member("us", WELL), language=GO),
        DEGRADED,
        (),
        0,
        "warning: Cluster all failed over to us",
        id="aggregate: to grpc-go the first member is what its endpoints are, whatever it drops",
    ),
    pytest.param(
        aggregate(*member("eu", WELL), member("us")[0], endpointless("us"), language=GO),
        DEGRADED,
        ("∅ 1 missing",),
        0,
        "warning: The endpoint resource us does not exist",
        id="aggregate: a member that stands by has no endpoint resource",
    ),
    pytest.param(
        aggregate(gone("eu"), *member("us", WELL), language=GO),
        MISSING,
        ("∅ 1 missing",),
        1,
        f"error: {ALL_FAIL}: cluster eu does not exist",
        id="aggregate: grpc-go fails for a missing member",
    ),
    pytest.param(
        aggregate(gone("eu"), *member("us", WELL), language=JAVA),
        DEGRADED,
        ("∅ 1 missing",),
        0,
        "warning: Cluster all failed over to us",
        id="aggregate: grpc-java goes over a missing member",
    ),
    pytest.param(
        aggregate(gone("us"), *member("eu", WELL), language=CORE),
        DEGRADED,
        ("∅ 1 missing",),
        0,
        "warning: The cluster us does not exist",
        id="aggregate: C-core leaves out a missing member",
    ),
    pytest.param(
        aggregate(gone("eu"), *member("us", WELL), language=OLD_CORE),
        UNKNOWN,
        ("∅ 1 missing",),
        0,
        "warning: The cluster eu does not exist",
        id="aggregate: an old C-core may fail for a missing member",
    ),
    pytest.param(
        aggregate(gone("eu", Status.REQUESTED), *member("us", ILL), language=JAVA),
        WAITING,
        ("… 1 waiting",),
        0,
        "",
        id="aggregate: a member waited for may be able, whatever the others are",
    ),
    pytest.param(
        aggregate(gone("eu", Status.REQUESTED), *member("us", WELL), language=JAVA),
        WAITING,
        ("… 1 waiting",),
        0,
        "",
        id="aggregate: a member waited for",
    ),
]
