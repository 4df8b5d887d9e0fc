"""Where an object comes from, what its host means, whom it is for, and what is noted about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meshtui.demo.istio.workload import DOMAIN, Labels

ROOT_NAMESPACE = "istio-system"
"""Where an object without selector applies to the whole mesh (Istio's default root namespace)."""


def selects(selector: Labels, labels: Labels) -> bool:
    """Whether every pair the selector asks for is among the labels."""
    return set(selector) <= set(labels)


def full_host(host: str, namespace: str) -> str:
    """A host as written in a manifest, with the namespace and the cluster's suffix that Istio adds.

    Only names without a dot are expanded, by the rule of Istio's host resolution; wildcards never are.
    """
    return host if "." in host or host.startswith("*") else f"{host}.{namespace}.svc.{DOMAIN}"


def covers(pattern: str, host: str) -> bool:
    """Whether a host of a manifest, exact or with a leading ``*``, means this host. The exact one is longer."""
    return host.endswith(pattern[1:]) if pattern.startswith("*") else host == pattern


@dataclass(frozen=True, slots=True)
class Note:
    """Something istiod would do in silence: change, drop or refuse a part of what was written."""

    kind: str
    """``changed``, ``dropped``, ``refused`` (by gRPC) or ``unresolved``."""
    file: str
    line: int
    subject: str
    """The object: ``DestinationRule echo-grpc/echo``."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an object comes from: its kind and name, the file and line it was read at, and since when it exists."""

    kind: str
    namespace: str
    name: str
    file: str
    line: int
    created: datetime | None = None
    """``metadata.creationTimestamp``, where it is written."""
    exported_to: tuple[str, ...] = ()
    """``exportTo``: namespaces, ``.`` for its own, ``*`` for all, ``~`` for none; empty is all."""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two manifests the same object in the API server: the one applied last is in force."""
        return self.kind, self.namespace, self.name

    def visible_in(self, namespace: str) -> bool:
        """Whether clients in a namespace see it."""
        exported = self.exported_to or ("*",)
        return "*" in exported or namespace in exported or ("." in exported and namespace == self.namespace)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"
