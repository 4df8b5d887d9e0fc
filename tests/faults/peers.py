"""Peers that misbehave, by name: a TCP, TLS, HTTP/1, HTTP/2 or gRPC server each, real down to its socket.

A peer is what happens with one connection. :func:`serve` keeps one listening for as long as its task lives.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from grpc_channelz.v1 import channelz_pb2
from hyperframe.frame import PingFrame

from tests.faults.http2 import GRPC, OK, Connection, Pairs, message
from tests.loopback import Serve, listening
from tests.sources.grpc.tls_files import TlsFiles

import grpc  # isort: skip
import grpc.aio  # isort: skip

PEERS: dict[str, Callable[[TlsFiles], Any]] = {}
"""Name → what makes an async context manager that yields the address."""

PATIENCE_S = 60.0
"""A peer that says nothing holds its connection no longer than this."""


def tcp(name: str) -> Callable[[Serve], Serve]:
    """Register what is done with one TCP connection."""

    def register(serve: Serve) -> Serve:
        PEERS[name] = lambda _: listening(_calmly(serve))
        return serve

    return register


def _calmly(serve: Serve) -> Serve:
    async def calm(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            await serve(reader, writer)

    return calm


def says(name: str, content: bytes, *, first: bool = False, times: int = 1) -> None:
    """A TCP peer that says the bytes, after it was spoken to or at once, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not first:
            await reader.read(4096)
        for _ in range(times):
            writer.write(content)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()
        while await reader.read(4096):
            pass

    tcp(name)(serve)


def calls(name: str, answer: Callable[[Connection, int], None], settings: dict[int, int] | None = None) -> None:
    """An HTTP/2 peer that answers each call so."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        await connection.begin(settings)
        while True:
            answer(connection, await connection.call())
            await writer.drain()

    tcp(name)(serve)


def whole(name: str, headers: Pairs, body: bytes = b"", trailers: Pairs | None = None) -> None:
    """An HTTP/2 peer that answers with headers, a body and trailers."""

    def answer(connection: Connection, stream: int) -> None:
        connection.headers(stream, headers, end=not body and trailers is None)
        if body:
            connection.data(stream, body, end=trailers is None)
        if trailers is not None:
            connection.headers(stream, trailers, end=True)

    calls(name, answer)


# TCP


@tcp("accepts and hangs")
async def _hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(PATIENCE_S)


@tcp("accepts and closes")
async def _closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)


@tcp("resets")
async def _resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(24)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def _nobody(_: TlsFiles) -> AsyncIterator[str]:
    """A port that stays bound, so that nobody else takes it, and never listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@asynccontextmanager
async def _full(_: TlsFiles) -> AsyncIterator[str]:
    """The kernel takes connections, nobody ever accepts them."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"127.0.0.1:{silent.getsockname()[1]}"


PEERS["nobody listens"] = _nobody
PEERS["nobody accepts"] = _full


@asynccontextmanager
async def _unix(files: TlsFiles, kind: str) -> AsyncIterator[str]:
    path = files.folder / f"{kind.replace(' ', '-')}.sock"
    path.unlink(missing_ok=True)
    if kind == "file":
        path.write_text("no socket")
        yield f"unix:{path}"
        return
    if kind == "missing":
        yield f"unix:{path}"
        return
    if kind == "under a file":
        path.write_text("no directory")
        yield f"unix:{path}/x"
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM) as bound:
        bound.bind(str(path))
        yield f"unix:{path}"


for _kind in ("missing", "file", "under a file", "datagram", "dead"):
    PEERS[f"unix socket: {_kind}"] = functools.partial(_unix, kind=_kind)

says("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", first=True)
says("SMTP", b"220 mail.example ESMTP\r\n", first=True)
says("MySQL", b"J\x00\x00\x00\n8.0.34\x00abcdefgh", first=True)
says("Redis", b"-ERR unknown command 'PRI'\r\n")
says("nonsense", b"\x00\xff" * 500)
says("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46")
says(
    "HTTP/1: nginx 400", b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)
says("HTTP/1: 505", b"HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\n\r\n")
says("HTTP/1: 502 of a proxy", b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html>502</html>")
says("HTTP/1: redirect", b"HTTP/1.1 301 Moved Permanently\r\nLocation: https://x/\r\n\r\n")
says("HTTP/1: JSON", b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"error": 1}')


# TLS


def tls(name: str, make: Callable[[TlsFiles], ssl.SSLContext], serve: Serve) -> None:
    """A TLS server with this context."""

    @asynccontextmanager
    async def start(files: TlsFiles) -> AsyncIterator[str]:
        async with listening(_calmly(serve), make(files)) as address:
            yield address

    PEERS[name] = start


def _context(files: TlsFiles, name: str = "server", alpn: list[str] | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.folder / f"{name}.pem", files.folder / f"{name}.key")
    if alpn is not None:
        context.set_alpn_protocols(alpn)
    return context


def _old(files: TlsFiles) -> ssl.SSLContext:
    context = _context(files, alpn=["h2"])
    context.options |= ssl.OP_NO_TLSv1_2 | ssl.OP_NO_TLSv1_3
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _demanding(files: TlsFiles) -> ssl.SSLContext:
    context = _context(files, alpn=["h2"])
    context.load_verify_locations(files.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


tls("TLS", lambda files: _context(files, alpn=["h2"]), _hangs)
tls("TLS: expired", lambda files: _context(files, "expired", ["h2"]), _hangs)
tls("TLS: without ALPN", _context, _hangs)
tls("TLS: ALPN http/1.1", lambda files: _context(files, alpn=["http/1.1"]), _hangs)
tls("TLS: 1.1 at most", _old, _hangs)
tls("TLS: demands a certificate", _demanding, _hangs)


# HTTP/2 that is not gRPC

for _status in ("200", "301", "400", "401", "403", "404", "429", "500", "502", "503", "504"):
    whole(f"HTTP/2: HTML {_status}", [(":status", _status), ("content-type", "text/html")], b"<html>hello</html>")
whole("HTTP/2: JSON 200", [(":status", "200"), ("content-type", "application/json")], b'{"message": "hello"}')
whole("HTTP/2: 204 and nothing else", [(":status", "204")])
whole("HTTP/2: no content type", [(":status", "200")])

# gRPC that is wrong

whole("gRPC: no trailers", GRPC, message(b""))
whole("gRPC: OK without a message", [*GRPC, *OK])
whole("gRPC: two messages", GRPC, message(b"") + message(b""), OK)
whole("gRPC: a message cut short", GRPC, b"\0\0\0\1\0abc", OK)
whole("gRPC: a length of 4 GiB", GRPC, b"\0\xff\xff\xff\xffabc", OK)
whole("gRPC: an odd flag", GRPC, message(b"abc", flag=7), OK)
whole("gRPC: no protobuf", GRPC, message(b"\xff\xff\xff"), OK)
whole("gRPC: another message", GRPC, message(b"\x0a\x03abc\x12\x03def"), OK)
whole("gRPC: snappy", [*GRPC, ("grpc-encoding", "snappy")], message(b"abc", flag=1), OK)
whole("gRPC: brotli", [*GRPC, ("grpc-encoding", "br")], message(b"abc", flag=1), OK)
whole("gRPC: gzip that is none", [*GRPC, ("grpc-encoding", "gzip")], message(b"abc", flag=1), OK)
whole("gRPC: compressed, not said how", GRPC, message(b"abc", flag=1), OK)
whole("gRPC: unknown status 99", [*GRPC, ("grpc-status", "99"), ("grpc-message", "odd")])
whole("gRPC: status banana", [*GRPC, ("grpc-status", "banana")])
whole("gRPC: a text in percent signs", [*GRPC, ("grpc-status", "13"), ("grpc-message", "a%20b%0Ac%1B[31m%zz")])
whole("gRPC: a long text", [*GRPC, ("grpc-status", "13"), ("grpc-message", "x" * 15_000)])
whole("gRPC: 20 000 headers", [*GRPC, *((f"x-{number}", "v" * 40) for number in range(20_000))])
whole("gRPC: UNAVAILABLE of its own", [*GRPC, ("grpc-status", "14"), ("grpc-message", "not today")])
whole("gRPC: DEADLINE_EXCEEDED of its own", [*GRPC, ("grpc-status", "4"), ("grpc-message", "upstream was slow")])
whole("gRPC: NOT_FOUND", [*GRPC, ("grpc-status", "5"), ("grpc-message", "no such thing")])


def _resetting(code: int) -> Callable[[Connection, int], None]:
    return lambda connection, stream: connection.reset(stream, code)


def _going_away(code: int) -> Callable[[Connection, int], None]:
    return lambda connection, stream: connection.go_away(code, b"go\x1b away")


for _code in range(14):
    calls(f"HTTP/2: RST_STREAM {_code}", _resetting(_code))
    # 13 is for tests/terminal: grpcio 1.84 and 1.85 abort the process then (http2_status.h: UNREACHABLE).
    calls(f"HTTP/2: GOAWAY {_code}", _going_away(_code))
calls("HTTP/2: DATA on stream 0", lambda c, s: c.writer.write(b"\0\0\1\0\0\0\0\0\0x"))
calls("HTTP/2: a frame of 16 MiB", lambda c, s: c.writer.write(b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"))
calls(
    "HTTP/2: headers that are no HPACK", lambda c, s: c.writer.write(b"\0\0\6\1\4" + s.to_bytes(4, "big") + b"\xff" * 6)
)
calls("HTTP/2: window 0", lambda c, s: None, {4: 0})
calls("HTTP/2: no streams allowed", lambda c, s: None, {3: 0})
calls("HTTP/2: a frame size of 1", lambda c, s: None, {5: 1})


@tcp("HTTP/2: closes within the call")
async def _leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = Connection(reader, writer)
    await connection.begin()
    await connection.call()
    await writer.drain()


@tcp("HTTP/2: settings never")
async def _no_settings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(24)
    await asyncio.sleep(PATIENCE_S)


@tcp("HTTP/2: GOAWAY before settings")
async def _go_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(24)
    connection = Connection(reader, writer)
    connection.go_away(0)
    await connection.linger()


async def _go_at_start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, code: int) -> None:
    connection = Connection(reader, writer)
    await connection.begin()
    connection.go_away(code)
    await connection.linger()


for _code in range(13):
    tcp(f"HTTP/2: GOAWAY {_code} at the start")(functools.partial(_go_at_start, code=_code))


@tcp("HTTP/2: floods with pings")
async def _pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = Connection(reader, writer)
    await connection.begin()
    for _ in range(5_000):
        connection.send(PingFrame(0, b"12345678"))
    await connection.linger()


# real gRPC servers


@asynccontextmanager
async def _aborts(_: TlsFiles, code: grpc.StatusCode | None, words: str = "as the table wants") -> AsyncIterator[str]:
    """A server that ends every call with this status; without one it serves nothing."""

    class Everything(grpc.GenericRpcHandler):
        def service(self, details: grpc.HandlerCallDetails) -> Any:
            return None if code is None else grpc.unary_unary_rpc_method_handler(end)

    async def end(request: bytes, context: Any) -> bytes:
        await context.abort(code, words)
        raise AssertionError

    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((Everything(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


for _status_code in grpc.StatusCode:
    if _status_code is not grpc.StatusCode.OK:
        PEERS[f"gRPC server: {_status_code.name}"] = functools.partial(_aborts, code=_status_code)
PEERS["gRPC server: an AuthorizationPolicy"] = functools.partial(
    _aborts, code=grpc.StatusCode.PERMISSION_DENIED, words="Unauthorized RPC rejected"
)
PEERS["gRPC server: serves nothing"] = functools.partial(_aborts, code=None)


def _channelz(name: str, servers: int, padding: int) -> None:
    """A server of channelz without channels, whose every page of servers is so long, and never the last."""

    def page(request: bytes) -> bytes:
        start = channelz_pb2.GetServersRequest.FromString(request).start_server_id
        page = channelz_pb2.GetServersResponse()
        for number in range(servers):
            page.server.add().ref.server_id = start + number
            page.server[-1].ref.name = "x" * padding
        return bytes(page.SerializeToString())

    @asynccontextmanager
    async def start(_: TlsFiles) -> AsyncIterator[str]:
        class Channelz(grpc.GenericRpcHandler):
            def service(self, details: grpc.HandlerCallDetails) -> Any:
                pages = details.method.endswith("GetServers")
                return grpc.unary_unary_rpc_method_handler(lambda request, _: page(request) if pages else b"\x10\x01")

        server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_send_message_length", -1)])
        server.add_generic_rpc_handlers((Channelz(),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            await server.stop(None)

    PEERS[name] = start


_channelz("channelz: pages of 30 MiB", 1, 30 << 20)
_channelz("channelz: one page of 200 MiB", 1, 200 << 20)


# agents


def http(name: str, status: str, body: bytes = b"", *headers: str) -> None:
    """An HTTP/1.1 server that answers every GET so."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", "")
    says(name, "\r\n".join(lines).encode() + body)


http("agent: 404", "404 Not Found", b"404 page not found")
http("agent: 500", "500 Internal Server Error")
http("agent: 503", "503 Service Unavailable")
http("agent: redirect", "302 Found", b"", "Location: /quitquitquit")
http("agent: redirect elsewhere", "301 Moved Permanently", b"", "Location: http://192.0.2.1/healthz/ready")
http("agent: HTML", "200 OK", b"<html>hello</html>", "Content-Type: text/html")
http("agent: gzip", "200 OK", gzip.compress(b"a 1\n"), "Content-Encoding: gzip")
says(
    "agent: a chunk of another length", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"
)
says("agent: a chunk without a size", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
says("agent: a body cut short", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
says("agent: a length that is none", b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc")
says("agent: a length of a terabyte", b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nabc")
says("agent: a header without end", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000)
says("agent: interim answers only", b"HTTP/1.1 100 Continue\r\n\r\n" * 20)
says("agent: nothing", b"")


@tcp("agent: chunks without end")
async def _chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(4096)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"80000\r\n" + b"# xyz\r\n\n" * (0x80000 // 8) + b"\r\n"
    while True:
        writer.write(chunk)
        await writer.drain()


@tcp("agent: drips")
async def _drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"#")
        await writer.drain()
        await asyncio.sleep(0.05)


async def serve(folder: Path, ask: Callable[[], Awaitable[str]], tell: Callable[[str], None]) -> None:
    """One peer at a time, by name, until the name is empty; the one before ends when the next is asked for."""
    files = TlsFiles.in_folder(folder)
    name = await ask()
    while name:
        async with PEERS[name](files) as address:
            tell(address)
            name = await ask()
