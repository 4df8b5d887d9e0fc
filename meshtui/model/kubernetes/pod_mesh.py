"""What the pod's spec says of the mesh: whether its gRPC is configured by xDS, its revision, its version.

Istio's injector leaves the grpc-agent template's marks: the annotation that asked for it, its own status annotation,
``ISTIO_META_GENERATOR=grpc`` at istio-proxy and ``GRPC_XDS_BOOTSTRAP`` at the app (istio/istio,
manifests/charts/istio-control/istio-discovery/files/grpc-agent.yaml). Without Istio only the variables tell (gRFC A27).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from meshtui.model.kubernetes.fields import text, words
from meshtui.model.kubernetes.pod import PROXY, ContainerKind, Pod
from meshtui.model.phrases import one_line

TEMPLATES: Final = "inject.istio.io/templates"
"""The annotation that asks Istio's injector for other templates than its default, separated by commas."""

GRPC_TEMPLATES: Final = frozenset({"grpc-agent", "grpc-simple"})
"""Istio's templates of proxyless gRPC: with the istio-agent beside the app, and with a bootstrap alone."""

INJECTED: Final = "sidecar.istio.io/status"
"""The annotation that Istio's injector leaves: what it added, and its revision, as JSON."""

BOOTSTRAP_VARIABLES: Final = ("GRPC_XDS_BOOTSTRAP", "GRPC_XDS_BOOTSTRAP_CONFIG")
"""How a gRPC finds its bootstrap: the path of a file, or the JSON itself."""

LONGEST_LABEL: Final = 64
"""Characters of a label or annotation that a sentence quotes."""


class MeshKind(Enum):
    """How the pod takes part in a mesh, as far as its spec tells."""

    PROXYLESS = "proxyless gRPC"
    ENVOY = "Envoy sidecar"
    NOT_INJECTED = "not injected"
    """It asks for a grpc template, and nothing was injected."""
    NO_SIGN = "no sign of xDS"
    """Nothing in the spec says so; the app itself may still read a bootstrap."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """``why`` is the reason in words for people, without a full stop; it quotes what the pod says."""

    kind: MeshKind
    why: str

    @property
    def is_proxyless(self) -> bool:
        """Whether the pod's spec says that its gRPC is configured by xDS."""
        return self.kind is MeshKind.PROXYLESS


def mesh_of(pod: Pod) -> Mesh:
    """How the pod takes part in a mesh; variables of containers weigh more than what annotations asked for."""
    proxy = pod.container(PROXY)
    if proxy is not None and proxy.variable("ISTIO_META_GENERATOR") == "grpc":
        return Mesh(MeshKind.PROXYLESS, f"{PROXY} runs with ISTIO_META_GENERATOR=grpc")
    for each in pod.of_kind(ContainerKind.APP, ContainerKind.SIDECAR):
        for name in BOOTSTRAP_VARIABLES:
            if each.name != PROXY and each.names(name):  # an Envoy's agent may be told to write one nobody reads
                return Mesh(MeshKind.PROXYLESS, f"container {one_line(each.name, LONGEST_LABEL)} has {name}")
    if not pod.containers:
        return _by_annotations(pod.annotations)
    if proxy is not None:
        return Mesh(MeshKind.ENVOY, f"its {PROXY} is an Envoy: it has no ISTIO_META_GENERATOR=grpc")
    asked = _grpc_template(pod.annotations)
    if asked:
        return Mesh(MeshKind.NOT_INJECTED, f"it asks for the template {asked}, but {PROXY} was not injected")
    return Mesh(MeshKind.NO_SIGN, _no_sign(pod))


def _no_sign(pod: Pod) -> str:
    hidden = [each.name for each in pod.of_kind(ContainerKind.APP) if each.hidden_variables]
    if not hidden:
        return f"no grpc template, no {BOOTSTRAP_VARIABLES[0]}, no {PROXY}"
    name = one_line(hidden[0], LONGEST_LABEL)
    return f"no grpc template, no {PROXY}; what envFrom gives container {name} is not in the pod"


def _by_annotations(annotations: Mapping[str, str]) -> Mesh:
    """The same where only the metadata is known."""
    asked = _grpc_template(annotations)
    injected = _injected(annotations)
    if injected is None:
        if asked:
            return Mesh(MeshKind.NOT_INJECTED, f"it asks for the template {asked}, but nothing was injected")
        return Mesh(MeshKind.NO_SIGN, f"no annotation {TEMPLATES}")
    if not isinstance(injected, dict):
        return Mesh(MeshKind.NO_SIGN, f"its annotation {INJECTED} cannot be read")
    volumes = words(injected, "volumes")
    if asked or ("istio-xds" in volumes and "istio-envoy" not in volumes):
        return Mesh(MeshKind.PROXYLESS, f"injected by the template {asked}" if asked else "injected for gRPC")
    return Mesh(MeshKind.ENVOY, "injected as an Envoy sidecar")


def _grpc_template(annotations: Mapping[str, str]) -> str:
    asked = (each.strip() for each in annotations.get(TEMPLATES, "").split(","))
    return next((each for each in asked if each in GRPC_TEMPLATES), "")


def _injected(annotations: Mapping[str, str]) -> object | None:
    """What the injector left: ``None`` if nothing, an empty text if it cannot be read."""
    written = annotations.get(INJECTED)
    if not written:
        return None
    try:
        read: object = json.loads(written)
    except (ValueError, RecursionError):
        return ""
    return read


def revision_of(pod: Pod) -> str:
    """The revision of Istio's control plane that injected the pod, or else the one it asks for; may be empty."""
    return (
        text(_injected(pod.annotations), "revision")
        or pod.annotations.get("istio.io/rev", "")
        or pod.labels.get("istio.io/rev", "")
    )


def version_of(pod: Pod) -> str:
    """The version of the app by its labels; empty where none says so.

    ``version`` comes first, by which DestinationRules tell subsets; then what else Istio takes for canonical revision.
    Its injector writes ``latest`` into the last where there is none, which says nothing.
    """
    for label in ("version", "app.kubernetes.io/version", "service.istio.io/canonical-revision"):
        found = pod.labels.get(label, "")
        if found and not (label.startswith("service.") and found == "latest"):
            return found
    return ""
