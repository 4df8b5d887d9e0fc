"""The one function by which a session's state moves on: what was recorded plays back to the same states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.doctor.rules.rule import failed as part_failed
from meshtui.model.channels import (
    Calls,
    Channel,
    ChannelReport,
    ChannelState,
    PeerCertificate,
    ServerSockets,
    Subchannel,
)
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import ServiceMissing, TargetUnreachable
from meshtui.model.identity.comparison import Side
from meshtui.model.identity.peers import Neighbour
from meshtui.model.identity.workload import WorkloadFiles
from meshtui.model.kubernetes.behind import Behind
from meshtui.model.kubernetes.events import KubernetesEvent, PodEvents
from meshtui.model.kubernetes.istio import IstioObjects
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.objects import ObjectName
from meshtui.model.kubernetes.rights import LIST_EVENTS
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import CDS, RDS, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.session.echo.state import EchoState, Phase
from meshtui.session.identity_memory import Peers
from meshtui.session.observation import (
    AgentAnswered,
    Attached,
    ClusterSeen,
    EchoSeen,
    FactLost,
    FilesRead,
    Happened,
    IstioSeen,
    Look,
    Observation,
    PartChecked,
    PeersSeen,
    PodEventsSeen,
)
from meshtui.session.reduce import reduce
from meshtui.session.state import EVENTS_SHOWN, Fact, Link, LinkState, MissingFact, SessionState
from tests.world.clock import NOW
from tests.world.config import HOST, ROUTES, canary, resource, split_routes, subset, with_resource
from tests.world.workloads import EVERYTHING, certificate, looked, report

OLD = certificate(0x3F9A010203, NOW - timedelta(minutes=40))
NEW = certificate(0x77010203AA, NOW)
ECHO = certificate(0x5AB0808401, NOW - timedelta(minutes=5), account="echo")
PEER = PeerCertificate("127.0.1.11:17070", b"echo", b"")
CERTIFICATES = {(PEER, Side.REMOTE): ECHO, (PEER, Side.LOCAL): None}
SPEC = EchoRequestSpec(f"xds:///{HOST}:7070")

Make: TypeAlias = Callable[[datetime], Observation]
"""Makes an observation of one kind at a time."""


def begun() -> SessionState:
    return SessionState(target="here", link=Link(LinkState.CONNECTING, NOW), interval=1.0)


def stepped(at: datetime) -> Snapshot:
    return with_resource(canary(), resource(RDS, ROUTES, split_routes({"v1": 80, "v2": 20})), at)


def lacking(at: datetime) -> Snapshot:
    return with_resource(canary(), resource(CDS, subset("v2"), None, status=Status.DOES_NOT_EXIST), at)


def another(at: datetime) -> Snapshot:
    return replace(canary(at), node=NodeIdentity(id="sidecar~127.0.1.99~client-b.echo-grpc~x"))


def counting(at: datetime, started: int) -> ChannelReport:
    reached = Subchannel(id=3, address=PEER.address, state=ChannelState.READY, calls=Calls(started), peers=(PEER,))
    channel = Channel(
        id=1,
        target=f"xds:///{HOST}:7070",
        state=ChannelState.READY,
        calls=Calls(started, started),
        subchannels=(reached,),
    )
    return ChannelReport(at, (channel,), (ServerSockets(10, (), Calls(started)),))


GONE, SILENT, NO_CSDS = (
    TargetUnreachable("here refuses connections.", "start the app"),
    TargetUnreachable("Channelz does not answer."),
    ServiceMissing("here serves no CSDS."),
)
FILES = (WorkloadFiles(), looked(OLD, NOW), looked(NEW, NOW))
PEERS = Peers((Neighbour("echo-v1", ECHO.spiffe, ()),), (("echo-v1", "sidecar~127.0.1.11~echo-v1.echo-grpc~x"),))
RUN = EchoState(SPEC, phase=Phase.RUNNING, started=NOW, revision=1)

LACKING = Lacking("events", "echo-grpc", "forbidden", LIST_EVENTS)
EVENT = KubernetesEvent(uid="a", about=ObjectName("Pod", "echo-grpc", "client"), is_warning=True, last=NOW)

MAKES: Sequence[Make] = (
    lambda at: Look(at=at, config=canary(at)),
    lambda at: Look(at=at, config=stepped(at), channels=counting(at, 300), certificates=CERTIFICATES),
    lambda at: Look(at=at, config=lacking(at), channels=counting(at, 5), certificates=CERTIFICATES),
    lambda at: Look(at=at, config=another(at), channels=SILENT),
    lambda at: Look(at=at, channels=counting(at, 301), certificates=CERTIFICATES),
    lambda at: Look(at=at, config=GONE),
    lambda at: Look(at=at, config=NO_CSDS),
    lambda at: Attached(at=at, offers=EVERYTHING),
    lambda at: FilesRead(at=at, files=FILES[0]),
    lambda at: FilesRead(at=at, files=FILES[1]),
    lambda at: FilesRead(at=at, files=FILES[2]),
    lambda at: AgentAnswered(at=at, report=report(at, OLD.not_after)),
    lambda at: AgentAnswered(at=at, report=report(at, OLD.not_after, ready=False, refused=2)),
    lambda at: FactLost(at=at, missing=MissingFact(Fact.AGENT, "The agent does not answer.", "forward its port")),
    lambda at: FactLost(at=at, missing=MissingFact(Fact.FILES, "The files cannot be read.", "")),
    lambda at: PeersSeen(at=at, peers=PEERS),
    lambda at: PeersSeen(at=at, peers=Peers()),
    lambda at: EchoSeen(at=at, echo=RUN),
    lambda at: EchoSeen(at=at, echo=replace(RUN, phase=Phase.DONE, ended=at, revision=2)),
    lambda at: Happened(at=at, event=Event(at, EventKind.MESH, "istiod", "a manifest was applied")),
    lambda at: ClusterSeen(at=at, behind=Behind(taken_at=at)),
    lambda at: ClusterSeen(at=at, behind=Behind(taken_at=at, lacking=(LACKING,))),
    lambda at: IstioSeen(at=at, istio=IstioObjects(namespaces=("echo-grpc",), lacking=(LACKING,))),
    lambda at: IstioSeen(at=at, istio=IstioObjects(namespaces=("echo-grpc",))),
    lambda at: IstioSeen(at=at, istio=TargetUnreachable("The API server is gone.", "wait")),
    lambda at: ClusterSeen(at=at, behind=GONE),
    lambda at: PodEventsSeen(at=at, events=PodEvents(events=(EVENT,))),
    lambda at: PodEventsSeen(at=at, events=PodEvents(events=(replace(EVENT, count=2, last=at),))),
    lambda at: PodEventsSeen(at=at, events=GONE),
    lambda at: PartChecked(at=at, part="x", defect=part_failed("x", ValueError("y"))),
    lambda at: PartChecked(at=at, part="x", defect=None),
)


@st.composite
def recordings(draw: st.DrawFn) -> list[Observation]:
    """Observations as a session could make them, later ones not before earlier ones."""
    at, made = NOW, []
    for make in draw(st.lists(st.sampled_from(MAKES), max_size=30)):
        at += timedelta(seconds=draw(st.sampled_from((0, 1, 30, 400))))
        made.append(make(at))
    return made


def played(observations: list[Observation]) -> list[SessionState]:
    """All states, the first one before anything was observed."""
    states = [begun()]
    for observation in observations:
        states.append(reduce(states[-1], observation))
    return states


@settings(max_examples=60, deadline=None)
@given(recordings())
def test_a_recording_plays_back_to_the_same_states(observations: list[Observation]) -> None:
    assert played(observations) == played(observations)


@settings(max_examples=60, deadline=None)
@given(recordings())
def test_the_same_state_and_observation_give_the_same_state_and_change_neither(observations: list[Observation]) -> None:
    state = begun()
    for observation in observations:
        said = repr(state)
        after = reduce(state, observation)
        assert repr(state) == said
        assert reduce(state, observation) == after
        state = after


@settings(max_examples=60, deadline=None)
@given(recordings())
def test_a_state_is_whole_and_bounded_and_its_revision_tells_whether_anything_differs(
    observations: list[Observation],
) -> None:
    states = played(observations)
    for before, after in pairwise(states):
        assert after.revision == before.revision + (after is not before)
        assert (after.snapshot is None) == (after.link.last_answer is None)
        assert (after.channels is None) == (after.traffic is None)
        assert after.events == after.memory.timeline.latest(EVENTS_SHOWN)
        assert len({missing.fact for missing in after.missing}) == len(after.missing)
        known = {*after.memory.diagnosis.findings, *(after.workload.findings if after.workload else ())}
        assert set(after.findings) == known | set(after.memory.defects.values())
        assert set(after.changed_at) <= set(after.snapshot.resources if after.snapshot else ())


def test_config_channels_and_findings_of_a_look_are_one_state() -> None:
    look = Look(at=NOW, config=lacking(NOW), channels=counting(NOW, 300), certificates=CERTIFICATES)
    state = reduce(begun(), look)
    assert state.revision == 1
    assert state.channels is look.channels
    assert [finding.code for finding in state.findings] == ["resource-missing"]
    assert state.workload is not None
    assert [used.certificate for used in state.workload.identity.in_use] == [ECHO]


def test_channels_that_come_late_leave_the_config_as_it_is() -> None:
    state = reduce(begun(), Look(at=NOW, config=canary()))
    late = reduce(state, Look(at=NOW, channels=counting(NOW, 1)))
    assert late.snapshot is state.snapshot
    assert late.graph is state.graph
    assert late.channels is not None


def test_what_differs_in_nothing_is_the_same_state() -> None:
    lost = Look(at=NOW, config=GONE)
    state = reduce(begun(), lost)
    assert reduce(state, lost) is state
    assert reduce(state, PartChecked(at=NOW, part="x", defect=None)) is state


def test_unchanged_config_keeps_its_tree_and_its_findings() -> None:
    seen = lacking(NOW)
    state = reduce(begun(), Look(at=NOW, config=seen))
    later = NOW + timedelta(seconds=1)
    again = reduce(state, Look(at=later, config=replace(seen, taken_at=later)))
    assert again.graph is state.graph
    assert again.findings is state.findings
    assert again.changed_at is state.changed_at
    assert again.workload is state.workload
    assert again.link.last_answer == later


def test_a_restart_that_config_and_channels_show_is_one_event() -> None:
    at = NOW + timedelta(seconds=60)
    anew = replace(canary(at), node=replace(canary().node, user_agent_version="1.86.0"))
    state = reduce(begun(), Look(at=NOW, config=canary(), channels=counting(NOW, 300)))
    whole = reduce(state, Look(at=at, config=anew, channels=counting(at, 5)))
    apart = reduce(reduce(state, Look(at=at, config=anew)), Look(at=at, channels=counting(at, 5)))
    for after in (whole, apart):
        assert len([event for event in after.events if event.text.startswith("restarted")]) == 1


def test_a_part_that_breaks_is_a_finding_until_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError("too deep")

    with monkeypatch.context() as patched:
        patched.setattr("meshtui.session.identity.join.diagnose", broken)
        state = reduce(begun(), Look(at=NOW, config=canary()))
        assert [finding.code for finding in state.findings] == ["rule-failed"]
        assert state.link.state is LinkState.LIVE
    assert reduce(state, Look(at=NOW, config=canary())).findings == ()
