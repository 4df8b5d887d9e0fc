"""What a peer sends is bounded: compressed answers, long error texts, too many entries."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from envoy.service.status.v3 import csds_pb2

from meshtui.model.address import parse_address
from meshtui.model.echo.batch import Batch
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import BadAnswer, BadInput, TargetUnreachable
from meshtui.model.target import TlsOptions
from meshtui.sources.channelz.source import ChannelzSource
from meshtui.sources.csds.source import CsdsSource
from meshtui.sources.echo import EchoClient
from meshtui.sources.grpc.channel import open_channel
from tests.csds_server import serving
from tests.faults.peers import PEERS
from tests.sources.grpc.tls_files import TlsFiles
from tests.waiting import PATIENCE_S

import grpc  # isort: skip
import grpc.aio  # isort: skip

MIB = 1 << 20

CLIENT = textwrap.dedent("""
    import asyncio, resource, sys
    from meshtui.model.address import parse_address
    from meshtui.model.errors import MeshtuiError
    from meshtui.sources.grpc.channel import open_channel
    from meshtui.sources.csds.source import CsdsSource

    async def main():
        address = parse_address(sys.argv[1])
        channel = open_channel(address)
        source = CsdsSource(channel, address, timeout=60)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            await source.poll()
            print("answered")
        except MeshtuiError as error:
            print(error)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(grown // (1024 if sys.platform == "linux" else MIB))
        await channel.close()

    asyncio.run(main())
""")


CHANNELZ_CLIENT = CLIENT.replace("CsdsSource", "ChannelzSource").replace("csds", "channelz")


async def packed(size: int, context: Any) -> bytes:
    """An answer of zeros that goes over the wire as a thousandth of its size."""
    context.set_compression(grpc.Compression.Gzip)
    return bytes(size)


async def test_a_small_answer_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    async with serving(lambda context: packed(512 * MIB, context)) as server:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, server.address, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = await child.communicate()
    said, grown = out.decode().strip().rsplit("\n", 1)
    assert "--max-message" in said, (said, err.decode())
    assert "larger than this program takes" in said
    assert int(grown) < 450, "MiB: the limit is 128, and gRPC may hold what it has unpacked twice"


async def test_pages_of_channelz_that_are_each_within_the_limit_are_bounded_together(tmp_path: Path) -> None:
    async with PEERS["channelz: pages of 30 MiB"](TlsFiles.made_in(tmp_path)) as address:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CHANNELZ_CLIENT, address, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = await child.communicate()
    assert "are together larger than this program takes" in out.decode(), err.decode()
    said, grown = out.decode().strip().rsplit("\n", 1)
    assert "--max-message" in said
    assert int(grown) < 700, "MiB: the limit is 128, in bytes and as messages, and one more page in gRPC's hands"


@pytest.mark.parametrize("compressed", [True, False], ids=["compressed", "plain"])
async def test_every_service_names_the_limit_and_what_lifts_it(compressed: bool) -> None:
    async def reply(_: bytes, context: Any) -> bytes:
        return await packed(4 * MIB, context) if compressed else bytes(4 * MIB)

    class Everything(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> Any:
            return grpc.unary_unary_rpc_method_handler(reply)

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers((Everything(),))
    address = parse_address(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    await server.start()
    try:
        async with open_channel(address, max_message=MIB) as channel:
            with pytest.raises(TargetUnreachable, match="larger than this program takes") as caught:
                await ChannelzSource(channel, address, timeout=60).poll()
            assert "--max-message" in caught.value.hint
            answer = await EchoClient(channel, address).forward(
                EchoRequestSpec(url="xds:///a:1"), Batch(number=1, count=1, qps=0, timeout_s=30.0)
            )
            assert "--max-message" in answer.error
    finally:
        await server.stop(None)


async def test_millions_of_empty_entries_are_refused_before_they_become_objects() -> None:
    config = b"\x1a\x00" * 3_000_000  # field 3, generic_xds_configs, of no bytes
    size = len(config)
    varint = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21])
    async with serving(b"\x0a" + varint + config) as server:
        address = parse_address(server.address)
        channel = open_channel(address)
        source = CsdsSource(channel, address, timeout=60)
        with pytest.raises(BadAnswer, match="more than 524288 entries") as caught:
            await source.poll()
        assert "--max-message" in caught.value.hint
        await channel.close()


async def test_a_hundred_thousand_empty_entries_are_one_line() -> None:
    config = csds_pb2.ClientConfig(generic_xds_configs=[csds_pb2.ClientConfig.GenericXdsConfig()] * 100_000)
    async with serving(csds_pb2.ClientStatusResponse(config=[config]).SerializeToString()) as server:
        address = parse_address(server.address)
        channel = open_channel(address)
        source = CsdsSource(channel, address, timeout=60)
        problems = (await source.poll()).problems
        assert problems == ("100000 entries of the answer have neither name nor content and are left out.",)
        await channel.close()


async def test_certificates_are_never_read_from_what_is_no_file_nor_without_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 1 << 40)
    for name in (str(tmp_path / "fifo"), "/dev/zero", str(tmp_path / "huge")):
        for tls in (TlsOptions(ca=name), TlsOptions(certificate=name, key=name)):
            with pytest.raises(BadInput, match=r"Not a regular file|File too large"):
                open_channel(parse_address("127.0.0.1:1"), tls)


async def test_a_long_error_text_arrives() -> None:
    async def fail(context: Any) -> bytes:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the reason " + "x" * 15_000 + " its end")
        raise AssertionError("abort raises")

    async with serving(fail) as server:
        address = parse_address(server.address)
        channel = open_channel(address)
        source = CsdsSource(channel, address, timeout=PATIENCE_S)
        with pytest.raises(TargetUnreachable, match=r"the reason x.*x its end"):
            await source.poll()
        await channel.close()
