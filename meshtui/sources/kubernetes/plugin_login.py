"""A login plugin's newest answer, and the one run that all who need it wait for."""

from __future__ import annotations

import asyncio
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from typing import Final
from weakref import WeakKeyDictionary

from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin
from meshtui.model.kubernetes.login_answer import LoginAnswer
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.sources.kubernetes.failures import LoginFailed
from meshtui.sources.kubernetes.plugin import run_plugin, shown

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 30.0
"""Seconds in which a failed plugin is not run again: doubled with each failure. Connections that come back many times
a second must not open as many browser windows."""


def nobody(needed: bool) -> AbstractAsyncContextManager[bool]:
    """The terminal of a program that lends none."""
    return nullcontext(False)


SILENT: Final = LoginPrompt(says=lambda line: None, terminal=nobody)
"""For where nobody can be asked."""


def _now() -> datetime:
    return datetime.now(UTC)


class PluginLogin:
    """One plugin for one cluster. ``runs`` counts its answers; ``running`` is its name while it is waited for."""

    def __init__(
        self,
        plugin: ExecPlugin,
        cluster: Cluster,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = _now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.runs = 0
        self.running = ""
        self._plugin = plugin
        self._cluster = cluster
        self._environ = environ
        self._clock = clock
        self._monotonic = monotonic
        self._answer: LoginAnswer | None = None
        self._one_at_a_time = asyncio.Lock()
        self._failed: LoginFailed | None = None
        self._quiet_until = 0.0
        self._pause = FIRST_PAUSE

    def try_at_once(self) -> None:
        """Forget the pause after a failure."""
        self._quiet_until, self._pause = 0.0, FIRST_PAUSE

    async def answer(self, prompt: LoginPrompt) -> LoginAnswer:
        """The credentials, from a new run if there are none or their time is over."""
        async with self._one_at_a_time:
            if self._answer is None or self._answer.expired(self._clock()):
                return await self._run(prompt)
            return self._answer

    async def again(self, prompt: LoginPrompt, runs: int) -> None:
        """A new run whatever the time says: the server did not take the answer of run ``runs``."""
        async with self._one_at_a_time:
            if runs == self.runs:
                await self._run(prompt)

    async def _run(self, prompt: LoginPrompt) -> LoginAnswer:
        if self._failed is not None and self._monotonic() < self._quiet_until:
            raise LoginFailed(self._failed.what, self._failed.hint)
        self.running = shown(self._plugin)
        try:
            self._answer = await self._ask(prompt)
        except LoginFailed as error:
            self._answer = None
            self._failed = error
            self._quiet_until = self._monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            raise
        finally:
            self.running = ""
        self._failed, self._pause = None, FIRST_PAUSE
        self.runs += 1
        return self._answer

    async def _ask(self, prompt: LoginPrompt) -> LoginAnswer:
        mode = self._plugin.interactive_mode
        if mode == "Never":
            return await self._once(prompt, interactive=False)
        always = mode == "Always"
        async with prompt.terminal(always) as lent:
            if lent:
                return await self._once(prompt, interactive=True)
        if always:
            raise LoginFailed(
                f"The login plugin {shown(self._plugin)} has to ask something, and there is no terminal for it.",
                "Log in by kubectl first, or start meshtui in a terminal.",
            )
        try:
            return await self._once(prompt, interactive=False)
        except LoginFailed:
            async with prompt.terminal(True) as lent:
                if lent:
                    return await self._once(prompt, interactive=True)
            raise

    async def _once(self, prompt: LoginPrompt, *, interactive: bool) -> LoginAnswer:
        return await run_plugin(self._plugin, self._cluster, self._environ, interactive=interactive, says=prompt.says)


_SHARED: Final[WeakKeyDictionary[AbstractEventLoop, dict[tuple[object, ...], PluginLogin]]] = WeakKeyDictionary()
"""Logins of this process by event loop, as client-go keeps them: the picker and the session it opens ask the same
plugin, which takes seconds for some."""


def shared_login(plugin: ExecPlugin, cluster: Cluster, environ: Mapping[str, str]) -> PluginLogin:
    """The login by this plugin at this cluster, the same for all who ask on this event loop."""
    logins = _SHARED.setdefault(asyncio.get_running_loop(), {})
    key = (plugin, repr(cluster), tuple(sorted(environ.items())))
    login = logins.setdefault(key, PluginLogin(plugin, cluster, environ))
    login.try_at_once()  # who opens a cluster anew may have logged in meanwhile
    return login
