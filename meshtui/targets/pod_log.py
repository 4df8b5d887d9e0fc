"""The log of a pod's ``istio-proxy``, which needs no way into the pod."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from meshtui.model.errors import TargetUnreachable, UsageError
from meshtui.model.kubernetes.pod import PROXY
from meshtui.model.kubernetes.reference import Kind
from meshtui.model.kubernetes.rights import LOG
from meshtui.model.target import TargetOptions
from meshtui.targets.reach import PART_OF_TIMEOUT, Person, meant

if TYPE_CHECKING:
    from meshtui.model.kubernetes.log_lines import LogLine
    from meshtui.sources.kubernetes.api import Api


@asynccontextmanager
async def _found(target: str, options: TargetOptions, person: Person) -> AsyncIterator[tuple[Api, str, str, str]]:
    """The API server, and namespace, pod and container that are meant."""
    said = meant(target, options)
    if said.reference is None:
        raise UsageError(
            f"{said.address} is an address: a log is read from the cluster.", "name the pod: pod/NAME -n NAMESPACE"
        )
    from meshtui.sources.kubernetes.api import open_api
    from meshtui.sources.kubernetes.failures import ApiRefused
    from meshtui.sources.kubernetes.plugin_login import SILENT
    from meshtui.sources.kubernetes.resolve import resolve
    from meshtui.sources.kubernetes.rights import why_forbidden

    cluster, container = said.options.cluster, said.options.cluster.container or PROXY
    async with open_api(cluster, options.timeout * PART_OF_TIMEOUT, login_prompt=person.login or SILENT) as api:
        namespace, name = api.context.namespace, said.reference.name
        if said.reference.kind is not Kind.POD:  # the log of a named pod may be read by one who may not read the pod
            pod = await resolve(api, namespace, said.reference)
            person.picked(pod.words)
            namespace, name = pod.namespace, pod.name
        try:
            yield api, namespace, name, container
        except ApiRefused as error:
            rule = await why_forbidden(api, namespace, LOG, pod=name) if error.code == 403 else ""
            raise TargetUnreachable(error.what, rule or error.hint) from None


async def pod_log(
    target: str, options: TargetOptions, *, tail: int, previous: bool, person: Person
) -> tuple[LogLine, ...]:
    """The newest lines. Raises ``UsageError`` for what is no pod, and what keeps the log from being read."""
    async with _found(target, options, person) as (api, namespace, name, container):
        from meshtui.sources.kubernetes.logs import read_log

        return await read_log(api, namespace, name, container, tail=tail, previous=previous)


async def followed_pod_log(
    target: str, options: TargetOptions, *, tail: int, person: Person
) -> AsyncGenerator[tuple[LogLine, ...], None]:
    """The newest lines, and those that come. Raises as :func:`pod_log`, and when the connection is cut."""
    async with _found(target, options, person) as (api, namespace, name, container):
        from meshtui.sources.kubernetes.logs import follow_log

        async with aclosing(follow_log(api, namespace, name, container, tail=tail)) as batches:
            async for batch in batches:
                yield batch
