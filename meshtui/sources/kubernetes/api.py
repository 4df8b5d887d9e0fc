"""One cluster's API server: questions, watches and websockets, with the login and its renewal in one place.

The only verbs that leave here are get, list and watch (GET), the two access reviews (POST), and GET upgrades to a
websocket for port-forward and exec.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from meshtui.model.errors import BadAnswer, UsageError
from meshtui.model.kubernetes.kubeconfig_check import server_url
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.content import NO_SERVER, read_lines, read_start, read_whole
from meshtui.sources.kubernetes.dial import Dialer
from meshtui.sources.kubernetes.failures import (
    ApiRefused,
    ApiUnreachable,
    Cause,
    Refusal,
    refusal_of,
    refused,
)
from meshtui.sources.kubernetes.kubeconfig import Chosen, chosen_by
from meshtui.sources.kubernetes.login import Login
from meshtui.sources.kubernetes.logins import AskLater, Logins
from meshtui.sources.kubernetes.plugin_login import SILENT
from meshtui.sources.kubernetes.unreachable import is_for_another_name, unreachable

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
    login_prompt: LoginPrompt = SILENT,
) -> AsyncIterator[Api]:
    """The API server that the options mean. Nothing is asked of it yet; ``timeout`` is for each answer, in seconds.

    ``login_prompt`` is how a login plugin may talk to whoever is in front. Raises ``BadInput`` or ``UsageError`` for
    kubeconfigs that lead nowhere.
    """
    environ = os.environ if environ is None else environ
    chosen = await asyncio.to_thread(chosen_by, options, environ)
    api = Api(chosen, options, timeout, environ, login_prompt)
    try:
        yield api
    finally:
        await api.close()


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
        self._logins = Logins(chosen, options, environ, login_prompt)
        self._dialer = Dialer(chosen.cluster, server, environ, timeout)

    @property
    def waits_for(self) -> str:
        """What an answer that does not come waits for: a login plugin, or the server."""
        plugin = self._logins.credentials.plugin_running
        return f"the login plugin {plugin}" if plugin else f"an answer of {self.context.server}"

    async def get(self, path: str, query: Query = (), accept: str = JSON) -> Any:
        """The JSON at ``path``, as :func:`api_path` makes it: one object or one page of a list.

        Raises ``ApiRefused``, ``ApiUnreachable``, ``LoginFailed`` or ``BadAnswer``.
        """
        return await self._json("GET", path, query, accept, None)

    async def create(self, path: str, body: Mapping[str, Any]) -> Any:
        """What a review of one's own rights answers. Raises as :meth:`get`, and for every other path ``UsageError``."""
        if path not in REVIEWS:
            raise UsageError(f"meshtui creates nothing in a cluster, so not {path} either.")
        try:
            return await self._json("POST", path, (), JSON, body)
        except ApiUnreachable as error:
            if error.cause is not Cause.CUT:
                raise
        # The server had closed the connection that was kept for it; a review may be asked twice. aiohttp does this for
        # GET by itself.
        return await self._json("POST", path, (), JSON, body)

    async def check(self) -> None:
        """Ask for next to nothing, to learn whether the server is there. Raises ``ApiUnreachable`` where it is not.

        A refusal is an answer; so the login goes with it that was used last, and is not renewed: no plugin runs for it.
        """
        from aiohttp import ClientTimeout

        within = ClientTimeout(total=self.timeout)
        try:
            answer = await self._dialer.request("GET", self._url("/version", ()), self._logins.newest, (), within)
        except self._dialer.failures as error:
            raise self._unreachable(error) from None
        try:
            await read_start(answer, LARGEST_REFUSAL, self._unreachable)  # read to its end the connection is kept
        finally:
            answer.release()

    async def lines(
        self, path: str, query: Query = (), *, silent_after: float | None = None
    ) -> AsyncGenerator[bytes, None]:
        """A log, line by line as it comes: one that is followed has no end of its own, and may be silent for long.

        ``silent_after`` is how many seconds one that is not followed may bring nothing. Raises as :meth:`get` before
        the first; ``ApiUnreachable`` when it is cut or silent, ``BadAnswer`` for a line of more than ``LONGEST_LINE``.
        """
        async with self.stream(path, query, silent_after=silent_after) as lines:
            async for line in lines:
                yield line

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        query: Query = (),
        accept: str = JSON,
        *,
        answered_within: float | None = None,
        silent_after: float | None = None,
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """The lines of a log or of a watch's events, as a context that is entered when the answer's head is there.

        ``answered_within`` bounds the wait for the head, in seconds: a watch has it at once, a followed log only with
        its first line. ``silent_after`` bounds each wait for bytes, that for the head too.
        """
        from aiohttp import ClientTimeout

        # Not around the login, which may wait for a person.
        within = ClientTimeout(sock_connect=self.timeout, sock_read=silent_after)
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
                raise await self._not_reached(error, part_of_the_time=True) from None

        return await self._logins.run(dial)

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
                NO_SERVER,
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
                raise await self._not_reached(error) from None
            if response.status < 300:
                return response
            try:
                async with asyncio.timeout(self.timeout):  # within a stream's own bounds it might never end
                    said = await read_start(response, LARGEST_REFUSAL, self._unreachable)
            except TimeoutError as error:
                raise self._unreachable(error) from None
            finally:
                response.release()
            refusal = refusal_of(response.status, said, response.reason or "")
            raise self._refused(refusal, f"{verb} {path}", wait_s=_seconds(response.headers.get("Retry-After")))

        return await self._logins.run(ask)

    # words

    def _url(self, path: str, query: Query) -> str:
        text = f"{self.context.server}{path}"
        return f"{text}?{urlencode(query)}" if query else text

    async def _not_reached(self, error: BaseException, *, part_of_the_time: bool = False) -> ApiUnreachable:
        """Why no connection came about. What the certificate is for, if not for this name, takes another look at it."""
        dialled = self._dialer.dialled
        if is_for_another_name(error):
            dialled = replace(dialled, certificate_for=await self._dialer.certificate_names())
        return unreachable(error, replace(dialled, timeout=None) if part_of_the_time else dialled)

    def _unreachable(self, error: BaseException) -> ApiUnreachable:
        return unreachable(error, self._dialer.dialled)

    def _refused(self, refusal: Refusal, asked: str, wait_s: float | None = None) -> ApiRefused:
        who = self._logins.credentials
        error = refused(refusal, asked, self.context.user, anonymous=who.anonymous, by_id_token=who.by_id_token)
        if wait_s is None or refusal.code not in (429, 503):
            return error
        return AskLater(error, wait_s)

    def _no_websocket(self, refusal: Refusal, path: str, subprotocols: Sequence[str]) -> ApiRefused:
        if refusal.code == 403 and not refusal.message:
            return ApiRefused(
                f"{self.context.server} refuses the websocket {path} without a reason, as an API server does that "
                f"knows none of its sub-protocols ({', '.join(subprotocols)}).",
                "A proxy in between may leave out the header Sec-WebSocket-Protocol.",
                refusal=refusal,
            )
        return self._refused(refusal, f"GET {path}")


def _seconds(text: str | None) -> float | None:
    """A ``Retry-After`` in seconds; its other form, a date, is no API server's."""
    return float(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 else None
