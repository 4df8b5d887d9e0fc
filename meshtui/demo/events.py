"""What happens in the mesh, as told to those who watch it. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class DemoEventKind(StrEnum):
    """What happened; the value is its name on the supervisor's lines."""

    STARTING = "starting"
    READY = "ready"
    """Everything serves, and what becomes of the client's calls is known."""
    LISTENING = "listening"
    """A process can be connected to, if not called yet."""
    SERVING = "serving"
    CERTIFICATE = "certificate"
    CERTIFICATE_REFUSED = "certificate-refused"
    CONFIG_APPLIED = "config-applied"
    CONFIG_UNCHANGED = "config-unchanged"
    MANIFEST_ERROR = "manifest-error"
    MANIFEST_NOTE = "manifest-note"
    NACK = "nack"
    TRAFFIC = "traffic"
    """The client's calls began to succeed, or to fail."""
    PROCESS_STARTED = "process-started"
    PROCESS_DIED = "process-died"
    PROCESS_RESTARTED = "process-restarted"
    """It serves again."""


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """One thing that happened."""

    kind: DemoEventKind
    time: str
    """RFC 3339, UTC."""
    pod: str
    """A pod's name, ``istiod``, or empty for the mesh as a whole."""
    process: str
    """``app``, ``agent`` or ``istiod``; empty for the mesh as a whole."""
    details: Mapping[str, Any]

    def text(self, key: str) -> str:
        """One detail as text; empty when it is missing."""
        value = self.details.get(key)
        return "" if value is None else str(value)


def parse(line: bytes) -> DemoEvent | None:
    """The event on a line of the supervisor's, or None if it is not one."""
    try:
        values = json.loads(line)
    except ValueError:
        return None
    kind = kind_of(str(values.pop("event", ""))) if isinstance(values, dict) else None
    if kind is None:
        return None
    common = {key: str(values.pop(key, "")) for key in ("time", "pod", "process")}
    return DemoEvent(kind, common["time"], common["pod"], common["process"], values)


def kind_of(name: str) -> DemoEventKind | None:
    """The kind of that name, or None if there is none."""
    try:
        return DemoEventKind(name)
    except ValueError:
        return None


def describe(event: DemoEvent) -> str:
    """The event in plain words, or an empty string for one that only machines care about."""
    text = event.text
    where, reason = f"{text('file')}:{text('line')}", text("reason")
    sentences = {
        DemoEventKind.STARTING: f"The mesh starts in {text('directory')}.",
        DemoEventKind.READY: f"The mesh is ready; traffic is {text('traffic')}.",
        DemoEventKind.CONFIG_APPLIED: f"istiod applied the changed manifests as version {text('version')}.",
        DemoEventKind.CONFIG_UNCHANGED: "istiod read the changed manifests; they mean the same as before.",
        DemoEventKind.MANIFEST_ERROR: f"{where} cannot be used, {_instead(event)}: {reason}.",
        DemoEventKind.MANIFEST_NOTE: f"{where} {text('subject')} ({text('kind')}): {reason}.",
        DemoEventKind.NACK: f"{text('node')} refused {text('type')} {text('version')}: {reason}",
        DemoEventKind.CERTIFICATE: f"{event.pod} got certificate {text('serial')}, valid until {text('not_after')}.",
        DemoEventKind.CERTIFICATE_REFUSED: f"{event.pod} got no certificate: {reason}.",
        DemoEventKind.PROCESS_DIED: f"{event.pod} {event.process} ended ({text('how')}); it is started again.",
        DemoEventKind.PROCESS_RESTARTED: f"{event.pod} {event.process} runs again.",
        DemoEventKind.TRAFFIC: _traffic(event),
    }
    return sentences.get(event.kind, "")


def _instead(event: DemoEvent) -> str:
    return "its last good content stays in force" if event.details.get("held") else "nothing in it is in force"


def _traffic(event: DemoEvent) -> str:
    if event.text("state") == "flowing":
        return f"{event.pod}: calls succeed."
    return f"{event.pod}: calls fail: {event.text('reason')}"
