"""Follows the pods of the context and namespace that a person looks at, until one is picked or the picker is left.

Whatever a cluster does, every call here returns at once: what it began runs beside, and what does not end when told to
is left behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from meshtui.model.clock import utc_now
from meshtui.model.errors import MeshtuiError, unforeseen
from meshtui.model.kubernetes.reference import ClusterOptions, checked_namespace
from meshtui.session.kubernetes.pod_book import Failed, News, PodBook, Problem, Waits
from meshtui.session.kubernetes.protocols import ALL_NAMESPACES, OpenPods, PodsSource
from meshtui.session.kubernetes.state import PickerState

DEFAULT_NAMESPACE: Final = "default"
"""The namespace that kubectl means where neither a person nor the context names one."""

LEAVING_S: Final = 1.0
"""Seconds that what is left behind may take to end before nobody waits for it any more."""


class PodPicker:
    """One at a time: a context, a namespace of it, and what is known of its pods (``state``)."""

    def __init__(
        self,
        open_pods: OpenPods,
        cluster: ClusterOptions,
        *,
        now: Callable[[], datetime] = utc_now,
        by_hand: Callable[[], None] = lambda: None,
    ) -> None:
        """``cluster`` is what was said of the cluster; it holds for what is picked as well. ``by_hand`` is called when
        a person asks for another try, before it."""
        self._open = open_pods
        self._by_hand = by_hand
        self._cluster = cluster._replace(selector=None, container=None, port=None)
        self._now = now
        self._wanted_namespace = cluster.namespace
        self._source: PodsSource | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._following: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._state = PickerState(book=PodBook(since=now()), context=cluster.context or "")

    @property
    def state(self) -> PickerState:
        """What is known now."""
        return self._state

    @property
    def place(self) -> ClusterOptions:
        """Where the pods on the screen are, by names that mean it tomorrow too, whatever context is current then."""
        namespace = self._state.namespace or self._wanted_namespace or None
        return self._cluster._replace(context=self._state.named_context, namespace=namespace)

    @property
    def waits_for(self) -> str:
        """What is waited for at this moment, as it goes on after "Waiting for"."""
        said = self._source.waits_for if self._source is not None else ""
        return said or self._state.book.waits_for or "the API server"

    # intents

    def start(self) -> None:
        """Begin. Returns at once."""
        self.use_context(self._state.context, self._wanted_namespace)

    def use_context(self, context: str, namespace: str | None = None) -> None:
        """Look at another context, in the given namespace or in its own."""
        self._let_go()
        self._wanted_namespace = namespace
        offers = self._state.offers
        known = next((offer for offer in offers if offer.name == context), None)
        self._state = PickerState(
            book=PodBook(since=self._now(), waits_for="the kubeconfig"),
            revision=self._state.revision + 1,
            context=context,
            offers=offers,
            chosen=known,
        )
        source = self._source = self._opened(context)
        self._begin(self._enter(source))

    def use_namespace(self, namespace: str) -> None:
        """Look at another namespace of the same context, or at all of them."""
        self._wanted_namespace = namespace
        source = self._source
        if source is None or self._state.chosen is None:
            self.use_context(self._state.context, namespace)
            return
        self._stop(self._following)
        self._publish(book=PodBook(since=self._now()), namespace=namespace, access=None, access_problem=None)
        self._look_into(source, namespace)

    def again(self) -> None:
        """Try what failed once more, now: a person asks for it."""
        self._by_hand()
        namespace = self._state.namespace
        if namespace is None or self._source is None:
            self.use_context(self._state.context, self._wanted_namespace)
            return
        self._let_go()
        source = self._source = self._opened(self._state.context)
        self._begin(self._list_namespaces(source))
        self._look_into(source, namespace)

    def ask_access(self) -> None:
        """Ask anew what the user may do in the namespace; nothing where none is looked at."""
        source, namespace = self._source, self._state.namespace
        if source is not None and namespace is not None:
            self._begin(self._ask_access(source, namespace))

    def leave(self) -> None:
        """End everything, beside. Returns at once."""
        self._let_go()

    async def close(self) -> None:
        """End everything; what does not end in :data:`LEAVING_S` is told so once more and left behind."""
        self._let_go()
        try:
            if self._leaving:
                await asyncio.wait(self._leaving, timeout=LEAVING_S)
        finally:
            for task in self._leaving:
                task.cancel()

    # work

    def _opened(self, context: str) -> PodsSource:
        return self._open(self._cluster._replace(context=context or None, namespace=self._wanted_namespace or None))

    async def _enter(self, source: PodsSource) -> None:
        """Read the kubeconfig, then look into the namespace."""
        try:
            known = await source.contexts()
        except Exception as error:
            self._if_current(source, Failed(_problem(error, "Reading the kubeconfig")))
            return
        if source is not self._source:
            return
        if known.chosen is None:
            self._publish(offers=known.offers)
            problem = known.problem or MeshtuiError("The kubeconfig names no context.", "choose one")
            self._if_current(source, Failed(Problem.of(problem)))
            return
        namespace = self._wanted_namespace
        if namespace is None:
            namespace = known.chosen.namespace or DEFAULT_NAMESPACE
        self._publish(offers=known.offers, chosen=known.chosen, namespace=namespace)
        self._begin(self._list_namespaces(source))
        self._look_into(source, namespace)

    def _look_into(self, source: PodsSource, namespace: str) -> None:
        self._following = self._begin(self._follow(source, namespace))
        self._begin(self._ask_access(source, namespace))

    async def _follow(self, source: PodsSource, namespace: str) -> None:
        self._if_looked_at(source, namespace, Waits(_awaited(self._state)))
        try:
            async for news in source.follow(_checked(namespace)):
                self._if_looked_at(source, namespace, news)
        except Exception as error:
            self._if_looked_at(source, namespace, Failed(_problem(error, "Listing the pods")))

    async def _list_namespaces(self, source: PodsSource) -> None:
        try:
            names = await source.namespaces()
        except Exception as error:
            if source is self._source:
                self._publish(namespaces=None, namespaces_problem=_problem(error, "Listing the namespaces"))
        else:
            if source is self._source:
                self._publish(namespaces=names, namespaces_problem=None)

    async def _ask_access(self, source: PodsSource, namespace: str) -> None:
        try:
            access = await source.access(_checked(namespace))
        except Exception as error:
            if source is self._source and namespace == self._state.namespace:
                self._publish(access=None, access_problem=_problem(error, "Asking for rights"))
        else:
            if source is self._source and namespace == self._state.namespace:
                self._publish(access=access, access_problem=None)

    def _if_current(self, source: PodsSource, news: News) -> None:
        if source is self._source:
            self._publish(book=self._state.book.after(news, self._now()))

    def _if_looked_at(self, source: PodsSource, namespace: str, news: News) -> None:
        """News of what is no longer looked at changes nothing."""
        if namespace == self._state.namespace:
            self._if_current(source, news)

    def _publish(self, **changes: Any) -> None:
        self._state = replace(self._state, revision=self._state.revision + 1, **changes)

    # tasks

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _stop(self, task: asyncio.Task[None] | None) -> None:
        if task is not None and not task.done():
            task.cancel()
            self._tasks.discard(task)
            self._leave_behind(task)

    def _let_go(self) -> None:
        """End what runs and close the source, beside."""
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
            self._leave_behind(task)
        source, self._source = self._source, None
        if source is not None:
            self._leave_behind(asyncio.get_running_loop().create_task(_close(source)))

    def _leave_behind(self, task: asyncio.Task[None]) -> None:
        self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        if not task.cancelled():
            task.exception()  # nobody else asks for it


def _awaited(state: PickerState) -> str:
    """What the first answer has to wait for, as far as the kubeconfig tells."""
    chosen = state.chosen
    if chosen is None:
        return "the API server"
    plugin = f"the login plugin {chosen.plugin} and " if chosen.plugin else ""
    return f"{plugin}the first answer of {chosen.server or 'the API server'}"


async def _close(source: PodsSource) -> None:
    try:
        await source.close()
    except Exception:
        return  # what cannot be closed does not keep anybody


def _checked(namespace: str) -> str:
    """The namespace, which stands in paths. Raises ``UsageError`` for what cannot be one."""
    return namespace if namespace == ALL_NAMESPACES else checked_namespace(namespace)


def _problem(error: Exception, what: str) -> Problem:
    said = error if isinstance(error, MeshtuiError) else unforeseen(error, what)
    return Problem.of(said)
