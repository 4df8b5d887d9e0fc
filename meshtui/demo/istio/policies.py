"""What a DestinationRule says: subsets, and policies for the clusters of a host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.workload import Labels


@dataclass(frozen=True, slots=True)
class HashKey:
    """What of a request is hashed: ``header``, ``cookie``, ``query`` (each with a name) or ``source`` address."""

    how: str
    name: str = ""
    path: str = ""
    ttl_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ConsistentHash:
    """``consistentHash``: the policy it becomes, its size (None: not sent), and what is hashed."""

    policy: str
    """``RING_HASH`` or ``MAGLEV``."""
    size: int | None
    key: HashKey | None


@dataclass(frozen=True, slots=True)
class Distribute:
    """How calls from one locality are shared out among others. Localities are patterns as ``eu-west/*``."""

    source: str
    targets: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LocalitySetting:
    """``localityLbSetting``: a split, regions to fail over to (from, to), or labels that endpoints are ordered by."""

    enabled: bool = True
    distribute: tuple[Distribute, ...] = ()
    failover: tuple[tuple[str, str], ...] = ()
    priority_labels: tuple[tuple[str, str | None], ...] = ()
    """``failoverPriority``: each label with the value it shall have, or None for the client's own."""


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """``loadBalancer``, which a subset has or inherits as a whole."""

    simple: str = ""
    """``LEAST_REQUEST``; empty for round robin, which is what all others become."""
    consistent_hash: ConsistentHash | None = None
    locality: LocalitySetting | None = None
    """None where it is not written: then the Service or the mesh decides."""


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """What a DestinationRule says about one cluster; None where it says nothing."""

    mutual_tls: bool | None = None
    load_balancer: LoadBalancer | None = None
    max_requests: int | None = None
    """``http2MaxRequests``; 0 where a connection pool is written that does not say it."""
    outlier_detection: bool | None = None
    ports: tuple[tuple[int, TrafficPolicy], ...] = ()
    """``portLevelSettings``, by the Service's port."""

    def own_of(self, port: int) -> TrafficPolicy | None:
        """What is written for this port alone."""
        return next((policy for number, policy in self.ports if number == port), None)

    def at(self, port: int) -> TrafficPolicy:
        """What holds at a port: its own settings, which inherit nothing, else those of the whole."""
        return self.own_of(port) or self

    def over(self, base: TrafficPolicy) -> TrafficPolicy:
        """This policy with the base's values where it says nothing: a subset inherits from its rule."""
        return TrafficPolicy(
            self.mutual_tls if self.mutual_tls is not None else base.mutual_tls,
            self.load_balancer if self.load_balancer is not None else base.load_balancer,
            self.max_requests if self.max_requests is not None else base.max_requests,
            self.outlier_detection if self.outlier_detection is not None else base.outlier_detection,
        )

    def mutual_tls_at(self, port: int) -> bool | None:
        """The mode at a port. Here, unlike in a cluster, a port that does not say it has that of the whole."""
        own = self.own_of(port)
        return own.mutual_tls if own and own.mutual_tls is not None else self.mutual_tls

    @property
    def hashed(self) -> ConsistentHash | None:
        """The ``consistentHash``."""
        return self.load_balancer.consistent_hash if self.load_balancer else None


@dataclass(frozen=True, slots=True)
class Subset:
    """A named part of a service's pods."""

    name: str
    labels: Labels
    policy: TrafficPolicy


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """Policies and subsets for one host."""

    origin: Origin
    host: str
    """Exact, or with a leading ``*``."""
    policy: TrafficPolicy | None
    """The top-level ``trafficPolicy``; None where none is written, which matters to a merge."""
    subsets: tuple[Subset, ...]
    selector: Labels = ()
    """``workloadSelector``: the clients it is for; all if empty."""

    @property
    def exported_to(self) -> frozenset[str]:
        """``exportTo``, empty where it is not written; what selects clients is for its own namespace alone."""
        return frozenset((".",) if self.selector else self.origin.exported_to)

    def is_for(self, namespace: str) -> bool:
        """Whether clients in a namespace may get it."""
        own = {".", self.origin.namespace}
        if namespace != self.origin.namespace and self.exported_to and self.exported_to <= own:
            return False
        named = {"*", namespace} | (own if namespace == self.origin.namespace else set())
        return not self.exported_to or bool(self.exported_to & named)

    def merged(self, younger: Iterable[DestinationRule]) -> DestinationRule:
        """This rule with what younger ones of its host add: subsets of new names, and a policy if it has none.

        Policies are never mixed field by field (istio ``pilot/pkg/model/destination_rule.go``, mergeDestinationRule).
        """
        policy, subsets = self.policy, {subset.name: subset for subset in self.subsets}
        for rule in younger:
            policy = rule.policy if policy is None else policy
            subsets = {subset.name: subset for subset in rule.subsets} | subsets
        return replace(self, policy=policy, subsets=tuple(subsets.values()))

    def subset(self, name: str) -> Subset | None:
        """The subset of a name."""
        return next((subset for subset in self.subsets if subset.name == name), None)

    def policy_of(self, subset: Subset | None, port: int) -> TrafficPolicy:
        """What holds for one subset, or for the whole host, at a port (istio ``networking/util``,
        MergeSubsetTrafficPolicy)."""
        whole = (self.policy or TrafficPolicy()).at(port)
        if subset is None:
            return whole
        return subset.policy.own_of(port) or subset.policy.over(whole)

    def mutual_tls_of(self, subset: Subset | None, port: int) -> bool | None:
        """What endpoints are marked by: a subset's own mode, as none is inherited here (istio
        ``pilot/pkg/xds/endpoints/mtls_checker.go``, tlsModeForDestinationRule)."""
        policy = subset.policy if subset else self.policy
        return policy.mutual_tls_at(port) if policy else None

    def hash_of(self, subset: str, port: int | None) -> ConsistentHash | None:
        """What a destination's calls are hashed by; the port is the one that is written in the destination (istio
        ``core/route/route.go``, HashForHTTPDestination)."""
        found = self.subset(subset)
        for policy in (found.policy if found else None, self.policy):
            own = policy.own_of(port) if policy and port is not None else None
            hashed = (own.hashed if own else None) or (policy.hashed if policy else None)
            if hashed is not None:
                return hashed
        return None


def groups(rules: Iterable[DestinationRule]) -> list[list[DestinationRule]]:
    """What is merged with one another of rules of one namespace and host: each group in its order, for its first rule.

    Rules that select clients come before those that do not, else the older before the younger. What is exported to the
    same namespaces is merged, and to more besides stands for itself too (istio ``pilot/pkg/model``: push_context.go,
    setDestinationRules; destination_rule.go, mergeDestinationRule).
    """
    out: list[list[DestinationRule]] = []
    for rule in sorted(rules, key=lambda rule: not rule.selector):
        apart = True
        for group in out:
            first = group[0]
            same = rule.exported_to == first.exported_to
            apart = not same
            if not same and not (first.exported_to and rule.exported_to >= first.exported_to):
                continue
            if rule.selector and first.selector and rule.selector != first.selector:
                apart = True
                continue
            if rule.selector == first.selector:
                apart = False
            group.append(rule)
        if apart:
            out.append([rule])
    return out
