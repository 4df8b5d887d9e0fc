"""Channelz against gRPC's own service, and against peers that answer oddly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from google.protobuf.message import Message
from grpc_channelz.v1 import channelz, channelz_pb2

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.address import parse_address
from meshtui.model.channels import ChannelReport, ChannelState
from meshtui.model.control_plane import Standing, control_planes
from meshtui.model.errors import BadAnswer, ServiceMissing, TargetUnreachable
from meshtui.model.target import TlsOptions
from meshtui.model.xds.graph_build import build
from meshtui.sources.channelz.source import AT_ONCE, PAGES, SERVICE, SUBCHANNELS_SHOWN, ChannelzSource
from meshtui.sources.grpc.channel import open_channel
from tests.attaching import SHORT, TIMEOUT
from tests.cases import case
from tests.csds_server import SERVICE as CSDS
from tests.sources.grpc.tls_files import TlsFiles

import grpc  # isort: skip
import grpc.aio  # isort: skip

METHODS = ("GetTopChannels", "GetChannel", "GetSubchannel", "GetSocket", "GetServers")

Answer = Callable[[str, bytes, Any], Any]


@asynccontextmanager
async def channelz_at(target: str, timeout: float = TIMEOUT) -> AsyncIterator[ChannelzSource]:
    address = parse_address(target)
    channel = open_channel(address)
    try:
        yield ChannelzSource(channel, address, timeout=timeout)
    finally:
        await channel.close()


class Peer:
    """A server whose channelz answers are made by the test; ``calls`` are those it got."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.calls: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    def handler(self, method: str) -> Any:
        async def handle(request: bytes, context: Any) -> bytes:
            self.calls.append(method)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await asyncio.sleep(0)
                answer = self.answers[method](method, request, context)
                answer = await answer if asyncio.iscoroutine(answer) else answer
                return answer.SerializeToString() if isinstance(answer, Message) else bytes(answer)
            finally:
                self.at_once -= 1

        return grpc.unary_unary_rpc_method_handler(handle)


@asynccontextmanager
async def answering(**answers: Answer) -> AsyncIterator[tuple[str, Peer]]:
    """A server with these answers; what is not given is an empty list."""
    peer = Peer(
        {
            "GetTopChannels": lambda *_: channelz_pb2.GetTopChannelsResponse(end=True),
            "GetServers": lambda *_: channelz_pb2.GetServersResponse(end=True),
            **answers,
        }
    )
    server = grpc.aio.server()
    handlers = {method: peer.handler(method) for method in METHODS if method in peer.answers}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE[1:], handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}", peer
    finally:
        await server.stop(None)


async def gone(_: str, __: bytes, context: Any) -> Any:
    await context.abort(grpc.StatusCode.NOT_FOUND, "no such thing")


def top(*channels: Any) -> Answer:
    return lambda *_: channelz_pb2.GetTopChannelsResponse(channel=channels, end=True)


def channel_message(id_: int, target: str, subchannels: tuple[int, ...] = (), nested: tuple[int, ...] = ()) -> Any:
    message = channelz_pb2.Channel()
    message.ref.channel_id = id_
    message.data.target = target
    message.data.state.state = 3
    message.subchannel_ref.extend(channelz_pb2.SubchannelRef(subchannel_id=id_) for id_ in subchannels)
    message.channel_ref.extend(channelz_pb2.ChannelRef(channel_id=ref) for ref in nested)
    return message


def subchannel(_: str, request: bytes, __: Any) -> Any:
    id_ = channelz_pb2.GetSubchannelRequest.FromString(request).subchannel_id
    answer = channelz_pb2.GetSubchannelResponse()
    answer.subchannel.ref.subchannel_id = id_
    answer.subchannel.data.target = f"ipv4:10.0.0.1:{id_}"
    answer.subchannel.data.calls_started = id_
    answer.subchannel.socket_ref.add(socket_id=1_000 + id_)
    return answer


async def test_the_reason_that_grpc_java_traces_is_read_with_its_shapes() -> None:
    """grpc/grpc-java#4205, #4345: the channel's trace says why, the subchannel's address is one in brackets."""
    failing = channel_message(1, "xds:///echo.shop.svc.cluster.local:7070", (5,), (3,))
    failing.data.state.state = 4
    why = "UNAVAILABLE: io exception Caused by: PKIX path validation failed: timestamp check failed"
    failing.data.trace.events.add(description=f"Entering TRANSIENT_FAILURE state with picker: {why}")

    def oob(*_: object) -> Any:
        return channelz_pb2.GetChannelResponse(channel=channel_message(3, "oob"))

    def java(*_: object) -> Any:
        answer = channelz_pb2.GetSubchannelResponse()
        answer.subchannel.ref.subchannel_id = 5
        answer.subchannel.data.target = (
            "[[[/10.0.0.1:17070]/{io.grpc.EquivalentAddressGroup.ATTR_AUTHORITY_OVERRIDE=x}]]"
        )
        answer.subchannel.data.state.state = 4
        return answer

    peer = answering(GetTopChannels=top(failing), GetChannel=oob, GetSubchannel=java)
    async with peer as (address, _), channelz_at(address) as source:
        report = await source.poll()
    (channel,) = report.channels
    assert channel.failure == why
    (part,) = channel.subchannels
    assert (part.address, part.state, part.failure) == ("10.0.0.1:17070", ChannelState.TRANSIENT_FAILURE, "")
    seen = case("channelz-java-shape")
    evidence = ConfigEvidence(now=seen.taken_at, snapshot=seen, graph=build(seen), channels=report)
    (finding,) = diagnose(Evidence(config=evidence))
    assert finding.title == "The app cannot connect to any endpoint of echo.shop:7070"
    assert f"channelz trace: {why}" in finding.evidence
    assert "A certificate has expired or is not valid yet." in finding.explanation
    assert "tls.mode" not in f"{finding.explanation} {finding.fix}", "with a reason there is nothing to guess"


# gRPC's own


async def test_grpcs_own_channelz_with_mutual_tls(tmp_path: Path, unused_tcp_port: int) -> None:
    files = TlsFiles.made_in(tmp_path)
    server = grpc.aio.server()
    channelz.add_channelz_servicer(server)
    plain = server.add_insecure_port(f"127.0.0.1:{unused_tcp_port}")
    secured = server.add_secure_port("127.0.0.1:0", files.server(demand=True))
    await server.start()
    options = TlsOptions(ca=files.ca, certificate=files.client, key=files.client_key, server_name="target.example")
    secure_channel = open_channel(parse_address(f"127.0.0.1:{secured}"), options)
    try:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = secure_channel.unary_unary("/no.Such/Method")
        with pytest.raises(grpc.aio.AioRpcError):
            await call(b"", timeout=TIMEOUT)
        async with channelz_at(f"127.0.0.1:{plain}") as source:
            report = await source.poll()
            again = await source.poll()
    finally:
        await secure_channel.close()
        await server.stop(None)
    (found,) = [channel for channel in report.channels if channel.target.endswith(f":{secured}")]
    assert (found.state, found.calls.started, found.calls.failed) == (ChannelState.READY, 1, 1)
    (connection,) = found.subchannels
    assert (connection.address, connection.calls.started) == (f"127.0.0.1:{secured}", 1)
    certificate = x509.load_pem_x509_certificate((files.folder / "server.pem").read_bytes())
    assert [peer.der for peer in connection.peers] == [certificate.public_bytes(Encoding.DER)]
    assert connection.peers[0].address == f"127.0.0.1:{secured}"
    listens = {address for server_ in report.servers for address in server_.listens}
    assert f"127.0.0.1:{plain}" in listens
    assert report.problems == ()
    assert [channel.subchannels for channel in again.channels if channel.id == found.id] == [found.subchannels]


@pytest.mark.mesh
async def test_the_real_mesh(shifted_mesh: Any) -> None:
    async with channelz_at(shifted_mesh.admin("client")) as source:
        report = await source.poll()
    (mesh,) = report.mesh_channels
    assert mesh.target == "xds:///echo.echo-grpc.svc.cluster.local:7070"
    assert mesh.state is ChannelState.READY
    assert {subchannel.address for subchannel in mesh.subchannels} == {
        shifted_mesh.pods["echo-v1"]["echo"],
        shifted_mesh.pods["echo-v2"]["echo"],
    }
    assert mesh.calls.started >= 1
    control = control_planes(report).worst
    assert control is not None
    assert control.standing is Standing.SERVED
    assert [server.listens for server in report.servers] == [(shifted_mesh.admin("client"),)]


# shapes and limits


async def test_what_hangs_under_nested_channels_belongs_to_the_top() -> None:
    nested = {7: channel_message(7, "inner", (71,), (8,)), 8: channel_message(8, "innermost", (81,), (7,))}

    def get_channel(_: str, request: bytes, __: Any) -> Any:
        id_ = channelz_pb2.GetChannelRequest.FromString(request).channel_id
        return channelz_pb2.GetChannelResponse(channel=nested[id_])

    answers: dict[str, Answer] = {"GetTopChannels": top(channel_message(1, "xds:///a", (11,), (7,)))}
    answers |= {"GetSubchannel": subchannel, "GetSocket": gone, "GetChannel": get_channel}
    async with answering(**answers) as (target, _), channelz_at(target) as source:
        (channel,) = (await source.poll()).channels
    assert [subchannel.id for subchannel in channel.subchannels] == [11, 71, 81]
    assert channel.subchannels[0].address == "10.0.0.1:11"


async def test_lists_are_read_page_by_page() -> None:
    def page(_: str, request: bytes, __: Any) -> Any:
        start = channelz_pb2.GetTopChannelsRequest.FromString(request).start_channel_id
        found = [channel_message(id_, f"t{id_}") for id_ in range(max(start, 1), 8)][:3]
        return channelz_pb2.GetTopChannelsResponse(channel=found, end=start > 5)

    async with answering(GetTopChannels=page) as (target, peer), channelz_at(target) as source:
        report = await source.poll()
    assert [channel.id for channel in report.channels] == list(range(1, 8))
    assert peer.calls.count("GetTopChannels") == 3


async def test_a_list_without_end_is_left_some_time() -> None:
    def page(_: str, request: bytes, __: Any) -> Any:
        start = channelz_pb2.GetTopChannelsRequest.FromString(request).start_channel_id
        return channelz_pb2.GetTopChannelsResponse(channel=[channel_message(start + 1, "t")])

    async with answering(GetTopChannels=page) as (target, peer), channelz_at(target) as source:
        report = await source.poll()
    assert peer.calls.count("GetTopChannels") == PAGES
    assert "more channels" in report.problems[0]


async def test_a_list_that_goes_in_circles_ends() -> None:
    same = channelz_pb2.GetTopChannelsResponse(channel=[channel_message(0, "t")])
    async with answering(GetTopChannels=lambda *_: same) as (target, peer), channelz_at(target) as source:
        await source.poll()
    assert peer.calls.count("GetTopChannels") <= 2


async def test_an_app_with_very_many_subchannels_is_spared() -> None:
    many = tuple(range(1, SUBCHANNELS_SHOWN + 50))
    answers: dict[str, Answer] = {"GetTopChannels": top(channel_message(1, "t", many)), "GetSocket": gone}
    async with answering(**answers, GetSubchannel=subchannel) as (target, peer), channelz_at(target) as source:
        report = await source.poll()
    assert len(report.channels[0].subchannels) == SUBCHANNELS_SHOWN
    assert report.problems == (f"Of {len(many)} subchannels the first {SUBCHANNELS_SHOWN} are read.",)
    assert peer.most_at_once <= AT_ONCE


async def test_sockets_are_read_once() -> None:
    def socket(_: str, request: bytes, __: Any) -> Any:
        answer = channelz_pb2.GetSocketResponse()
        answer.socket.remote.tcpip_address.ip_address = bytes([10, 0, 0, 1])
        answer.socket.remote.tcpip_address.port = 7
        answer.socket.security.tls.remote_certificate = b"DER bytes"
        return answer

    answers: dict[str, Answer] = {"GetTopChannels": top(channel_message(1, "t", (1, 2))), "GetSocket": socket}
    async with answering(**answers, GetSubchannel=subchannel) as (target, peer), channelz_at(target) as source:
        for _ in range(3):
            report = await source.poll()
        assert peer.calls.count("GetSocket") == 2
        assert [subchannel.peers[0].der for subchannel in report.channels[0].subchannels] == [b"DER bytes"] * 2
        peer.answers["GetTopChannels"] = top()
        await source.poll()
        peer.answers["GetTopChannels"] = top(channel_message(1, "t", (1,)))
        await source.poll()
        assert peer.calls.count("GetSocket") == 3


async def test_what_ended_since_it_was_listed_is_left_out() -> None:
    answers: dict[str, Answer] = {"GetTopChannels": top(channel_message(1, "t", (1,), (2,)))}
    async with answering(**answers, GetSubchannel=gone, GetChannel=gone) as (target, _), channelz_at(target) as source:
        (channel,) = (await source.poll()).channels
    assert channel.subchannels == ()


async def test_odd_values() -> None:
    message = channel_message(1, "t", (1,))
    message.data.state.state = 99
    message.data.last_call_started_timestamp.seconds = 2**60

    def odd(_: str, __: bytes, ___: Any) -> Any:
        answer = channelz_pb2.GetSubchannelResponse()
        answer.subchannel.ref.name = "by name"
        answer.subchannel.socket_ref.add(socket_id=5)
        return answer

    def socket(*_: Any) -> Any:
        answer = channelz_pb2.GetSocketResponse()
        answer.socket.remote.tcpip_address.ip_address = b"123"
        answer.socket.security.tls.remote_certificate = b"-----BEGIN nonsense \xff"
        return answer

    answers: dict[str, Answer] = {"GetTopChannels": top(message), "GetSubchannel": odd, "GetSocket": socket}
    async with answering(**answers) as (target, _), channelz_at(target) as source:
        (channel,) = (await source.poll()).channels
    assert (channel.state, channel.calls.last_started) == (ChannelState.UNKNOWN, None)
    assert (channel.subchannels[0].address, channel.subchannels[0].peers) == ("by name", ())


# failures


async def test_no_channelz_there() -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(CSDS, {}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with channelz_at(f"127.0.0.1:{port}") as source:
        with pytest.raises(ServiceMissing, match="does not serve channelz"):
            await source.poll()
    await server.stop(None)


async def test_nobody_there(unused_tcp_port: int) -> None:
    async with channelz_at(f"127.0.0.1:{unused_tcp_port}") as source:
        with pytest.raises(TargetUnreachable, match="refused"):
            await source.poll()


async def test_a_peer_that_hangs_in_the_middle() -> None:
    async def hang(*_: Any) -> Any:
        await asyncio.Event().wait()

    answers: dict[str, Answer] = {"GetTopChannels": top(channel_message(1, "t", (1, 2, 3)))}
    async with answering(**answers, GetSubchannel=hang) as (target, _), channelz_at(target, SHORT) as source:
        with pytest.raises(TargetUnreachable, match="channelz did not answer"):
            await source.poll()


async def test_an_answer_that_is_none() -> None:
    async with answering(GetTopChannels=lambda *_: b"\xff\xff\xff") as (target, _), channelz_at(target) as source:
        with pytest.raises(BadAnswer, match="no GetTopChannelsResponse"):
            await source.poll()


async def test_polls_end_when_they_are_cancelled() -> None:
    asked = asyncio.Event()

    async def hang(*_: Any) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async with answering(GetTopChannels=hang) as (target, peer), channelz_at(target) as source:
        poll = asyncio.create_task(source.poll())
        await asyncio.wait_for(asked.wait(), TIMEOUT)
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        peer.answers["GetTopChannels"] = top()
        assert isinstance(await source.poll(), ChannelReport)
