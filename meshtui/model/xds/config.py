"""What the four xDS resource types say, reduced to what gRPC acts on (gRFC A27, A28, A29, A31, A41, A36)."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, TypeAlias

from meshtui.model.xds.filters import HttpFilter


class MatchKind(Enum):
    """How a pattern is held against a value."""

    EXACT = "="
    PREFIX = "prefix"
    SUFFIX = "suffix"
    CONTAINS = "contains"
    REGEX = "~"
    PRESENT = "present"
    RANGE = "range"


class StringMatch(NamedTuple):
    """A pattern for a path, a header's value or a SAN."""

    kind: MatchKind
    value: str
    ignore_case: bool = False


class HeaderMatch(NamedTuple):
    """One header condition of a route (gRFC A28). ``low`` and ``high`` bound a RANGE, ``high`` not included."""

    name: str
    match: StringMatch
    invert: bool = False
    low: int = 0
    high: int = 0
    treat_missing_as_empty: bool = False
    """What the control plane asked for; gRPC does not read it."""


class RouteMatch(NamedTuple):
    """When a route applies. ``fraction`` is the share of requests it takes, 0 to 1, or ``None`` for all.

    ``fraction_unsaid`` marks a share that has no value, for which protobuf says 0; ``case_unsaid`` a path for which it
    is not said whether case counts.
    """

    path: StringMatch
    headers: tuple[HeaderMatch, ...] = ()
    fraction: float | None = None
    unsupported: str = ""
    """A condition gRPC does not know; such a route is left out by gRPC."""
    fraction_unsaid: bool = False
    case_unsaid: bool = False


class WeightedCluster(NamedTuple):
    """One destination of a route. ``share`` is its part of the whole, 0 to 1; ``overrides`` are its own."""

    cluster: str
    weight: int
    share: float
    overrides: tuple[HttpFilter, ...] = ()


class ActionKind(Enum):
    """What a route does with a request.

    LEFT_OUT is a route that gRPC does not take into its table, so that the next one serves; FAILING one that stays
    there though gRPC knows no such action (a redirect, a direct response), so that calls which match it fail.
    """

    FORWARD = "forward"
    NON_FORWARDING = "non-forwarding"
    LEFT_OUT = "left out"
    FAILING = "failing"


class RouteAction(NamedTuple):
    """``timeout`` is ``max_stream_duration`` in seconds: 0 for no limit, ``None`` where the listener's counts (A31).

    ``hash_on`` names what a ring hash is computed from. What the route asks for beside that gRPC does not act on, or
    only some of it: ``other_hash_keys``, the clusters of ``mirrors``, ``rewrites`` and ``header_changes`` in words,
    ``rewrites_authority`` (gRFC A81), and ``retry_unread``, the conditions of a retry policy that has none of gRPC's.
    """

    kind: ActionKind
    clusters: tuple[WeightedCluster, ...] = ()
    timeout: float | None = None
    retry: str = ""
    hash_on: tuple[str, ...] = ()
    detail: str = ""
    other_hash_keys: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    rewrites: str = ""
    header_changes: str = ""
    rewrites_authority: bool = False
    retry_unread: str = ""


class Route(NamedTuple):
    """One route. ``origin`` is the Istio object it was made from, ``virtual-service/ns/name``, or empty.

    ``faults`` are the filter overrides of the route and its virtual host.
    """

    name: str
    match: RouteMatch
    action: RouteAction
    faults: tuple[HttpFilter, ...] = ()
    origin: str = ""

    @property
    def left_out(self) -> str:
        """What gRPC leaves the route out for, in words; empty for a route it takes (gRFC A28)."""
        return self.match.unsupported or (self.action.detail if self.action.kind is ActionKind.LEFT_OUT else "")


class VirtualHost(NamedTuple):
    """The routes for some domains; the first route that matches wins."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...]


class RouteConfiguration(NamedTuple):
    """An RDS resource, or the inline one of a listener (then ``name`` may be empty).

    ``overrides`` are the names of filters that it overrides for all its hosts, which gRPC does not read (gRFC A39).
    """

    name: str
    virtual_hosts: tuple[VirtualHost, ...]
    overrides: tuple[str, ...] = ()


class TlsMode(Enum):
    """What a connection will be."""

    PLAINTEXT = "plaintext"
    TLS = "TLS"
    MTLS = "mTLS"
    UNREADABLE = "TLS that cannot be read"


class TlsContext(NamedTuple):
    """TLS of a cluster (client side) or a filter chain (server side), gRFC A29.

    ``identity`` is the certificate provider instance for the own certificate, ``roots`` the one for the peer's CA;
    ``sans`` what the peer's SAN must match (any of them). ``sni`` is the name asked for, ``host_sni`` that it is the
    endpoint's host name where that has one, and ``checks_sni`` that the peer's certificate must have it (gRFC A101).
    """

    mode: TlsMode
    identity: str = ""
    roots: str = ""
    sans: tuple[StringMatch, ...] = ()
    require_client_certificate: bool = False
    sni: str = ""
    host_sni: bool = False
    checks_sni: bool = False


PLAINTEXT = TlsContext(TlsMode.PLAINTEXT)
"""No transport security configured."""


class ChainMatch(NamedTuple):
    """Which connections a filter chain is for (gRFC A36): networks as CIDR, and the name of a source type or none.

    ``ignored_for`` is what it asks for that gRPC does not know, so that the chain never fits a connection.
    """

    sources: tuple[str, ...] = ()
    source_type: str = ""
    source_ports: tuple[int, ...] = ()
    destinations: tuple[str, ...] = ()
    ignored_for: str = ""


class FilterChain(NamedTuple):
    """One inbound filter chain; ``mode`` in Istio's words: STRICT where it demands a client certificate."""

    name: str
    tls: TlsContext
    match: ChainMatch = ChainMatch()
    route_name: str = ""
    inline_routes: RouteConfiguration | None = None
    filters: tuple[HttpFilter, ...] = ()
    problem: str = ""


class Listener(NamedTuple):
    """An LDS resource: an API listener (outbound; ``chains`` empty) or a socket listener (inbound).

    ``timeout`` is the limit, in seconds, of calls whose route sets none (gRFC A31); 0 for none.
    """

    name: str
    inbound: bool
    address: str = ""
    route_name: str = ""
    inline_routes: RouteConfiguration | None = None
    filters: tuple[HttpFilter, ...] = ()
    chains: tuple[FilterChain, ...] = ()
    timeout: float = 0.0


class Policy(NamedTuple):
    """A balancing policy that a cluster offers, named as the old enum does.

    ``by_locality`` says that a locality is drawn by its weight first, and the policy picks inside it.
    """

    name: str
    by_locality: bool = False


ROUND_ROBIN = Policy("ROUND_ROBIN", by_locality=True)
"""What a cluster that says nothing asks for (gRFC A27)."""


DEFAULT_MAX_REQUESTS = 1024
"""How many calls may be in flight where a cluster says nothing (gRFC A32)."""


class Outliers(NamedTuple):
    """What takes an endpoint out for a while (gRFC A50): the percentage of ejections that are enforced.

    ``success_rate`` is ``None`` where nothing is said, which is all of them but for C-core; ``failure_percentage`` 0
    for none. ``consecutive`` says that consecutive errors are counted too, which gRPC does not.
    """

    success_rate: int | None = None
    failure_percentage: int = 0
    consecutive: bool = False


class Cluster(NamedTuple):
    """A CDS resource. ``discovery`` is EDS, LOGICAL_DNS, AGGREGATE, or the type's name as sent.

    ``endpoints_name`` is the EDS resource it reads; ``children`` the clusters of an aggregate (gRFC A37);
    ``policies`` are those of ``load_balancing_policy``, of which a client takes the first it supports (gRFC A52),
    ``old_policy`` is that of the enum, for clients that read no list and where there is none; ``max_requests`` the
    circuit breaker of gRFC A32, ``None`` for no limit; ``kept_for_sessions`` the healths in which an endpoint still
    gets the calls of its sessions (gRFC A55); ``subset`` Istio's subset, from the name.
    """

    name: str
    discovery: str
    endpoints_name: str = ""
    children: tuple[str, ...] = ()
    dns_name: str = ""
    policies: tuple[Policy, ...] = ()
    old_policy: Policy = ROUND_ROBIN
    tls: TlsContext = PLAINTEXT
    max_requests: int | None = DEFAULT_MAX_REQUESTS
    subset: str = ""
    origin: str = ""
    outliers: Outliers | None = None
    kept_for_sessions: tuple[str, ...] = ()


class EndpointHealth(Enum):
    """Health as EDS states it; gRPC uses UNKNOWN and HEALTHY endpoints (gRFC A27)."""

    UNKNOWN = "UNKNOWN"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    DRAINING = "DRAINING"
    TIMEOUT = "TIMEOUT"
    DEGRADED = "DEGRADED"

    usable: bool
    """Whether gRPC sends requests there."""

    words: str
    """The name, as a plain attribute: it is read for each of tens of thousands of endpoints."""

    def __init__(self, word: str) -> None:
        self.usable = word in ("UNKNOWN", "HEALTHY")
        self.words = word


class Endpoint(NamedTuple):
    """One address, ``host:port``; ``workload``, its ``revision`` and its Kubernetes ``cluster`` as the control plane
    calls them, if it does.

    ``more`` are its other addresses (gRFC A61): it is one endpoint all the same.
    """

    address: str
    health: EndpointHealth = EndpointHealth.UNKNOWN
    weight: int = 1
    workload: str = ""
    revision: str = ""
    more: tuple[str, ...] = ()
    cluster: str = ""


class Locality(NamedTuple):
    """Endpoints of one place. gRPC ignores a locality of weight 0; a lower priority number goes first."""

    region: str
    zone: str
    sub_zone: str
    priority: int
    weight: int
    endpoints: tuple[Endpoint, ...]

    @property
    def label(self) -> str:
        """``region/zone/sub_zone`` without empty parts; empty when none is given."""
        return "/".join(part for part in (self.region, self.zone, self.sub_zone) if part)


class Drop(NamedTuple):
    """A share of requests the client drops itself (gRFC A32), 0 to 1."""

    category: str
    share: float


class ClusterLoadAssignment(NamedTuple):
    """An EDS resource."""

    name: str
    localities: tuple[Locality, ...]
    drops: tuple[Drop, ...] = ()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, locality by locality."""
        return tuple(endpoint for locality in self.localities for endpoint in locality.endpoints)


class Opaque(NamedTuple):
    """A config meshtui cannot read: an unknown type, or bytes that are none. ``reason`` says which."""

    type_url: str
    reason: str
    size: int = 0


Body: TypeAlias = Listener | RouteConfiguration | Cluster | ClusterLoadAssignment | Opaque
"""What a resource's bytes say."""
