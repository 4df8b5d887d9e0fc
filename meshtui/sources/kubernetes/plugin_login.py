"""A login plugin's newest answer, and the one run that all who need it wait for."""

from __future__ import annotations

import asyncio
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Final
from weakref import WeakKeyDictionary

from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin
from meshtui.model.kubernetes.login_answer import LoginAnswer
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.sources.kubernetes.failures import LoginFailed
from meshtui.sources.kubernetes.plugin import run_plugin, shown

RUN_AGAIN: Final = (2.0, 30.0)
"""Seconds in which a plugin that failed, or whose answer was refused twice, is not run again: at first, and at most.
Connections that come back many times a second must not open as many browser windows."""

BY_HAND_ONLY: Final = (inf, inf)
"""The same for lending the terminal to a plugin that failed with it or was broken off: a screen that goes away while
somebody works with it hands their keys to the plugin as a password, and wrong ones lock an account."""

ASK_AGAIN: Final = "Press r to be asked again; it does not take the terminal by itself any more."
"""What to try where a plugin that can do without the terminal was lent it in vain: only a screen lends it then."""


USED_FOR: Final = 10.0
"""Seconds for which an answer is used at least, whatever time it names, unless the server refuses it: where our clock
is wrong every answer seems to be over when it comes, and each of many requests would run the plugin."""


def nobody(needed: bool) -> AbstractAsyncContextManager[bool]:
    """The terminal of a program that lends none."""
    return nullcontext(False)


SILENT: Final = LoginPrompt(says=lambda line: None, terminal=nobody)
"""For where nobody can be asked."""


def _now() -> datetime:
    return datetime.now(UTC)


class Pause:
    """A time in which something is not tried again, doubled by each failure; infinite where only a person ends it."""

    def __init__(self, bounds: tuple[float, float], monotonic: Callable[[], float]) -> None:
        self._first, self._longest = bounds
        self._monotonic = monotonic
        self._next = self._first
        self._began = self._until = -inf

    def left(self, prompt: LoginPrompt) -> float:
        """Seconds for which it goes on; 0 when it is over, or when the person has asked for another try since."""
        return max(self._until - self._monotonic(), 0.0) if prompt.by_hand.asked_at <= self._began else 0.0

    def begin(self) -> None:
        """It failed."""
        self._began = self._monotonic()
        self._until = self._began + self._next
        self._next = min(2 * self._next, self._longest)

    def reset(self) -> None:
        """It worked."""
        self._began = self._until = -inf
        self._next = self._first


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
        self._answer: LoginAnswer | None = None
        self._answered_at = -inf
        self._monotonic = monotonic
        self._one_at_a_time = asyncio.Lock()
        self._failed: LoginFailed | None = None
        self._lent_in_vain: LoginFailed | None = None
        self._after_failure = Pause(RUN_AGAIN, monotonic)
        self._after_refusal = Pause(RUN_AGAIN, monotonic)
        self._after_lending = Pause(BY_HAND_ONLY, monotonic)

    async def answer(self, prompt: LoginPrompt) -> LoginAnswer:
        """The credentials, from a new run if there are none or their time is over."""
        async with self._one_at_a_time:
            new = self._monotonic() - self._answered_at < USED_FOR
            if self._answer is None or (self._answer.expired(self._clock()) and not new):
                return await self._run(prompt)
            return self._answer

    async def again(self, prompt: LoginPrompt, runs: int) -> bool:
        """Whether there is another answer than that of run ``runs``, which the server did not take."""
        async with self._one_at_a_time:
            if runs != self.runs:
                return True
            if self._after_refusal.left(prompt):
                return False
            before = self._answer
            now = await self._run(prompt)
            if before is not None and replace(now, expires=before.expires) == before:
                self._after_refusal.begin()
                return False
            return True

    async def _run(self, prompt: LoginPrompt) -> LoginAnswer:
        if self._failed is not None and (left := self._left(prompt)):
            raise _same(self._failed, left)
        self.running = shown(self._plugin)
        try:
            answer = await self._ask(prompt)
        except LoginFailed as error:
            self._answer, self._failed = None, error
            self._after_failure.begin()
            raise _same(error, self._left(prompt)) from None
        finally:
            self.running = ""
            prompt.over()
        if self._answer is None or answer.token != self._answer.token:
            self._after_refusal.reset()
        self._after_failure.reset()
        self._answer, self._failed, self._lent_in_vain = answer, None, None
        self._answered_at = self._monotonic()
        self.runs += 1
        return answer

    def _left(self, prompt: LoginPrompt) -> float:
        """Seconds until it is run again: without the terminal, or where it cannot go without with that."""
        needed = self._plugin.interactive_mode == "Always"
        return max(self._after_failure.left(prompt), self._after_lending.left(prompt) if needed else 0.0)

    async def _ask(self, prompt: LoginPrompt) -> LoginAnswer:
        mode = self._plugin.interactive_mode
        if mode == "Never":
            return await self._once(prompt, interactive=False)
        always = mode == "Always"
        answer = await self._at_the_terminal(prompt, needed=always)
        if answer is not None:
            return answer
        if always:
            raise LoginFailed(
                f"The login plugin {shown(self._plugin)} has to ask something, and there is no terminal for it.",
                "Log in by kubectl first, or start meshtui in a terminal.",
            )
        try:
            return await self._once(prompt, interactive=False)
        except LoginFailed as silent:
            with suppress(LoginFailed):  # kept in _lent_in_vain
                answer = await self._at_the_terminal(prompt, needed=True)
                if answer is not None:
                    return answer
            if self._lent_in_vain is None:
                raise
            # What it wrote to the terminal is not read; what it wrote without is in the failure of that.
            broken_off = self._lent_in_vain.broken_off
            what = f"{self._lent_in_vain.what} Without the terminal: {silent.what}" if broken_off else silent.what
            raise LoginFailed(what, ASK_AGAIN) from None

    async def _at_the_terminal(self, prompt: LoginPrompt, *, needed: bool) -> LoginAnswer | None:
        """What it answers with the terminal; None where that is not lent, or was in vain since a person asked last."""
        if self._after_lending.left(prompt):
            return None
        async with prompt.terminal(needed) as lent:
            if not lent:
                return None
            try:
                answer = await self._once(prompt, interactive=True)
            except LoginFailed as error:
                self._after_lending.begin()
                self._lent_in_vain = error
                raise
        self._after_lending.reset()
        return answer

    async def _once(self, prompt: LoginPrompt, *, interactive: bool) -> LoginAnswer:
        return await run_plugin(
            self._plugin,
            self._cluster,
            self._environ,
            interactive=interactive,
            says=prompt.says,
            broken_off_at=prompt.broken_off_at,
        )


_SHARED: Final[WeakKeyDictionary[AbstractEventLoop, dict[tuple[object, ...], PluginLogin]]] = WeakKeyDictionary()
"""Logins of this process by event loop, as client-go keeps them: the picker and the session it opens ask the same
plugin, which takes seconds for some."""


def shared_login(plugin: ExecPlugin, cluster: Cluster, environ: Mapping[str, str]) -> PluginLogin:
    """The login by this plugin at this cluster, the same for all who ask on this event loop."""
    logins = _SHARED.setdefault(asyncio.get_running_loop(), {})
    key = (plugin, repr(cluster), tuple(sorted(environ.items())))
    return logins.setdefault(key, PluginLogin(plugin, cluster, environ))


def _same(failure: LoginFailed, again_in: float) -> LoginFailed:
    """The failure, to be raised anew without the trace of before, with the seconds until the plugin is run again."""
    same = LoginFailed(failure.what, failure.hint)
    same.broken_off = failure.broken_off
    same.again_in = again_in
    return same
