"""A session over a pod: what it shows, and what becomes of it when the pod or the way there does not last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from meshtui.model.clock import utc_now
from meshtui.model.echo.grpcurl import grpcurl_note
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.model.timeline import EventKind
from meshtui.present.pod_fate import next_pod
from meshtui.session.session import Session
from meshtui.session.state import LinkState, SessionState
from meshtui.targets import open_session
from tests.kubernetes.double.access import Rule, User
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.mesh import PORTS
from tests.kubernetes.double.pods import proxyless
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.store import Document
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.mesh


@asynccontextmanager
async def following(double: Double, target: str = "pod/client", token: str = "full") -> AsyncIterator[Session]:
    """A session that has shown its first config."""
    cluster = ClusterOptions(kubeconfig=str(double.kubeconfig(token)))
    session = open_session(target, TargetOptions(cluster=cluster), interval=0.1)
    session.start()
    try:
        await until(session, lambda state: state.snapshot is not None)
        yield session
    finally:
        await session.stop()


async def until(session: Session, holds: Callable[[SessionState], object]) -> SessionState:
    """The first state for which something holds."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not holds(session.state):
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never came: {session.state.link} {told(session.state)}") from None
    return session.state


def told(state: SessionState) -> list[str]:
    """What was told of the pod, the oldest first."""
    return [event.text for event in reversed(state.events) if event.kind is EventKind.POD]


async def test_config_and_channels_come_over_the_relay(shifted_cluster: Double) -> None:
    async with following(shifted_cluster) as session:
        state = await until(session, lambda state: state.channels is not None)
    assert state.snapshot is not None
    assert len(state.snapshot.resources) == 6
    assert state.link.state is LinkState.LIVE


async def test_it_is_said_which_of_several_it_is(shifted_cluster: Double) -> None:
    async with following(shifted_cluster, "-l app=echo") as session:
        state = await until(session, lambda state: told(state))
    assert told(state)[0].endswith("of 2 pods with -l app=echo")


async def test_a_cut_connection_is_told_and_made_again(cluster_of_mesh: Double) -> None:
    async with following(cluster_of_mesh) as session:
        assert cluster_of_mesh.cut("client")
        state = await until(session, lambda state: "the port-forward works again" in told(state))
        await until(session, lambda state: state.link.state is LinkState.LIVE)
    assert any("was cut" in text for text in told(state))


async def test_another_pod_of_the_same_name_is_never_shown(cluster_of_mesh: Double) -> None:
    store = cluster_of_mesh.cluster.store
    async with following(cluster_of_mesh) as session:
        store.delete(PODS, "echo-grpc", "client")
        store.put(proxyless("client", app="client"))
        cluster_of_mesh.cut("client")
        state = await until(session, lambda state: state.link.state is LinkState.STALE)
        state = await until(session, lambda state: "another one has its name" in state.link.problem)
        await until(session, lambda state: any("another pod has its name" in text for text in told(state)))
        answered = state.link.last_answer
        assert session.state.link.last_answer == answered


def replica(name: str, made: str) -> Document:
    """A pod of Deployment shop; each was made by a ReplicaSet of its own."""
    owner = {"kind": "ReplicaSet", "name": f"shop-{name}", "uid": f"set-{name}", "controller": True}
    labels = {"pod-template-hash": name}
    return proxyless(name, app="shop", labels=labels, ownerReferences=[owner], creationTimestamp=made)


async def test_a_rollout_offers_its_successor_which_is_another_target(cluster_of_mesh: Double) -> None:
    cluster = cluster_of_mesh.cluster
    for name, made in (("old", "2026-11-22T11:00:00Z"), ("new", "2026-11-22T11:30:00Z")):
        for port in PORTS.values():
            if (known := cluster.targets.get(("echo-grpc", "client", port))) is not None:
                cluster.targets["echo-grpc", name, port] = known
        cluster.store.put(replica(name, made))
    async with following(cluster_of_mesh, "pod/old -n echo-grpc") as session:
        await until(session, lambda state: state.fate is not None)
        assert next_pod(session.state, utc_now()) is None
        cluster.store.delete(PODS, "echo-grpc", "old")
        cluster_of_mesh.cut("old")
        state = await until(session, lambda state: state.fate and state.fate.gone and state.fate.successor)
        offered = next_pod(state, utc_now())
        assert offered is not None
        assert offered.target == "pod/new -n echo-grpc"
        async with following(cluster_of_mesh, offered.target) as successor:
            state = await until(successor, lambda state: state.link.state is LinkState.LIVE and state.fate)
            assert state.fate is not None
            assert state.fate.pod.name == "new"
            assert session.state.fate is not None
            assert session.state.fate.pod.name == "old"


async def test_a_cluster_that_goes_and_comes_back(cluster_of_mesh: Double) -> None:
    async with following(cluster_of_mesh) as session:
        cluster_of_mesh.stop()
        state = await until(session, lambda state: state.link.state is LinkState.STALE)
        await until(session, lambda state: "cannot be reached" in state.link.problem)
        cluster_of_mesh.start_again()
        state = await until(session, lambda state: state.link.state is LinkState.LIVE)
    assert state.snapshot is not None


async def test_a_pod_that_may_not_be_read_is_shown_all_the_same(cluster_of_mesh: Double) -> None:
    rule = Rule(("get", "create"), ("pods/portforward",))
    cluster_of_mesh.cluster.users["forward-only"] = User("forward-only", (rule,))
    async with following(cluster_of_mesh, token="forward-only") as session:
        await until(session, lambda state: state.channels is not None)
        state = await until(session, lambda state: told(state))
        assert told(state)[0].startswith("may not be read, so what becomes of it is not known: The cluster forbids it")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("pod/nope", "There is no pod/nope in namespace echo-grpc"),
        ("pod/client --port 9", "Nothing in the pod listens on localhost:9"),
        ("deploy/nope", "There is no deployment/nope"),
    ],
)
async def test_why_there_is_nothing_to_show(shifted_cluster: Double, target: str, words: str) -> None:
    cluster = ClusterOptions(kubeconfig=str(shifted_cluster.kubeconfig()))
    session = open_session(target, TargetOptions(cluster=cluster), interval=0.1)
    session.start()
    try:
        state = await until(session, lambda state: state.link.state is not LinkState.CONNECTING)
    finally:
        await session.stop()
    assert words in state.link.problem


async def test_the_pod_and_the_port_that_were_found_are_known(shifted_cluster: Double) -> None:
    """A line to paste is of them, and not of what was typed: that may mean another pod the next time."""
    async with following(shifted_cluster, "-l app=echo") as session:
        reached = session.state.reached
    assert reached.startswith("pod/echo-v")
    assert reached.endswith(f"-n echo-grpc --kubeconfig {shifted_cluster.kubeconfig('full')} --port 17171")
    note = grpcurl_note(EchoRequestSpec("xds:///echo:7070"), reached)
    assert note.startswith(
        f"Forward the pod's admin port first: kubectl port-forward {reached.split()[0]} 17171 -n echo"
    )
