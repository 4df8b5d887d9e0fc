"""What a VirtualService says: routes, and what they match."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshtui.demo.istio.origin import Origin, selects
from meshtui.demo.istio.workload import Labels

MESH_GATEWAY = "mesh"
"""What stands for all pods among gateways."""


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
    port: int = 0
    """The Service's port that is called; 0 for any."""
    source_labels: Labels = ()
    source_namespace: str = ""
    gateways: tuple[str, ...] = ()
    stat_prefix: str = ""

    @property
    def takes_everything(self) -> bool:
        """Whether no later route can be reached (istio ``core/route/route.go``, IsCatchAllRoute)."""
        path = self.uri is None or self.uri in (TextMatch("prefix", "/"), TextMatch("regex", ".*"))
        return path and not (self.headers or self.without_headers or self.pseudo_headers or self.query)

    def is_for(self, namespace: str, labels: Labels, port: int) -> bool:
        """Whether a client gets it for a port (istio ``core/route/route.go``, sourceMatchHTTP)."""
        if self.port not in (0, port):
            return False
        if self.gateways:
            return MESH_GATEWAY in self.gateways
        return selects(self.source_labels, labels) and self.source_namespace in ("", namespace)


@dataclass(frozen=True, slots=True)
class Destination:
    """A share of a route's traffic."""

    host: str
    subset: str
    port: int | None
    weight: int
    headers: Headers | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Injected on purpose. Shares are percentages of requests, None where none is written; durations are seconds."""

    delay_seconds: float | None = None
    delay_percent: float | None = None
    abort_percent: float | None = None
    abort_http_status: int | None = None
    abort_grpc_status: int | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    """``retries``, where it is written: ``attempts`` 0 is none; None and empty for what Istio's default decides."""

    attempts: int
    retry_on: str = ""
    per_try_seconds: float | None = None
    backoff_seconds: float | None = None
    elsewhere: bool | None = None
    """``retryIgnorePreviousHosts``."""
    in_other_localities: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsPolicy:
    """``corsPolicy``. Lists are sent as one text."""

    origins: tuple[TextMatch, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_seconds: float | None = None
    credentials: bool | None = None
    forwards_unmatched: bool = True


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
    scheme: str = ""
    port: int | None = None
    """0 for the one that was called."""
    code: int = 301


@dataclass(frozen=True, slots=True)
class Rewrite:
    """``rewrite``: a prefix, or an expression with what comes in its place."""

    uri: str = ""
    authority: str = ""
    regex: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """What is set, added and removed of a request's headers, or of a response's."""

    set: Labels = ()
    add: Labels = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headers:
    """``headers``, of a route or of one destination."""

    request: HeaderChanges = field(default_factory=HeaderChanges)
    response: HeaderChanges = field(default_factory=HeaderChanges)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of calls that is sent elsewhere; ``percent`` None is all of them."""

    destination: Destination
    percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One entry of ``VirtualService.spec.http``; None where it says nothing, which matters to delegation."""

    name: str
    matches: tuple[HttpMatch, ...]
    destinations: tuple[Destination, ...] = ()
    """Those with a share; empty where ``instead`` says what happens instead of a call."""
    weighted: bool = False
    """Whether several destinations are written, of which perhaps only one has a share."""
    instead: DirectResponse | Redirect | None = None
    delegate: tuple[str, str] | None = None
    """Namespace and name of the VirtualService that has the routes for what matches."""
    timeout_seconds: float | None = None
    fault: Fault | None = None
    retries: Retries | None = None
    # What follows istiod puts into the route although gRPC ignores it, or refuses it.
    cors: CorsPolicy | None = None
    rewrite: Rewrite | None = None
    headers: Headers | None = None
    mirrors: tuple[Mirror, ...] = ()


@dataclass(frozen=True, slots=True)
class VirtualService:
    """Routes for the hosts it names."""

    origin: Origin
    hosts: tuple[str, ...]
    """Empty for one that others delegate to."""
    http: tuple[HttpRoute, ...]
    in_mesh: bool = True
    """Whether pods get it; else only gateways do."""
    lost: tuple[str, ...] = ()
    """What the merge with those it delegates to left out, and why."""

    def leads_to(self, namespace: str) -> dict[str, frozenset[int | None]]:
        """The hosts its routes for a namespace lead to, mirrored ones too, with their ports; None for any.

        (Istio ``pilot/pkg/model/push_context.go``, virtualServiceDestinationsFilteredBySourceNamespace.)
        """
        out: dict[str, frozenset[int | None]] = {}
        for route in self.http:
            places = {match.source_namespace for match in route.matches if match.source_namespace}
            if places and namespace not in places:
                continue
            for destination in (*route.destinations, *(mirror.destination for mirror in route.mirrors)):
                out[destination.host] = out.get(destination.host, frozenset()) | {destination.port}
        return out
