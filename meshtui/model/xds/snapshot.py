"""One immutable look at a target: every xDS client in it and every resource they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from meshtui.model.xds.resource import Health, Resource, ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeIdentity:
    """The ``node`` a client sends to the control plane; ``locality`` is ``region/zone/sub_zone``, as far as given."""

    id: str = ""
    cluster: str = ""
    user_agent: str = ""
    user_agent_version: str = ""
    locality: str = ""

    @property
    def workload(self) -> tuple[str, str]:
        """Pod and namespace out of Istio's node id; two empty strings for other shapes."""
        from meshtui.model.node_id import parse_node_id  # the form of an id matters to few

        found = parse_node_id(self.id)
        return (found.pod, found.namespace) if found is not None else ("", "")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What a CSDS answer said, decoded. ``problems`` holds one sentence for each part that could not be read.

    ``resources`` are ordered by scope, type and name, whatever the order of the answer; a key that came twice keeps its
    last value.
    """

    taken_at: datetime
    node: NodeIdentity
    resources: Mapping[ResourceKey, Resource]
    problems: tuple[str, ...] = ()

    @cached_property
    def troubled(self) -> tuple[Resource, ...]:
        """The resources whose own status is not fine. Kept, since of ten thousand there are few, and many ask."""
        return tuple([resource for resource in self.resources.values() if resource.health is not Health.OK])

    def counts(self) -> Mapping[Health, int]:
        """How many resources are in each health."""
        healths = [resource.health for resource in self.troubled]
        return {
            health: healths.count(health) if health is not Health.OK else len(self.resources) - len(healths)
            for health in Health
        }

    @property
    def has_outbound(self) -> bool:
        """Whether any ``xds:`` channel is open in the app, so that there is more than the server's own listener."""
        from meshtui.model.xds.names import is_inbound  # only a table asks

        return any(not is_inbound(key) for key in self.resources)
