"""The session of Istio's introduction to proxyless gRPC (istio.io/latest/blog/2021/proxyless-grpc), word for word.

Each object is a file of its own that is added beside those before, as ``kubectl apply`` adds them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="session")]

FQDN = "echo.echo-grpc.svc.cluster.local"

ECHO_VERSIONS = """
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: echo-versions
  namespace: echo-grpc
spec:
  host: echo.echo-grpc.svc.cluster.local
  subsets:
  - name: v1
    labels:
      version: v1
  - name: v2
    labels:
      version: v2
"""

ECHO_WEIGHTS = """
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata:
  name: echo-weights
  namespace: echo-grpc
spec:
  hosts:
  - echo.echo-grpc.svc.cluster.local
  http:
  - route:
    - destination:
        host: echo.echo-grpc.svc.cluster.local
        subset: v1
      weight: 20
    - destination:
        host: echo.echo-grpc.svc.cluster.local
        subset: v2
      weight: 80
"""

CLIENT_MTLS = """
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: echo-mtls
  namespace: echo-grpc
spec:
  host: echo.echo-grpc.svc.cluster.local
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
"""

SERVER_MTLS = """
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata:
  name: echo-mtls
  namespace: echo-grpc
spec:
  mtls:
    mode: STRICT
"""


def clusters_with_tls(accepted: dict[str, Any]) -> set[str]:
    return {
        name.split("|")[2] for name, found in accepted.items()
        if name.startswith("Cluster ") and found.HasField("transport_socket")
    }  # fmt: skip


async def test_the_session_works_as_it_is_written(lab: Lab) -> None:
    manifests = {"echo": lab.SERVICE}

    async def add(name: str, text: str) -> None:
        manifests[name] = text
        await lab.apply(**manifests)

    await lab.plain()
    assert (await lab.versions(count=5)).total() == 5

    await add("echo-versions", ECHO_VERSIONS)
    await add("echo-weights", ECHO_WEIGHTS)
    await lab.until_accepted(lab.ROUTE, lambda route: "|v2|" in str(route))
    found = await lab.versions(count=600, timeout_micros=20_000_000)
    assert lab.plausible(found["v1"], 600, 0.2), found

    await add("echo-mtls", CLIENT_MTLS)

    async def both_speak_tls() -> bool:
        return clusters_with_tls(await lab.accepted()) >= {"v1", "v2"}

    await lab.eventually("both subsets speak mutual TLS, so the two rules are one", both_speak_tls)

    async def refused() -> str | None:
        try:
            await lab.forward()
        except grpc.aio.AioRpcError as error:
            return error.details()
        return None

    told = await lab.eventually("a server that speaks no TLS is not reached", refused)
    assert "1/1 requests had errors; first error: rpc error: code = Unavailable" in told

    await add("echo-mtls-server", SERVER_MTLS)
    await lab.until_works()
    found = await lab.versions(count=600, timeout_micros=20_000_000)
    assert lab.plausible(found["v1"], 600, 0.2), found
    assert clusters_with_tls(await lab.accepted()) >= {"v1", "v2"}
    (answer,) = await lab.forward()
    assert re.search(r"^\[0 body\] StatusCode=200$", answer, re.MULTILINE)
