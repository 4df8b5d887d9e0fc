"""When a mesh is ready: everything serves, and the client's calls have an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from meshtui.demo.events import DemoEventKind

_PATIENCE_SECONDS = 1.0
"""How long calls may fail, with everything up, before failing is taken for what this configuration does."""


@dataclass(frozen=True, slots=True)
class TrafficOutcome:
    """What the client sees once everything is up: ``flowing``, or ``failing`` with the reason."""

    traffic: str
    reason: str


class Readiness:
    """Fed with what the processes say; tells the outcome once."""

    def __init__(self, processes: set[tuple[str, str]]) -> None:
        self._waiting_listen = set(processes)
        self._waiting_serve = set(processes)
        self._traffic: TrafficOutcome | None = None
        self._since = 0.0
        self._told = False

    def heard(self, pod: str, process: str, event: DemoEventKind, message: Mapping[str, object], now: float) -> None:
        """Take note of an event."""
        if event in (DemoEventKind.LISTENING, DemoEventKind.SERVING):
            self._waiting_listen.discard((pod, process))
            self._since = now
        if event is DemoEventKind.SERVING:
            self._waiting_serve.discard((pod, process))
        if event is DemoEventKind.TRAFFIC:
            self._traffic = TrafficOutcome(str(message.get("state", "")), str(message.get("reason", "")))
            self._since = now

    def ended(self, pod: str, process: str) -> None:
        """A process died and has to come up again."""
        self._waiting_listen.add((pod, process))
        self._waiting_serve.add((pod, process))

    def outcome(self, now: float) -> TrafficOutcome | None:
        """The outcome, the first time it is known; None before and after.

        A server that gets no listener (its port is no Service's) never serves; it does not hold up a mesh whose
        calls fail anyway.
        """
        if self._told or self._traffic is None:
            return None
        flowing = self._traffic.traffic == "flowing" and not self._waiting_serve
        settled = not self._waiting_listen and now - self._since > _PATIENCE_SECONDS
        if not flowing and not settled:
            return None
        self._told = True
        return self._traffic
