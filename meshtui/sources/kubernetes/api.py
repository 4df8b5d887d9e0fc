"""One cluster's API server: questions, watches and websockets, with the login and its renewal in one place.

The only verbs that leave here are get, list and watch (GET), the two access reviews (POST), and GET upgrades to a
websocket for port-forward and exec.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

from meshtui.model.errors import BadAnswer, MeshtuiError, UsageError
from meshtui.model.kubernetes.kubeconfig_check import server_url
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.content import read_lines, read_start, read_whole
from meshtui.sources.kubernetes.dial import Dialer
from meshtui.sources.kubernetes.failures import ApiRefused, ApiUnreachable, LoginFailed, Refusal, refusal_of, refused
from meshtui.sources.kubernetes.kubeconfig import Chosen, choose, read_kubeconfig
from meshtui.sources.kubernetes.login import Credentials, Login
from meshtui.sources.kubernetes.plugin_login import SILENT
from meshtui.sources.kubernetes.unreachable import unreachable

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientTimeout
    from websockets.asyncio.client import ClientConnection

JSON: Final = "application/json"
"""What an answer is to be: an object or list as it is."""

TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
"""The same as the table that ``kubectl get`` prints, or as it is where the server makes none."""

LARGEST: Final = 128 << 20
"""Bytes of one answer, unpacked. Lists come in pages; one page of 200 pods has some 4 MiB."""

LARGEST_REFUSAL: Final = 64 << 10
"""Bytes read of an answer that is no."""

REVIEWS: Final = frozenset(
    f"/apis/authorization.k8s.io/v1/{name}" for name in ("selfsubjectaccessreviews", "selfsubjectrulesreviews")
)
"""The only paths anything is ever posted to: questions about one's own rights, of which nothing stays."""

LONGEST_WAIT: Final = 10.0
"""Seconds that a server may ask us to wait (Retry-After) before its refusal is an answer."""

Query = Sequence[tuple[str, str]]

Answer = TypeVar("Answer")


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
    login_prompt: LoginPrompt = SILENT,
) -> AsyncIterator[Api]:
    """The API server that the options mean. Nothing is asked of it yet; ``timeout`` is for each answer, in seconds.

    ``login_prompt`` is how a login plugin may talk to whoever is in front. Raises ``BadInput`` or ``UsageError`` for
    kubeconfigs that lead nowhere.
    """
    environ = os.environ if environ is None else environ
    chosen = await asyncio.to_thread(_choose, options, environ)
    api = Api(chosen, options, timeout, environ, login_prompt)
    try:
        yield api
    finally:
        await api.close()


def _choose(options: ClusterOptions, environ: Mapping[str, str]) -> Chosen:
    return choose(read_kubeconfig(options, environ), options, environ)


class Api:
    """One API server, asked as one user."""

    def __init__(
        self,
        chosen: Chosen,
        options: ClusterOptions,
        timeout: float,
        environ: Mapping[str, str],
        login_prompt: LoginPrompt = SILENT,
    ) -> None:
        """Raises ``BadInput`` for a server or a proxy that is none."""
        user = chosen.user
        server = server_url(chosen.cluster, certificate=bool(user.client_certificate or user.client_certificate_data))
        self.context = ApiContext(chosen.name, chosen.cluster_name, server, chosen.namespace, chosen.user_name)
        self.timeout = timeout
        self._chosen = chosen
        # Another context that becomes current meanwhile is not ours.
        self._options = replace(options, context=chosen.name) if chosen.from_file else options
        self._environ = environ
        self._prompt = login_prompt
        self._credentials = Credentials(user, chosen.cluster, environ, prompt=login_prompt)
        self._dialer = Dialer(chosen.cluster, server, environ, timeout)

    @property
    def waits_for(self) -> str:
        """What an answer that does not come waits for: a login plugin, or the server."""
        plugin = self._credentials.plugin_running
        return f"the login plugin {plugin}" if plugin else f"an answer of {self.context.server}"

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
        from aiohttp import ClientTimeout

        # Not around the login, which may wait for a person.
        within = ClientTimeout(sock_connect=self.timeout)
        response = await self._answered("GET", path, query, accept, None, within, answered_within)
        try:
            async with aclosing(read_lines(response, self._unreachable)) as lines:
                yield lines
        finally:
            response.close()

    async def websocket(self, path: str, query: Query, subprotocols: Sequence[str]) -> ClientConnection:
        """A websocket of port-forward or exec. Raises as :meth:`get`. The caller closes it."""
        from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI

        async def dial(login: Login) -> ClientConnection:
            try:
                return await self._dialer.websocket(self._url(path, query), login, subprotocols)
            except InvalidStatus as error:
                answer = error.response
                refusal = refusal_of(answer.status_code, bytes(answer.body or b""))
                raise self._no_websocket(refusal, path, subprotocols) from None
            except (InvalidHandshake, InvalidURI, InvalidProxy, OSError, TimeoutError, EOFError) as error:
                raise self._unreachable(error) from None

        return await self._logged_in(dial)

    async def close(self) -> None:
        """Every connection for questions; websockets are their openers'."""
        await self._dialer.close()

    # answers

    async def _json(self, verb: str, path: str, query: Query, accept: str, body: Mapping[str, Any] | None) -> Any:
        from aiohttp import ClientTimeout

        response = await self._answered(verb, path, query, accept, body, ClientTimeout(total=self.timeout), None)
        try:
            content = await read_whole(response, LARGEST, self._unreachable)
        finally:
            response.release()
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise BadAnswer(
                f"The answer of {self.context.server} to {verb} {path} is no JSON, but {response.content_type}.",
                "Is the server of the kubeconfig an API server?",
            ) from None

    async def _answered(
        self,
        verb: str,
        path: str,
        query: Query,
        accept: str,
        body: Mapping[str, Any] | None,
        within: ClientTimeout,
        head_within: float | None,
    ) -> ClientResponse:
        """An answer that is no refusal, its content unread."""

        async def ask(login: Login) -> ClientResponse:
            headers = (("Accept", accept),)
            try:
                async with asyncio.timeout(head_within):
                    response = await self._dialer.request(verb, self._url(path, query), login, headers, within, body)
            except self._dialer.failures as error:
                raise self._unreachable(error) from None
            if response.status < 300:
                return response
            try:
                said = await read_start(response, LARGEST_REFUSAL, self._unreachable)
            finally:
                response.release()
            refusal = refusal_of(response.status, said, response.reason or "")
            raise self._refused(refusal, f"{verb} {path}", wait_s=_seconds(response.headers.get("Retry-After")))

        return await self._logged_in(ask)

    # login

    async def _logged_in(self, ask: Callable[[Login], Awaitable[Answer]]) -> Answer:
        """What ``ask`` gives with the login as it is now; refused, with a renewed one, once."""
        try:
            login = await self._credentials.login()
        except LoginFailed:
            if not await self._read_again():
                raise
            login = await self._credentials.login()
        used = self._credentials
        try:
            return await self._patiently(ask, login)
        except ApiRefused as refusal:
            if refusal.code != 401 or not await self._renewed(used, login):
                raise
        return await self._patiently(ask, await self._credentials.login())

    async def _patiently(self, ask: Callable[[Login], Awaitable[Answer]], login: Login) -> Answer:
        """As ``ask``, again after the pause that a busy server asks for, as long as that is short."""
        left = LONGEST_WAIT
        while True:
            try:
                return await ask(login)
            except _Later as refusal:
                if refusal.wait_s > left:
                    raise ApiRefused(refusal.what, refusal.hint, refusal=refusal.refusal) from None
                left -= max(refusal.wait_s, 1.0)
                await asyncio.sleep(refusal.wait_s)

    async def _renewed(self, used: Credentials, login: Login) -> bool:
        """Whether there are other credentials than those that were refused."""
        if used is not self._credentials:
            return True
        return await used.renew(login) or await self._read_again()

    async def _read_again(self) -> bool:
        """Whether somebody has logged in outside: the kubeconfig has another user for the same server now."""
        if not self._chosen.from_file:
            return False
        try:
            chosen = await asyncio.to_thread(_choose, self._options, self._environ)
        except MeshtuiError:
            return False  # half written, or gone: what was read before still counts
        if chosen.user == self._chosen.user or chosen.cluster != self._chosen.cluster:
            return False
        self._chosen = chosen
        self._credentials = Credentials(chosen.user, chosen.cluster, self._environ, prompt=self._prompt)
        return True

    # words

    def _url(self, path: str, query: Query) -> str:
        text = f"{self.context.server}{quote(path)}"
        return f"{text}?{urlencode(query)}" if query else text

    def _unreachable(self, error: BaseException) -> ApiUnreachable:
        return unreachable(error, self._dialer.dialled)

    def _refused(self, refusal: Refusal, asked: str, wait_s: float | None = None) -> ApiRefused:
        error = refused(refusal, asked, self.context.user, anonymous=self._credentials.anonymous)
        if wait_s is None or refusal.code not in (429, 503):
            return error
        return _Later(error, wait_s)

    def _no_websocket(self, refusal: Refusal, path: str, subprotocols: Sequence[str]) -> ApiRefused:
        if refusal.code == 403 and not refusal.message:
            return ApiRefused(
                f"{self.context.server} refuses the websocket {path} without a reason, as an API server does that "
                f"knows none of its sub-protocols ({', '.join(subprotocols)}).",
                "A proxy in between may leave out the header Sec-WebSocket-Protocol.",
                refusal=refusal,
            )
        return self._refused(refusal, f"GET {path}")


class _Later(ApiRefused):
    """A busy server's refusal, with the seconds after which to ask again."""

    def __init__(self, error: ApiRefused, wait_s: float) -> None:
        super().__init__(error.what, error.hint, refusal=error.refusal)
        self.wait_s = wait_s


def _seconds(text: str | None) -> float | None:
    """A ``Retry-After`` in seconds; its other form, a date, is no API server's."""
    return float(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 else None
