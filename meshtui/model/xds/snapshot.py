"""One immutable look at a target: every xDS client in it and every resource they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from meshtui.model.xds.resource import Health, Resource, ResourceKey
from meshtui.model.xds.status_words import state_word


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeIdentity:
    """The ``node`` a client sends to the control plane; ``locality`` is ``region/zone/sub_zone``, as far as given.

    ``generator`` is what its metadata say to istiod about the config to make (``GENERATOR``): empty where they say
    nothing, ``None`` where the answer has no metadata.
    """

    id: str = ""
    cluster: str = ""
    user_agent: str = ""
    user_agent_version: str = ""
    locality: str = ""
    generator: str | None = None

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

    @cached_property
    def counts(self) -> tuple[tuple[Health, str, int], ...]:
        """How many resources are in each state, by its health and its word; those that are fine first, then worse ones.

        There is always a count of those that are fine.
        """
        fine = len(self.resources) - len(self.troubled)
        found = Counter((resource.health, state_word(resource)) for resource in self.troubled)
        ordered = sorted(found.items(), key=lambda item: (item[0][0].rank, item[0][1]))
        return ((Health.OK, "ok", fine), *((health, word, count) for (health, word), count in ordered))

    @property
    def has_outbound(self) -> bool:
        """Whether any ``xds:`` channel is open in the app, so that there is more than the server's own listener."""
        from meshtui.model.xds.names import is_inbound  # only a table asks

        return any(not is_inbound(key) for key in self.resources)
