"""Endpoints that are ending, gone or another's: what the client holds against what the cluster says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.behind import (
    MOST_SERVICES,
    Behind,
    ServiceRef,
    service_of_host,
    unexplained,
    wanted_of,
)
from meshtui.model.kubernetes.ghosts import Fate, Ghost, ghosts
from meshtui.model.kubernetes.objects import EndpointPod, EndpointSlice, ObjectName, Service, SliceEndpoint
from meshtui.model.xds.config import ClusterLoadAssignment, Endpoint, EndpointHealth, Locality
from meshtui.model.xds.resource import EDS
from meshtui.model.xds.snapshot import Snapshot
from tests.world.clock import NOW
from tests.world.config import canary, endpoints, resource, subset, with_resource

ECHO = ServiceRef("echo-grpc", "echo")
V1 = subset("v1")


def held(*addresses: str, cluster: str = "Kubernetes", health: EndpointHealth = EndpointHealth.HEALTHY) -> Snapshot:
    """A client that has these endpoints of v1, and no others."""
    ends = tuple(Endpoint(f"{address}:17070", health, cluster=cluster) for address in addresses)
    body = ClusterLoadAssignment(V1, (Locality("", "", "", 0, 1, ends),))
    empty = ClusterLoadAssignment(subset("v2"), ())
    return with_resource(with_resource(canary(), resource(EDS, V1, body)), resource(EDS, subset("v2"), empty))


def pod(
    name: str,
    *addresses: str,
    phase: str = "Running",
    reason: str = "",
    deleted_at: datetime | None = None,
    labels: Mapping[str, str] = MappingProxyType({"app": "echo", "version": "v1"}),
    on_host_network: bool = False,
) -> EndpointPod:
    return EndpointPod(
        name=ObjectName("Pod", "echo-grpc", name),
        uid=f"uid-{name}",
        addresses=addresses,
        labels=labels,
        phase=phase,
        reason=reason,
        deleted_at=deleted_at,
        on_host_network=on_host_network,
    )


def behind(
    pods: tuple[EndpointPod, ...] = (),
    listed: Mapping[str, SliceEndpoint] | None = None,
    *,
    others: Mapping[tuple[str, str], EndpointPod | None] = MappingProxyType({}),
    entries: Mapping[str, frozenset[str]] = MappingProxyType({}),
) -> Behind:
    """What the cluster says; where nothing else is ``listed``, the slice has each running pod."""
    if listed is None:
        listed = {
            address: SliceEndpoint(addresses=(address,), pod=each.name, terminating=each.deleted_at is not None)
            for each in pods
            if not each.ended
            for address in each.addresses
        }
    one = EndpointSlice(
        name=ObjectName("EndpointSlice", "echo-grpc", "echo-5fm2t", "discovery.k8s.io"),
        service="echo",
        endpoints=tuple(listed.values()),
    )
    return Behind(
        taken_at=NOW,
        services={ECHO: Service(name=ObjectName("Service", "echo-grpc", "echo"), selector={"app": "echo"})},
        slices={ECHO: (one,)},
        pods={ECHO: pods},
        others=others,
        entries=entries,
    )


ALIVE = pod("echo-v1-a", "10.0.0.1")


def only(found: tuple[Ghost, ...]) -> Ghost:
    assert len(found) == 1, found
    return found[0]


def test_a_running_pod_is_none() -> None:
    assert ghosts(held("10.0.0.1"), behind((ALIVE,))) == ()


def test_a_pod_that_is_ending() -> None:
    asked = NOW - timedelta(seconds=12)
    ending = pod("echo-v1-b", "10.0.0.2", deleted_at=asked)
    ghost = only(ghosts(held("10.0.0.1", "10.0.0.2"), behind((ALIVE, ending))))
    assert (ghost.fate, ghost.marked, ghost.since) == (Fate.TERMINATING, True, asked)
    assert ghost.pod == ObjectName("Pod", "echo-grpc", "echo-v1-b")
    assert ghost.address == "10.0.0.2:17070"
    assert [name.name for name in ghost.slices] == ["echo-5fm2t"]


def test_the_slice_alone_tells_of_an_ending_pod() -> None:
    """Where pods may not be listed."""
    name = ObjectName("Pod", "echo-grpc", "echo-v1-b")
    listed = {"10.0.0.2": SliceEndpoint(addresses=("10.0.0.2",), terminating=True, pod=name)}
    ghost = only(ghosts(held("10.0.0.2"), replace(behind((), listed), pods={})))
    assert (ghost.fate, ghost.pod, ghost.since) == (Fate.TERMINATING, name, NOW)


def test_an_endpoint_that_drains_gets_no_calls_and_is_none() -> None:
    ending = pod("echo-v1-b", "10.0.0.2", deleted_at=NOW)
    assert ghosts(held("10.0.0.2", health=EndpointHealth.DRAINING), behind((ending,))) == ()


def test_an_evicted_pod() -> None:
    evicted = pod("echo-v1-b", "10.0.0.2", phase="Failed", reason="Evicted")
    ghost = only(ghosts(held("10.0.0.1", "10.0.0.2"), behind((ALIVE, evicted))))
    assert (ghost.fate, ghost.reason) == (Fate.ENDED, "Evicted")


def test_a_pod_that_was_seen_and_is_gone() -> None:
    before = behind((ALIVE, pod("echo-v1-b", "10.0.0.2")))
    now = behind((ALIVE,), others={("echo-grpc", "10.0.0.2"): None}).after(before)
    ghost = only(ghosts(held("10.0.0.1", "10.0.0.2"), now))
    assert (ghost.fate, ghost.pod) == (Fate.DELETED, ObjectName("Pod", "echo-grpc", "echo-v1-b"))
    # also by what two looks before had
    again = behind((ALIVE,), others={("echo-grpc", "10.0.0.2"): None}).after(now)
    assert only(ghosts(held("10.0.0.1", "10.0.0.2"), again)).fate is Fate.DELETED


def test_an_address_that_another_pod_has_now() -> None:
    other = pod("shop-1", "10.0.0.2", labels={"app": "shop"})
    now = behind((ALIVE,), others={("echo-grpc", "10.0.0.2"): other})
    ghost = only(ghosts(held("10.0.0.1", "10.0.0.2"), now))
    assert (ghost.fate, ghost.pod) == (Fate.ANOTHERS, other.name)
    on_node = replace(other, on_host_network=True)
    assert ghosts(held("10.0.0.1", "10.0.0.2"), replace(now, others={("echo-grpc", "10.0.0.2"): on_node})) == ()


NOBODY: Mapping[tuple[str, str], EndpointPod | None] = {("echo-grpc", "10.0.0.2"): None}


def test_an_address_nobody_has() -> None:
    now = behind((ALIVE,), others=NOBODY, entries={"echo-grpc": frozenset()})
    ghost = only(ghosts(held("10.0.0.1", "10.0.0.2"), now))
    assert (ghost.fate, ghost.pod) == (Fate.UNKNOWN, None)


@pytest.mark.parametrize(
    ("client", "cluster"),
    [
        (held("10.0.0.1", "10.0.0.2"), behind((ALIVE,), others=NOBODY)),
        (held("10.0.0.1", "10.0.0.2"), behind((ALIVE,), others=NOBODY, entries={"echo-grpc": frozenset({"10.0.0.2"})})),
        (held("10.0.0.1", "10.0.0.2"), behind((ALIVE,), entries={"echo-grpc": frozenset()})),
        (
            held("10.0.0.1", "10.0.0.2", cluster=""),
            behind((ALIVE,), others=NOBODY, entries={"echo-grpc": frozenset()}),
        ),
        (held("10.0.0.2"), behind((ALIVE,), others=NOBODY, entries={"echo-grpc": frozenset()})),
        (held("10.0.0.1", "10.0.0.2"), replace(behind((ALIVE,)), pods={})),
        (held("10.0.0.1", "10.0.0.2"), replace(behind((ALIVE,)), slices={})),
    ],
    ids=[
        "WorkloadEntries were not read",
        "a WorkloadEntry has it",
        "nobody asked who has it",
        "clusters are not named",
        "nothing tells what this cluster is called",
        "pods were not read",
        "slices were not read",
    ],
)
def test_what_cannot_be_told_is_no_ghost(client: Snapshot, cluster: Behind) -> None:
    assert ghosts(client, cluster) == ()


def test_an_endpoint_of_another_cluster_is_none() -> None:
    here = Endpoint("10.0.0.1:17070", cluster="one")
    there = Endpoint("10.9.0.1:17070", cluster="two")
    body = ClusterLoadAssignment(V1, (Locality("", "", "", 0, 1, (here, there)),))
    found = behind((ALIVE,), others={("echo-grpc", "10.9.0.1"): None}, entries={"echo-grpc": frozenset()})
    assert ghosts(with_resource(held("10.0.0.1"), resource(EDS, V1, body)), found) == ()


def test_since_when_is_remembered() -> None:
    now = behind((ALIVE,), others=NOBODY, entries={"echo-grpc": frozenset()})
    first = ghosts(held("10.0.0.1", "10.0.0.2"), now)
    later = replace(now, taken_at=NOW + timedelta(seconds=30))
    assert only(ghosts(held("10.0.0.1", "10.0.0.2"), later, first)).since == NOW


def test_the_same_name_again_is_another_pod() -> None:
    """A StatefulSet's pod comes back under its name, at another address."""
    before = behind((pod("echo-0", "10.0.0.2"),))
    back = replace(pod("echo-0", "10.0.0.3"), uid="another")
    now = behind((back,), others=NOBODY).after(before)
    ghost = only(ghosts(held("10.0.0.2", "10.0.0.3"), now))
    assert (ghost.fate, ghost.address) == (Fate.DELETED, "10.0.0.2:17070")


def test_versions_by_address() -> None:
    labelled = pod("echo-v1-a", "10.0.0.1", "fd00::1")
    unlabelled = pod("echo-x", "10.0.0.2", labels={"app": "echo"})
    on_node = pod("echo-n", "192.168.0.1", on_host_network=True)
    assert behind((labelled, unlabelled, on_node)).versions == {"10.0.0.1": "v1", "fd00::1": "v1"}


def test_what_is_asked_of_the_cluster() -> None:
    wanted = wanted_of(held("10.0.0.1", "10.0.0.2"))
    assert wanted == {ECHO: frozenset({"10.0.0.1", "10.0.0.2"})}
    assert unexplained(behind((ALIVE,)), wanted) == (("echo-grpc", "10.0.0.2"),)
    assert unexplained(replace(behind((ALIVE,)), pods={}), wanted) == ()


def test_of_very_many_services_the_first_are_asked_for_with_their_addresses() -> None:
    seen = canary()
    for number in range(MOST_SERVICES + 1):
        name = f"outbound|80||s{number:03}.many.svc.cluster.local"
        seen = with_resource(seen, resource(EDS, name, endpoints(name, "10.0.0.1:80")))
    wanted = wanted_of(seen)
    assert len(wanted) == MOST_SERVICES + 2
    assert wanted[ServiceRef("many", "s000")] == {"10.0.0.1"}
    assert wanted[ServiceRef("many", f"s{MOST_SERVICES:03}")] == frozenset()


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("echo.echo-grpc.svc.cluster.local", ECHO),
        ("echo.echo-grpc.svc.other.domain", ECHO),
        ("example.com", None),
        ("echo.echo-grpc.svc", None),
        ("..svc.x", None),
        ("echo.a/../b.svc.x", None),
    ],
)
def test_services_by_host(host: str, service: ServiceRef | None) -> None:
    assert service_of_host(host) == service


ADDRESSES = st.sampled_from([f"10.0.0.{last}" for last in range(1, 6)])


@given(st.frozensets(ADDRESSES), st.frozensets(ADDRESSES), st.frozensets(ADDRESSES), st.booleans())
def test_only_what_is_held_is_a_ghost_and_no_running_pod_is(
    client: frozenset[str], alive: frozenset[str], before: frozenset[str], asked: bool
) -> None:
    pods = tuple(pod(f"echo-{address}", address) for address in sorted(alive))
    past = behind(tuple(pod(f"old-{address}", address) for address in sorted(before)))
    nobody: dict[tuple[str, str], EndpointPod | None] = {}
    if asked:
        nobody = {("echo-grpc", address): None for address in client - alive}
    now = behind(pods, others=nobody, entries={"echo-grpc": frozenset()}).after(past)
    found = ghosts(held(*sorted(client)), now)
    places = {ghost.address.partition(":")[0] for ghost in found}
    assert places <= client - alive
    if asked:
        assert (before & client) - alive <= places
