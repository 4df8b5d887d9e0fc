"""How what the cluster says becomes part of a session's state. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.events import KubernetesEvent, news
from meshtui.model.kubernetes.ghosts import ghosts
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.rights import Right, rights_words, role_words
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.session.observation import ClusterSeen, PodEventsSeen
from meshtui.session.state import ClusterMemory, Fact, MissingFact, SessionState

REPEATED_AFTER: Final = timedelta(minutes=1)
"""How long an event that repeats is not said again."""


def seen(state: SessionState, observation: ClusterSeen) -> SessionState:
    """What is behind the endpoints now. What a cluster said that gives no answer any more is no truth of now."""
    answer = observation.behind
    if isinstance(answer, MeshtuiError):
        state = state.with_missing(MissingFact(Fact.CLUSTER, answer.what, answer.hint))
        return state if state.behind is None else replace(state, behind=None)
    lost = missing(Fact.CLUSTER, answer.lacking)
    state = state.without_missing(Fact.CLUSTER) if lost is None else state.with_missing(lost)
    now, before = answer.after(state.behind), state.behind
    same = before is not None and replace(now, taken_at=before.taken_at) == before
    return state if same else replace(state, behind=now)


def with_ghosts(state: SessionState) -> SessionState:
    """With the endpoints behind which there is no pod that is to serve, where config or cluster differ."""
    memory, snapshot, behind = state.memory.cluster, state.snapshot, state.behind
    if snapshot is None or behind is None:
        forgotten = replace(memory, ghosts=(), resources=None, behind=None)
        return state if memory.behind is None else _remembering(state, forgotten)
    if memory.resources is snapshot.resources and memory.behind is behind:
        return state
    there = ghosts(snapshot, behind, memory.ghosts)
    return _remembering(state, replace(memory, ghosts=there, resources=snapshot.resources, behind=behind))


def events_seen(state: SessionState, observation: PodEventsSeen) -> SessionState:
    """What the cluster remembers of the pod: what is new comes into the timeline, at first only what warns."""
    answer = observation.events
    if isinstance(answer, MeshtuiError):
        return state.with_missing(MissingFact(Fact.POD_EVENTS, answer.what, answer.hint))
    if answer.lacking is not None:
        lost = missing(Fact.POD_EVENTS, (answer.lacking,))
        return state if lost is None else state.with_missing(lost)
    state = state.without_missing(Fact.POD_EVENTS)
    said = state.memory.cluster.events_said
    if said is not None and answer.events == state.pod_events:
        return state
    fresh = [event for event in news(state.pod_events, answer.events) if event.is_warning or said is not None]
    said = said or {}
    fresh = [event for event in fresh if _due(said.get(event.uid), observation.at)]
    told = {**said, **{event.uid: observation.at for event in fresh}}
    kept = {event.uid for event in answer.events}
    memory = MappingProxyType({uid: at for uid, at in told.items() if uid in kept})
    state = _remembering(state, replace(state.memory.cluster, events_said=memory))
    return replace(state, pod_events=answer.events).with_events(*(_event(event, observation.at) for event in fresh))


def _due(said: datetime | None, at: datetime) -> bool:
    return said is None or at - said >= REPEATED_AFTER


def _event(event: KubernetesEvent, at: datetime) -> Event:
    health = Health.DEGRADED if event.is_warning else None
    return Event(event.last or at, EventKind.POD, event.about.words, event.words, health=health)


def missing(fact: Fact, lacking: Iterable[Lacking]) -> MissingFact | None:
    """What lacks, with the rights that would unlock it in one line; ``None`` where nothing does."""
    lists = tuple(lacking)
    if not lists:
        return None
    rights: dict[str, list[Right]] = {}
    for each in lists:
        if each.right is not None and each.right not in rights.setdefault(each.namespace, []):
            rights[each.namespace].append(each.right)
    forbidden = [f"{rights_words(missing)} in {namespace}" for namespace, missing in rights.items()]
    others = [each.words for each in lists if each.right is None]
    why = "; ".join([*([f"you may not {' nor '.join(forbidden)}"] if forbidden else []), *others])
    unlock = " ".join(role_words(missing, namespace) for namespace, missing in rights.items())
    return MissingFact(fact, f"{why[:1].upper()}{why[1:]}.", unlock)


def _remembering(state: SessionState, memory: ClusterMemory) -> SessionState:
    return replace(state, memory=replace(state.memory, cluster=memory))
