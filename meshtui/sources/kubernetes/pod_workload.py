"""A pod's identity: its bootstrap and certificates by exec, its istio-agent over a relay."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.address import AddressKind
from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.bootstrap import Bootstrap, CertificateProvider, SyntaxProblemKind
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.certificate import CertificateSet
from meshtui.model.identity.workload import Offers, WorkloadFiles
from meshtui.model.kubernetes.forward import ForwardEnd, ForwardEndKind
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_bootstrap import (
    AGENT_PORT_ANNOTATION,
    TEXT_VARIABLE,
    USUAL_CERTIFICATES,
    BootstrapPlace,
    agent_port,
    bootstrap_place,
)
from meshtui.model.kubernetes.pod_mesh import mesh_of
from meshtui.model.kubernetes.rights import EXEC, FORWARD
from meshtui.model.target import TargetOptions
from meshtui.sources.agent.http_get import MOST_HEADER_BYTES
from meshtui.sources.agent.source import AgentSource
from meshtui.sources.certificates import files as certificates
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.pod_files import ContainerFiles, FilesMissing, PodReader
from meshtui.sources.kubernetes.port_forward import PodPort
from meshtui.sources.kubernetes.relay import Relay, open_relay
from meshtui.sources.kubernetes.rights import why_forbidden
from meshtui.sources.reading import SETTLING
from meshtui.sources.workload import bootstrap as bootstraps
from meshtui.sources.workload.source import LocalWorkload

FILES_AGAIN_S: Final = 60.0
"""Seconds after which a pod's files are read again: each is an exec, which clusters write down. Certificates are
replaced twice a day, and at once known by the agent."""

AGENT_AGAIN_S: Final = 5.0
"""Seconds from one look at the agent to the next: each is two port-forwards."""

ANOTHER_END: Final = timedelta(seconds=30)
"""Two ends of certificates that differ by more are those of two: the agent tells it to about a second."""


LEFT: Final = f"When certificates end may still be told by {EXEC.without}."
"""What is left to be known by, where no file of the pod can be read."""


class NoBootstrap(FilesMissing):
    """The pod has none where it is looked for, nor certificates at their usual place."""


class PodWorkload:
    """Implements ``session.protocols.WorkloadSource`` for a pod. What the user gave by hand goes first."""

    def __init__(
        self,
        api: Api,
        namespace: str,
        name: str,
        pod: Pod | None,
        options: TargetOptions,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``pod`` is None where it may not be read; then ``--container`` says where its files are."""
        self._api = api
        self._options = options
        self._pod_words = f"pod/{name} ({namespace})"
        self._monotonic = monotonic
        container = options.cluster.container or ""
        self._place = bootstrap_place(pod, container) if pod is not None else BootstrapPlace()
        named = (container,) if container else pod.reading_order() if pod is not None else ()
        self._app = named[0] if named else ""
        uid = pod.uid if pod is not None else ""
        self._reader = PodReader(api, namespace, name, uid, named, read_only=options.cluster.read_only)
        self._agent_at = PodPort(namespace, name, agent_port(pod), uid)
        mesh = mesh_of(pod) if pod is not None else None
        self._no_mesh = mesh.why if mesh is not None and not mesh.is_proxyless else ""
        self._given = _given(options)
        self._fetched: ContainerFiles | None = None
        self._read_at = self._asked_at = -math.inf
        self._last: WorkloadFiles | MeshtuiError | None = None
        self._last_is_old = True
        self._reading = asyncio.Lock()
        self._issued: datetime | None = None
        self._relay: Relay | None = None
        self._opened = AsyncExitStack()

    @property
    def offers(self) -> Offers:
        """The pod's files and agent, or what was given in their place."""
        given = self._given.offers if self._given is not None else Offers()
        by_hand = bool(given.bootstrap or given.certificates)
        path = self._place.path or f"${TEXT_VARIABLE}"
        return Offers(
            given.bootstrap if by_hand else f"{self._pod_words}: {path}",
            given.certificates,
            given.agent or self._agent_words,
        )

    @property
    def container(self) -> str:
        """The container in which the files are read; empty before they were."""
        return self._reader.container

    async def read(self, *, anew: bool = False) -> WorkloadFiles:
        """The files, at most :data:`FILES_AGAIN_S` old, or wanted ``anew``; the same object while nothing changed.

        Raises ``MeshtuiError`` where they cannot be had, which says why, what is left and what would unlock it.
        """
        if self._given is not None and (self._given.offers.bootstrap or self._given.offers.certificates):
            return await self._given.read(anew=anew)
        self._last_is_old = self._last_is_old or anew  # a look that is under way began before it was wanted
        async with self._reading:
            found = await self._newest()
        if isinstance(found, MeshtuiError):
            raise found.with_traceback(None)  # one error, raised again and again
        return found

    async def _newest(self) -> WorkloadFiles | MeshtuiError:
        """What was found by the last look, or by one now if that is due."""
        now = self._monotonic()
        if self._last is not None and not self._last_is_old and now - self._read_at < FILES_AGAIN_S:
            return self._last
        self._read_at, self._last_is_old = now, False
        try:
            self._last = await self._settled()
        except FilesMissing as error:
            self._last = type(error)(error.what, error.hint, left=LEFT)
        except MeshtuiError as error:
            self._last = error
        return self._last

    async def ask_agent(self) -> AgentReport:
        """One look at the agent, :data:`AGENT_AGAIN_S` after the one before at the soonest. Raises ``MeshtuiError``."""
        if self._given is not None and self._given.offers.agent:
            return await self._given.ask_agent()
        await asyncio.sleep(max(0.0, self._asked_at + AGENT_AGAIN_S - self._monotonic()))
        self._asked_at = self._monotonic()
        relay = await self._relayed()
        source = AgentSource(
            f"localhost:{self._agent_at.port}",
            timeout=self._options.timeout,
            max_message=self._options.max_message,
            words=self._agent_words,
            connect=lambda: _connect(relay),
        )
        try:
            report = await source.poll()
        except TargetUnreachable:
            if relay.trouble is None:
                raise
            why = f"The agent at {self._agent_words} cannot be reached. {relay.reason}"
            raise TargetUnreachable(why, await self._hint(relay.trouble)) from None
        self._note_issued(report)
        return report

    async def close(self) -> None:
        """Let go of the way to the agent."""
        await self._opened.aclose()
        self._relay = None

    @property
    def _agent_words(self) -> str:
        return f"{self._pod_words}:{self._agent_at.port}"

    async def _relayed(self) -> Relay:
        if self._relay is None:
            self._relay = await self._opened.enter_async_context(open_relay(self._api, self._agent_at))
        return self._relay

    async def _hint(self, trouble: ForwardEnd) -> str:
        """What to do about it; for a missing right, the rule that grants it."""
        if isinstance(trouble.error, ApiRefused) and trouble.error.code == 403:
            at = self._agent_at
            return await why_forbidden(self._api, at.namespace, FORWARD, pod=at.pod) or trouble.hint
        if trouble.kind in (ForwardEndKind.NOBODY_LISTENS, ForwardEndKind.POD):
            return f"The pod may have no istio-agent, or the annotation {AGENT_PORT_ANNOTATION} is not true."
        return trouble.hint

    def _note_issued(self, report: AgentReport) -> None:
        """An agent that got a new certificate has written it: what was read before is no longer what is there."""
        ends = report.metrics.cert_ends_at if report.metrics is not None else None
        if ends is None:
            return
        if self._issued is not None and abs(ends - self._issued) > ANOTHER_END:
            self._last_is_old = True
        self._issued = ends

    async def _settled(self) -> WorkloadFiles:
        """The files; where they may be half written, as they are a moment later."""
        found = await self._look()
        if _may_be_half_written(found):
            await asyncio.sleep(SETTLING)
            found = await self._look()
        return found

    async def _look(self) -> WorkloadFiles:
        bootstrap, bootstrap_files = await self._bootstrap()
        place = self._place
        lacks = bootstrap.syntax is not None and bootstrap.syntax.kind is SyntaxProblemKind.MISSING
        is_known = place.is_said and (bool(place.text) or bootstrap_files.container == self._app)
        if lacks and not is_known:
            return await self._without_bootstrap(bootstrap_files.container)
        return await self._with_certificates(bootstrap, bootstrap_files)

    async def read_bootstrap(self) -> Bootstrap:
        """The bootstrap alone, by one exec: what keeps it from being used is in its ``syntax``. Raises as :meth:`read`,
        of certificates nothing is said."""
        return (await self._bootstrap())[0]

    async def _bootstrap(self) -> tuple[Bootstrap, ContainerFiles]:
        place = self._place
        if place.text:
            text = place.text.encode("utf-8", "surrogateescape")
            return read_bootstrap(text, f"${TEXT_VARIABLE}"), ContainerFiles()
        files = await self._reader.fetch([place.path])
        return bootstraps.read_bootstrap_once(place.path, files), files

    async def _with_certificates(self, bootstrap: Bootstrap, files: ContainerFiles) -> WorkloadFiles:
        watched = bootstrap.watched
        keys = frozenset(provider.private_key_file for provider in watched if provider.private_key_file)
        more = await self._reader.fetch((path for provider in watched for path in _public(provider)), keys)
        files = ContainerFiles(more.container or files.container, {**files.fetched, **more.fetched})
        if isinstance(self._last, WorkloadFiles) and self._fetched is not None and _same(files, self._fetched):
            return self._last
        self._fetched = files
        return await asyncio.to_thread(_joined, bootstrap, watched, files)

    async def _without_bootstrap(self, container: str) -> WorkloadFiles:
        """The certificates at their usual place, where it is not known which file is the bootstrap."""
        files = await self._reader.fetch(_public(USUAL_CERTIFICATES))
        found = await asyncio.to_thread(_certificates, USUAL_CERTIFICATES, files)
        if found.certificates:
            if isinstance(self._last, WorkloadFiles) and self._fetched is not None and _same(files, self._fetched):
                return self._last
            self._fetched = files
            return WorkloadFiles(certificates=(("", replace(found, key=None)),))
        if self._place.is_said:
            why = f"{self._place.path}, which the app's container names, is not there in container {container}"
        else:
            why = f"the spec does not say where it is, and {self._place.path} is not there in container {container}"
        hint = f"--container names the container of the app, if {container} is not it."
        if self._no_mesh:
            hint = f"By its spec it is no proxyless pod: {self._no_mesh}. {hint}"
        raise NoBootstrap(f"The bootstrap of {self._pod_words} was not found: {why}.", hint)


def _given(options: TargetOptions) -> LocalWorkload | None:
    named = (options.bootstrap, options.certs, options.agent)
    if not any(named):
        return None
    return LocalWorkload(*named, timeout=options.timeout, max_message=options.max_message)


def _public(provider: CertificateProvider) -> tuple[str, ...]:
    """The provider's files that are no secret."""
    named = (provider.certificate_file, provider.ca_certificate_file, provider.spiffe_trust_bundle_map_file)
    return tuple(filter(None, named))


def _joined(bootstrap: Bootstrap, watched: tuple[CertificateProvider, ...], files: ContainerFiles) -> WorkloadFiles:
    facts = bootstraps.facts_of(bootstrap, files)
    return WorkloadFiles(bootstrap, facts, tuple((each.name, _certificates(each, files)) for each in watched))


def _certificates(provider: CertificateProvider, files: ContainerFiles) -> CertificateSet:
    """The provider's certificates; of a file that was not looked at, nothing is said to be wrong."""
    found = certificates.read_provider_once(provider, None, files)
    return replace(found, problems=tuple(each for each in found.problems if each.file in files.fetched))


def _may_be_half_written(found: WorkloadFiles) -> bool:
    read = found.bootstrap
    sets: list[CertificateSet] = [each for _, each in found.certificates]
    return (read is not None and bootstraps.may_be_half_written(read)) or any(
        map(certificates.may_be_half_written, sets)
    )


def _same(now: ContainerFiles, before: ContainerFiles) -> bool:
    """Whether the same was fetched. Two errors of a file are the same by their number and words."""
    return now.container == before.container and _plain(now) == _plain(before)


def _plain(files: ContainerFiles) -> dict[str, bytes | tuple[int | None, str | None]]:
    return {
        path: found if isinstance(found, bytes) else (found.errno, found.strerror)
        for path, found in files.fetched.items()
    }


async def _connect(relay: Relay) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = relay.address
    if address.kind is AddressKind.UNIX:
        return await asyncio.open_unix_connection(address.path, limit=MOST_HEADER_BYTES)
    return await asyncio.open_connection(address.host, address.port, limit=MOST_HEADER_BYTES)
