"""A pod as the control plane knows it. Apart from the other objects, as every process needs only this one."""

from __future__ import annotations

from dataclasses import dataclass

TLS_MODE_LABEL = "security.istio.io/tlsMode"
"""The label that makes PERMISSIVE into STRICT, as gRPC has no permissive mode, and that says so to clients."""

CLUSTER_ID = "Kubernetes"
"""What istiod and pilot-agent call the cluster they are in by default."""

DOMAIN = "cluster.local"
"""The cluster's DNS suffix and, as in a default installation, the trust domain of its identities."""

Labels = tuple[tuple[str, str], ...]
"""Labels or a selector, sorted; a tuple because objects are values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshWorkload:
    """A pod as Kubernetes would know it."""

    name: str
    namespace: str
    service_account: str
    labels: Labels
    ip: str
    locality: str = ""
    """``region/zone/subzone``, as Kubernetes' topology labels of its node give it."""
    ports: tuple[tuple[int, int], ...]
    """Container port → the port really listened on; they differ only where the real one is taken."""

    @property
    def identity(self) -> str:
        """The SPIFFE id that its certificate carries."""
        return f"spiffe://{DOMAIN}/ns/{self.namespace}/sa/{self.service_account}"

    @property
    def tells_tls(self) -> bool:
        """Whether istiod marks its endpoints as able to speak mutual TLS.

        It is a process, no pod that a sidecar was injected into: to istiod a WorkloadEntry, which counts as able if it
        has a service account, unless its label says otherwise (istio ``serviceregistry/serviceentry/conversion.go``,
        getTLSModeFromWorkloadEntry).
        """
        return dict(self.labels).get(TLS_MODE_LABEL, "istio" if self.service_account else "") == "istio"

    @property
    def canonical(self) -> tuple[str, str]:
        """Its canonical service and revision (istio ``pkg/kube/labels``)."""
        labels = dict(self.labels)
        service = (labels.get(key) for key in ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app"))
        keys = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")
        revision = (labels.get(key) for key in keys)
        return next(filter(None, service), self.name), next(filter(None, revision), "latest")

    def real_port(self, container_port: int) -> int:
        """The port that is listened on for a container port."""
        return dict(self.ports).get(container_port, container_port)
