"""The Istio objects the demo mesh knows, after reading: only what reaches a gRPC client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from meshtui.demo.istio.workload import DOMAIN, Labels, MeshWorkload

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


def _covers(pattern: str, host: str) -> bool:
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

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes two manifests the same object in the API server: the one applied last is in force."""
        return self.kind, self.namespace, self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service."""

    number: int
    target: int
    routed: bool = True
    """Whether istiod makes routes for it: of a TCP port it does not, so a client finds a listener without routes."""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be called by a name: a Kubernetes Service, or a ServiceEntry of workloads in the mesh."""

    origin: Origin
    host: str
    """The fully qualified name."""
    selector: Labels
    ports: tuple[ServicePort, ...]
    cluster_ip: str

    def port(self, number: int) -> ServicePort | None:
        """The port with this number, if there is one."""
        return next((port for port in self.ports if port.number == number), None)


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


@dataclass(frozen=True, slots=True)
class TextMatch:
    """How a string is compared: ``exact``, ``prefix``, ``regex`` or ``present`` (value unused)."""

    how: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpMatch:
    """One alternative of a route: all of its conditions have to hold."""

    name: str = ""
    uri: TextMatch | None = None
    headers: tuple[tuple[str, TextMatch], ...] = ()
    without_headers: tuple[tuple[str, TextMatch], ...] = ()
    pseudo_headers: tuple[tuple[str, TextMatch], ...] = ()
    """``method``, ``authority`` and ``scheme``, by the names they have in a request: ``:method``."""
    query: tuple[tuple[str, TextMatch], ...] = ()
    ignore_case: bool = False

    @property
    def takes_everything(self) -> bool:
        """Whether no later route can be reached (istio ``core/route/route.go``, IsCatchAllRoute)."""
        path = self.uri is None or self.uri in (TextMatch("prefix", "/"), TextMatch("regex", ".*"))
        return path and not (self.headers or self.without_headers or self.pseudo_headers or self.query)


@dataclass(frozen=True, slots=True)
class Destination:
    """A share of a route's traffic."""

    host: str
    subset: str
    port: int | None
    weight: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Injected on purpose. Shares are percentages of requests; durations are seconds."""

    delay_percent: float = 0.0
    delay_seconds: float = 0.0
    abort_percent: float = 0.0
    abort_http_status: int = 0
    abort_grpc_status: int | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """``retries``, where it is written: ``attempts`` 0 is none; None and empty for what Istio's default decides."""

    attempts: int
    retry_on: str = ""
    per_try_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsPolicy:
    """``corsPolicy``. Lists are sent as one text."""

    origins: tuple[TextMatch, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_seconds: float | None = None
    credentials: bool | None = None


@dataclass(frozen=True, slots=True)
class DirectResponse:
    """``directResponse``: answered without a call, which no gRPC client does."""

    status: int
    body: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """``redirect``, which no gRPC client follows."""

    authority: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """What istiod puts into the route although gRPC ignores (or refuses) it."""

    cors: CorsPolicy | None = None
    prefix_rewrite: str = ""
    authority_rewrite: str = ""
    request_headers: Labels = ()
    mirror: Destination | None = None
    mirror_percent: float | None = None
    """None: everything is mirrored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One entry of ``VirtualService.spec.http``."""

    name: str
    matches: tuple[HttpMatch, ...]
    destinations: tuple[Destination, ...] = ()
    """Those with a share; empty where ``instead`` says what happens instead of a call."""
    weighted: bool = False
    """Whether several destinations are written, of which perhaps only one has a share."""
    instead: DirectResponse | Redirect | None = None
    timeout_seconds: float = 0.0
    fault: Fault | None = None
    retries: Retries | None = None
    unsupported: Unsupported = field(default_factory=Unsupported)


@dataclass(frozen=True, slots=True)
class VirtualService:
    """Routes for the hosts it names."""

    origin: Origin
    hosts: tuple[str, ...]
    http: tuple[HttpRoute, ...]


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """Whether a workload's ports take mutual TLS. Modes are Istio's words."""

    origin: Origin
    selector: Labels
    mode: str
    port_modes: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class AuthorizationRule:
    """One rule: any source (if some are given) doing any operation (if some are given).

    A source or operation is a tuple of (attribute, values, negated); all of its parts have to hold.
    """

    sources: tuple[tuple[tuple[str, tuple[str, ...], bool], ...], ...]
    operations: tuple[tuple[tuple[str, tuple[str, ...], bool], ...], ...]


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """Who may call a workload: action ``ALLOW`` or ``DENY``."""

    origin: Origin
    selector: Labels
    action: str
    rules: tuple[AuthorizationRule, ...]


IstioObject = Service | DestinationRule | VirtualService | PeerAuthentication | AuthorizationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshConfig:
    """Everything the control plane knows at one moment; of each kind, the oldest object first."""

    workloads: tuple[MeshWorkload, ...] = ()
    services: tuple[Service, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    peer_authentications: tuple[PeerAuthentication, ...] = ()
    authorization_policies: tuple[AuthorizationPolicy, ...] = ()

    def service(self, host: str) -> Service | None:
        """The service with this fully qualified name."""
        return next((service for service in self.services if service.host == host), None)

    def destination_rule(self, host: str) -> DestinationRule | None:
        """The rule for a host: of several in one namespace, all of them merged into the oldest."""
        oldest, *younger = self.rules_of(host) or (None,)
        return oldest.merged(younger) if oldest else None

    def rules_of(self, host: str) -> tuple[DestinationRule, ...]:
        """The rules that are merged for a host, the oldest first: those in its namespace."""
        rules = [rule for rule in self.destination_rules if rule.host == host]
        return tuple(rule for rule in rules if rule.origin.namespace == rules[0].origin.namespace)

    def virtual_service(self, host: str) -> VirtualService | None:
        """The virtual service for a host: the one with the most exact name, of several the oldest."""
        best: tuple[int, VirtualService] | None = None
        for virtual in self.virtual_services:
            length = max((len(pattern) for pattern in virtual.hosts if _covers(pattern, host)), default=-1)
            if length >= 0 and (best is None or length > best[0]):
                best = (length, virtual)
        return best[1] if best else None

    def behind(self, service: Service, labels: Labels = ()) -> tuple[MeshWorkload, ...]:
        """The workloads a service selects, narrowed to those with these labels."""
        return tuple(
            workload
            for workload in self.workloads
            if workload.namespace == service.origin.namespace
            and service.selector
            and selects(service.selector, workload.labels)
            and selects(labels, workload.labels)
        )
