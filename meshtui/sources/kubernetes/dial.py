"""How an API server is dialled: its TLS, the proxy before it, aiohttp's session and websockets' connections."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from weakref import WeakSet

from meshtui import __version__
from meshtui.model.kubernetes.kubeconfig import Cluster
from meshtui.model.kubernetes.proxy import Proxy, proxy_for
from meshtui.sources.kubernetes.login import Headers, Login
from meshtui.sources.kubernetes.tls import tls_context
from meshtui.sources.kubernetes.unreachable import Dialled

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientResponse, ClientSession, ClientTimeout
    from websockets.asyncio.client import ClientConnection

USER_AGENT: Final = f"meshtui/{__version__}"
"""As whom a cluster's audit log and its limits know us."""

LARGEST_FRAME: Final = 4 << 20
"""Bytes of one message of a websocket; a node sends 32 KiB at a time."""

PART_OF_TIMEOUT: Final = 0.8
"""Of the time that one answer may take, the part in which a websocket has to come about: a call that waits for it has
all of that time, and is to fail with the cluster's reason and not with gRPC's."""

SILENT_AFTER: Final = 10
PROBE_EVERY: Final = 4
PROBES: Final = 3
"""Seconds of silence before TCP asks whether the other side is there, between two such questions, and how many: a
connection that a sleep or a firewall has killed is known to be dead after 22 s. Not TCP_USER_TIMEOUT: it would also end
a port-forward whose app takes nothing for a while."""


class Dialer:
    """Dials one server. ``server`` is its URL without credentials."""

    def __init__(self, cluster: Cluster, server: str, environ: Mapping[str, str], timeout: float) -> None:
        """Raises ``BadInput`` for a proxy that is none."""
        self._cluster = cluster
        self._server = server
        self._timeout = timeout
        self._proxy = proxy_for(server, cluster.proxy_url, environ)
        self._session: ClientSession | None = None
        self._tls: tuple[bytes, bytes, ssl.SSLContext] | None = None
        self._used: WeakSet[asyncio.Transport] = WeakSet()

    @property
    def _by_socks(self) -> bool:
        return self._proxy is not None and self._proxy.scheme == "socks5"

    @property
    def dialled(self) -> Dialled:
        """What is dialled, for what is said when it fails."""
        return Dialled(self._server, self._proxy, self._timeout, self._cluster.tls_server_name)

    @property
    def failures(self) -> tuple[type[BaseException], ...]:
        """What :meth:`request` raises where nothing answers."""
        from aiohttp import ClientError

        if not self._by_socks:
            return (ClientError, OSError)
        from aiohttp_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError

        return (ClientError, OSError, ProxyError, ProxyConnectionError, ProxyTimeoutError)

    async def request(
        self, verb: str, url: str, login: Login, headers: Headers, within: ClientTimeout, body: Any = None
    ) -> ClientResponse:
        """The answer's head. Raises what is in ``failures``, and ``BadInput`` for unusable PEM."""
        from yarl import URL

        session = self._opened()
        compression = (("Accept-Encoding", "identity"),) if self._cluster.disable_compression else ()
        response = await session.request(
            verb,
            URL(url, encoded=True),
            json=body,
            headers=[*headers, *login.headers, *compression],
            ssl=await self._context(login),
            proxy=self._proxy.url if self._proxy is not None and not self._by_socks else None,
            timeout=within,
            allow_redirects=False,
        )
        if response.connection is not None and response.connection.transport is not None:
            self._used.add(response.connection.transport)
            _probe(response.connection.transport)
        return response

    async def websocket(self, url: str, login: Login, subprotocols: Sequence[str]) -> ClientConnection:
        """An open websocket. Raises the errors of websockets, ``OSError`` and ``TimeoutError``."""
        from websockets.typing import Subprotocol

        from meshtui.sources.kubernetes.websocket import CLOSE_WITHIN_S, Ending, Straight

        secure = url.startswith("https:")
        context = await self._context(login) if secure else None
        proxy = self._proxy
        # What the TLS of an HTTPS proxy is verified by, as in Go; websockets refuses it for other proxies.
        before: dict[str, Any] = {"proxy_ssl": context} if proxy is not None and proxy.scheme == "https" else {}
        connection = await Straight(
            "ws" + url.removeprefix("http"),
            ssl=context,
            additional_headers=login.headers,
            subprotocols=[Subprotocol(name) for name in subprotocols],
            open_timeout=self._timeout * PART_OF_TIMEOUT,
            close_timeout=CLOSE_WITHIN_S,
            create_connection=Ending,
            compression=None,
            max_size=LARGEST_FRAME,
            user_agent_header=USER_AGENT,
            ping_interval=None,  # a forward pings itself: no answer means nothing while the pod does not read
            proxy=_for_websockets(proxy) if proxy is not None else None,
            **before,
        )
        _probe(connection.transport)
        return connection

    async def certificate_names(self) -> tuple[str, ...]:
        """What the server's certificate is for, by one more handshake in which its CA is verified and its name is not;
        nothing is sent. Empty through a proxy, or where no certificate of a trusted CA comes."""
        server = urlsplit(self._server)
        if self._proxy is not None or server.hostname is None:
            return ()
        context = await asyncio.to_thread(tls_context, self._cluster)
        context.check_hostname = False
        with suppress(OSError, ValueError):
            async with asyncio.timeout(self._timeout):
                _, writer = await asyncio.open_connection(server.hostname, server.port or 443, ssl=context)
            held = writer.get_extra_info("peercert") or {}
            writer.transport.abort()
            return tuple(str(name) for _, name in held.get("subjectAltName", ()))
        return ()

    async def close(self) -> None:
        """Every connection for questions; websockets are their openers'."""
        if self._session is not None:
            await self._session.close()
            self._session = None
            # One whose answer was left in its middle closes by TLS' goodbye: a dead server would be waited for after
            # all of ours has ended.
            for transport in self._used:
                transport.abort()
            await asyncio.sleep(0)  # what is aborted is closed by the loop

    async def _context(self, login: Login) -> ssl.SSLContext:
        """The same for the same client certificate: connections are shared by it."""
        if self._tls is None or self._tls[:2] != (login.certificate, login.key):
            made = await asyncio.to_thread(tls_context, self._cluster, login.certificate, login.key)
            self._tls = (login.certificate, login.key, made)
        return self._tls[2]

    def _opened(self) -> ClientSession:
        from aiohttp import ClientSession, DummyCookieJar

        if self._session is None:
            self._session = ClientSession(
                connector=self._connector(),
                cookie_jar=DummyCookieJar(),
                trust_env=False,
                headers={"User-Agent": USER_AGENT},
            )
        return self._session

    def _connector(self) -> BaseConnector:
        if self._proxy is not None and self._by_socks:
            from aiohttp_socks import ProxyConnector  # few kubeconfigs have a SOCKS proxy

            # The proxy looks the name up, as in Go: it stands where the name is known.
            return ProxyConnector.from_url(_socks_url(self._proxy), rdns=True)
        from aiohttp import TCPConnector

        return TCPConnector()


def _socks_url(proxy: Proxy) -> str:
    scheme, _, rest = proxy.with_port.partition("://")
    return f"{scheme.removesuffix('h')}://{rest}"


def _for_websockets(proxy: Proxy) -> str:
    """The URL as websockets reads it: there ``socks5`` looks names up here, and ``socks5h`` by the proxy."""
    return f"socks5h://{proxy.with_port.partition('://')[2]}" if proxy.scheme == "socks5" else proxy.with_port


def _probe(transport: asyncio.BaseTransport | None) -> None:
    """Let TCP ask whether the other side is still there. What a system does not have is left out."""
    found = transport.get_extra_info("socket") if transport is not None else None
    if found is None:
        return
    options = (("TCP_KEEPIDLE", SILENT_AFTER), ("TCP_KEEPINTVL", PROBE_EVERY), ("TCP_KEEPCNT", PROBES))
    with suppress(OSError):  # a Unix socket has none of it
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in options:
            if hasattr(socket, name):
                found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
