"""TLS of the channel, and what is said when it does not come about."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from meshtui.model.address import parse_address
from meshtui.model.errors import BadInput, ServiceMissing, TargetUnreachable, UsageError
from meshtui.model.target import TlsOptions
from meshtui.sources.grpc.channel import open_channel
from tests import xds_messages as xds
from tests.attaching import SHORT, TIMEOUT, attached
from tests.csds_server import serving
from tests.loopback import listening
from tests.sources.grpc.tls_files import TlsFiles

HELLO = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return TlsFiles.made_in(tmp_path_factory.mktemp("tls"))


async def failure(target: str, tls: TlsOptions | None = None, timeout: float = TIMEOUT) -> TargetUnreachable:
    """What one poll of a peer that cannot be reached says."""
    async with attached(target, timeout, tls) as source:
        with pytest.raises(TargetUnreachable) as caught:
            await source.poll()
    assert target in caught.value.what
    assert caught.value.what.endswith(".")
    assert caught.value.hint
    return caught.value


async def test_tls_and_mutual_tls(files: TlsFiles) -> None:
    reply = xds.canary_answer().SerializeToString()
    plain = TlsOptions(ca=files.ca, server_name="target.example")
    async with serving(reply, credentials=files.server()) as server, attached(server.address, tls=plain) as source:
        assert len((await source.poll()).resources) == 6
    mutual = TlsOptions(ca=files.ca, certificate=files.client, key=files.client_key, server_name="target.example")
    strict = files.server(demand=True)
    async with serving(reply, credentials=strict) as server, attached(server.address, tls=mutual) as source:
        assert len((await source.poll()).resources) == 6


async def test_the_address_is_the_name_unless_another_is_given(files: TlsFiles) -> None:
    async with serving(credentials=files.server()) as server:
        assert "another name" in (await failure(server.address, TlsOptions(ca=files.ca))).what


async def test_tls_to_a_plain_server(files: TlsFiles) -> None:
    async with serving() as server:
        error = await failure(server.address, TlsOptions(ca=files.ca))
    assert "does not speak TLS" in error.what
    assert "without TLS" in error.hint


async def test_plain_to_a_tls_server(files: TlsFiles) -> None:
    async with serving(credentials=files.server()) as server:
        error = await failure(server.address)
    assert "closes them" in error.what
    assert "--tls" in error.hint


async def test_an_authority_that_is_not_trusted(files: TlsFiles) -> None:
    async with serving(credentials=files.server()) as server:
        error = await failure(server.address, TlsOptions(enabled=True))
    assert "none of the trusted CAs" in error.what
    assert "--ca" in error.hint


async def test_an_expired_certificate(files: TlsFiles) -> None:
    options = TlsOptions(ca=files.ca, server_name="target.example")
    async with serving(credentials=files.server(expired=True)) as server:
        assert "expired" in (await failure(server.address, options)).what


async def test_a_server_that_demands_a_certificate(files: TlsFiles) -> None:
    options = TlsOptions(ca=files.ca, server_name="target.example")
    async with serving(credentials=files.server(demand=True)) as server:
        error = await failure(server.address, options)
    assert "--cert and --key" in error.hint


# the files


async def refused(tls: TlsOptions) -> str:
    with pytest.raises((UsageError, BadInput)) as caught:
        open_channel(parse_address("localhost:1"), tls)
    return str(caught.value)


async def test_a_certificate_without_its_key_and_the_other_way_round(files: TlsFiles) -> None:
    """A key alone would make gRPC's C core abort the process."""
    assert "--cert needs --key" in await refused(TlsOptions(certificate=files.client))
    assert "--key needs --cert" in await refused(TlsOptions(key=files.client_key))


async def test_files_that_are_not_there_or_are_something_else(files: TlsFiles, tmp_path: Path) -> None:
    assert "No such file" in await refused(TlsOptions(ca=str(tmp_path / "none.pem")))
    assert "Is a directory" in await refused(TlsOptions(ca=str(tmp_path)))
    assert "no file name" in await refused(TlsOptions(ca="a\0b"))
    other = tmp_path / "other.pem"
    other.write_bytes(b"SECRET-LOOKING \xff contents")
    for tls in (
        TlsOptions(ca=str(other)),
        TlsOptions(certificate=str(other), key=str(other)),
        TlsOptions(certificate=files.client, key=str(other)),
    ):
        said = await refused(tls)
        assert "PEM" in said
        assert "SECRET" not in said


async def test_a_key_of_another_certificate(files: TlsFiles) -> None:
    said = await refused(TlsOptions(certificate=files.client, key=files.other_key))
    assert "does not belong" in said


async def test_an_encrypted_key(files: TlsFiles) -> None:
    said = await refused(TlsOptions(certificate=files.client, key=files.encrypted_key))
    assert "encrypted" in said


# peers that are something else


async def test_an_http_1_server() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HELLO)
        await writer.drain()

    async with listening(answer) as address:
        error = await failure(address)
    assert "HTTP/1" in error.what
    assert "15020" in error.hint


async def test_a_server_that_talks_nonsense() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\xff" * 500)
        await writer.drain()

    async with listening(answer) as address:
        error = await failure(address)
    assert "HTTP/2" in error.what


async def test_a_name_nobody_has() -> None:
    assert "cannot be resolved" in (await failure("no-such-host.invalid:17171")).what


async def test_socket_files(tmp_path: Path) -> None:
    assert "no such socket file" in (await failure(f"unix:{tmp_path}/none")).what
    assert "cannot be reached: it is a directory, not a socket." in (await failure(f"unix://{tmp_path}")).what
    (tmp_path / "file").touch()
    assert "it is a file, not a socket" in (await failure(f"unix:{tmp_path}/file")).what
    dead = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(dead))
    assert "no process listens" in (await failure(f"unix:{dead}")).what


async def test_a_new_channel_makes_an_attempt_of_its_own() -> None:
    """What an earlier channel to the address met is no answer to who tries again."""
    reply = xds.canary_answer().SerializeToString()
    async with serving(reply) as server:
        address = server.address
    async with attached(address) as first:
        with pytest.raises(TargetUnreachable, match="connection refused"):
            await first.poll()
        async with serving(reply, port=int(address.rpartition(":")[2])), attached(address) as second:
            assert (await second.poll()).resources


async def test_another_grpc_service_there() -> None:
    async with serving(stream=False, fetch=False) as server:
        assert isinstance(await failure(server.address), ServiceMissing)


async def test_a_slow_link_is_waited_for() -> None:
    """A link on which the first answer takes half a second, as over a VPN and a port-forward."""
    async with serving(xds.canary_answer().SerializeToString()) as server:

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.5)
            onward = await asyncio.open_connection("127.0.0.1", server.port)
            try:
                await asyncio.gather(pump(reader, onward[1]), pump(onward[0], writer))
            finally:
                onward[1].close()

        async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
            writer.close()

        async with listening(forward) as address, attached(address) as source:
            assert len((await source.poll()).resources) == 6


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "grpc_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(xds.canary_answer().SerializeToString()) as server, attached(server.address) as source:
        assert len((await source.poll()).resources) == 6


async def test_a_peer_that_drops_packets() -> None:
    """The kernel takes the connection, nobody ever accepts it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = await failure(f"127.0.0.1:{silent.getsockname()[1]}", timeout=SHORT)
    assert "no gRPC connection came about" in error.what
