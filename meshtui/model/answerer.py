"""Who answers at an address: the same process, the same client after a restart, or another client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from meshtui.model.channels import ChannelReport
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot

SWITCHES_KEPT: Final = 16
"""Changes of the answering client that are remembered; what alternates shows in far fewer."""

SWITCH_SHOWN: Final = timedelta(minutes=5)
"""How long a change of the client stays a finding: long enough to be read by who comes back to the screen."""

TURNS: Final = 2
"""Returns of a client that was already seen, within :data:`SWITCH_SHOWN`, that mean several answer in turn."""


RESTARTS_REPORTED: Final = 3
"""Restarts within :data:`SWITCH_SHOWN` that are reported one by one; what goes on is one event for all."""

PROCESSES_KEPT: Final = 8
"""Processes behind one address that are told apart."""


class Answerer(Enum):
    """Who gave an answer, compared with the one before."""

    SAME = "same"
    RESTARTED = "restarted"
    ANOTHER = "another"


@dataclass(frozen=True, slots=True)
class Switch:
    """Another client began to answer."""

    at: datetime
    before: NodeIdentity
    after: NodeIdentity


@dataclass(frozen=True, slots=True)
class Switches:
    """The changes of the answering client, oldest first; bounded."""

    kept: tuple[Switch, ...] = ()

    def add(self, switch: Switch) -> Switches:
        """One more."""
        return Switches((*self.kept, switch)[-SWITCHES_KEPT:])

    def lately(self, now: datetime) -> tuple[Switch, ...]:
        """Those that happened within :data:`SWITCH_SHOWN`."""
        return tuple(switch for switch in self.kept if now - switch.at <= SWITCH_SHOWN)

    def in_turn(self, now: datetime) -> bool:
        """Whether clients seen before came back: several stand behind one address."""
        seen: set[str] = set()
        returns = 0
        for switch in self.lately(now):
            seen.add(switch.before.id)
            returns += switch.after.id in seen
        return returns >= TURNS


def answerer(before: Snapshot | None, after: Snapshot, *, silent_since: datetime | None) -> Answerer:
    """Who answers, by config alone. ``silent_since`` is when answers ceased before this one, or ``None``.

    A client that was away and holds nothing that is older than its absence began anew; a control plane that came back
    renews every resource too, but then the client goes on answering.
    """
    if before is None:
        return Answerer.SAME
    old, new = before.node, after.node
    if old.id and new.id and old.id != new.id:
        return Answerer.ANOTHER
    library = (old.user_agent, old.user_agent_version) != (new.user_agent, new.user_agent_version)
    if library and old.user_agent and new.user_agent:
        return Answerer.RESTARTED
    if silent_since is None:
        return Answerer.SAME
    stamps = [resource.last_updated for resource in after.resources.values() if resource.last_updated is not None]
    held = [resource.last_updated for resource in before.resources.values() if resource.last_updated is not None]
    if not stamps or min(stamps) <= max((silent_since, *held)):  # the app's clock may be ahead of this one
        return Answerer.SAME
    return Answerer.RESTARTED


def counts_again(before: ChannelReport | None, after: ChannelReport) -> bool:
    """Whether the process counts from the beginning again: counters of a server or of a channel are lower, or none of
    its servers is left, though it is one of them that answers.

    Within one process counters only grow, and ids are never given twice (gRFC A14).
    """
    if before is None:
        return False
    servers = {server.id: server.calls.started for server in before.servers}
    if servers and after.servers and servers.keys().isdisjoint(server.id for server in after.servers):
        return True
    if any(server.calls.started < servers.get(server.id, 0) for server in after.servers):
        return True
    channels = {channel.id: channel for channel in before.channels}
    known = [(channels[channel.id], channel) for channel in after.channels if channel.id in channels]
    return any(now.calls.started < old.calls.started or now.target != old.target for old, now in known)


@dataclass(frozen=True, slots=True)
class Processes:
    """Whose counts channelz tells. A balancer that sends call after call elsewhere lets several processes answer in
    turn though the config comes from one of them: counts that go back are a restart only if no process before had them.

    ``present`` is the last report, ``others`` the last ones of the processes before, newest first; ``returns`` are the
    times when one of those came back. ``restarted`` says that the last report is of a process not seen before.
    """

    present: ChannelReport | None = None
    others: tuple[ChannelReport, ...] = ()
    returns: tuple[datetime, ...] = ()
    restarted: bool = False

    def see(self, report: ChannelReport) -> Processes:
        """One more report: it is of the process whose counts it goes on from with the least growth."""
        if self.present is None:
            return Processes(report)
        lately = tuple(other for other in self.others if report.taken_at - other.taken_at <= SWITCH_SHOWN)
        going_on = [process for process in (self.present, *lately) if not counts_again(process, report)]
        if not going_on:
            return Processes(report, (self.present, *lately)[:PROCESSES_KEPT], self.returns, restarted=True)
        nearest = min(going_on, key=lambda process: _growth(process, report))
        if nearest is self.present:
            return Processes(report, lately, self.returns)
        others = (self.present, *(earlier_report for earlier_report in lately if earlier_report is not nearest))
        return Processes(report, others, (*self.returns, report.taken_at)[-SWITCHES_KEPT:])

    def in_turn(self, now: datetime) -> bool:
        """Whether processes seen before came back: several stand behind one address."""
        return sum(now - at <= SWITCH_SHOWN for at in self.returns) >= TURNS


def _growth(before: ChannelReport, after: ChannelReport) -> int:
    """Calls that were started from one report to the other, by the servers and channels of both."""
    counts = {("server", server.id): server.calls.started for server in before.servers}
    counts |= {("channel", channel.id): channel.calls.started for channel in before.channels}
    now = [(("server", server.id), server.calls.started) for server in after.servers]
    now += [(("channel", channel.id), channel.calls.started) for channel in after.channels]
    return sum(started - counts[key] for key, started in now if key in counts)
