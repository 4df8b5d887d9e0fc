"""Every fault that is tried: which peer, what is asked of it, and how the command must end.

The sentence that each gets is in ``said.txt`` beside this file, to be read by people; ``UPDATE_GOLDEN=1`` writes it.
In a command, ADDRESS is the peer's address and FOLDER a directory with the files that ``test_faults.py`` writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

USAGE: Final = 2
UNREACHABLE: Final = 3

STATUS: Final = "xds status ADDRESS"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``peer`` is a name of :data:`tests.faults.peers.PEERS`, or empty where no peer is needed.

    ``answered`` is whether the peer answered anything, so that nobody may say it could not be reached.
    """

    command: str
    peer: str = ""
    code: int = UNREACHABLE
    answered: bool = True

    @property
    def name(self) -> str:
        """What it is called in the list."""
        return f"{self.peer or 'no peer'} | {self.command}"


def _each(command: str, *peers: str, answered: bool = True) -> list[Fault]:
    return [Fault(command, peer, answered=answered) for peer in peers]


def _usage(*commands: str) -> list[Fault]:
    return [Fault(command, code=USAGE) for command in commands]


NEVER_REACHED: Final = [
    *_each(
        STATUS,
        "nobody listens",
        *(f"unix socket: {kind}" for kind in ("missing", "file", "under a file", "datagram", "dead")),
        answered=False,
    ),
    *_each("xds tree ADDRESS", "nobody listens", answered=False),
    *_each("xds config ADDRESS", "nobody listens", answered=False),
    *_each("channelz ADDRESS", "nobody listens", answered=False),
    *_each(f"{STATUS} --timeout 0.3", "nobody accepts", "accepts and hangs", "HTTP/2: settings never", answered=False),
    *_each("certs FOLDER/good --agent ADDRESS", "nobody listens", answered=False),
    Fault("xds status no-such-host.invalid:17171", answered=False),
    Fault("xds status [fe80::1%no-such]:17171", answered=False),
]

NO_GRPC: Final = [
    *_each(
        STATUS,
        *("accepts and closes", "resets", "SSH", "SMTP", "MySQL", "Redis", "nonsense", "a TLS alert"),
        *(f"HTTP/1: {kind}" for kind in ("nginx 400", "505", "502 of a proxy", "redirect", "JSON")),
        *(f"HTTP/2: HTML {code}" for code in (200, 301, 400, 401, 403, 404, 429, 500, 502, 503, 504)),
        *("HTTP/2: JSON 200", "HTTP/2: 204 and nothing else", "HTTP/2: no content type"),
        *("HTTP/2: GOAWAY before settings", "HTTP/2: a frame size of 1", "TLS"),
    ),
    *_each(f"{STATUS} --check", "HTTP/2: HTML 200"),
    *_each("xds tree ADDRESS", "HTTP/2: HTML 200"),
    *_each("xds config ADDRESS", "HTTP/2: HTML 200"),
    *_each("channelz ADDRESS", "HTTP/2: HTML 200", "HTTP/2: HTML 404", "HTTP/2: HTML 502"),
]

TLS: Final = [
    *_each(f"{STATUS} --tls", "TLS", "nonsense", "HTTP/1: nginx 400"),
    *_each(f"{STATUS} --ca FOLDER/other-ca.pem", "TLS"),
    *_each(f"{STATUS} --ca FOLDER/ca.pem", "TLS", "accepts and closes"),
    *_each(
        f"{STATUS} --ca FOLDER/ca.pem --server-name target.example",
        *(
            f"TLS: {kind}"
            for kind in ("1.1 at most", "expired", "without ALPN", "ALPN http/1.1", "demands a certificate")
        ),
    ),
]

WRONG_ANSWERS: Final = [
    *_each(
        STATUS,
        *(f"gRPC: {kind}" for kind in ("no trailers", "OK without a message", "a message cut short")),
        *(f"gRPC: {kind}" for kind in ("a length of 4 GiB", "an odd flag", "no protobuf", "another message")),
        *(f"gRPC: {kind}" for kind in ("snappy", "brotli", "gzip that is none", "compressed, not said how")),
        *(f"gRPC: {kind}" for kind in ("unknown status 99", "status banana", "a text in percent signs")),
        *(f"gRPC: {kind}" for kind in ("a long text", "20 000 headers", "NOT_FOUND")),
        *(f"gRPC: {kind}" for kind in ("UNAVAILABLE of its own", "DEADLINE_EXCEEDED of its own")),
        *(f"HTTP/2: RST_STREAM {code}" for code in range(14)),
        *(f"HTTP/2: GOAWAY {code}" for code in range(13)),
        *("HTTP/2: closes within the call", "HTTP/2: a frame of 16 MiB", "HTTP/2: headers that are no HPACK"),
    ),
    *_each("xds tree ADDRESS", "gRPC: OK without a message", "gRPC: no trailers"),
    *_each("xds config ADDRESS", "gRPC: OK without a message", "gRPC: snappy"),
    *_each("channelz ADDRESS", "gRPC: OK without a message", "gRPC: no protobuf", "gRPC: snappy", "HTTP/2: GOAWAY 11"),
    *_each("echo ADDRESS --url xds:///a:1 --count 1", "gRPC: OK without a message", "gRPC: snappy", "HTTP/2: HTML 200"),
    *_each("echo ADDRESS --url xds:///a:1 --count 1", "HTTP/2: HTML 502", "gRPC server: PERMISSION_DENIED"),
    *_each("echo ADDRESS --url xds:///a:1 --count 1", "gRPC server: serves nothing", "gRPC server: UNAUTHENTICATED"),
    *_each(
        f"{STATUS} --timeout 3",
        *("HTTP/2: no streams allowed", "HTTP/2: window 0", "HTTP/2: floods with pings", "HTTP/2: DATA on stream 0"),
    ),
    *_each("channelz ADDRESS", "channelz: pages of 30 MiB", "channelz: one page of 200 MiB"),
]

CODES: Final = (
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip

STATUS_CODES: Final = [
    *_each(STATUS, *(f"gRPC server: {code}" for code in CODES), "gRPC server: serves nothing"),
    *_each(STATUS, "gRPC server: an AuthorizationPolicy"),
    *_each("channelz ADDRESS", *(f"gRPC server: {code}" for code in CODES), "gRPC server: serves nothing"),
]

AGENTS: Final = [
    *_each(
        "certs FOLDER/good --agent ADDRESS",
        *("SSH", "nonsense", "agent: a chunk without a size", "agent: a chunk of another length"),
        *("agent: gzip", "agent: a body cut short", "agent: a length that is none", "agent: a length of a terabyte"),
        *("agent: a header without end", "agent: interim answers only", "agent: nothing", "agent: chunks without end"),
    ),
    *_each("certs FOLDER/good --agent ADDRESS --timeout 0.3", "agent: drips", answered=False),
]

AGENTS_READ: Final = tuple(f"agent: {kind}" for kind in ("404", "500", "503", "redirect", "redirect elsewhere", "HTML"))
"""Peers for ``--agent`` that end no command: what is odd about them is a finding beside those on the certificates."""

FILES: Final = _usage(
    "xds status localhost:1 --ca ''",
    "xds status localhost:1 --certs ' '",
    "xds status localhost:1 --ca FOLDER/none.pem",
    "xds status localhost:1 --ca FOLDER",
    "xds status localhost:1 --ca FOLDER/empty",
    "xds status localhost:1 --ca FOLDER/ca.der",
    "xds status localhost:1 --ca FOLDER/binary",
    "xds status localhost:1 --cert FOLDER/client.pem",
    "xds status localhost:1 --key FOLDER/client.key",
    "xds status localhost:1 --cert FOLDER/client.pem --key FOLDER/server.key",
    "xds status localhost:1 --cert FOLDER/client.pem --key FOLDER/client.locked",
    "xds status localhost:1 --cert FOLDER/client.key --key FOLDER/client.pem",
    "certs FOLDER/none",
)

LONG: Final = "9" * 5_000

ARGUMENTS: Final = _usage(
    *(f"xds status {typed}" for typed in ("localhost:0", "localhost:65536", "localhost:-1", "localhost:http")),
    f"xds status localhost:{LONG}",
    f"xds status {'a' * 5_000}:1",
    f"xds status {'a' * 300}:1",
    "xds status ''",
    "xds status ' '",
    "xds status 'a b:1'",
    "xds status 'a\x1b[31mb:1'",
    "xds status 'a\u202eb:1'",
    *(f"xds status {typed}" for typed in ("[::1]", "[::1", "[::::]:1", "[1.2]:1", "::1:1", "[::1%]:1", "[::1]x")),
    *(f"xds status {typed}" for typed in ("a%20b:1", "http://a:1", "https://a:1", "xds:///a:1", "ftp://a", "-h:1")),
    *(f"xds status {typed}" for typed in ("unix:", ":80", "unix://run/a.sock", "17171", "pod/echo:1")),
    *(f"xds status a:1 --timeout={typed}" for typed in ("nan", "inf", "-1", "0", "1e400", "x", "٣", "1_0", LONG)),
    f"xds status unix:/{'a' * 200}",
    "xds config a:1 --type sds",
    f"xds config a:1 --type {LONG}",
    f"xds config a:1 --name {'[a' * 1_000}",
    *(f"attach a:1 --interval={typed}" for typed in ("nan", "inf", "0", "1e9")),
    *(f"echo a:1 --url xds:///a:1 --count={typed}" for typed in ("0", "-1", "1.5", "9" * 19, LONG, "nan")),
    *(f"echo a:1 --url xds:///a:1 --qps={typed}" for typed in ("nan", "-1", "inf", LONG)),
    *(f"echo a:1 --url xds:///a:1 --duration {typed}" for typed in ("0s", "nan", "5", "1e3s", LONG)),
    *(f"echo a:1 --url xds:///a:1 --request-timeout={typed}" for typed in ("nan", "0", "inf", "1000")),
    *(f"echo a:1 --url xds:///a:1 --alpha={typed}" for typed in ("nan", "0", "1")),
    *(f"echo a:1 --url xds:///a:1 --margin={typed}" for typed in ("nan", "0", "100")),
    *(f"echo a:1 --url xds:///a:1 --allow-failed={typed}" for typed in ("nan", "-1", "101")),
    *(f"echo a:1 --url xds:///a:1 --expect {typed}" for typed in ("v1", "v1=nan", "v1=-1", ",")),
    "echo a:1 --url nothing",
    "echo a:1 --url xds:///a:1 --header x",
    "certs FOLDER/good --warn nan",
    *(f"certs FOLDER/good --agent {typed}" for typed in ("a:0", "a:65536", f"a:{LONG}", "https://a:1", "a:1/x")),
    "sttaus a:1",
)

FAULTS: Final = [*NEVER_REACHED, *NO_GRPC, *TLS, *WRONG_ANSWERS, *STATUS_CODES, *AGENTS, *FILES, *ARGUMENTS]
