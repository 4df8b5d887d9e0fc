"""How a session's state moves on with what is learned of its target's identity; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import workload_evidence
from meshtui.model.channels import ChannelReport
from meshtui.model.identity.accepted_tls import asked_providers, clusters_tls, listeners_tls
from meshtui.model.identity.comparison import IdentityState
from meshtui.model.identity.peers import clusters_by_address, joined_identity, own_marks, seen_by
from meshtui.model.identity.workload import HISTORY_KEPT, ROTATIONS_KEPT, Workload, rotations_between
from meshtui.model.node_id import parse_node_id
from meshtui.model.timeline import Event
from meshtui.session.identity import connections
from meshtui.session.identity.events import agent_events, agent_lost, file_events
from meshtui.session.identity_memory import IdentityMemory, Peers
from meshtui.session.observation import AgentAnswered, FactLost, FilesRead, Look
from meshtui.session.state import Fact, SessionState


def looked(state: SessionState, look: Look) -> SessionState:
    """The target was looked at: its config says who it should be, its connections who it is."""
    snapshot = state.snapshot
    if snapshot is None:
        return state
    memory, workload = state.memory.identity, _workload(state, look.at)
    if memory.resources is not snapshot.resources:
        clusters, listeners = clusters_tls(snapshot), listeners_tls(snapshot)
        memory = replace(
            memory,
            resources=snapshot.resources,
            clusters_by_address=None,
            asked_providers=asked_providers(clusters, listeners),
        )
        identity = replace(workload.identity, clusters=clusters, listeners=listeners)
        workload = replace(workload, identity=identity)
    if isinstance(look.channels, ChannelReport):
        by_address = memory.clusters_by_address
        by_address = clusters_by_address(snapshot) if by_address is None else by_address
        known = connections.seen(memory.connections, look.channels, look.certificates, by_address)
        memory = replace(memory, connections=known, clusters_by_address=by_address)
    return _joined(_remembering(state, memory), workload, look.at)


def files_read(state: SessionState, seen: FilesRead) -> SessionState:
    """The files were read; what differs from the last reading are events."""
    before = _workload(state, seen.at)
    turned = rotations_between(before.files, seen.files, seen.at)
    unchanged = seen.files is before.files and before.read_at is not None
    workload = replace(
        before,
        files=seen.files,
        read_at=before.read_at if unchanged else seen.at,
        files_lost=False,
        rotations=(*before.rotations, *turned)[-ROTATIONS_KEPT:],
    )
    events = file_events(before, seen.files, turned, seen.at)
    return _joined(state.without_missing(Fact.FILES), workload, seen.at, events)


def agent_answered(state: SessionState, seen: AgentAnswered) -> SessionState:
    """The agent answered; its metrics are kept for rates."""
    before, report = _workload(state, seen.at), seen.report
    back = any(known.fact is Fact.AGENT for known in state.missing)
    history = before.agent_history + ((report.metrics,) if report.metrics is not None else ())
    workload = replace(before, agent=report, agent_history=history[-HISTORY_KEPT:])
    events = agent_events(before.agent, report, seen.at, back=back)
    return _joined(state.without_missing(Fact.AGENT), workload, seen.at, events)


def fact_lost(state: SessionState, lost: FactLost) -> SessionState:
    """Files or agent gave no answer: the last one stays, with its age. That an agent is lost is an event, once."""
    before, missing = _workload(state, lost.at), lost.missing
    known = any(other.fact is missing.fact for other in state.missing)
    events: tuple[Event, ...] = ()
    if missing.fact is Fact.AGENT and not known:
        events = (agent_lost(before.offers.agent, missing.why, lost.at),)
    workload = replace(before, files_lost=True) if missing.fact is Fact.FILES else before
    return _joined(state.with_missing(missing), workload, lost.at, events)


def peers_seen(state: SessionState, peers: Peers, at: datetime) -> SessionState:
    """Other targets show something else: whose certificates they see may be this one's."""
    remembering = _remembering(state, replace(state.memory.identity, peers=peers))
    return remembering if state.workload is None else _joined(remembering, state.workload, at)


def _workload(state: SessionState, at: datetime) -> Workload:
    """What is known so far; before anything is, what can be had."""
    return state.workload or Workload(IdentityState(at), offers=state.memory.identity.offers)


def _remembering(state: SessionState, memory: IdentityMemory) -> SessionState:
    return replace(state, memory=replace(state.memory, identity=memory))


def _joined(state: SessionState, workload: Workload, at: datetime, events: tuple[Event, ...] = ()) -> SessionState:
    """The state with this workload, joined with what others show and judged; the same workload as before while nothing
    differs but the moment."""
    memory = state.memory.identity
    marks = own_marks(workload, _hosts(state), memory.peers.neighbours)
    in_use = memory.connections.in_use + seen_by(memory.peers.neighbours, marks)
    joined = replace(workload, identity=joined_identity(workload, in_use, at))
    evidence = workload_evidence(joined, at, asked_providers=memory.asked_providers, other_nodes=memory.peers.nodes)
    judged = replace(joined, findings=diagnose(evidence))
    if not events and state.workload is not None and not _differ(state.workload, judged):
        return state
    return replace(state, workload=judged).with_events(*events)


def _hosts(state: SessionState) -> frozenset[str]:
    """The addresses by which others know the pod, by its node id."""
    node = parse_node_id(state.snapshot.node.id) if state.snapshot is not None else None
    return frozenset({node.ip} if node is not None and node.ip else ())


def _differ(before: Workload, after: Workload) -> bool:
    """Whether more than the moment of joining differs."""
    return replace(after, identity=replace(after.identity, now=before.identity.now)) != before
