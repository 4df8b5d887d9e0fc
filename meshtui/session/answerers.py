"""Who answers at the address, reported as events: another client, a restarted one, several in turn. Pure.

What goes on and on is reported once in a while, or nothing else would be left to read.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meshtui.model.answerer import RESTARTS_REPORTED, SWITCH_SHOWN, Processes, Switch
from meshtui.model.channels import ChannelReport
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.model.xds.snapshot import NodeIdentity
from meshtui.session.state import Memory, SessionState


def happened(state: SessionState, at: datetime, text: str, health: Health | None) -> SessionState:
    """Something happened to the connection to the target."""
    return state.with_events(Event(at, EventKind.LINK, state.target, text, health=health))


def switched(state: SessionState, before: NodeIdentity, after: NodeIdentity, at: datetime) -> SessionState:
    """Another client answers; channelz counts of the one before say nothing of it."""
    memory = replace(state.memory, switches=state.memory.switches.add(Switch(at, before, after)), processes=Processes())
    if not memory.switches.in_turn(at):
        text = f"another client answers: {after.id} instead of {before.id}"
        return happened(_with(state, memory), at, text, Health.WAITING)
    if not _due(memory.switches_reported_at, at):
        return _with(state, memory)
    reported = replace(memory, switches_reported_at=at)
    return happened(_with(state, reported), at, "several clients answer in turn", Health.WAITING)


def restarted(state: SessionState, at: datetime) -> SessionState:
    """The client began anew."""
    lately = tuple(before for before in state.memory.restarts if at - before <= SWITCH_SHOWN)
    memory = replace(state.memory, restarts=(*lately, at)[-RESTARTS_REPORTED - 1 :])
    if len(lately) < RESTARTS_REPORTED:
        text = "restarted: it counts and holds config from the beginning again"
        return happened(_with(state, memory), at, text, Health.WAITING)
    if not _due(memory.restarts_reported_at, at):
        return _with(state, memory)
    reported = replace(memory, restarts_reported_at=at)
    text = "restarts again and again, or several processes answer in turn"
    return happened(_with(state, reported), at, text, Health.WAITING)


def counted(state: SessionState, report: ChannelReport) -> SessionState:
    """Channelz answered: by its counts, is it the process of before? What is known of it outlives looks without an
    answer."""
    at = report.taken_at
    memory = replace(state.memory, processes=state.memory.processes.see(report), restart_reported=False)
    state, reported_before = _with(state, memory), state.memory.restart_reported
    if memory.processes.in_turn(at):
        if not _due(memory.processes_reported_at, at):
            return state
        text = "several processes answer channelz in turn: counts are now of one, now of another"
        return happened(_with(state, replace(memory, processes_reported_at=at)), at, text, Health.WAITING)
    return restarted(state, at) if memory.processes.restarted and not reported_before else state


def _due(reported_at: datetime | None, at: datetime) -> bool:
    """Whether it is time to say again what goes on and on."""
    return reported_at is None or at - reported_at >= SWITCH_SHOWN


def _with(state: SessionState, memory: Memory) -> SessionState:
    return replace(state, memory=memory)
