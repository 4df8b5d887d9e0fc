"""Targets whose answers the test writes: real sessions and the real app over a scripted config source."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.model.xds.config import (
    ActionKind,
    Body,
    Cluster,
    ClusterLoadAssignment,
    Endpoint,
    EndpointHealth,
    FilterChain,
    HeaderMatch,
    HttpFilter,
    Listener,
    Locality,
    MatchKind,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatch,
    TlsContext,
    TlsMode,
    VirtualHost,
    WeightedCluster,
)
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Content, ErrorState, Resource, ResourceKey, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.session.demo_control import DemoControl, Offer, Scenario
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.session.workspace import Workspace
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.screens.main import MainScreen
from meshtui.tui.views.registry import View
from tests.waiting import PATIENCE_S, until

START = datetime(2026, 8, 1, 10, 0, 0, tzinfo=UTC)
HOST = "echo.echo-grpc.svc.cluster.local"
SCOPE = f"xds:///{HOST}:7070"
SPIFFE = "spiffe://cluster.local/ns/echo-grpc/sa/echo"


@dataclass
class Clock:
    """A clock that moves only when told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def resource(
    type_: str,
    name: str,
    body: Body | None,
    *,
    scope: str = SCOPE,
    status: Status = Status.ACKED,
    version: str = "41",
    updated: datetime | None = START - timedelta(seconds=120),
    error: ErrorState | None = None,
    value: bytes | None = None,
) -> Resource:
    """A resource as the decoder would hand it out; its bytes are what its body says."""
    bytes_ = repr(body).encode() if value is None and body is not None else value or b""
    url = f"type.googleapis.com/{type_}"
    return Resource(
        key=ResourceKey(scope, type_, name),
        status=status,
        version=version,
        last_updated=updated,
        error=error,
        type_url=url,
        value=bytes_,
        content=Content.of(body),
    )


def listener(name: str = f"{HOST}:7070", *, routes: str = f"outbound|7070||{HOST}") -> Resource:
    filters = (HttpFilter("envoy.filters.http.fault", "HTTPFault"), HttpFilter("envoy.filters.http.router", "Router"))
    return resource(LDS, name, Listener(name, inbound=False, route_name=routes, filters=filters))


def inbound(address: str = "127.0.1.13:17070") -> Resource:
    tls = TlsContext(TlsMode.MTLS, identity="default", roots="default", require_client_certificate=True)
    chain = FilterChain("inbound-mtls", tls, filters=(HttpFilter("rbac", "RBAC", "ALLOW client"),))
    name = f"xds.istio.io/grpc/lds/inbound/{address}"
    return resource(LDS, name, Listener(name, inbound=True, address=address, chains=(chain,)), scope="#server")


def weighted(shares: dict[str, int]) -> RouteAction:
    total = sum(shares.values()) or 1
    clusters = tuple(
        WeightedCluster(f"outbound|7070|{subset}|{HOST}", weight, weight / total) for subset, weight in shares.items()
    )
    return RouteAction(ActionKind.FORWARD, clusters=clusters)


def routes(shares: dict[str, int], *, canary: bool = False, version: str = "42", **kwargs: Any) -> Resource:
    origin = "virtual-service/echo-grpc/echo-weights"
    everything = Route("default", RouteMatch(StringMatch(MatchKind.PREFIX, "/")), weighted(shares), origin=origin)
    matched = Route(
        "canary",
        RouteMatch(
            StringMatch(MatchKind.PREFIX, "/proto.EchoTestService/"),
            (HeaderMatch("x-canary", StringMatch(MatchKind.EXACT, "1")),),
        ),
        weighted({"v2": 100}),
        origin=origin,
    )
    host = VirtualHost(
        f"{HOST}:7070", (HOST, f"{HOST}:7070", "echo", "echo:7070"), (matched, everything) if canary else (everything,)
    )
    name = f"outbound|7070||{HOST}"
    return resource(RDS, name, RouteConfiguration(name, (host,)), version=version, **kwargs)


def cluster(subset: str, *, mtls: bool = True, **kwargs: Any) -> Resource:
    name = f"outbound|7070|{subset}|{HOST}"
    sans = (StringMatch(MatchKind.EXACT, SPIFFE),)
    tls = (
        TlsContext(TlsMode.MTLS, identity="default", roots="default", sans=sans)
        if mtls
        else TlsContext(TlsMode.PLAINTEXT)
    )
    body = Cluster(
        name, EDS, endpoints_name=name, tls=tls, subset=subset, origin="destination-rule/echo-grpc/echo-versions"
    )
    return resource(CDS, name, body, **kwargs)


def endpoints(subset: str, *addresses: str, health: EndpointHealth = EndpointHealth.HEALTHY) -> Resource:
    name = f"outbound|7070|{subset}|{HOST}"
    found = tuple(Endpoint(address, health, workload=f"echo-{subset}") for address in addresses)
    locality = Locality(region="region1", zone="zone1", sub_zone="", priority=0, weight=1, endpoints=found)
    return resource(EDS, name, ClusterLoadAssignment(name, (locality,)))


def missing(type_: str, name: str, status: Status = Status.DOES_NOT_EXIST) -> Resource:
    return resource(type_, name, None, status=status, version="", updated=None)


def healthy(shares: dict[str, int] | None = None) -> list[Resource]:
    """The seed system: a weighted split over two subsets with mTLS, and the app's own server side."""
    return [
        listener(),
        routes(shares or {"v1": 80, "v2": 20}, canary=True),
        cluster("v1"),
        cluster("v2"),
        endpoints("v1", "127.0.1.11:17070"),
        endpoints("v2", "127.0.1.12:17070"),
        inbound(),
    ]


def nacked(old: Resource, version: str, details: str, at: datetime) -> Resource:
    """The resource after its newest version was refused: the old one still in force."""
    error = ErrorState(version, details, at)
    return Resource(
        key=old.key,
        status=Status.NACKED,
        version=old.version,
        last_updated=old.last_updated,
        error=error,
        type_url=old.type_url,
        value=old.value,
        content=old.content,
    )


NODE = NodeIdentity(
    id="sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local",
    user_agent="gRPC C-core linux",
    user_agent_version="C-core 1.85.1",
)


@dataclass
class Scripted:
    """A config source that answers what it was last told to."""

    clock: Clock
    resources: list[Resource] = field(default_factory=list)
    node: NodeIdentity = NODE
    error: MeshtuiError | None = None
    polls: int = 0
    closed: bool = False

    async def poll(self) -> Snapshot:
        self.polls += 1
        if self.error is not None:
            raise self.error
        by_key = {one.key: one for one in self.resources}
        scopes = tuple(dict.fromkeys(key.scope for key in by_key))
        return Snapshot(taken_at=self.clock(), node=self.node, scopes=scopes, resources=MappingProxyType(by_key))

    def as_json(self, resource: Resource) -> str:
        said = asdict(resource.body) if resource.body is not None else None
        return json.dumps(said, indent=2, default=lambda value: value.name)

    async def close(self) -> None:
        self.closed = True

    def replace(self, *changed: Resource) -> None:
        """Put resources in the place of those with the same key; new ones at the end."""
        for one in changed:
            places = [at for at, old in enumerate(self.resources) if old.key == one.key]
            if places:
                self.resources[places[0]] = one
            else:
                self.resources.append(one)

    def remove(self, type_: str, name: str) -> None:
        self.resources = [one for one in self.resources if (one.key.type, one.key.name) != (type_, name)]


@dataclass
class Bench:
    """Targets by name, each with its scripted source, and the app over them."""

    clock: Clock
    sources: dict[str, Scripted] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)

    def add(self, target: str = "127.0.1.13:17171", resources: Iterable[Resource] = ()) -> Scripted:
        self.sources[target] = Scripted(self.clock, list(resources))
        return self.sources[target]

    def open_session(self, target: str) -> Session:
        async def connect() -> Sources:
            source = self.sources.get(target)
            if source is None:
                raise TargetUnreachable(f"Nothing answers at {target}: connection refused.", "check the port-forward")
            return Sources(source)

        # Polled only when told (poll_now): the interval is longer than any test.
        session = Session(target, connect, interval=3600, now=self.clock)
        self.sessions[target] = session
        return session

    def app(
        self,
        target: str | None = "127.0.1.13:17171",
        *,
        demo: DemoControl | None = None,
        open_demo: Callable[[str | None], DemoControl] | None = None,
        scenarios: tuple[Scenario, ...] = (),
        recents: tuple[Offer, ...] = (),
    ) -> MeshtuiApp:
        return MeshtuiApp(
            Workspace(self.open_session),
            target=target,
            demo=demo,
            open_demo=open_demo,
            scenarios=scenarios,
            recents=recents,
            now=self.clock,
        )

    async def frame(self, pilot: Pilot[None], target: str = "127.0.1.13:17171") -> None:
        """Let the target be polled once more, and the screen paint it."""
        session, source = self.sessions[target], self.sources.get(target)
        polls, revision = source.polls if source else 0, session.state.revision
        session.poll_now()
        await until(
            lambda: (source is None or source.polls > polls) and session.state.revision > revision, "one more look"
        )
        await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    """Let the pump beat and everything it moves be painted; a view is imported and mounted first.

    That the process is idle says nothing on a busy machine, where it may just not have had its turn.
    """
    calm = 0
    async with asyncio.timeout(PATIENCE_S):
        while calm < 3:
            screen = pilot.app.screen
            pump = getattr(screen, "_pump", None)
            if pump is not None:
                pump.pump()
            await pilot.pause()
            still = screen is pilot.app.screen and _at_rest(screen) and not _typing(pilot)
            calm = calm + 1 if still and _shows_something(screen) else 0


def _typing(pilot: Pilot[None]) -> bool:
    app = pilot.app
    return isinstance(app, MeshtuiApp) and app.typeahead.holds


def _at_rest(screen: Screen[Any]) -> bool:
    """No widget still has to be composed, to read a message, to be laid out or to be painted."""
    app = screen.app
    if app.message_queue_size or app._pending_message is not None or app._next_callbacks:
        return False
    if screen._callbacks or screen._dirty_widgets:
        return False
    return not any(
        not node.is_mounted
        or node.message_queue_size
        or node._pending_message is not None
        or node._next_callbacks
        or node._layout_required
        or node._repaint_required
        or node._recompose_required
        for node in screen.walk_children(Widget, with_self=True)
    )


def _shows_something(screen: Screen[Any]) -> bool:
    if not isinstance(screen, MainScreen):
        return True
    if screen.query_one("#notice").display:
        return True
    return any(view.display and view.frame is not None and view.size for view in screen.query(View))
