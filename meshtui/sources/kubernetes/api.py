"""One cluster's API server: questions, watches and websockets, with the login and its renewal in one place.

The only verbs that leave here are get, list and watch (GET), the two access reviews (POST), and GET upgrades to a
websocket for port-forward and exec.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from meshtui.model.errors import BadAnswer, UsageError
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.failures import ApiUnreachable, refusal_of, refused
from meshtui.sources.kubernetes.kubeconfig import Chosen, choose, read_kubeconfig
from meshtui.sources.kubernetes.login import Credentials
from meshtui.sources.kubernetes.tls import tls_context

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from websockets.asyncio.client import ClientConnection

JSON: Final = "application/json"
"""What an answer is to be: an object or list as it is."""

TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
"""The same as the table that ``kubectl get`` prints, or as it is where the server makes none."""

LARGEST: Final = 128 << 20
"""Bytes of one answer, unpacked. Lists come in pages; one page of 200 pods has some 4 MiB."""

LONGEST_LINE: Final = 16 << 20
"""Bytes of one event of a watch: etcd holds objects of up to 1.5 MiB, whose JSON is some times as long."""

LARGEST_REFUSAL: Final = 64 << 10
"""Bytes read of an answer that is no."""

REVIEWS: Final = frozenset(
    f"/apis/authorization.k8s.io/v1/{name}" for name in ("selfsubjectaccessreviews", "selfsubjectrulesreviews")
)
"""The only paths anything is ever posted to: questions about one's own rights, of which nothing stays."""

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ApiContext:
    """Which cluster this is and as whom. ``user`` is the kubeconfig's name of the user, empty for nobody."""

    name: str
    cluster: str
    server: str
    namespace: str
    user: str


@asynccontextmanager
async def open_api(
    options: ClusterOptions,
    timeout: float,
    *,
    environ: Mapping[str, str] | None = None,
    login_prompt: Callable[[], Any] | None = None,
) -> AsyncIterator[Api]:
    """The API server that the options mean. Nothing is asked of it yet; ``timeout`` is for each answer, in seconds.

    Raises ``BadInput`` or ``UsageError`` for kubeconfigs that lead nowhere.
    """
    environ = os.environ if environ is None else environ
    chosen = await asyncio.to_thread(_choose, options, environ)
    api = Api(chosen, timeout, environ)
    try:
        yield api
    finally:
        await api.close()


def _choose(options: ClusterOptions, environ: Mapping[str, str]) -> Chosen:
    return choose(read_kubeconfig(options, environ), options, environ)


class Api:
    """One API server, asked as one user."""

    def __init__(self, chosen: Chosen, timeout: float, environ: Mapping[str, str]) -> None:
        self.context = ApiContext(
            chosen.name, chosen.cluster_name, chosen.cluster.server.rstrip("/"), chosen.namespace, chosen.user_name
        )
        self.timeout = timeout
        self._cluster = chosen.cluster
        self._credentials = Credentials(chosen.user)
        self._session: ClientSession | None = None
        self._tls: ssl.SSLContext | None = None

    async def get(self, path: str, query: Query = (), accept: str = JSON) -> Any:
        """The JSON at ``path``: one object or one page of a list. Raises ``ApiRefused``, ``ApiUnreachable``,
        ``LoginFailed`` or ``BadAnswer``."""
        return await self._json("GET", path, query, accept, None)

    async def create(self, path: str, body: Mapping[str, Any]) -> Any:
        """What a review of one's own rights answers. Raises as :meth:`get`, and for every other path ``UsageError``."""
        if path not in REVIEWS:
            raise UsageError(f"meshtui creates nothing in a cluster, so not {path} either.")
        return await self._json("POST", path, (), JSON, body)

    async def lines(self, path: str, query: Query = (), accept: str = JSON) -> AsyncGenerator[bytes, None]:
        """A followed log or a watch's events, line by line as they come, without an end of their own.

        Raises as :meth:`get` before the first; ``ApiUnreachable`` when the connection is cut, ``BadAnswer`` for a line
        of more than ``LONGEST_LINE``.
        """
        async with self.stream(path, query, accept) as lines:
            async for line in lines:
                yield line

    @asynccontextmanager
    async def stream(
        self, path: str, query: Query = (), accept: str = JSON, *, answered_within: float | None = None
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The same as a context that is entered when the head of the answer is there.

        ``answered_within`` bounds the wait for it, in seconds: a watch has it at once, a followed log only with its
        first line.
        """
        async with AsyncExitStack() as opened:
            try:
                async with asyncio.timeout(answered_within):
                    response = await opened.enter_async_context(
                        self._asked("GET", path, query, accept, None, whole=False)
                    )
            except TimeoutError as error:
                raise self._unreachable(error) from None
            async with aclosing(self._lines_of(response)) as lines:
                yield lines

    async def _lines_of(self, response: ClientResponse) -> AsyncGenerator[bytes, None]:
        parts: list[bytes] = []  # of a line whose end has not come: joined once, so that a long one costs no squares
        size = 0
        async for chunk in response.content.iter_any():
            *whole, rest = chunk.split(b"\n")
            for end in whole:
                yield b"".join((*parts, end, b"\n"))
                parts, size = [], 0
            parts.append(rest)
            size += len(rest)
            if size > LONGEST_LINE:
                raise BadAnswer(f"{self.context.server} sends a line of more than {LONGEST_LINE >> 20} MiB.")
        if size:
            yield b"".join(parts)

    async def websocket(self, path: str, query: Query, subprotocols: Sequence[str]) -> ClientConnection:
        """A websocket of port-forward or exec. Raises as :meth:`get`. The caller closes it."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake, InvalidStatus
        from websockets.typing import Subprotocol

        url = "ws" + self._url(path, query).removeprefix("http")
        secure = url.startswith("wss")
        try:
            return await connect(
                url,
                ssl=await self._context() if secure else None,
                server_hostname=(self._cluster.tls_server_name or None) if secure else None,
                additional_headers=await self._credentials.headers(),
                subprotocols=[Subprotocol(name) for name in subprotocols],
                open_timeout=self.timeout,
                compression=None,
                ping_interval=None,  # a forward pings itself: no answer means nothing while the pod does not read
                proxy=None,
            )
        except InvalidStatus as error:
            answer = error.response
            refusal = refusal_of(answer.status_code, bytes(answer.body or b""))
            raise refused(refusal, f"GET {path}", self.context.user) from None
        except (InvalidHandshake, OSError, TimeoutError) as error:
            raise self._unreachable(error) from None

    async def close(self) -> None:
        """Every connection for questions; websockets are their openers'."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    # inside

    async def _json(self, verb: str, path: str, query: Query, accept: str, body: Mapping[str, Any] | None) -> Any:
        import json

        async with self._asked(verb, path, query, accept, body, whole=True) as response:
            content = await response.read()
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise BadAnswer(f"The answer of {self.context.server} to {verb} {path} is no JSON.") from None

    @asynccontextmanager
    async def _asked(
        self, verb: str, path: str, query: Query, accept: str, body: Mapping[str, Any] | None, *, whole: bool
    ) -> AsyncIterator[ClientResponse]:
        from aiohttp import ClientError, ClientTimeout
        from yarl import URL

        session = await self._opened()
        within = ClientTimeout(total=self.timeout) if whole else ClientTimeout(sock_connect=self.timeout)
        try:
            async with session.request(
                verb,
                URL(self._url(path, query), encoded=True),
                json=body,
                headers={"Accept": accept, **await self._credentials.headers()},
                ssl=await self._context(),
                server_hostname=self._cluster.tls_server_name or None,
                timeout=within,
                allow_redirects=False,
            ) as response:
                if response.status >= 300:
                    said = await response.content.read(LARGEST_REFUSAL)
                    refusal = refusal_of(response.status, said, response.reason or "")
                    raise refused(refusal, f"{verb} {path}", self.context.user)
                yield response
        except (ClientError, OSError, TimeoutError) as error:
            raise self._unreachable(error) from None

    def _url(self, path: str, query: Query) -> str:
        server = self.context.server
        text = f"{server if urlsplit(server).scheme else f'https://{server}'}{quote(path)}"
        return f"{text}?{urlencode(query)}" if query else text

    def _unreachable(self, error: BaseException) -> ApiUnreachable:
        return ApiUnreachable(f"{self.context.server} cannot be reached: {error or type(error).__name__}.")

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            certificate, key = await self._credentials.certificate()
            self._tls = await asyncio.to_thread(tls_context, self._cluster, certificate, key)
        return self._tls

    async def _opened(self) -> ClientSession:
        from aiohttp import ClientSession

        if self._session is None:
            self._session = ClientSession(trust_env=False, auto_decompress=True)
        return self._session
