"""The login that requests go with, renewed when the server refuses it: by its own means, or by a login outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.failures import ApiRefused, LoginFailed
from meshtui.sources.kubernetes.kubeconfig import Chosen, chosen_by
from meshtui.sources.kubernetes.login import Credentials, Login

LONGEST_WAIT: Final = 10.0
"""Seconds that a server may ask us to wait (Retry-After) before its refusal is an answer."""

Answer = TypeVar("Answer")


class AskLater(ApiRefused):
    """A busy server's refusal, with the seconds after which to ask again."""

    def __init__(self, error: ApiRefused, wait_s: float) -> None:
        super().__init__(error.what, error.hint, refusal=error.refusal)
        self.wait_s = wait_s


class Logins:
    """Who asks one server: the user of the context as it was chosen, with what becomes of the login."""

    def __init__(
        self, chosen: Chosen, options: ClusterOptions, environ: Mapping[str, str], prompt: LoginPrompt
    ) -> None:
        self.credentials = Credentials(chosen.user, chosen.cluster, environ, prompt=prompt)
        self._chosen = chosen
        # Another context that becomes current meanwhile is not ours.
        self._options = options._replace(context=chosen.name) if chosen.from_file else options
        self._environ = environ
        self._prompt = prompt
        self.newest = Login(())
        """What the newest request went with."""

    async def run(self, ask: Callable[[Login], Awaitable[Answer]]) -> Answer:
        """What ``ask`` gives with the login as it is now; refused, with a renewed one, once."""
        used = self.credentials
        try:
            login = await used.login()
        except LoginFailed as failed:
            used = await self._other_than(used, failed)
            login = await used.login()
        try:
            return await self._patiently(ask, login)
        except ApiRefused as refusal:
            if refusal.code != 401 or not await self._renewed(used, login):
                raise
        return await self._patiently(ask, await self.credentials.login())

    async def _patiently(self, ask: Callable[[Login], Awaitable[Answer]], login: Login) -> Answer:
        """As ``ask``, again after the pause that a busy server asks for, as long as that is short."""
        left = LONGEST_WAIT
        self.newest = login
        while True:
            try:
                return await ask(login)
            except AskLater as refusal:
                if refusal.wait_s > left:
                    raise ApiRefused(refusal.what, refusal.hint, refusal=refusal.refusal) from None
                left -= max(refusal.wait_s, 1.0)
                await asyncio.sleep(refusal.wait_s)

    async def _renewed(self, used: Credentials, login: Login) -> bool:
        """Whether there are other credentials than those that were refused."""
        if used is not self.credentials:
            return True
        try:
            if await used.renew(login):
                return True
        except LoginFailed as failed:
            await self._other_than(used, failed)
        await self._read_again()
        return used is not self.credentials

    async def _other_than(self, used: Credentials, failed: LoginFailed) -> Credentials:
        """Those of a login outside, where ``used`` just ``failed``; that is raised again if there are none."""
        await self._read_again()
        if used is self.credentials:
            raise failed
        return self.credentials

    async def _read_again(self) -> None:
        """Take it over if somebody has logged in outside: the kubeconfig has another user for the same server now."""
        if not self._chosen.from_file:
            return
        try:
            chosen = await asyncio.to_thread(chosen_by, self._options, self._environ)
        except MeshtuiError:
            return  # half written, or gone: what was read before still counts
        if chosen.user == self._chosen.user or chosen.cluster != self._chosen.cluster:
            return
        self._chosen = chosen
        self.credentials = Credentials(chosen.user, chosen.cluster, self._environ, prompt=self._prompt)
