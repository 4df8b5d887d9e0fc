"""What a VirtualService says: routes, and what they match."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.workload import Labels


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
