"""The demo mesh for tests: one per worker, whose manifests each test sets, and what is needed to look at it."""

from __future__ import annotations

import os

# Before the first import of grpc, which reads them.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import asyncio
import collections
import contextlib
import math
import re
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.service.status.v3 import csds_pb2

from meshtui.demo.events import DemoEventKind
from meshtui.demo.mesh import Mesh
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.draws import draws
from meshtui.model.split.assessment import Expectation, ExpectationSource
from meshtui.model.split.counts import SplitCounts
from meshtui.protos import echo_pb2
from tests.waiting import PATIENCE_S

T = TypeVar("T")

_TYPES = (
    listener_pb2.Listener,
    route_pb2.RouteConfiguration,
    cluster_pb2.Cluster,
    endpoint_pb2.ClusterLoadAssignment,
)

_FETCH = "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus"

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: echo-grpc}
spec:
  selector: {app: echo}
  ports: [{name: grpc, port: 7070, targetPort: 17070}]
"""

SUBSETS = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: echo, namespace: echo-grpc}
spec:
  host: echo
  subsets:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
"""


def virtual_service(http: str) -> str:
    """A VirtualService for echo with the given ``http`` entries."""
    head = """
    apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: {name: echo, namespace: echo-grpc}
    spec:
      hosts: [echo]
      http:
    """
    return textwrap.dedent(head) + textwrap.indent(textwrap.dedent(http).strip("\n"), "    ") + "\n"


async def eventually(what: str, look: Callable[[], Awaitable[T | None]]) -> T:
    """The first thing that ``look`` finds; fails when it found nothing in time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = await look()
        if found is not None and found is not False:
            return found
        await asyncio.sleep(0.02)
    pytest.fail(f"never came: {what}")


def plausible(count: int, of: int, share: float) -> bool:
    """Whether a count fits a share, within five standard deviations: a sound mesh fails this once in a
    million."""
    return abs(count - of * share) <= 5 * math.sqrt(of * share * (1 - share))


class Lab:
    """A running mesh, and a client for its pods."""

    SERVICE = SERVICE
    SUBSETS = SUBSETS
    ROUTE = "RouteConfiguration outbound|7070||echo.echo-grpc.svc.cluster.local"
    virtual_service = staticmethod(virtual_service)
    eventually = staticmethod(eventually)
    plausible = staticmethod(plausible)

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh

    def channel(self, pod: str) -> grpc.aio.Channel:
        """A channel to a pod's plain port."""
        return grpc.aio.insecure_channel(self.mesh.pods[pod].admin, options=[("grpc.enable_http_proxy", 0)])

    async def apply(self, **manifests: str) -> None:
        """Replace all manifests (name → YAML), and wait until the control plane has read them."""
        directory = self.mesh.manifests

        def count() -> int:
            return sum(
                event.kind in (DemoEventKind.CONFIG_APPLIED, DemoEventKind.CONFIG_UNCHANGED)
                for event in self.mesh.history
            )

        applied = count()
        wanted = {f"{name}.yaml": text for name, text in manifests.items()}
        present = {path.name: path.read_text() for path in directory.glob("*.yaml")}
        if present == wanted:
            return
        for name, text in wanted.items():
            draft = directory / f".{name}.new"
            draft.write_text(text)
            draft.replace(directory / name)
        for name in present.keys() - wanted.keys():
            (directory / name).unlink()

        async def done() -> bool | None:
            return count() > applied or None

        await eventually("the manifests are applied", done)

    async def plain(self) -> None:
        """Only the Service, as the client has accepted it and requests are answered by it: whatever the test before
        left in force is gone."""
        await self.apply(service=self.SERVICE)
        await self.until_accepted(self.ROUTE, lambda route: route.virtual_hosts[0].routes[0].name == "default")

        await self.until_works(count=4)

    async def until_works(self, **fields: Any) -> None:
        """Wait until a call succeeds: servers that just changed their TLS drop connections once."""

        async def look() -> bool | None:
            try:
                return bool(await self.forward(**fields))
            except grpc.aio.AioRpcError:
                return None

        await eventually("a call succeeds", look)

    async def statuses(self, pod: str = "client") -> dict[str, Any]:
        """What the pod's CSDS says, by resource name (a name can be in several scopes: the last wins)."""
        async with self.channel(pod) as channel:
            fetch: Any = channel.unary_unary(
                _FETCH,
                request_serializer=csds_pb2.ClientStatusRequest.SerializeToString,
                response_deserializer=csds_pb2.ClientStatusResponse.FromString,
            )
            response = await fetch(csds_pb2.ClientStatusRequest(), timeout=PATIENCE_S)
        return {
            f"{entry.type_url.rpartition('.')[2]} {entry.name}": entry
            for config in response.config
            for entry in config.generic_xds_configs
        }

    async def accepted(self, pod: str = "client") -> dict[str, Any]:
        """The resources in force in a pod, unpacked, by ``Type name``."""
        out: dict[str, Any] = {}
        for name, entry in (await self.statuses(pod)).items():
            for kind in _TYPES:
                if entry.xds_config.Is(kind.DESCRIPTOR):
                    message = kind()
                    entry.xds_config.Unpack(message)
                    out[name] = message
        return out

    async def until_accepted(self, name: str, test: Callable[[Any], object], pod: str = "client") -> Any:
        """Wait until a pod runs on a resource that passes a test, and return it."""

        async def look() -> Any:
            resource = (await self.accepted(pod)).get(name)
            return resource if resource is not None and test(resource) else None

        return await eventually(f"{pod} accepts {name}", look)

    async def forward(self, pod: str = "client", **fields: Any) -> list[str]:
        """ForwardEcho from a pod; raises AioRpcError as it fails."""
        headers = [echo_pb2.Header(key=key, value=value) for key, value in fields.pop("headers", {}).items()]
        fields.setdefault("url", "xds:///echo.echo-grpc.svc.cluster.local:7070")
        fields.setdefault("count", 1)
        request = echo_pb2.ForwardEchoRequest(headers=headers, **fields)
        async with self.channel(pod) as channel:
            call: Any = channel.unary_unary(
                "/proto.EchoTestService/ForwardEcho",
                request_serializer=echo_pb2.ForwardEchoRequest.SerializeToString,
                response_deserializer=echo_pb2.ForwardEchoResponse.FromString,
            )
            return list((await call(request, timeout=PATIENCE_S)).output)

    async def failure(self, pod: str = "client", **fields: Any) -> grpc.aio.AioRpcError:
        """The error of a ForwardEcho that has to fail."""
        with contextlib.suppress(asyncio.CancelledError):
            try:
                output = await self.forward(pod, **fields)
            except grpc.aio.AioRpcError as error:
                return error
        pytest.fail(f"ForwardEcho succeeded: {output[0]}")

    async def versions(self, pod: str = "client", **fields: Any) -> collections.Counter[str]:
        """Who answered a ForwardEcho: version → answers."""
        output = await self.forward(pod, **fields)
        found = [re.search(r"^\[\d+ body\] ServiceVersion=(.*)$", text, re.MULTILINE) for text in output]
        return collections.Counter(match[1] if match else "?" for match in found)

    async def drawn(self, **fields: Any) -> SplitCounts:
        """The same of two localities with a version each, as far as these were drawn by weight."""
        output = await self.forward(**fields)
        batch = Batch(number=1, count=len(output), qps=0, timeout_s=PATIENCE_S)
        localities = Expectation.of({"v1": 1, "v2": 1}, ExpectationSource.TYPED, by_locality=("v1", "v2"))
        return draws(account(batch, BatchReply(ReplyKind.OUTPUTS, tuple(output))), localities, batch.qps)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lab() -> AsyncIterator[Lab]:
    """One mesh for all tests of a worker that only need some mesh. Each sets the manifests it wants."""
    async with Mesh("discovery") as mesh:
        yield Lab(mesh)


@pytest.fixture(scope="session")
def make_lab() -> Callable[[Mesh], Lab]:
    """For tests that start a mesh of their own."""
    return Lab
