"""Which pod is meant. Nothing here knows gRPC, so that the cluster is asked while that is still being loaded."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.model.kubernetes.pod import Pod, pod_of
from meshtui.model.kubernetes.reference import Kind, Reference
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.port_forward import PodPort, pod_path


@dataclass(frozen=True, slots=True, kw_only=True)
class PodName:
    """Which pod is meant. ``pod`` is ``None`` where it may not be read; ``picked`` says which of several this is, empty
    for a pod that was named."""

    namespace: str
    name: str
    pod: Pod | None = None
    picked: str = ""

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


async def named_pod(api: Api, name: str) -> PodName:
    """The pod of that name, which is asked for by one request. Raises ``TargetUnreachable`` where it is not there."""
    namespace = api.context.namespace
    try:
        pod = pod_of(await api.get(pod_path(namespace, name)))
    except ApiRefused as error:
        if error.code == 403:  # who may not read it may still be allowed to forward to it
            return PodName(namespace=namespace, name=name)
        if error.code == 404:
            raise TargetUnreachable(
                f"There is no pod {name} in the namespace {namespace} of {api.context.name}.",
                f"kubectl get pods -n {namespace} lists those there are; -n names another namespace.",
            ) from None
        raise
    return PodName(namespace=namespace, name=name, pod=pod)


async def meant_pod(api: Api, reference: Reference) -> PodName:
    """The pod that is meant. Raises ``MeshtuiError`` where there is none, or it cannot be told."""
    if reference.kind is Kind.POD:
        return await named_pod(api, reference.name)
    raise MeshtuiError(f"{reference} cannot be resolved to a pod yet.", "Name the pod: pod/NAME.")
