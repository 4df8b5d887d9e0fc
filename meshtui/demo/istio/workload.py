"""A pod as the control plane knows it. Apart from the other objects, as every process needs only this one."""

from __future__ import annotations

from dataclasses import dataclass

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
    ports: tuple[tuple[int, int], ...]
    """Container port → the port really listened on; they differ only where the real one is taken."""

    @property
    def identity(self) -> str:
        """The SPIFFE id that its certificate carries."""
        return f"spiffe://{DOMAIN}/ns/{self.namespace}/sa/{self.service_account}"

    def real_port(self, container_port: int) -> int:
        """The port that is listened on for a container port."""
        return dict(self.ports).get(container_port, container_port)
