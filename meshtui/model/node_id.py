"""Istio's node id, ``KIND~IP~POD.NAMESPACE~DOMAIN``: the one place that takes it apart."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = frozenset({"sidecar", "router"})
"""What an id made by Istio's agent begins with."""

PARTS = 4
"""Parts of an id of Istio's shape, between ``~``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeId:
    """The four parts as they stand there; any may be empty. ``workload`` is ``POD.NAMESPACE``."""

    kind: str
    ip: str
    workload: str
    domain: str

    @property
    def pod(self) -> str:
        """What stands before the last dot of ``workload``; all of it where nothing does."""
        return self.workload.rpartition(".")[0] or self.workload

    @property
    def namespace(self) -> str:
        """What stands after the last dot of ``workload``; empty where it names no pod before it."""
        pod, _, namespace = self.workload.rpartition(".")
        return namespace if pod else ""

    @property
    def is_valid(self) -> bool:
        """Whether istiod takes it: no part is empty, and the domain is that of the namespace."""
        return bool(self.kind and self.ip and self.namespace and self.domain.startswith(f"{self.namespace}.svc."))


def parse_node_id(text: str) -> NodeId | None:
    """The parts of a node id; None for one with more or fewer of them, as other agents write it."""
    parts = text.split("~")
    if len(parts) != PARTS:
        return None
    kind, ip, workload, domain = parts
    return NodeId(kind=kind, ip=ip, workload=workload, domain=domain)


def is_istio_like(text: str) -> bool:
    """Whether the id begins as Istio's do, whatever is wrong with the rest."""
    kind, _, rest = text.partition("~")
    return kind in KINDS and bool(rest)
