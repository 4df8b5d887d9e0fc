"""One context of a kubeconfig, as the picker asks it: contexts, namespaces, pods as they change, rights."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from typing import Final

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.access import AccessLadder, ladder_of
from meshtui.model.kubernetes.contexts import ContextOffer, ContextOffers
from meshtui.model.kubernetes.fields import objects, text
from meshtui.model.kubernetes.kubeconfig import Cluster, Kubeconfig, User
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.model.kubernetes.pod_events import PodEvent
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import TABLE, Api, open_api
from meshtui.sources.kubernetes.kubeconfig import Chosen, chosen_context, read_kubeconfig
from meshtui.sources.kubernetes.pages import pages
from meshtui.sources.kubernetes.plugin_login import SILENT
from meshtui.sources.kubernetes.pods import follow_pods
from meshtui.sources.kubernetes.rights import ask_rights

ANY_NAME: Final = "default"
"""A namespace for an API server that is opened for questions in several."""


class ClusterPods:
    """Opens its API server with the first question, and keeps that until it is closed."""

    def __init__(
        self,
        options: ClusterOptions,
        timeout: float,
        login: LoginPrompt = SILENT,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """``timeout`` is for each answer, in seconds; ``login`` is how a login plugin may talk to a person."""
        self._login = login
        self._options = options
        self._timeout = timeout
        self._environ = os.environ if environ is None else environ
        self._opened = AsyncExitStack()
        self._opening: asyncio.Task[Api] | None = None

    async def contexts(self) -> ContextOffers:
        """The contexts of the kubeconfig. Asks no server. Raises ``BadInput`` for a file that cannot be read."""
        return await asyncio.to_thread(self._contexts)

    async def namespaces(self) -> tuple[str, ...]:
        """The namespaces there are. Raises as ``Api.get``: ``ApiRefused`` with code 403 when they may not be listed."""
        api = await self._api()
        names: list[str] = []
        async for page in pages(api, "/api/v1/namespaces", (), TABLE):
            names += [text(row, "object", "metadata", "name") for row in objects(page, "rows")]
            names += [text(item, "metadata", "name") for item in objects(page, "items")]
        return tuple(name for name in names if name)

    async def follow(self, namespace: str) -> AsyncGenerator[PodEvent, None]:
        """The pods of a namespace, or of all with an empty one, as they change; without an end."""
        async for event in follow_pods(await self._api(), namespace or None):
            yield event

    async def access(self, namespace: str) -> AccessLadder:
        """What may be done in the namespace, or with an empty one in all of them. Raises as :func:`ask_rights`."""
        return ladder_of(await ask_rights(await self._api(), namespace))

    @property
    def waits_for(self) -> str:
        """What an answer that does not come waits for, as it goes on after "Waiting for"; empty until it is opened."""
        done = self._opening is not None and self._opening.done() and not self._opening.cancelled()
        if self._opening is None or not done or self._opening.exception() is not None:
            return ""
        return self._opening.result().waits_for

    async def close(self) -> None:
        """Let go of what was opened."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        await self._opened.aclose()

    async def _api(self) -> Api:
        """The API server, opened once for whoever asks first; whoever is cancelled meanwhile takes it from nobody."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> Api:
        await asyncio.to_thread(importlib.import_module, "aiohttp")  # costs more than a key may wait
        return await self._opened.enter_async_context(
            # Each question names its own namespace: one that is no name costs that question and no other.
            open_api(
                self._options._replace(namespace=ANY_NAME),
                self._timeout,
                environ=self._environ,
                login_prompt=self._login,
            )
        )

    def _contexts(self) -> ContextOffers:
        config = read_kubeconfig(self._options, self._environ)
        offers = tuple(_offer(config, name) for name in config.contexts)
        try:
            chosen = chosen_context(config, self._options, self._environ)
        except MeshtuiError as error:
            return ContextOffers(offers=offers, chosen=None, problem=error)
        return ContextOffers(offers=offers, chosen=_chosen(config, chosen))


def _offer(config: Kubeconfig, name: str) -> ContextOffer:
    context = config.contexts[name]
    user = config.users.get(context.user, User())
    return ContextOffer(
        name=name,
        server=config.clusters.get(context.cluster, Cluster()).server,
        user=context.user,
        namespace=context.namespace,
        plugin=_plugin(user),
    )


def _chosen(config: Kubeconfig, chosen: Chosen) -> ContextOffer:
    context = config.contexts.get(chosen.name)
    return ContextOffer(
        name=chosen.name,
        server=chosen.cluster.server,
        user=chosen.user_name,
        namespace=chosen.namespace if context is None else context.namespace,
        plugin=_plugin(chosen.user),
    )


def _plugin(user: User) -> str:
    return os.path.basename(user.plugin.command) if user.plugin is not None else ""
