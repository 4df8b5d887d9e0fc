"""The well-known ports of Istio and of its echo app: a target with such a number is often a mix-up with 17171.

Numbers from Istio's "Application Requirements" page and the ports of its echo app; a number is a convention, so what is
made of it is said beside what was seen, never in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ADMIN: Final = "Attach to the app's plain gRPC port, 17171 for Istio's echo; of a pod, --port names it."
"""Where CSDS is in a pod of Istio's echo."""


@dataclass(frozen=True, slots=True)
class KnownPort:
    """``is_what`` finishes the sentence "17070 is …"; ``hint`` is what to try instead."""

    is_what: str
    hint: str


def _istiod(is_what: str) -> KnownPort:
    return KnownPort(is_what, f"It knows nothing of what a client accepted. {ADMIN}")


def _agent(is_what: str) -> KnownPort:
    return KnownPort(is_what, f"Name it with --agent. {ADMIN}")


def _envoy(is_what: str) -> KnownPort:
    return KnownPort(is_what, f"A proxyless pod has no Envoy. {ADMIN}")


KNOWN_PORTS: Final = {
    7070: KnownPort("the Service's port of Istio's echo, which leads to the mesh's own port 17070", ADMIN),
    17070: KnownPort("the mesh's own port of Istio's echo, configured by xDS and often mTLS only", ADMIN),
    15000: _envoy("Envoy's admin port, which speaks HTTP/1"),
    15001: _envoy("Envoy's outbound port, which takes redirected traffic only"),
    15006: _envoy("Envoy's inbound port, which takes redirected traffic only"),
    15010: _istiod("istiod's xDS port without TLS"),
    15012: _istiod("istiod's xDS and CA port with TLS"),
    15014: _istiod("istiod's HTTP port for its metrics and debug pages"),
    15020: _agent("the istio-agent's HTTP port"),
    15021: KnownPort("the port for health checks of the pod, which speaks HTTP/1", ADMIN),
}
"""By number."""
