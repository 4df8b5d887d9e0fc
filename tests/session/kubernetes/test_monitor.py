"""What is asked of the cluster beside the looks, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.behind import Behind, ServiceRef
from meshtui.model.kubernetes.events import PodEvents
from meshtui.model.kubernetes.istio import IstioObjects
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.kubernetes.monitor import ClusterMonitor
from meshtui.session.observation import ClusterSeen, IstioSeen, Observation, PodEventsSeen
from tests.waiting import until
from tests.world.clock import NOW
from tests.world.config import canary


class Cluster:
    """A cluster that answers, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.wanted: list[Mapping[ServiceRef, frozenset[str]]] = []

    async def behind(self, wanted: Mapping[ServiceRef, frozenset[str]]) -> Behind:
        self.wanted.append(wanted)
        if self.failure is not None:
            raise self.failure
        return Behind(taken_at=NOW)

    async def istio(self, namespaces: Iterable[str]) -> IstioObjects:
        if self.failure is not None:
            raise self.failure
        return IstioObjects(namespaces=tuple(namespaces))

    async def events(self) -> PodEvents:
        if self.failure is not None:
            raise self.failure
        return PodEvents()


def monitor(cluster: Cluster, seen: list[Observation], snapshot: Snapshot | None = None) -> ClusterMonitor:
    return ClusterMonitor(cluster, snapshot=lambda: snapshot, observe=seen.append, now=lambda: NOW)


async def test_the_services_of_the_client_are_asked_for_once_its_config_is_known() -> None:
    cluster, seen = Cluster(), list[Observation]()
    following = monitor(cluster, seen, canary())
    following.start()
    following.start()
    await until(lambda: any(isinstance(each, PodEventsSeen) for each in seen))
    assert not cluster.wanted
    following.config_seen()
    await until(lambda: len(seen) == 3)
    (wanted,) = cluster.wanted
    assert set(wanted) == {ServiceRef("echo-grpc", "echo")}
    assert [answer(each) for each in seen if isinstance(each, IstioSeen)] == [IstioObjects(namespaces=("echo-grpc",))]
    await following.stop()
    assert len(asyncio.all_tasks()) == 1


async def test_what_fails_is_said() -> None:
    seen: list[Observation] = []
    following = monitor(Cluster(TargetUnreachable("no answer")), seen, canary())
    following.config_seen()
    following.start()
    await until(lambda: len(seen) == 3)
    await following.stop()
    assert [str(answer(each)) for each in seen] == ["no answer"] * 3


def answer(observation: Observation) -> object:
    if isinstance(observation, ClusterSeen):
        return observation.behind
    if isinstance(observation, IstioSeen):
        return observation.istio
    return observation.events if isinstance(observation, PodEventsSeen) else None


async def test_a_defect_costs_one_look() -> None:
    seen: list[Observation] = []
    following = monitor(Cluster(ZeroDivisionError("ours")), seen, canary())
    following.config_seen()
    following.start()
    await until(lambda: len(seen) == 3)
    await following.stop()
    assert all("failed within meshtui" in str(answer(each)) for each in seen)


async def test_a_look_that_is_asked_for_does_not_wait() -> None:
    seen: list[Observation] = []
    following = monitor(Cluster(), seen, canary())
    following.config_seen()
    following.start()
    await until(lambda: len(seen) == 3)
    following.look_now()
    await until(lambda: len(seen) == 6)
    await following.stop()
