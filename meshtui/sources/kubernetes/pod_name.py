"""Which pod is meant. Nothing here knows gRPC, so that the cluster is asked while that is still being loaded."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.reference import Kind, Reference
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.port_forward import PodPort
from meshtui.sources.kubernetes.resolve import Resolved, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class PodName:
    """Which pod is meant. ``pod`` is ``None`` where it may not be read; ``picked`` says which of several this is, empty
    for a pod that was named; ``resolved`` is how it was found."""

    namespace: str
    name: str
    pod: Pod | None = None
    picked: str = ""
    resolved: Resolved | None = None

    @property
    def words(self) -> str:
        """The pod in a sentence: ``pod/echo-v1 (echo-grpc)``."""
        return f"pod/{self.name} ({self.namespace})"

    @property
    def uid(self) -> str:
        """What tells it from another of the same name; empty where that is not known."""
        return self.pod.uid if self.pod is not None else ""

    def port(self, number: int) -> PodPort:
        """A port of this pod and of no other."""
        return PodPort(self.namespace, self.name, number, self.uid)


async def meant_pod(api: Api, reference: Reference) -> PodName:
    """The pod that is meant. Raises ``MeshtuiError`` where there is none, or it cannot be told."""
    found = await resolve(api, api.context.namespace, reference)
    return PodName(
        namespace=found.namespace,
        name=found.name,
        pod=found.pod,
        picked="" if reference.kind is Kind.POD else found.words,
        resolved=found,
    )
