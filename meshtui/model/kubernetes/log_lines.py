"""The log of istio-proxy, line by line, with what is said of xDS and its streams picked out.

Istio's agent writes ``TIME<tab>LEVEL<tab>SCOPE<tab>MESSAGE<tab>LABELS``, scope and labels where there are any, or JSON
(istio ``pkg/log/config.go``); Envoy's lines come through it in the same form, with a scope as ``envoy config``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from meshtui.model.kubernetes import fields as read
from meshtui.model.printable import printable

LONGEST_LINE: Final = 4_096
"""Characters kept of a line; Envoy can log a whole resource in one."""

LONGEST_BYTES: Final = 4 * LONGEST_LINE + 64
"""Bytes looked at of a line, which may have a megabyte: so many characters have no more in UTF-8."""


class Topic(Enum):
    """What a line is about, as far as the mesh's config and identity go."""

    XDS = "xDS"
    """The agent's stream to istiod, the app's stream to the agent, or what came over them."""
    CERTIFICATES = "certificates"
    """Signing requests and the certificates served from them."""
    READINESS = "readiness"
    """The agent's own health, and its probes of the app."""
    OTHER = ""


class StreamStep(Enum):
    """What happened to a stream, where a line says so."""

    CONNECTED = "connected"
    ENDED = "ended"
    FAILED = "failed"
    EVICTED = "evicted"
    """The agent ended it for a newer one: it keeps one for all channels of the app (istio#53532)."""
    REJECTED = "rejected"
    """What came over it was not taken: a NACK went back."""
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line. ``at`` is when the runtime took it, else when the program says it wrote it, and ``None`` where neither
    is known; ``level`` the program's word, ``scope`` the part of it; ``text`` what is left, made harmless for a
    terminal.
    """

    text: str
    at: datetime | None = None
    level: str = ""
    scope: str = ""
    topic: Topic = Topic.OTHER
    step: StreamStep = StreamStep.NONE
    cut: bool = False
    is_note: bool = False
    """Said by meshtui between the lines of the program, as where the reading was cut."""

    @property
    def is_trouble(self) -> bool:
        """Whether the program itself calls it a warning or worse, or a stream failed, was evicted or its content
        rejected."""
        return self.level in TROUBLE or self.step in BAD_STEPS

    def has(self, words: tuple[str, ...]) -> bool:
        """Whether each of these words (:func:`sought`) stands in it, in any case."""
        whole = self.whole.casefold()
        return all(word in whole for word in words)

    @property
    def whole(self) -> str:
        """Level, scope and text, as it is searched in."""
        return " ".join(part for part in (self.level, self.scope, self.text) if part)


def sought(typed: str) -> tuple[str, ...]:
    """The words of a search: plain text, in any case; none of them means anything but itself."""
    return tuple(typed.casefold().split())


BAD_STEPS: Final = frozenset({StreamStep.FAILED, StreamStep.EVICTED, StreamStep.REJECTED})
"""Steps after which the app does without newer config, for a while at least."""

TROUBLE: Final = frozenset({"warn", "warning", "error", "fatal", "critical"})
"""Levels of zap (Istio), spdlog (Envoy) and Stackdriver that are no daily business."""

_LEVELS: Final = frozenset({"debug", "info", "trace", "dpanic", "panic", *TROUBLE})

_SCOPES: Final = {
    "xdsproxy": Topic.XDS,
    "ads": Topic.XDS,
    "envoy config": Topic.XDS,
    "cache": Topic.CERTIFICATES,
    "sds": Topic.CERTIFICATES,
    "citadelclient": Topic.CERTIFICATES,
    "healthcheck": Topic.READINESS,
    "probes": Topic.READINESS,
}
"""Scopes that speak of one thing alone: of the agent's proxy (``pkg/istio-agent``) and of the server by which it gives
an Envoy its secrets (``pkg/xds``), of its certificates (``security/pkg/nodeagent``), of Envoy's subscriptions."""

_STEPS: Final = (
    (StreamStep.FAILED, ("failed to connect to upstream", "failed to connect to delta upstream")),
    (StreamStep.FAILED, ("failed to create upstream grpc client",)),
    (StreamStep.FAILED, ("terminated with unexpected error", "downstream dropped", "failed to accept downstream")),
    (
        StreamStep.ENDED,
        ("terminated with status", "disconnected from ", "gRPC config stream closed", "upstream stopped"),
    ),
    (StreamStep.EVICTED, ("registered overlapping stream",)),
    (StreamStep.REJECTED, ("sending NACK for",)),
    (StreamStep.CONNECTED, ("connected to upstream XDS server", "connected to delta upstream XDS server")),
    (StreamStep.CONNECTED, ("accepted XDS connection", "accepted delta xds connection", "ADS stream established")),
)
"""The words of ``pkg/istio-agent/xds_proxy.go`` and ``xds_proxy_delta.go`` (Istio 1.32), those of 2021 (istio#29957),
and Envoy's ``grpc_stream.h`` and ``grpc_subscription_impl.cc``. The first that fits holds."""

_WORDS: Final = (
    (Topic.CERTIFICATES, ("csr", "certificate", "root cert", "trust anchor", "ca endpoint")),
    (Topic.READINESS, ("readiness", " is ready", "not ready")),
    (Topic.XDS, ("xds", "grpc config", "aggregatedresources")),
)
"""Words by which lines without a telling scope are known, in small letters."""


def parse_line(raw: bytes, *, stamped: bool = True) -> LogLine:
    """A line of the log as the API server sends it; with ``stamped`` it begins with the runtime's own time
    (``timestamps=true``). Never raises: whatever a program writes is a line."""
    said = raw[:LONGEST_BYTES].decode("utf-8", "replace").rstrip("\r\n")
    cut = len(said) > LONGEST_LINE or len(raw) > LONGEST_BYTES
    said = said[:LONGEST_LINE]
    taken: datetime | None = None
    if stamped:
        stamp, _, rest = said.partition(" ")
        taken = read.moment({"at": stamp}, "at")
        said = rest if taken is not None else said
    line = _json_line(said) if said.startswith("{") else _tabbed_line(said)
    topic, step = _topic(line.scope, line.text), _step(line.text)
    if step is not StreamStep.NONE and topic is Topic.OTHER:
        topic = Topic.XDS
    return LogLine(
        text=printable(line.text),
        at=taken or line.at,
        level=printable(line.level),
        scope=printable(line.scope),
        topic=topic,
        step=step if topic is Topic.XDS else StreamStep.NONE,
        cut=cut,
    )


def _tabbed_line(said: str) -> LogLine:
    stamp, *parts = said.split("\t")
    at = read.moment({"at": stamp}, "at")
    if at is None or not parts or parts[0].strip() not in _LEVELS:
        return LogLine(text=said)
    level, *rest = parts
    scoped = len(rest) > 1 and _is_scope(rest[0])
    return LogLine(
        text="  ".join(part.strip() for part in (rest[1:] if scoped else rest)),
        at=at,
        level=level.strip(),
        scope=rest[0].strip() if scoped else "",
    )


def _is_scope(part: str) -> bool:
    """Whether a column is a scope and not a message: one word of letters, or Envoy's two; none has a colon, comma or
    period (istio ``pkg/log/scope.go``, ``RegisterScope``)."""
    words = part.split()
    return (
        0 < len(words) <= 3
        and not any(mark in part for mark in ":,.=%\"'")
        and (len(words) == 1 or words[0] == "envoy")
    )


def _json_line(said: str) -> LogLine:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return LogLine(text=said)
    known = ("time", "timestamp", "level", "severity", "scope", "logger", "msg", "message")
    text = read.text(found, "msg") or read.text(found, "message")
    if not text:
        return LogLine(text=said)
    labels = [f"{name}={value}" for name, value in found.items() if name not in known]
    return LogLine(
        text="  ".join([text, *labels]),
        at=read.moment(found, "time") or read.moment(found, "timestamp"),
        level=(read.text(found, "level") or read.text(found, "severity")).lower(),
        scope=read.text(found, "scope") or read.text(found, "logger"),
    )


def _topic(scope: str, text: str) -> Topic:
    if scope in _SCOPES:
        return _SCOPES[scope]
    small = text.casefold()
    return next((topic for topic, words in _WORDS if any(word in small for word in words)), Topic.OTHER)


def _step(text: str) -> StreamStep:
    if text.startswith("gRPC config for ") and " rejected: " in text:  # Envoy's
        return StreamStep.REJECTED
    return next((step for step, words in _STEPS if any(word in text for word in words)), StreamStep.NONE)
