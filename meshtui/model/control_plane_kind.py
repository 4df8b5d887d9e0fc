"""Which kind of control plane gives a client its config: what to mend, and what it is called, differs by that."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from meshtui.model.node_id import is_istio_like

GOOGLE_HOSTS: Final = ("trafficdirector.googleapis.com", "directpath-pa.googleapis.com")
"""Where Traffic Director answers (GoogleCloudPlatform/traffic-director-grpc-bootstrap ``main.go``)."""

GOOGLE_NAMES: Final = ("URL_MAP/", "cloud-internal-istio:cloud_mp_", "grpc/server?xds.resource.listening_address=")
"""How resources of Traffic Director begin: routes, clusters, server listeners (grpc-go's interop tests, gRFC A75)."""

GOOGLE_AUTHORITIES: Final = ".googleapis.com"
"""How the authorities of its ``xdstp`` names end (the same generator)."""

ISTIO_NAMES: Final = ("outbound|", "inbound|", "xds.istio.io/")
"""How resources of istiod begin (Istio ``pilot/pkg/model``, BuildSubsetKey; the template of its bootstrap)."""


class ControlPlaneKind(StrEnum):
    """``OTHER`` stands for any that left no mark of the two."""

    ISTIO = "istiod"
    GOOGLE = "Traffic Director"
    OTHER = "the control plane"


def kind_by_name(name: str) -> ControlPlaneKind | None:
    """By the name of a resource; None where its form is nobody's."""
    if name.startswith(ISTIO_NAMES):
        return ControlPlaneKind.ISTIO
    if name.startswith(GOOGLE_NAMES) or _authority(name).endswith(GOOGLE_AUTHORITIES):
        return ControlPlaneKind.GOOGLE
    return None


def _authority(name: str) -> str:
    return name.removeprefix("xdstp://").partition("/")[0] if name.startswith("xdstp://") else ""


def kind_by_client(node_id: str, server_uris: Iterable[str], names: Iterable[str]) -> ControlPlaneKind:
    """By the addresses of the bootstrap, where they were read, the id of the node, and the names of what it asks for.

    istiod takes no id of another form than its own (``pilot/pkg/model``, ParseServiceNodeWithMetadata).
    """
    if any(host in uri for uri in server_uris for host in GOOGLE_HOSTS):
        return ControlPlaneKind.GOOGLE
    if node_id.startswith("projects/") and "/nodes/" in node_id:
        return ControlPlaneKind.GOOGLE
    if is_istio_like(node_id):
        return ControlPlaneKind.ISTIO
    return next((kind for name in names if (kind := kind_by_name(name)) is not None), ControlPlaneKind.OTHER)
