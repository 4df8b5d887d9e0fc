"""What happens in the mesh, as told to those who watch it. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """One thing that happened.

    Kinds: ``starting``, ``ready``, ``listening``, ``serving``, ``certificate``, ``certificate-refused``,
    ``config-applied``, ``config-unchanged``, ``manifest-error``, ``manifest-note``, ``nack``, ``traffic``,
    ``process-started``, ``process-died``, ``process-restarted`` (it serves again).
    """

    kind: str
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
    if not isinstance(values, dict) or not isinstance(values.get("event"), str):
        return None
    common = {key: str(values.pop(key, "")) for key in ("event", "time", "pod", "process")}
    return DemoEvent(common["event"], common["time"], common["pod"], common["process"], values)


def describe(event: DemoEvent) -> str:
    """The event in plain words, or an empty string for one that only machines care about."""
    text = event.text
    where = f"{text('file')}:{text('line')}"
    sentences = {
        "starting": f"The mesh starts in {text('directory')}.",
        "ready": f"The mesh is ready; traffic is {text('traffic')}.",
        "config-applied": f"istiod applied the changed manifests as version {text('version')}.",
        "config-unchanged": "istiod read the changed manifests; they mean the same as before.",
        "manifest-error": f"{where} cannot be used, its last good content stays in force: {text('reason')}.",
        "manifest-note": f"{where} {text('subject')} ({text('kind')}): {text('reason')}.",
        "nack": f"{text('node')} refused {text('type')} {text('version')}: {text('reason')}",
        "certificate": f"{event.pod} got certificate {text('serial')}, valid until {text('not_after')}.",
        "certificate-refused": f"{event.pod} got no certificate: {text('reason')}.",
        "process-died": f"{event.pod} {event.process} ended ({text('how')}); it is started again.",
        "process-restarted": f"{event.pod} {event.process} runs again.",
        "traffic": _traffic(event),
    }
    return sentences.get(event.kind, "")


def _traffic(event: DemoEvent) -> str:
    if event.text("state") == "flowing":
        return f"{event.pod}: calls succeed."
    return f"{event.pod}: calls fail: {event.text('reason')}"
