"""The config rules: each trouble is named, with what it does to requests and the way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.config import ClusterLoadAssignment, Endpoint, EndpointHealth, Listener, Locality, Opaque
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, ErrorState, Health, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.present.ladder import RungName
from meshtui.present.ladder_config import config_rungs
from tests.world.clock import NOW
from tests.world.config import (
    LISTENER,
    ROUTES,
    canary,
    cluster,
    endpoints,
    inbound,
    key,
    resource,
    snapshot,
    split_routes,
    subset,
    with_resource,
    without,
)


def judge(seen: Snapshot, waited: float = 5.0) -> tuple[Finding, ...]:
    stamps = {name: NOW - timedelta(seconds=waited) for name in seen.resources}
    return diagnose(Evidence(config=ConfigEvidence(now=NOW, snapshot=seen, graph=build(seen), first_seen=stamps)))


def test_a_healthy_client_has_no_findings() -> None:
    assert judge(canary()) == ()


def test_a_refused_update_says_that_the_old_config_serves() -> None:
    error = ErrorState("43", "INVALID_ARGUMENT: route has no action", NOW)
    seen = with_resource(
        canary(),
        resource(RDS, ROUTES, split_routes({"v1": 20, "v2": 80}), status=Status.NACKED, version="42", error=error),
    )
    (finding,) = judge(seen)
    assert (finding.code, finding.severity) == ("resource-refused", Severity.ERROR)
    assert finding.title == "The client refused the newest route configuration echo:7070"
    assert "OLD config" in finding.explanation
    assert "route has no action" in finding.explanation
    assert "VirtualService" in finding.fix
    assert "refused version 43" in finding.evidence


def test_one_cause_for_several_resources_is_said_once() -> None:
    seen = canary()
    for name in ("v1", "v2"):
        error = ErrorState("2", "invalid resource: [field:lb_policy error:LB policy is not supported]", NOW)
        refused = resource(CDS, subset(name), cluster(subset(name)), status=Status.NACKED, error=error)
        seen = with_resource(seen, refused)
    (finding,) = judge(seen)
    assert finding.title == "The client refused the newest clusters echo:7070 subset v1, echo:7070 subset v2"
    assert "a load-balancing policy that this gRPC does not implement" in finding.explanation
    assert "loadBalancer" in finding.fix


@pytest.mark.parametrize(
    ("type_", "details", "part"),
    [
        (CDS, "field:a.b error:unrecognized certificate provider instance name: default", "bootstrap"),
        (LDS, "field:http_filters[0] error:no filter registered for config type envoy.cors", "corsPolicy"),
        (CDS, "errors validating Cluster: [field:type error:unknown discovery type]", "ServiceEntry"),
        (CDS, "something nobody has seen", "name the part"),
    ],
)
def test_known_reasons_name_the_istio_field(type_: str, details: str, part: str) -> None:
    error = ErrorState("2", details, NOW)
    seen = with_resource(canary(), resource(type_, subset("v9"), None, status=Status.NACKED, error=error))
    (finding,) = judge(seen)
    assert part in finding.fix
    assert details in finding.explanation


def test_a_refusal_with_nothing_before_it_fails_requests() -> None:
    error = ErrorState("1", "bad", NOW)
    (finding,) = judge(with_resource(canary(), resource(CDS, subset("v9"), None, status=Status.NACKED, error=error)))
    assert "No config of it is in force" in finding.explanation


def without_v9(status: Status) -> Finding:
    """The finding about a route that sends 20 % to a subset of which the client has only a status."""
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})))
    (finding,) = judge(with_resource(seen, resource(CDS, subset("v9"), None, status=status)))
    return finding


def test_a_missing_subset_names_the_share_that_fails() -> None:
    finding = without_v9(Status.DOES_NOT_EXIST)
    assert finding.code == "resource-missing"
    assert finding.title == "20 % of calls to echo.echo-grpc:7070 fail: cluster echo:7070 subset v9 does not exist"
    assert "subset v9" in finding.fix
    assert ROUTES in finding.explanation


def test_a_control_plane_that_is_too_slow_says_nothing_of_existence() -> None:
    """gRFC A88: TIMEOUT, where the bootstrap has resource_timer_is_transient_error."""
    finding = without_v9(Status.TIMEOUT)
    assert finding.code == "resource-timeout"
    assert (
        finding.title == "20 % of calls to echo.echo-grpc:7070 fail: cluster echo:7070 subset v9 did not come in time"
    )
    assert "not known" in finding.explanation
    assert finding.fix.startswith("look at the control plane")


def test_a_waiting_cluster_says_when_it_will_fail() -> None:
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})))
    seen = with_resource(seen, resource(CDS, subset("v9"), None, status=Status.REQUESTED, at=None))
    (finding,) = judge(seen, waited=4)
    assert (finding.code, finding.severity) == ("resource-waiting", Severity.WARNING)
    assert finding.title == "20 % of calls to echo.echo-grpc:7070 will fail in 11 s"
    assert judge(seen, waited=0.5) == (), "what was asked for a moment ago is no trouble"


def test_an_answer_that_is_overdue_is_no_matter_of_a_subset() -> None:
    """gRFC A57: the timer runs only while the client is connected, so the way to the control plane is broken."""
    seen = with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v9": 20})))
    seen = with_resource(seen, resource(CDS, subset("v9"), None, status=Status.REQUESTED, at=None))
    (early,), (late,) = judge(seen, waited=4), judge(seen, waited=40)
    assert "define subset v9" in early.fix
    assert late.fix.startswith("look at the way to the control plane first")


def test_healthy_endpoints_of_no_weight_are_no_matter_of_pods() -> None:
    """gRPC leaves localities of weight 0 out (gRFC A27)."""
    assigned = endpoints(subset("v1"), "127.0.1.11:17070")
    (only,) = assigned.localities
    seen = with_resource(
        canary(), resource(EDS, subset("v1"), assigned._replace(localities=(only._replace(weight=0),)))
    )
    (finding,) = judge(seen)
    assert finding.fix.startswith("give the localities of its healthy endpoints a weight")


@pytest.mark.parametrize(
    ("name", "words"),
    [(LISTENER, "or wait where there was none"), (inbound().key.name, "this server's port takes no call")],
)
def test_what_a_listener_that_is_waited_for_holds_up(name: str, words: str) -> None:
    """No route names it, and a server has no split."""
    seen = snapshot([resource(LDS, name, None, status=Status.REQUESTED, at=None)])
    (finding,) = judge(seen, waited=4)
    assert words in finding.explanation
    assert "route that names it" not in finding.explanation


def test_an_empty_cluster_fails_its_share() -> None:
    empty = ClusterLoadAssignment(subset("v1"), ())
    (finding,) = judge(with_resource(canary(), resource(EDS, subset("v1"), empty)))
    assert finding.code == "cluster-without-endpoints"
    assert finding.title == "20 % of calls to echo.echo-grpc:7070 fail: no endpoint of cluster v1 can serve"


def test_a_cluster_with_only_sick_endpoints_fails_its_share() -> None:
    sick = Locality(
        region="r",
        zone="z",
        sub_zone="",
        priority=0,
        weight=1,
        endpoints=(Endpoint("127.0.1.11:17070", EndpointHealth.UNHEALTHY),),
    )
    (finding,) = judge(
        with_resource(canary(), resource(EDS, subset("v2"), ClusterLoadAssignment(subset("v2"), (sick,))))
    )
    assert finding.title == "80 % of calls to echo.echo-grpc:7070 fail: no endpoint of cluster v2 can serve"
    assert "none of its 1 endpoint is healthy" in finding.explanation


def test_all_calls_when_every_way_is_gone() -> None:
    seen = with_resource(canary(), resource(RDS, ROUTES, None, status=Status.DOES_NOT_EXIST))
    found = [finding for finding in judge(seen) if finding.code == "resource-missing"]
    assert found[0].title == "All calls to echo.echo-grpc:7070 fail: route configuration echo:7070 does not exist"


def test_unreadable_config_is_only_information() -> None:
    odd = resource("Secret", "x", Opaque("type.googleapis.com/x.Secret", "meshtui does not know this type", 12))
    (finding,) = judge(with_resource(canary(), odd))
    assert (finding.code, finding.severity) == ("config-unreadable", Severity.INFO)


def test_a_cluster_the_client_does_not_hold_is_seen_in_the_tree() -> None:
    seen = without(canary(), key(CDS, subset("v1")))
    troubled = [way[-1].name for way in build(seen).troubled()]
    assert subset("v1") in troubled


def test_what_envoy_serves_is_not_judged_as_grpcs() -> None:
    """Envoy answers CSDS too, and has filters that gRPC would refuse; its listener is a server's whatever its name."""
    listener = inbound()
    assert isinstance(listener.body, Listener)
    chain = listener.body.chains[0]._replace(problem="a TcpProxy where gRPC needs a HttpConnectionManager")
    broken = resource(LDS, "virtualInbound", listener.body._replace(name="virtualInbound", chains=(chain,)))
    envoy = NodeIdentity(id="sidecar", user_agent="envoy", user_agent_version="1.36")
    seen = replace(with_resource(canary(), broken), node=envoy)
    assert judge(seen) == ()
    assert build(seen).roots[-1].label == "inbound virtualInbound"
    assert build(seen).roots[-1].worst is Health.UNKNOWN
    (found,) = [rung for rung in config_rungs(seen, build(seen), NOW) if rung.health is not Health.OK]
    assert (found.name, found.health) == (RungName.LISTENER, Health.UNKNOWN)


def test_a_filter_chain_that_grpc_cannot_use_is_said_of_its_listener() -> None:
    listener = inbound()
    assert isinstance(listener.body, Listener)
    chain = listener.body.chains[0]._replace(name="odd", problem="it has no HTTP connection manager")
    broken = resource(LDS, listener.key.name, listener.body._replace(chains=(chain,)))
    (finding,) = judge(with_resource(canary(), broken))
    assert (finding.code, finding.severity) == ("filter-chain-unusable", Severity.ERROR)
    assert finding.subject == ResourceSubject(broken.key, "odd")
    assert finding.title == "Inbound filter chain odd cannot be used"
    assert finding.evidence == ("it has no HTTP connection manager",)
