"""A pod that is followed, against the double: what happens to it, and to the cluster that tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from meshtui.model.kubernetes.pod_fate import PodFate, TroubleKind, troubles
from meshtui.model.timeline import Event
from meshtui.model.xds.resource import Health
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.follow import PodFollower
from meshtui.sources.kubernetes.pods import get_pod
from tests.kubernetes.asked import SOON, api_of
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.pods import proxyless, waiting
from tests.kubernetes.double.running import Double
from tests.waiting import until
from tests.world.clock import NOW

Document = dict[str, Any]
POD = ("echo-grpc", "echo-v1")


class Followed:
    """A follower at work, and what it told."""

    def __init__(self, fates: list[PodFate], events: list[Event], task: asyncio.Task[None]) -> None:
        self.fates = fates
        self.events = events
        self.task = task

    def named(self) -> str:
        """The successor that is offered, or nothing."""
        return self.fate.successor.pod.name if self.fate.successor is not None else ""

    @property
    def fate(self) -> PodFate:
        """What the follower last said has become of the pod."""
        return self.fates[-1]

    async def hears(self, part: str) -> Event:
        """Wait for an event with these words."""
        await until(lambda: self.task.done() or any(part in event.text for event in self.events), part)
        if self.task.done():
            await self.task
        return next(event for event in self.events if part in event.text)


@asynccontextmanager
async def following(double: Double, name: str = "echo-v1", token: str = "full") -> AsyncIterator[Followed]:
    """A follower of a pod that has begun to follow."""
    async with api_of(double, token) as api:
        events: list[Event] = []
        fates: list[PodFate] = []
        async with api_of(double) as reader:
            pod = await get_pod(reader, "echo-grpc", name)
        follower = PodFollower(api, pod, f"pod/{name}", pacing=SOON)
        task = asyncio.create_task(follower.follow(events.append, fates.append))
        try:
            await until(lambda: double.watches() or events or task.done(), "a watch")
            yield Followed(fates, events, task)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, ApiRefused):
                await task
        assert {each.get_name() for each in asyncio.all_tasks()} & {f"successor pod/{name}"} == set()


def app(document: Document) -> Document:
    status: Document = document["status"]["containerStatuses"][0]
    return status


async def test_a_pod_that_goes_says_so_step_by_step(double: Double) -> None:
    store = double.cluster.store
    async with following(double) as it:
        store.change(PODS, *POD, lambda found: found["metadata"].update(deletionTimestamp="2026-11-22T12:00:00Z"))
        assert (await it.hears("is terminating")).health is Health.DEGRADED
        assert it.fate.gone is None
        store.delete(PODS, *POD)
        gone = await it.hears("is gone: it was deleted")
        assert (gone.subject, gone.health, it.fate.gone is not None) == ("pod/echo-v1", Health.MISSING, True)


async def test_a_pod_of_the_same_name_is_never_taken_for_it(double: Double) -> None:
    async with following(double) as it:
        uid = it.fate.pod.uid
        double.cluster.store.delete(PODS, *POD)
        double.cluster.store.put(proxyless("echo-v1"))
        told = await it.hears("another pod has its name now")
        assert told.health is Health.MISSING
        assert it.fate.pod.uid == uid
        double.cluster.store.change(PODS, *POD, lambda found: app(found).update(restartCount=9))
        double.cluster.store.delete(PODS, *POD)
        await until(lambda: double.watches(), "the watch goes on")
        await until(lambda: it.fate.gone and it.fate.gone.replaced_by is None, "the other one went too")
    assert len([event for event in it.events if "another pod" in event.text]) == 1
    assert not any("restarted" in event.text for event in it.events)


async def test_a_pod_that_was_replaced_while_nobody_could_watch(double: Double) -> None:
    async with following(double) as it:
        await asyncio.to_thread(double.stop)
        double.cluster.store.delete(PODS, *POD)
        double.cluster.store.put(proxyless("echo-v1"))
        double.cluster.store.compact()
        await asyncio.to_thread(double.start_again)
        await it.hears("is gone, and another pod has its name now")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("EvictionByEvictionAPI", "is evicted by the Eviction API, as when its node is drained (drain)"),
        ("DeletionByTaintManager", "is evicted: its node has a taint"),
        ("Unheard", "is Unheard (drain)"),
    ],
)
async def test_an_eviction_says_by_what(double: Double, reason: str, words: str) -> None:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "drain"}
    async with following(double) as it:
        double.cluster.store.change(PODS, *POD, lambda found: found["status"]["conditions"].append(condition))
        await it.hears(words)
        double.cluster.store.delete(PODS, *POD)
        await it.hears("is gone: ")


async def test_containers_that_crash_and_come_back(double: Double) -> None:
    last = {"exitCode": 137, "reason": "OOMKilled"}

    def crash(found: Document) -> None:
        found["status"]["containerStatuses"][0] = waiting("app", "CrashLoopBackOff", restarts=1, last=last)

    def recover(found: Document) -> None:
        app(found).update(state={"running": {}}, ready=True)

    async with following(double) as it:
        assert troubles(it.fate, NOW) == ()
        double.cluster.store.change(PODS, *POD, crash)
        await it.hears("had its container app restarted: it ended with exit code 137 (OOMKilled)")
        await it.hears("has its container app stopped: CrashLoopBackOff")
        assert [trouble.kind for trouble in troubles(it.fate, NOW)] == [TroubleKind.STOPPED]
        double.cluster.store.change(PODS, *POD, recover)
        await it.hears("has its container app running")
        assert troubles(it.fate, NOW) == ()


async def test_a_node_that_falls_silent_is_told_from_a_probe_that_fails(double: Double) -> None:
    def ready(word: str, *kinds: str) -> None:
        def edit(found: Document) -> None:
            for condition in found["status"]["conditions"]:
                if condition["type"] in kinds:
                    condition["status"] = word

        double.cluster.store.change(PODS, *POD, edit)

    async with following(double) as it:
        ready("False", "Ready")
        await it.hears("as when its node node-1 does not answer")
        ready("True", "Ready")
        assert (await it.hears("is ready")).health is Health.OK
        it.events.clear()
        ready("False", "Ready", "ContainersReady")
        assert "node" not in (await it.hears("is not ready")).text


async def test_an_api_server_that_goes_and_comes_back(double: Double) -> None:
    async with following(double) as it:
        await asyncio.to_thread(double.stop)
        assert (await it.hears("is not followed for now: ")).health is Health.UNKNOWN
        assert [trouble.kind for trouble in troubles(it.fate, NOW)] == [TroubleKind.UNFOLLOWED]
        await asyncio.to_thread(double.start_again)
        assert (await it.hears("is followed again: the API server answers again")).health is Health.OK
        assert troubles(it.fate, NOW) == ()
        assert it.fate.gone is None
    assert len([event for event in it.events if "for now" in event.text]) == 1


async def test_a_login_that_expires_and_is_renewed_outside(double: Double) -> None:
    async with following(double) as it:
        full = double.cluster.users.pop("full")
        await asyncio.to_thread(double.cut_watches)
        await it.hears("What is open goes on; what is new needs a login.")
        double.cluster.users["full"] = full
        await it.hears("is followed again: the login is accepted again")


async def test_without_the_right_to_watch_the_pod_is_asked_for(double: Double) -> None:
    async with following(double, token="getonly") as it:
        await it.hears("may not be watched")
        double.cluster.store.delete(PODS, *POD)
        await it.hears("is gone")
    assert len([event for event in it.events if "may not be watched" in event.text]) == 1


async def test_without_any_right_it_says_why_it_cannot(double: Double) -> None:
    async with following(double, token="nothing") as it:
        with pytest.raises(ApiRefused, match="cannot get resource"):
            await it.task


def shop(name: str, hashed: str, **more: Any) -> Document:
    owner = {"kind": "ReplicaSet", "name": f"shop-{hashed}", "uid": f"uid-{hashed}", "controller": True}
    return proxyless(name, app="shop", labels={"pod-template-hash": hashed}, ownerReferences=[owner], **more)


async def test_a_rollout_names_the_successor_and_does_not_move_there(double: Double) -> None:
    store = double.cluster.store
    store.put(shop("old", "aaa"))
    async with following(double, "old") as it:
        store.put(shop("other", "bbb", phase="Pending"))
        store.change(
            PODS, "echo-grpc", "old", lambda pod: pod["metadata"].update(deletionTimestamp="2026-11-22T12:00:00Z")
        )
        await it.hears("is terminating")
        assert it.named() == ""
        store.put(shop("new", "bbb", creationTimestamp="2026-11-22T11:30:00Z"))
        await it.hears("has a successor of Deployment shop: pod/new")
        assert it.named() == "new"
        assert it.fate.successor is not None
        assert (it.fate.successor.ready, it.fate.successor.is_newer) == (1, True)
        assert it.fate.pod.name == "old"


async def test_of_several_ready_successors_the_newest_is_named_and_how_many_there_are(double: Double) -> None:
    store = double.cluster.store
    store.put(shop("old", "aaa"))
    store.put(shop("peer", "aaa"))
    store.put(shop("first", "bbb", creationTimestamp="2026-11-22T11:30:00Z"))
    store.put(shop("last", "bbb", creationTimestamp="2026-11-22T11:31:00Z"))
    async with following(double, "old") as it:
        store.delete(PODS, "echo-grpc", "old")
        await until(lambda: it.named() == "last", "the newest")
        assert it.fate.successor is not None
        assert it.fate.successor.ready == 3
        store.delete(PODS, "echo-grpc", "last")
        await until(lambda: it.named() == "first", "the one that is left")


async def test_who_may_not_list_pods_is_told_that_no_successor_is_looked_for(double: Double) -> None:
    double.cluster.store.put(shop("old", "aaa"))
    async with following(double, "old", token="getonly") as it:
        double.cluster.store.delete(PODS, "echo-grpc", "old")
        await until(lambda: it.fate.unsought is not None, "the refusal")
        assert isinstance(it.fate.unsought, ApiRefused)


async def test_a_pod_nobody_makes_anew_has_no_successor_to_look_for(double: Double) -> None:
    async with following(double) as it:
        double.cluster.store.delete(PODS, *POD)
        await it.hears("is gone")
    assert not [asked for asked in double.cluster.log if asked.verb == "list" and asked.one("labelSelector")]
