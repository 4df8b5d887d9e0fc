"""The part of the graph that routes lead to: clusters, aggregates of them, and their endpoints."""

from __future__ import annotations

from typing import Final

from meshtui.model.xds.clients import Client
from meshtui.model.xds.config import Cluster, ClusterLoadAssignment
from meshtui.model.xds.graph import Branch, Node, NodeKind, Serves
from meshtui.model.xds.graph_aggregates import in_order
from meshtui.model.xds.graph_branches import Branches
from meshtui.model.xds.graph_endpoints import Leaves, leaves_of
from meshtui.model.xds.graph_nodes import absent, resource_node, slot_of
from meshtui.model.xds.graph_words import cluster_facts
from meshtui.model.xds.names import cluster_label
from meshtui.model.xds.readings import READINGS, drains_for_sessions, lets_none_through, passes_over, policy_of
from meshtui.model.xds.resource import EDS, Health, Resource, ResourceKey, Status, worst
from meshtui.model.xds.serving import locality_fact
from meshtui.model.xds.status_words import is_explained, status_note

MAX_AGGREGATE_DEPTH: Final = 16
"""How deep aggregate clusters may nest: gRPC's own limit (gRFC A37)."""


NO_REQUESTS: Final = "its limit of 0 requests lets no call through"


class Clusters:
    """Makes the nodes of clusters, each once however many routes lead to it."""

    def __init__(self, branches: Branches, client: Client) -> None:
        self._branches = branches
        self._client = client
        self._made: dict[ResourceKey, Branch] = {}
        self._leaves: dict[tuple[ResourceKey, bool], Leaves] = {}
        """The endpoints of each EDS resource, made once however many clusters read it as they do."""
        self._unfolded: dict[str, Node | None] = {}
        """The members of the aggregate in the making that were shown so far; None for one that is in the making."""
        self._unfolding: list[str] = []
        """The aggregates the one in the making hangs under."""

    def cluster(self, key: ResourceKey) -> Node:
        """A cluster with all that hangs on it."""
        known = self._made.get(key)
        if known is None:
            self._unfolded = {key.name: None}
            known = self._made[key] = self._branches.made(self._new_cluster, key, 0)
        return self._branches.join(known)

    def _new_cluster(self, key: ResourceKey, depth: int) -> Node:
        resource = self._branches.take(key)
        slot = f"CDS {key.name}"
        label = cluster_label(key.name)
        if resource is None:
            return absent(slot, NodeKind.CLUSTER, key.name)._replace(label=label)
        body = resource.body
        if not isinstance(body, Cluster):
            able = None if resource.value else resource.serves
            return resource_node(resource, NodeKind.CLUSTER, slot, label)._replace(serves=Serves(able))
        if depth >= MAX_AGGREGATE_DEPTH:
            too_deep = f"aggregates nest deeper than {MAX_AGGREGATE_DEPTH}, which gRPC refuses"
            return _refused(resource_node(resource, NodeKind.CLUSTER, slot, label), too_deep)
        if body.children:
            members = [key._replace(name=child) for child in dict.fromkeys(body.children)]
            self._unfolding.append(key.name)
            children = tuple([self._nested(member, depth + 1) for member in members])
            self._unfolding.pop()
            aggregate = self._readable_cluster(resource, body, slot, label, children=children)
            return in_order(aggregate, self._passes_over, self._client.language.value)
        if body.discovery == EDS:
            return self._within_limit(self._eds_cluster(resource, body, slot, label), body)
        more = (body.dns_name,) if body.dns_name else ()
        found = self._readable_cluster(resource, body, slot, label, more=more)
        return self._within_limit(found._replace(serves=Serves(able=resource.serves)), body)

    def _within_limit(self, node: Node, body: Cluster) -> Node:
        """A cluster, or one that fails every call by its limit.

        Its endpoints stay READY, so that nothing fails over from it: the limit is the picker's (grpc-go
        ``clusterimpl/picker.go``, C-core ``xds_cluster_impl.cc``, grpc-java ``ClusterImplLoadBalancer.java``).
        """
        if not lets_none_through(body, self._client):
            return node
        if not node.serves.able and not node.serves.sessions_only:
            return node  # it serves none anyway, or not yet
        health = worst(node.health, Health.MISSING)
        note = "; ".join([words for words in (node.note, NO_REQUESTS) if words])
        serves = Serves(False, 1.0, drops_all=bool(node.serves.able))
        return node._replace(health=health, worst=worst(node.worst, health), note=note, serves=serves)

    def _passes_over(self, member: Node) -> bool | None:
        resource = self._branches.take(member.key) if member.key is not None else None
        status = resource.status if resource is not None else Status.UNKNOWN
        return passes_over(self._client, absent=status is Status.DOES_NOT_EXIST)

    def _nested(self, key: ResourceKey, depth: int) -> Node:
        """A cluster under an aggregate. An aggregate that was shown already is not unfolded again.

        Aggregates that share members would otherwise have as many paths as ten to the power of their depth.
        """
        name = key.name
        if name not in self._unfolded:
            self._unfolded[name] = None
            node = self._unfolded[name] = self._new_cluster(key, depth)
            return node
        resource = self._branches.take(key)
        if resource is not None and isinstance(resource.body, Cluster) and resource.body.children:
            return self._shown_above(resource, resource.body)
        return self._new_cluster(key, depth)

    def _shown_above(self, resource: Resource, body: Cluster) -> Node:
        """An aggregate that was unfolded before in this tree, or that contains itself."""
        name = resource.key.name
        node = self._readable_cluster(resource, body, f"CDS {name}", cluster_label(name), more=("shown above",))
        if name in self._unfolding:
            if READINGS[self._client.language].refuses_loops:
                note = f"it contains itself, for which older releases of {self._client.language.value} fail all calls"
                return node._replace(health=Health.UNKNOWN, worst=Health.UNKNOWN, note=note)
            return node._replace(note="it contains itself: gRPC leaves it out here", serves=Serves(able=False))
        known = self._unfolded.get(name)
        return node if known is None else node._replace(health=known.health, worst=known.worst, serves=known.serves)

    def _eds_cluster(self, resource: Resource, body: Cluster, slot: str, label: str) -> Node:
        """A cluster with its endpoints under it: the EDS resource has no line of its own while it is fine."""
        name = body.endpoints_name or body.name
        assignment = self._branches.take(ResourceKey(resource.key.scope, EDS, name))
        if assignment is None:
            waiting = absent(f"EDS {name}", NodeKind.RESOURCE, name)
            return self._readable_cluster(resource, body, slot, label, children=(waiting,))
        if assignment.health is not Health.OK or not isinstance(assignment.body, ClusterLoadAssignment):
            found = self._readable_cluster(resource, body, slot, label, children=(self.assignment(assignment),))
            return self._beside(found, assignment)
        leaves = self._leaves_of(assignment.key, assignment.body, drains_for_sessions(body, self._client))
        return self._readable_cluster(resource, body, slot, label, leaves=leaves)

    def _readable_cluster(
        self,
        resource: Resource,
        body: Cluster,
        slot: str,
        label: str,
        *,
        more: tuple[str, ...] = (),
        children: tuple[Node, ...] = (),
        leaves: Leaves | None = None,
    ) -> Node:
        """A cluster with its TLS and its facts, ``more`` after them, and what hangs on it: ``children`` or leaves."""
        policy = policy_of(body, self._client)
        facts = (*cluster_facts(body, policy, self._client), *more)
        if leaves is None:
            return resource_node(resource, NodeKind.CLUSTER, slot, label, tls=body.tls, facts=facts, children=children)
        health = worst(resource.health, leaves.health)
        note = leaves.note
        if resource.health is not Health.OK:
            note = "; ".join([words for words in (status_note(resource), note) if words])
        by_locality = locality_fact(leaves.serving, policy)
        facts = (*facts, by_locality) if by_locality else facts
        return Node(
            slot=slot,
            kind=NodeKind.CLUSTER,
            name=resource.key.name,
            label=label,
            health=health,
            worst=worst(health, leaves.worst),
            key=resource.key,
            tls=body.tls,
            facts=facts,
            note=note,
            children=leaves.nodes,
            serves=leaves.serves if resource.serves else Serves(resource.serves),
            explained=is_explained(resource),
        )

    def _leaves_of(self, key: ResourceKey, assignment: ClusterLoadAssignment, for_sessions: bool = False) -> Leaves:
        leaves = self._leaves.get((key, for_sessions))
        if leaves is None:
            leaves = self._leaves[key, for_sessions] = leaves_of(assignment, self._client, for_sessions)
        return leaves

    def _beside(self, cluster: Node, assignment: Resource) -> Node:
        """A cluster whose EDS resource has a line of its own."""
        if not isinstance(assignment.body, ClusterLoadAssignment) or not assignment.serves:
            return cluster._replace(serves=Serves(None if assignment.value else assignment.serves))
        leaves = self._leaves_of(assignment.key, assignment.body)
        return cluster._replace(
            health=worst(cluster.health, leaves.health),
            worst=worst(cluster.worst, leaves.health),
            note="; ".join([words for words in (cluster.note, leaves.note) if words]),
            serves=leaves.serves,
        )

    def assignment(self, resource: Resource) -> Node:
        """An EDS resource in a line of its own, with its endpoints."""
        label = f"endpoints {resource.key.name}"
        node = resource_node(resource, NodeKind.RESOURCE, slot_of(resource.key), label)
        if not isinstance(resource.body, ClusterLoadAssignment):
            return node
        leaves = self._leaves_of(resource.key, resource.body)
        return node._replace(worst=worst(node.health, leaves.worst), children=leaves.nodes)


def _refused(node: Node, why: str) -> Node:
    return node._replace(health=Health.REFUSED, worst=Health.REFUSED, note=why, explained=False)
