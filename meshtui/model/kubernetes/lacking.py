"""A list that a cluster does not give: what it would have told, why, and which right unlocks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshtui.model.kubernetes.rights import Right, rules_yaml


@dataclass(frozen=True, slots=True)
class Lacking:
    """``what`` names the list (``EndpointSlices``), ``why`` is the cluster's own word; ``right`` is the one that lacks,
    or ``None`` where it is not for a right."""

    what: str
    namespace: str
    why: str
    right: Right | None = None

    @property
    def words(self) -> str:
        """``EndpointSlices of echo-grpc: endpointslices.discovery.k8s.io is forbidden …``."""
        return f"{self.what} of {self.namespace}: {self.why}" if self.namespace else f"{self.what}: {self.why}"

    @property
    def rule(self) -> str:
        """The rule that grants the right, as YAML for a Role; empty where none would help."""
        return rules_yaml([self.right]) if self.right is not None else ""


def rules_for(lacking: Iterable[Lacking]) -> str:
    """The rules that grant all rights that lack, as YAML for a Role; empty where none would help."""
    return rules_yaml(dict.fromkeys(each.right for each in lacking if each.right is not None))
