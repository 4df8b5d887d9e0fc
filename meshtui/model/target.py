"""How a target is to be reached, as the user said it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from meshtui.model.kubernetes.reference import ClusterOptions

DEFAULT_TIMEOUT: Final = 5.0
"""Seconds for one answer: a port-forward over a slow link takes one or two; a dead peer must not hold a person up."""

DEFAULT_INTERVAL: Final = 1.0
"""Seconds between polls: CSDS knows a change within 2 ms, so this is the latency people see."""


DEFAULT_MAX_MESSAGE: Final = 128 << 20
"""Bytes of one answer, unpacked: 100 000 resources are some 60 MiB, and a compressed answer of 1 MiB may claim to be
gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """TLS towards the target; the files are paths. ``enabled`` is implied by any of the others."""

    enabled: bool = False
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None

    @property
    def wanted(self) -> bool:
        """Whether to talk TLS at all."""
        return self.enabled or any((self.ca, self.certificate, self.key, self.server_name))


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOptions:
    """Everything besides the address. ``timeout`` is for one answer, in seconds; ``max_message`` its size, in bytes."""

    tls: TlsOptions = field(default_factory=TlsOptions)
    cluster: ClusterOptions = field(default_factory=ClusterOptions)
    agent: str | None = None
    bootstrap: str | None = None
    certs: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    max_message: int = DEFAULT_MAX_MESSAGE
