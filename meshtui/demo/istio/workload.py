"""A workload as the control plane knows it. Apart from the other objects, as every process needs only this one."""

from __future__ import annotations

from dataclasses import dataclass

NAMESPACE = "echo-grpc"
"""The namespace of every pod, as in Istio's own sample, and of an object that names none, as ``kubectl apply -n`` would
put it."""

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
    """What serves or calls: a pod of a Deployment, or a process that a WorkloadEntry names."""

    name: str
    namespace: str
    service_account: str
    labels: Labels
    ip: str
    locality: str = ""
    """``region/zone/subzone``, as Kubernetes' topology labels of its node give it."""
    ports: tuple[tuple[int, int], ...]
    """Container port → the port really listened on; they differ only where the real one is taken."""
    is_pod: bool = True
    """Kubernetes says of a pod that it is ready, and nobody says that of a WorkloadEntry without a health probe."""
    weight: int = 1
    """Its share of the calls to its locality, and of those to all of them."""

    @property
    def identity(self) -> str:
        """The SPIFFE id that its certificate carries."""
        return f"spiffe://{DOMAIN}/ns/{self.namespace}/sa/{self.service_account}"

    @property
    def tells_tls(self) -> bool:
        """Whether istiod marks its endpoints as able to speak mutual TLS.

        A pod by its label alone, which the template ``grpc-agent`` does not set (istio
        ``serviceregistry/kube/conversion.go``, PodTLSMode). A WorkloadEntry without the label is able if it has a
        service account (istio ``serviceregistry/serviceentry/conversion.go``, getTLSModeFromWorkloadEntry).
        """
        unlabelled = "istio" if self.service_account and not self.is_pod else ""
        return dict(self.labels).get(TLS_MODE_LABEL, unlabelled) == "istio"

    @property
    def canonical(self) -> tuple[str, str]:
        """Its canonical service and revision (istio ``pkg/kube/labels``)."""
        labels = dict(self.labels)
        service = (labels.get(key) for key in ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app"))
        keys = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")
        revision = (labels.get(key) for key in keys)
        return next(filter(None, service), self.name), next(filter(None, revision), "latest")

    @property
    def node(self) -> str:
        """The Kubernetes node it would be on: one for each locality. A WorkloadEntry is on none."""
        return f"node-{self.locality.rpartition('/')[2] or '1'}" if self.is_pod else ""

    @property
    def topology(self) -> dict[str, str]:
        """Its labels with those that say where it runs (istio ``serviceregistry/util/label``, AugmentLabels)."""
        keys = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")
        place = {key: part for key, part in zip(keys, self.locality.split("/"), strict=False) if part}
        node = {"kubernetes.io/hostname": self.node} if self.node else {}
        return dict(self.labels) | place | node | {"topology.istio.io/cluster": CLUSTER_ID}

    def real_port(self, container_port: int) -> int:
        """The port that is listened on for a container port."""
        return dict(self.ports).get(container_port, container_port)
