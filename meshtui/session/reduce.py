"""How a session's state moves on with each observation: one pure function.

It knows no clock, does no I/O and keeps nothing: what must be remembered is part of the state. So a recording is a list
of observations, playing it back is feeding them, and many targets are many states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.doctor.rules.rule import failed as part_failed
from meshtui.model.answerer import Answerer, answerer
from meshtui.model.channels import ChannelReport, with_ends
from meshtui.model.errors import MeshtuiError, ServiceMissing
from meshtui.model.finding import Finding, worst_first
from meshtui.model.identity.workload import server_features, server_uris
from meshtui.model.timeline import Event, EventKind
from meshtui.model.traffic import observe
from meshtui.model.xds.diff import Change, ChangeKind, diff
from meshtui.model.xds.graph import EMPTY_GRAPH, Graph
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import Health, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.answerers import counted, happened, restarted, switched
from meshtui.session.echo.events import echo_events
from meshtui.session.identity import join
from meshtui.session.kubernetes import cluster
from meshtui.session.kubernetes.istio import istio_seen
from meshtui.session.link import answered, failed
from meshtui.session.observation import (
    AgentAnswered,
    Attached,
    ClusterSeen,
    EchoSeen,
    FactLost,
    FilesRead,
    Happened,
    IstioSeen,
    LogSeen,
    Look,
    Observation,
    PartChecked,
    PeersSeen,
    PodBecame,
    PodEventsSeen,
)
from meshtui.session.previous import remember
from meshtui.session.state import Fact, LinkState, MissingFact, SessionState

LINK_HEALTH: Final = {
    LinkState.STALE: Health.REFUSED,
    LinkState.DOWN: Health.REFUSED,
    LinkState.MISSING: Health.MISSING,
}
"""How bad it is that a target does not answer as it should."""


def reduce(state: SessionState, observation: Observation) -> SessionState:
    """The state after the observation; the same object when nothing differs, else one with a higher revision.

    A part of a look that raises becomes a finding and costs itself. What else raises is a defect of ours, and the
    caller's to say; the state before is as it was.
    """
    after = _with_findings(state, _taken_in(state, observation))
    return state if after is state else replace(after, revision=state.revision + 1)


def _taken_in(state: SessionState, observation: Observation) -> SessionState:
    match observation:
        case Look():
            return _looked(state, observation)
        case Attached():
            identity = replace(state.memory.identity, offers=observation.offers)
            return replace(state, reached=observation.reached, memory=replace(state.memory, identity=identity))
        case FilesRead():
            return join.files_read(state, observation)
        case AgentAnswered():
            return join.agent_answered(state, observation)
        case FactLost():
            return join.fact_lost(state, observation)
        case PeersSeen(at=at, peers=peers):
            return _part(state, "identity", lambda state: join.peers_seen(state, peers, at))
        case EchoSeen():
            events = echo_events(state.echo, observation.echo, observation.at)
            return replace(state, echo=observation.echo).with_events(*events)
        case Happened():
            return state.with_events(observation.event)
        case ClusterSeen(at=at):
            return _part(state, "the cluster", lambda state: _judged(cluster.seen(state, observation), at))
        case PodBecame(fate=fate):
            return state if fate == state.fate else replace(state, fate=fate)
        case IstioSeen():
            return _part(state, "Istio's objects", lambda state: istio_seen(state, observation))
        case PodEventsSeen():
            return _part(state, "the pod's events", lambda state: cluster.events_seen(state, observation))
        case LogSeen(log=log):
            return state if log is state.log else replace(state, log=log)
        case PartChecked():
            return _with_defect(state, observation.part, observation.defect)


def _looked(state: SessionState, look: Look) -> SessionState:
    if isinstance(look.config, MeshtuiError):
        return _lost(state, look.config, look.at)
    if look.config is not None:
        state = _answered(state, look.config)
    if isinstance(look.channels, MeshtuiError):
        state = _channels_lost(state, look.channels)
    elif look.channels is not None:
        report = look.channels
        state = _part(state, "traffic", lambda state: _channels_seen(state, report))
    state = _part(state, "identity", lambda state: join.looked(state, look))
    return _part(state, "findings", lambda state: _judged(state, look.at))


# the config


def _lost(state: SessionState, error: MeshtuiError, at: datetime) -> SessionState:
    before = state.link
    link = failed(before, error, at, missing=isinstance(error, ServiceMissing))
    if link == before:
        return state
    state = replace(state, link=link)
    if link.state is before.state:
        return state
    return happened(state, link.since, f"{link.state.value}: {error.what}", LINK_HEALTH[link.state])


def _answered(state: SessionState, snapshot: Snapshot) -> SessionState:
    before, old = state.link, state.snapshot
    silent_since = before.last_answer if before.state is LinkState.STALE else None
    who = answerer(old, snapshot, silent_since=silent_since)
    state = replace(state, link=answered(before, snapshot.taken_at))
    if state.link.state is not before.state:
        word = "connected" if before.last_answer is None else "answers again"
        state = happened(state, state.link.since, word, Health.OK)
    if old is None:
        return _with_graph(replace(state, snapshot=snapshot), EMPTY_GRAPH)
    if who is Answerer.ANOTHER:
        return _begun_anew(switched(state, old.node, snapshot.node, snapshot.taken_at), snapshot)
    if who is Answerer.RESTARTED:
        state = restarted(state, snapshot.taken_at)
        state = replace(state, memory=replace(state.memory, restart_reported=True))
    return _changed(state, old, snapshot)


def _begun_anew(state: SessionState, snapshot: Snapshot) -> SessionState:
    """Of another client: nothing of the one before is compared with it."""
    nothing = replace(
        state,
        snapshot=snapshot,
        changed_at=MappingProxyType({}),
        previous=MappingProxyType({}),
        channels=None,
        traffic=None,
    )
    return _with_graph(nothing, EMPTY_GRAPH)


def _changed(state: SessionState, before: Snapshot, snapshot: Snapshot) -> SessionState:
    changes, at = diff(before, snapshot), snapshot.taken_at
    state = replace(state, snapshot=snapshot)
    if not changes and before.node == snapshot.node:
        return state
    state = replace(
        state,
        changed_at=_stamped(state.changed_at, changes, at),
        previous=remember(state.previous, changes, snapshot.resources),
    )
    return _with_graph(state.with_events(*(_event(change, at) for change in changes)), state.graph)


def _with_graph(state: SessionState, before: Graph) -> SessionState:
    """The tree of the config; none where it cannot be built, rather than one of an older config."""
    snapshot = state.snapshot
    assert snapshot is not None
    bare = replace(state, graph=EMPTY_GRAPH)
    return _part(bare, "the tree of the config", lambda state: replace(state, graph=build(snapshot, before)))


def _event(change: Change, at: datetime) -> Event:
    subject = f"{change.key.type} {change.key.name}"
    return Event(at, EventKind.CONFIG, subject, change.words, health=change.health, key=change.key)


def _stamped(
    stamps: Mapping[ResourceKey, datetime], changes: tuple[Change, ...], at: datetime
) -> Mapping[ResourceKey, datetime]:
    """When each resource last changed; one that went away is forgotten."""
    stamped = {**stamps, **{change.key: at for change in changes}}
    for change in changes:
        if change.kind is ChangeKind.REMOVED:
            del stamped[change.key]
    return MappingProxyType(stamped)


# the channels


def _channels_seen(state: SessionState, report: ChannelReport) -> SessionState:
    state = counted(state, report).without_missing(Fact.CHANNELS)
    in_turn = state.memory.processes.in_turn(report.taken_at)  # then counts of two looks are of two processes
    known = with_ends(None if in_turn else state.channels, report)
    return replace(state, channels=known, traffic=observe(state.traffic, report))


def _channels_lost(state: SessionState, error: MeshtuiError) -> SessionState:
    """What channelz said before is no truth of now: a stopped app must not go on showing calls."""
    lost = MissingFact(Fact.CHANNELS, error.what, error.hint)
    if lost in state.missing and state.channels is None:
        return state
    return replace(state.with_missing(lost), channels=None, traffic=None)


# the findings


def _judged(state: SessionState, at: datetime) -> SessionState:
    """With what the doctor says of config and channels."""
    state = cluster.with_ghosts(state)
    if state.snapshot is None:
        return state
    memory = state.memory
    config = ConfigEvidence(
        now=at,
        snapshot=state.snapshot,
        graph=state.graph,
        channels=state.channels,
        first_seen=state.changed_at,
        traffic=state.traffic,
        switches=memory.switches,
        server_uris=server_uris(state.workload),
        server_features=server_features(state.workload),
        ghosts=memory.cluster.ghosts,
    )
    diagnosis = memory.diagnosis.next(Evidence(config=config))
    return state if diagnosis is memory.diagnosis else replace(state, memory=replace(memory, diagnosis=diagnosis))


def _with_findings(before: SessionState, after: SessionState) -> SessionState:
    """All findings together, where some of them differ: about the config, the workload, and parts of meshtui."""
    same_defects = before.memory.defects is after.memory.defects
    same_config = before.memory.diagnosis.findings is after.memory.diagnosis.findings
    if same_defects and same_config and before.workload is after.workload:
        return after
    # the same may be found by channelz and by the agent's counters
    reported = {finding.code for finding in after.memory.diagnosis.findings}
    workload = after.workload.findings if after.workload is not None else ()
    identity = [finding for finding in workload if finding.code not in reported]
    findings = worst_first((*after.memory.diagnosis.findings, *identity, *after.memory.defects.values()))
    return after if findings == after.findings else replace(after, findings=findings)


def _part(state: SessionState, name: str, step: Callable[[SessionState], SessionState]) -> SessionState:
    """One part of a look. One that fails is a finding, and costs itself."""
    try:
        after = step(state)
    except Exception as error:  # the edge: a defect in one part must not cost the others
        return _with_defect(state, name, part_failed(name, error))
    return _with_defect(after, name, None)


def _with_defect(state: SessionState, part: str, defect: Finding | None) -> SessionState:
    """A part broke, or (``None``) works."""
    defects = state.memory.defects
    if defects.get(part) == defect:
        return state
    others = {name: known for name, known in defects.items() if name != part}
    kept = others if defect is None else {**others, part: defect}
    return replace(state, memory=replace(state.memory, defects=MappingProxyType(kept)))
