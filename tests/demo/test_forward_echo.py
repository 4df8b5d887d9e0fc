"""ForwardEcho against FACTS of Istio's echo app: one set, one new channel, all or nothing."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="session")]

FQDN = "echo.echo-grpc.svc.cluster.local"

ALWAYS_SLOW = """
- fault: {delay: {fixedDelay: 30s, percentage: {value: 100}}}
  route: [{destination: {host: echo}}]
"""

SOMETIMES_ABORTED = """
- fault: {abort: {grpcStatus: DATA_LOSS, percentage: {value: 50}}}
  route: [{destination: {host: echo}}]
"""


async def until_fault(lab: Lab, http: str) -> None:
    """Apply a route with a fault and wait until the client runs on it."""
    await lab.apply(service=lab.SERVICE, route=lab.virtual_service(http))
    await lab.until_accepted(lab.ROUTE, lambda route: route.virtual_hosts[0].routes[0].typed_per_filter_config)


async def test_one_output_for_each_request_in_order(lab: Lab) -> None:
    await lab.plain()
    output = await lab.forward(count=30, message="hello")
    assert len(output) == 30
    for index, text in enumerate(output):
        lines = text.splitlines()
        assert re.fullmatch(rf"\[{index}\] Latency=\d+(\.\d+)?(µs|ms|s)", lines[0]), lines[0]
        assert re.fullmatch(rf"\[{index}\] ActiveRequests=\d+", lines[1]), lines[1]
        assert f"[{index} body] Echo=hello" in lines
        assert f"[{index} body] ServicePort=17070" in lines
        told = {line.partition("] ")[2].partition("=")[0] for line in lines}
        assert told & {"Cluster", "Namespace", "IstioVersion"} == set(), "unset in Istio's sample"
        assert {f"[{index} body] Hostname=echo-v1", f"[{index} body] Hostname=echo-v2"} & set(lines)


@pytest.mark.parametrize("count", [0, 1, -3])
async def test_a_count_below_two_is_one(lab: Lab, count: int) -> None:
    await lab.plain()
    assert len(await lab.forward(count=count)) == 1


async def test_a_count_beyond_the_bound_is_refused_in_a_sentence(lab: Lab) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await lab.forward(count=2**31 - 1)
    assert refused.value.code() is grpc.StatusCode.UNKNOWN
    assert refused.value.details() == (
        "a set of 2147483647 requests is more than the demo's bound of 100000: send several sets"
    )
    await lab.plain()
    assert len(await lab.forward(count=2)) == 2


async def test_headers_are_sent_and_host_becomes_the_authority(lab: Lab) -> None:
    await lab.plain()
    output = await lab.forward(headers={"Host": "echo", "X-User": "jane"})
    lines = output[0].splitlines()
    assert "[0 body] Host=echo" in lines
    assert "[0 body] RequestHeader=x-user:jane" in lines
    error = await lab.failure(headers={"Host": "elsewhere"})
    assert "could not find VirtualHost for elsewhere" in (error.details() or "")


async def test_the_content_type_is_said_as_istios_app_says_it(lab: Lab) -> None:
    await lab.plain()
    (output,) = await lab.forward(count=1)
    lines = [line for line in output.splitlines() if "content-type" in line]
    assert lines == [
        "[0 body] RequestHeader=content-type:application/grpc",
        "[0] ResponseHeader=content-type:application/grpc",
    ]
    assert output.splitlines()[-1] == lines[-1]


async def test_the_grpc_scheme_dials_without_xds(lab: Lab) -> None:
    await lab.plain()
    output = await lab.forward(url=f"grpc://{lab.mesh.pods['echo-v2'].admin}")
    assert "[0 body] ServicePort=17171" in output[0].splitlines()
    assert "[0 body] ServiceVersion=v2" in output[0].splitlines()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://echo:7070", "no protocol handler found for scheme ftp"),
        # As in tests/data/istio/fe-noscheme.txt.
        (f"{FQDN}:7070", f"no protocol handler found for scheme {FQDN}"),
        ("echo", "missing protocol scheme in the request URL: echo"),
        (":7070", "missing protocol scheme in the request URL: :7070"),
    ],
)
async def test_another_scheme_is_an_error_in_istios_words(lab: Lab, url: str, text: str) -> None:
    error = await lab.failure(url=url)
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, text)


async def test_a_protocol_that_only_istios_app_has(lab: Lab) -> None:
    error = await lab.failure(url="HTTP://echo:80/")
    reason = "no protocol handler found for scheme http: the demo's echo app has xds and grpc alone"
    assert error.details() == reason


async def test_one_failure_takes_all_answers_along(lab: Lab) -> None:
    await until_fault(lab, SOMETIMES_ABORTED)
    error = await lab.failure(count=40)
    assert error.code() is grpc.StatusCode.UNKNOWN
    match = re.fullmatch(
        r"(\d+)/40 requests had errors; first error: "
        r"rpc error: code = DataLoss desc = Fault injected.*",
        error.details() or "",
    )
    assert match, error.details()
    assert lab.plausible(int(match[1]), 40, 0.5)


async def test_the_timeout_is_for_the_whole_set(lab: Lab) -> None:
    await until_fault(lab, ALWAYS_SLOW)
    error = await lab.failure(count=3, timeout_micros=400_000)
    assert error.code() is grpc.StatusCode.UNKNOWN
    assert error.details() == "request set timed out after 400ms and only 0/3 requests completed (0s avg)"


async def test_the_ticker_waits_before_the_first_request(lab: Lab) -> None:
    await lab.plain()
    # Ten ticks of 0.1 s do not fit into 0.9 s, as the first request waits for the first tick.
    error = await lab.failure(count=10, qps=10, timeout_micros=900_000)
    match = re.fullmatch(
        r"request set timed out after 900ms and only (\d)/10 requests completed \(.*s avg\)", error.details() or ""
    )
    assert match, error.details()
    assert int(match[1]) <= 8
    started = time.monotonic()
    assert len(await lab.forward(count=3, qps=20, timeout_micros=5_000_000)) == 3
    assert time.monotonic() - started >= 3 / 20, "three ticks have to pass"


async def test_at_most_twenty_at_a_time(lab: Lab) -> None:
    """A machine that is busy may begin fewer before the first is answered; more never are."""
    delayed = ALWAYS_SLOW.replace("30s", "200ms")
    await until_fault(lab, delayed)

    async def most() -> bool | None:
        output = await lab.forward(count=50, timeout_micros=int(PATIENCE_S * 1e6))
        active = [int(match[1]) for text in output if (match := re.search(r"ActiveRequests=(\d+)", text))]
        assert max(active) <= 20
        return max(active) == 20 or None

    await lab.eventually("twenty at a time", most)


async def test_new_connection_per_request(lab: Lab) -> None:
    await lab.plain()
    output = await lab.forward(count=8, newConnectionPerRequest=True, timeout_micros=20_000_000)
    assert len(output) == 8


async def test_a_caller_that_goes_away_stops_the_set(lab: Lab) -> None:
    await until_fault(lab, ALWAYS_SLOW)

    async def busy(wanted: bool) -> bool | None:
        names = {name for name in await lab.statuses() if name.startswith("Listener echo:7070")}
        return (bool(names) is wanted) or None

    sending = asyncio.ensure_future(lab.forward(url="xds:///echo:7070", count=5, timeout_micros=25_000_000))
    await lab.eventually("the set's own channel is open", lambda: busy(True))
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await lab.eventually("the set's channel is closed long before its timeout", lambda: busy(False))


async def test_many_sets_at_once_keep_their_answers_apart(lab: Lab) -> None:
    await lab.plain()
    sets: Any = await asyncio.gather(
        *(lab.forward(count=10, message=f"set {number}", timeout_micros=20_000_000) for number in range(8))
    )
    for number, output in enumerate(sets):
        assert all(f"body] Echo=set {number}\n" in text for text in output)


async def test_services_of_the_plain_port(lab: Lab) -> None:
    from grpc_channelz.v1 import channelz_pb2
    from grpc_health.v1 import health_pb2
    from grpc_reflection.v1alpha import reflection_pb2

    await lab.plain()
    async with lab.channel("client") as channel:
        check: Any = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        health = await check(health_pb2.HealthCheckRequest(service="proto.EchoTestService"), timeout=PATIENCE_S)
        assert health.status == health_pb2.HealthCheckResponse.SERVING
        channels: Any = channel.unary_unary(
            "/grpc.channelz.v1.Channelz/GetTopChannels",
            request_serializer=channelz_pb2.GetTopChannelsRequest.SerializeToString,
            response_deserializer=channelz_pb2.GetTopChannelsResponse.FromString,
        )
        targets = {
            channel.data.target
            for channel in (await channels(channelz_pb2.GetTopChannelsRequest(), timeout=PATIENCE_S)).channel
        }
        assert any("echo.echo-grpc.svc.cluster.local:7070" in target for target in targets), targets
        reflect: Any = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        call = reflect(timeout=PATIENCE_S)
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        answer = await call.read()
        call.cancel()
    services = {service.name for service in answer.list_services_response.service}
    assert "proto.EchoTestService" in services
    assert "envoy.service.status.v3.ClientStatusDiscoveryService" in services
