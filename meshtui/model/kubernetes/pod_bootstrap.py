"""Where a pod's gRPC takes its bootstrap from, by its spec, and which of a pod's files may be read at all."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Final

from meshtui.model.identity.bootstrap import CertificateProvider
from meshtui.model.kubernetes.pod import Pod

FILE_VARIABLE: Final = "GRPC_XDS_BOOTSTRAP"
TEXT_VARIABLE: Final = "GRPC_XDS_BOOTSTRAP_CONFIG"
"""Where gRPC looks for its bootstrap, the file first (gRFC A27)."""

USUAL_PATH: Final = "/etc/istio/proxy/grpc-bootstrap.json"
"""Where Istio's grpc-agent template mounts it."""

USUAL_CERTIFICATES: Final = CertificateProvider(
    path="",
    name="",
    plugin_name="file_watcher",
    certificate_file="/var/lib/istio/data/cert-chain.pem",
    ca_certificate_file="/var/lib/istio/data/root-cert.pem",
)
"""Where it has the agent write certificates (``OUTPUT_CERTS``); the key beside them is nobody's business here."""

AGENT_PORT_ANNOTATION: Final = "status.sidecar.istio.io/port"
"""The annotation that moves the istio-agent's status port (Istio, resource annotations)."""

AGENT_PORT: Final = 15020
"""The istio-agent's status port where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapPlace:
    """Where the bootstrap is: in the file ``path``, or, where ``text`` is not empty, in the spec itself.

    ``is_said`` is whether the spec says so; else the path is Istio's usual one.
    """

    path: str = USUAL_PATH
    text: str = ""
    is_said: bool = False


def bootstrap_place(pod: Pod, container: str = "") -> BootstrapPlace:
    """By the variables of the app's container, or of the one that is named."""
    found = pod.container(container or pod.app_container)
    if found is None:
        return BootstrapPlace()
    path = found.variable(FILE_VARIABLE) or ""
    if path:
        usable = path.startswith("/") and "$(" not in path
        return BootstrapPlace(path=path, is_said=True) if usable else BootstrapPlace()
    text = found.variable(TEXT_VARIABLE) or ""
    if text and "$(" not in text and not found.names(FILE_VARIABLE):
        return BootstrapPlace(path="", text=text, is_said=True)
    return BootstrapPlace()


def agent_port(pod: Pod | None) -> int:
    """The port of the pod's istio-agent."""
    said = pod.annotations.get(AGENT_PORT_ANNOTATION, "") if pod is not None else ""
    return int(said) if said.isascii() and said.isdecimal() and 0 < int(said[:6]) < 65_536 else AGENT_PORT


def is_absolute_file(path: str) -> bool:
    """Whether a path means one file, whatever directory a program runs in."""
    return posixpath.isabs(path) and path.isprintable() and not path.endswith("/")
