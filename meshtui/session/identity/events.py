"""What happens to a workload's identity, as events of the timeline."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.comparison import short_serial
from meshtui.model.identity.workload import Rotation, Workload, WorkloadFiles
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health


def file_events(
    before: Workload, files: WorkloadFiles, turned: tuple[Rotation, ...], at: datetime
) -> tuple[Event, ...]:
    """What differs between two looks at the files; the first look is no change."""
    if before.read_at is None:
        return ()
    return (
        *(_rotated(rotation) for rotation in turned),
        *_bootstrap(before.files, files, at),
        *_gone(before.files, files, at),
    )


def _rotated(turned: Rotation) -> Event:
    serials = f"serial {short_serial(turned.before)} → {short_serial(turned.after)}"
    text = f"rotated, {serials}, ends {turned.after.not_after:%H:%M:%S} UTC"
    return Event(turned.at, EventKind.IDENTITY, _subject("certificate", turned.provider), text, health=Health.OK)


def _bootstrap(before: WorkloadFiles, after: WorkloadFiles, at: datetime) -> Iterator[Event]:
    same = before.bootstrap is after.bootstrap
    if same or before.bootstrap is None or after.bootstrap is None:
        return
    if before.bootstrap.document == after.bootstrap.document and before.bootstrap.syntax == after.bootstrap.syntax:
        return
    text = "changed on disk; gRPC reads it once, so the app has what was there when it started"
    yield Event(at, EventKind.IDENTITY, "bootstrap", text, health=Health.WAITING)


def _gone(before: WorkloadFiles, after: WorkloadFiles, at: datetime) -> Iterator[Event]:
    was, is_ = before.own, after.own
    had, has = was is not None and was.leaf is not None, is_ is not None and is_.leaf is not None
    if had and not has:
        yield Event(at, EventKind.IDENTITY, "certificate", "is gone from disk", health=Health.MISSING)
    elif has and not had:
        yield Event(at, EventKind.IDENTITY, "certificate", "is on disk", health=Health.OK)


def agent_events(before: AgentReport | None, after: AgentReport, at: datetime, *, back: bool) -> tuple[Event, ...]:
    """What differs between two looks at the agent; the first look is no change."""
    subject = f"agent {after.address}"
    events: list[Event] = []
    if back:
        events.append(Event(at, EventKind.IDENTITY, subject, "answers again", health=Health.OK))
    if before is not None and after.ready is not None and after.ready != before.ready:
        health = Health.OK if after.ready else Health.REFUSED
        events.append(Event(at, EventKind.IDENTITY, subject, "ready" if after.ready else "not ready", health=health))
    return tuple(events)


def agent_lost(address: str, why: str, at: datetime) -> Event:
    """The agent stopped answering, or never did."""
    return Event(at, EventKind.IDENTITY, f"agent {address}", f"does not answer: {why}", health=Health.WAITING)


def _subject(what: str, provider: str) -> str:
    return f"{what} {provider}".rstrip()
