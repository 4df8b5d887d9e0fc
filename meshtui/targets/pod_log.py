"""The log of the mesh's agent in a pod, which needs no way into the pod."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from meshtui.model.errors import TargetUnreachable, UsageError
from meshtui.model.kubernetes.log_pod import agent_of
from meshtui.model.kubernetes.pod import PROXY, Pod
from meshtui.model.kubernetes.reference import Kind, Reference
from meshtui.model.kubernetes.rights import LOG
from meshtui.model.target import TargetOptions
from meshtui.targets.reach import Person, meant

if TYPE_CHECKING:
    from meshtui.model.kubernetes.log_lines import LogLine
    from meshtui.sources.kubernetes.api import Api
    from meshtui.sources.kubernetes.failures import ApiRefused


@asynccontextmanager
async def open_log(target: str, options: TargetOptions, person: Person) -> AsyncIterator[PodLog]:
    """The log that is meant. Raises ``UsageError`` for what is no pod; within the block, whatever keeps the log from
    being read, with the rule where a right is missing."""
    said = meant(target, options)
    if said.reference is None:
        raise UsageError(
            f"{said.address} is an address: a log is read from the cluster.", "name the pod: pod/NAME -n NAMESPACE"
        )
    from meshtui.sources.kubernetes.api import open_api
    from meshtui.sources.kubernetes.failures import ApiRefused
    from meshtui.sources.kubernetes.plugin_login import SILENT

    cluster = said.options.cluster
    async with open_api(cluster, options.timeout, login_prompt=person.login or SILENT) as api:
        log = await _found(api, said.reference, cluster.container, person)
        try:
            yield log
        except ApiRefused as error:
            raise await log.explained(error) from None


async def _found(api: Api, reference: Reference, container: str | None, person: Person) -> PodLog:
    """The log that is meant. Which container is the agent's only the pod says; where that may not be read, it is looked
    for under its usual name."""
    if reference.kind is Kind.POD:
        namespace, name = api.context.namespace, reference.name
        pod = await _readable_pod(api, namespace, name) if container is None else None
    else:
        from meshtui.sources.kubernetes.resolve import resolve

        found = await resolve(api, api.context.namespace, reference, LOG)
        person.picked(found.words)
        namespace, name, pod = found.namespace, found.name, found.pod
    return PodLog(api, namespace, name, container or (PROXY if pod is None else agent_of(pod)), pod)


async def _readable_pod(api: Api, namespace: str, name: str) -> Pod | None:
    """The pod, where it may be read."""
    from meshtui.sources.kubernetes.failures import ApiRefused
    from meshtui.sources.kubernetes.pods import get_pod

    try:
        return await get_pod(api, namespace, name)
    except ApiRefused:
        return None


class PodLog:
    """The log of a container. Its methods raise as ``Api.get``."""

    def __init__(self, api: Api, namespace: str, name: str, container: str, pod: Pod | None = None) -> None:
        """``pod`` is there where it was read on the way."""
        self._api = api
        self._namespace = namespace
        self._name = name
        self._container = container
        self._pod = pod

    async def read(self, *, tail: int, previous: bool) -> tuple[LogLine, ...]:
        """The newest lines; with ``previous`` those of the process before the last restart."""
        from meshtui.sources.kubernetes.logs import read_log

        return await read_log(self._api, self._namespace, self._name, self._container, tail=tail, previous=previous)

    async def follow(self, *, tail: int) -> AsyncGenerator[tuple[LogLine, ...], None]:
        """The newest lines, and those that come. Raises ``ApiUnreachable`` when the connection is cut."""
        from meshtui.sources.kubernetes.logs import follow_log

        lines = follow_log(self._api, self._namespace, self._name, self._container, tail=tail)
        async with aclosing(lines) as batches:
            async for batch in batches:
                yield batch

    async def why_empty(self) -> str:
        """Why there may be no line, as a sentence: a cluster answers so as well for a pod that has not begun."""
        from meshtui.model.kubernetes.pod_reach import exec_in

        words = f"pod/{self._name} ({self._namespace})"
        pod = await self._seen()
        if pod is None or (reach := exec_in(pod, self._container)).possible:
            return f"The cluster has no line of container {self._container} of {words}."
        return f"The cluster has no line of container {self._container}: {words} {reach.why.rstrip('.')}."

    async def explained(self, error: ApiRefused) -> TargetUnreachable:
        """The refusal, with what to try."""
        if error.code != 404:
            return TargetUnreachable(error.what, await self._what_to_do(error))
        from meshtui.sources.kubernetes.resolve import no_such

        return no_such(self._api, self._namespace, Reference(Kind.POD, self._name))

    async def _what_to_do(self, error: ApiRefused) -> str:
        """The rule that is missing, or the containers there are."""
        from meshtui.sources.kubernetes.rights import why_forbidden

        if error.code == 403:
            return await why_forbidden(self._api, self._namespace, LOG, pod=self._name) or error.hint
        pod = await self._seen() if error.code == 400 else None
        if pod is not None and pod.container(self._container) is None:
            return f"It has {', '.join(each.name for each in pod.containers)}: --container names another one."
        return error.hint

    async def _seen(self) -> Pod | None:
        """The pod, where it may be read."""
        self._pod = self._pod or await _readable_pod(self._api, self._namespace, self._name)
        return self._pod
