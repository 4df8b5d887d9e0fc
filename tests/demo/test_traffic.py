"""Each traffic policy, shown by traffic and by what the client accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from meshtui.demo.events import DemoEventKind
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="session")]

HOST = "echo.echo-grpc.svc.cluster.local"
ROUTE = f"RouteConfiguration outbound|7070||{HOST}"
CLUSTER = f"Cluster outbound|7070||{HOST}"
ENDPOINTS = f"ClusterLoadAssignment outbound|7070||{HOST}"

SPLIT = """
- route:
    - {destination: {host: echo, subset: v1}, weight: 20}
    - {destination: {host: echo, subset: v2}, weight: 80}
"""

MUTUAL_TLS = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: echo, namespace: echo-grpc}
spec:
  host: echo
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
"""

STRICT = """
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: echo-grpc}
spec: {mtls: {mode: STRICT}}
"""


def weights(route: Any) -> list[int]:
    """The weights of the first route."""
    return [cluster.weight.value for cluster in route.virtual_hosts[0].routes[0].route.weighted_clusters.clusters]


def inbound(lab: Lab, pod: str) -> str:
    """The name of a pod's inbound listener in CSDS."""
    return f"Listener xds.istio.io/grpc/lds/inbound/{lab.mesh.pods[pod].echo}"


async def until_servers(lab: Lab, chain: str) -> None:
    """Wait until both servers run on a filter chain."""
    for pod in ("echo-v1", "echo-v2"):
        await lab.until_accepted(inbound(lab, pod), lambda found: found.filter_chains[0].name == chain, pod)


async def test_discovery_spreads_over_both_versions(lab: Lab) -> None:
    await lab.plain()
    # The two pods are in two localities of one weight, between which gRPC draws lots once it is connected to both.
    found = await lab.drawn(count=400, timeout_micros=20_000_000)
    assert found.came_back == 400
    assert lab.plausible(found.by_version["v1"], found.total, 0.5), found


async def test_a_split_is_what_is_measured(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(SPLIT))
    await lab.until_accepted(ROUTE, lambda route: weights(route) == [20, 80])
    found = await lab.versions(count=600, timeout_micros=20_000_000)
    assert found.total() == 600
    assert lab.plausible(found["v1"], 600, 0.2), found


async def test_an_edit_is_applied_live(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(SPLIT))
    await lab.until_accepted(ROUTE, lambda route: weights(route) == [20, 80])
    swapped = SPLIT.replace("20}", "70}").replace("80}", "30}")
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(swapped))
    route = await lab.until_accepted(ROUTE, lambda route: weights(route) == [70, 30])
    found = await lab.versions(count=300, timeout_micros=20_000_000)
    assert lab.plausible(found["v1"], 300, 0.7), found
    config = route.virtual_hosts[0].routes[0].metadata.filter_metadata["istio"]["config"]
    assert config == "/apis/networking.istio.io/v1/namespaces/echo-grpc/virtual-service/echo"


@pytest.mark.parametrize("host", ["echo", "echo.echo-grpc", "echo.echo-grpc.svc", HOST])
async def test_short_names_work(lab: Lab, host: str) -> None:
    await lab.plain()
    output = await lab.forward(url=f"xds:///{host}:7070")
    assert f"[0 body] Host={host}:7070" in output[0].splitlines()


async def test_an_unknown_name_fails_and_says_so(lab: Lab) -> None:
    await lab.plain()
    error = await lab.failure(url="xds:///nobody:7070", timeout_micros=300_000)
    assert error.code() is grpc.StatusCode.UNKNOWN


async def test_header_match_chooses_the_subset(lab: Lab) -> None:
    routes = """
    - match: [{headers: {version: {exact: v2}}}, {headers: {x-canary: {prefix: y}}}]
      route: [{destination: {host: echo, subset: v2}}]
    - route: [{destination: {host: echo, subset: v1}}]
    """
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(routes))
    await lab.until_accepted(ROUTE, lambda route: len(route.virtual_hosts[0].routes) == 3)
    assert await lab.versions(count=10) == {"v1": 10}
    assert await lab.versions(count=10, headers={"version": "v2"}) == {"v2": 10}
    assert await lab.versions(count=10, headers={"x-canary": "yes"}) == {"v2": 10}
    assert await lab.versions(count=10, headers={"x-canary": "no"}) == {"v1": 10}


async def test_uri_match_is_the_grpc_method(lab: Lab) -> None:
    routes = """
    - match: [{uri: {exact: /proto.EchoTestService/Echo}}]
      route: [{destination: {host: echo, subset: v2}}]
    - match: [{uri: {prefix: /grpc.health.v1.Health/}}]
      route: [{destination: {host: echo, subset: v1}}]
    """
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(routes))
    await lab.until_accepted(ROUTE, lambda route: len(route.virtual_hosts[0].routes) == 2)
    assert await lab.versions(count=10) == {"v2": 10}

    other = routes.replace("/proto.EchoTestService/Echo", "/proto.EchoTestService/Other")
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(other))
    await lab.until_accepted(ROUTE, lambda route: "Other" in route.virtual_hosts[0].routes[0].match.path)
    error = await lab.failure()
    assert "No matching route found in xDS route config" in (error.details() or "")


async def test_an_aborted_share_fails_with_the_status_asked_for(lab: Lab) -> None:
    routes = """
    - fault: {abort: {grpcStatus: RESOURCE_EXHAUSTED, percentage: {value: 100}}}
      route: [{destination: {host: echo}}]
    """
    await lab.apply(service=lab.SERVICE, route=lab.virtual_service(routes))
    await lab.until_accepted(ROUTE, lambda route: route.virtual_hosts[0].routes[0].typed_per_filter_config)
    error = await lab.failure()
    assert "code = ResourceExhausted desc = Fault injected" in (error.details() or "")


async def test_a_delay_and_a_timeout_meet(lab: Lab) -> None:
    routes = """
    - fault: {delay: {fixedDelay: 5s, percentage: {value: 100}}}
      timeout: 100ms
      route: [{destination: {host: echo}}]
    """
    await lab.apply(service=lab.SERVICE, route=lab.virtual_service(routes))
    await lab.until_accepted(
        ROUTE, lambda route: route.virtual_hosts[0].routes[0].route.max_stream_duration.max_stream_duration.nanos
    )
    error = await lab.failure(timeout_micros=4_000_000)
    assert "DeadlineExceeded" in (error.details() or ""), error.details()


async def test_ring_hash_keeps_a_key_on_one_pod(lab: Lab) -> None:
    rule = """
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {name: echo, namespace: echo-grpc}
    spec: {host: echo, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}}
    """
    routes = "- route: [{destination: {host: echo}}]"
    await lab.apply(service=lab.SERVICE, rule=rule, route=lab.virtual_service(routes))
    await lab.until_accepted(CLUSTER, lambda cluster: cluster.lb_policy == cluster.RING_HASH)
    await lab.until_accepted(ROUTE, lambda route: route.virtual_hosts[0].routes[0].route.hash_policy)
    seen: set[str] = set()
    for user in range(12):
        found = await lab.versions(count=8, headers={"x-user": f"user-{user}"})
        assert len(found) == 1, "one user stays on one pod"
        seen |= found.keys()
    assert seen == {"v1", "v2"}, "different users spread"


def locality_rule(more: str) -> str:
    return f"""
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata: {{name: echo, namespace: echo-grpc}}
    spec: {{host: echo, trafficPolicy: {more}}}
    """


async def test_localities_share_calls_as_they_are_told(lab: Lab) -> None:
    to = "{eu-west/eu-west-1a/*: 80, eu-west/eu-west-1b/*: 20}"
    setting = f"{{distribute: [{{from: eu-west/*, to: {to}}}]}}"
    await lab.apply(service=lab.SERVICE, rule=locality_rule(f"{{loadBalancer: {{localityLbSetting: {setting}}}}}"))
    await lab.until_accepted(
        ENDPOINTS, lambda found: [group.load_balancing_weight.value for group in found.endpoints] == [80, 20]
    )
    # An accepted EDS is in use a moment later, which the first calls of a new channel wait for.
    found = await lab.drawn(count=600, timeout_micros=20_000_000)
    assert found.came_back == 600
    assert lab.plausible(found.by_version["v1"], found.total, 0.8), found


async def test_outlier_detection_keeps_calls_near(lab: Lab) -> None:
    """The client is beside echo-v1: the other zone is only for when that is down."""
    await lab.apply(service=lab.SERVICE, rule=locality_rule("{outlierDetection: {consecutive5xxErrors: 1}}"))
    await lab.until_accepted(ENDPOINTS, lambda found: [group.priority for group in found.endpoints] == [0, 1])
    assert await lab.versions(count=20) == {"v1": 20}


async def test_a_direct_response_fails_every_call(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, route=lab.virtual_service("- directResponse: {status: 503}"))
    await lab.until_accepted(ROUTE, lambda route: route.virtual_hosts[0].routes[0].HasField("direct_response"))
    error = await lab.failure()
    assert "code = Unavailable" in (error.details() or ""), error.details()


async def test_other_services_on_the_port_are_in_the_routes(lab: Lab) -> None:
    other = lab.SERVICE.replace("name: echo,", "name: other,")
    await lab.apply(service=lab.SERVICE, other=other)
    route = await lab.until_accepted(ROUTE, lambda route: len(route.virtual_hosts) == 2)
    assert [host.name for host in route.virtual_hosts] == [f"{HOST}:7070", f"{HOST.replace('echo', 'other', 1)}:7070"]
    assert (await lab.versions(count=4, url="xds:///other:7070")).total() == 4
    assert not any("|other" in name for name in await lab.accepted()), "nobody who calls echo asks for its clusters"


async def test_mutual_tls_on_the_client_only_is_refused(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, rule=MUTUAL_TLS)
    await until_servers(lab, "inbound-plaintext")
    await lab.until_accepted(CLUSTER, lambda cluster: cluster.HasField("transport_socket"))

    async def refused() -> str | None:
        details = (await lab.failure()).details() or ""
        return details if "WRONG_VERSION_NUMBER" in details else None

    assert "1/1 requests had errors; first error: rpc error: code = Unavailable" in await lab.eventually(
        "the handshake is refused", refused
    )


async def test_strict_works_with_mutual_tls_and_only_with_it(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, rule=MUTUAL_TLS, auth=STRICT)
    await until_servers(lab, "inbound-mtls")
    await lab.until_accepted(CLUSTER, lambda cluster: cluster.HasField("transport_socket"))
    await lab.until_works()
    assert (await lab.versions(count=20)).total() == 20

    await lab.apply(service=lab.SERVICE, auth=STRICT)
    await lab.until_accepted(CLUSTER, lambda cluster: not cluster.HasField("transport_socket"))

    async def refused() -> str | None:
        details = (await lab.failure()).details() or ""
        return details if "Socket closed" in details else None

    assert await lab.eventually("plaintext is refused", refused)


def policy(action: str, principal: str) -> str:
    return f"""
    apiVersion: security.istio.io/v1
    kind: AuthorizationPolicy
    metadata: {{name: callers, namespace: echo-grpc}}
    spec:
      selector: {{matchLabels: {{app: echo}}}}
      action: {action}
      rules: [{{from: [{{source: {{principals: ["{principal}"]}}}}]}}]
    """


@pytest.mark.parametrize(
    ("action", "principal", "allowed"),
    [
        ("ALLOW", "cluster.local/ns/echo-grpc/sa/client", True),
        ("ALLOW", "cluster.local/ns/other/sa/client", False),
        ("DENY", "cluster.local/ns/echo-grpc/sa/*", False),
        ("DENY", "*/sa/somebody", True),
    ],
)
async def test_authorization_by_principal(lab: Lab, action: str, principal: str, allowed: bool) -> None:
    await lab.apply(service=lab.SERVICE, rule=MUTUAL_TLS, auth=STRICT, policy=policy(action, principal))
    for pod in ("echo-v1", "echo-v2"):
        await lab.until_accepted(
            inbound(lab, pod), lambda found: principal.strip("*").encode() in found.SerializeToString(), pod
        )
    await lab.until_accepted(CLUSTER, lambda cluster: cluster.HasField("transport_socket"))

    async def outcome() -> bool | None:
        try:
            await lab.forward(count=4)
        except grpc.aio.AioRpcError as error:
            found = "code = PermissionDenied desc = Unauthorized RPC rejected" in (error.details() or "")
            return found and not allowed
        return allowed

    assert await lab.eventually("the policy decides", outcome)


async def test_authorization_by_header_and_method(lab: Lab) -> None:
    header = "{key: 'request.headers[x-user]', values: ['jane*']}"
    path = "{operation: {methods: [POST], paths: ['/proto.EchoTestService/*'], ports: ['17070']}}"
    text = policy("DENY", "*").replace(
        '[{from: [{source: {principals: ["*"]}}]}]', f"[{{to: [{path}], when: [{header}]}}]"
    )
    await lab.apply(service=lab.SERVICE, policy=text)
    for pod in ("echo-v1", "echo-v2"):
        await lab.until_accepted(inbound(lab, pod), lambda found: b"x-user" in found.SerializeToString(), pod)

    async def denied() -> bool | None:
        details = (await lab.failure(headers={"x-user": "janet"})).details() or ""
        return "code = PermissionDenied desc = Unauthorized RPC rejected" in details or None

    assert await lab.eventually("jane is denied", denied)
    assert await lab.forward(count=2, headers={"x-user": "joe"})


async def test_a_refused_change_leaves_the_old_configuration_serving(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(SPLIT))
    await lab.until_accepted(ROUTE, lambda route: weights(route) == [20, 80])
    bad = lab.virtual_service(SPLIT.replace("- route", "- corsPolicy: {allowOrigins: [{exact: x}]}\n  route"))
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=bad)

    async def refused() -> Any:
        entry = (await lab.statuses())[ROUTE]
        return entry if entry.error_state.details else None

    entry = await lab.eventually("the client refuses the route", refused)
    assert entry.client_status == 4, "NACKED"
    assert entry.error_state.version_info != entry.version_info
    assert weights((await lab.accepted())[ROUTE]) == [20, 80]
    assert (await lab.versions(count=20)).total() == 20
    nack = await lab.mesh.wait_for(lambda event: event.kind is DemoEventKind.NACK, PATIENCE_S, from_start=True)
    assert nack is not None
    assert re.search("cors", nack.text("reason"), re.IGNORECASE)


async def test_a_broken_file_keeps_the_last_good_configuration(lab: Lab) -> None:
    await lab.apply(service=lab.SERVICE, rule=lab.SUBSETS, route=lab.virtual_service(SPLIT))
    await lab.until_accepted(ROUTE, lambda route: weights(route) == [20, 80])
    file = lab.mesh.manifests / "route.yaml"
    good = file.read_text()
    file.write_text(good + "---\nkind: Service\napiVersion: v1\nmetadata: {name: x}\nspec: {ports: [{port: 0}]}\n")
    problem = await lab.mesh.wait_for(lambda event: event.kind is DemoEventKind.MANIFEST_ERROR, PATIENCE_S)
    file.write_text(good)
    assert problem is not None
    assert problem.text("file") == "route.yaml"
    assert int(problem.text("line")) == good.count("\n") + 5
    assert "port must be a whole number from 1 to 65535" in problem.text("reason")
    assert weights((await lab.accepted())[ROUTE]) == [20, 80]


async def test_a_call_that_fails_at_the_xds_port_leaves_the_app_alive(lab: Lab) -> None:
    """C-core's xDS server ends its process where a status is sent before headers: see meshtui.demo.headers_first."""
    await lab.plain()
    app = lab.mesh.processes["echo-v1", "app"]
    async with grpc.aio.insecure_channel(lab.mesh.pods["echo-v1"].echo or "") as channel:
        for method, message, code in (
            ("/no.Such/Method", b"", grpc.StatusCode.UNIMPLEMENTED),
            ("/proto.EchoTestService/Echo", b"\xff\xff", grpc.StatusCode.INTERNAL),
            ("/grpc.health.v1.Health/Check", b"\x0a\x04none", grpc.StatusCode.NOT_FOUND),
        ):
            call: Any = channel.unary_unary(method)
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call(message, timeout=PATIENCE_S)
            assert failed.value.code() is code
        stream: Any = channel.stream_stream("/no.Such/Stream")()
        assert await stream.code() is grpc.StatusCode.UNIMPLEMENTED
    assert lab.mesh.processes["echo-v1", "app"] == app
