"""What a DestinationRule says: subsets, and policies for the clusters of a host."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

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
    """``localityLbSetting``: a split, or regions to fail over to (from, to)."""

    enabled: bool = True
    distribute: tuple[Distribute, ...] = ()
    failover: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """``loadBalancer``, which a subset has or inherits as a whole."""

    simple: str = ""
    """``LEAST_REQUEST``; empty for round robin, which is what all others become."""
    consistent_hash: ConsistentHash | None = None
    locality: LocalitySetting = field(default_factory=LocalitySetting)


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """What a DestinationRule says about one cluster; None where it says nothing."""

    mutual_tls: bool | None = None
    load_balancer: LoadBalancer | None = None
    max_requests: int | None = None
    outlier_detection: bool | None = None

    def over(self, base: TrafficPolicy) -> TrafficPolicy:
        """This policy with the base's values where it says nothing: a subset inherits from its rule."""
        return TrafficPolicy(
            self.mutual_tls if self.mutual_tls is not None else base.mutual_tls,
            self.load_balancer if self.load_balancer is not None else base.load_balancer,
            self.max_requests if self.max_requests is not None else base.max_requests,
            self.outlier_detection if self.outlier_detection is not None else base.outlier_detection,
        )


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
    policy: TrafficPolicy | None
    """The top-level ``trafficPolicy``; None where none is written, which matters to a merge."""
    subsets: tuple[Subset, ...]

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

    def policy_of(self, subset: Subset | None) -> TrafficPolicy:
        """What holds for one subset, or for the whole host."""
        whole = self.policy or TrafficPolicy()
        return subset.policy.over(whole) if subset else whole
