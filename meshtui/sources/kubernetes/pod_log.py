"""The logs of one pod, whether or not its app can be reached: a login and the right to read them are enough."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import TYPE_CHECKING, TypeAlias

from meshtui.model.errors import MeshtuiError, TargetUnreachable

if TYPE_CHECKING:  # a session over a pod has this from the start, and others import all of it in a thread meanwhile
    from meshtui.model.kubernetes.log_lines import LogLine
    from meshtui.model.kubernetes.log_pod import LogPlace, LogPod
    from meshtui.sources.kubernetes.api import Api
    from meshtui.sources.kubernetes.failures import ApiRefused
    from meshtui.sources.kubernetes.resolved import Resolved

OpenPod: TypeAlias = "Callable[[], AbstractAsyncContextManager[tuple[Api, Resolved]]]"
"""The cluster and the pod that is meant, for the length of a block."""


class PodLog:
    """Implements ``session.protocols.LogSource``.

    The pod is looked for when its log is first asked for; once the session has reached one, it is that one.
    """

    def __init__(self, open_pod: OpenPod) -> None:
        self._open_pod = open_pod
        self._opened = AsyncExitStack()
        self._at: tuple[Api, LogPod] | None = None
        self._finding = asyncio.Lock()

    def reached(self, api: Api, resolved: Resolved) -> None:
        """The session is at this pod."""
        self._at = api, _of(resolved)

    async def pod(self) -> LogPod:
        """See ``LogSource``."""
        from meshtui.model.kubernetes.log_pod import LogPod, OtherPod, log_pod
        from meshtui.sources.kubernetes.failures import ApiRefused
        from meshtui.sources.kubernetes.pods import get_pod

        api, known = await self._found()
        try:
            pod = await get_pod(api, known.namespace, known.name)
        except ApiRefused as error:
            if error.code == 404:
                raise TargetUnreachable(f"{known.words} is gone: {error.message}.", "o attaches another one") from None
            if error.lacks_right:
                return known if not known.uid else LogPod(namespace=known.namespace, name=known.name, uid=known.uid)
            raise
        if known.uid and pod.uid != known.uid:
            raise OtherPod(
                f"{known.words} is gone; another pod has its name, whose log is not read in its place.",
                "attach it anew to see the other one's",
            )
        return log_pod(pod)

    async def follow(self, container: str, after: LogPlace | None) -> AsyncGenerator[tuple[LogLine, ...], None]:
        """See ``LogSource``."""
        from meshtui.sources.kubernetes.failures import ApiRefused
        from meshtui.sources.kubernetes.logs import follow_log

        api, pod = await self._found()
        try:
            async with aclosing(follow_log(api, pod.namespace, pod.name, container, after=after)) as batches:
                async for batch in batches:
                    yield batch
        except ApiRefused as error:
            raise await _why(api, pod, error) from None

    async def previous(self, container: str) -> tuple[LogLine, ...]:
        """See ``LogSource``."""
        from meshtui.sources.kubernetes.failures import ApiRefused
        from meshtui.sources.kubernetes.logs import read_log

        api, pod = await self._found()
        try:
            return await read_log(api, pod.namespace, pod.name, container, previous=True)
        except ApiRefused as error:
            raise await _why(api, pod, error) from None

    async def close(self) -> None:
        """Let go of the cluster."""
        await self._opened.aclose()

    async def _found(self) -> tuple[Api, LogPod]:
        async with self._finding:
            if self._at is None:
                api, resolved = await self._opened.enter_async_context(self._open_pod())
                if self._at is None:  # the session may have reached one meanwhile
                    self.reached(api, resolved)
        assert self._at is not None
        return self._at


def _of(resolved: Resolved) -> LogPod:
    from meshtui.model.kubernetes.log_pod import LogPod, log_pod

    return log_pod(resolved.pod) if resolved.pod else LogPod(namespace=resolved.namespace, name=resolved.name)


async def _why(api: Api, pod: LogPod, error: ApiRefused) -> MeshtuiError:
    """What a refusal means: of a right that lacks, the rule that grants it."""
    from meshtui.model.kubernetes.lacking import Lacking
    from meshtui.model.kubernetes.log_pod import LogForbidden
    from meshtui.model.kubernetes.rights import GET_LOG, LOG, role_words
    from meshtui.sources.kubernetes.rights import why_forbidden

    if error.code != 403:
        return error
    rule = await why_forbidden(api, pod.namespace, LOG, pod=pod.name)
    if not rule and not error.lacks_right:
        return error
    lacking = Lacking("The log", pod.namespace, error.message, GET_LOG)
    return LogForbidden(error.what, rule or role_words((GET_LOG,)), lacking)
