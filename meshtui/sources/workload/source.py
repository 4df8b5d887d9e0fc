"""One workload's identity from files on this machine and an agent over HTTP: what ``--bootstrap``, ``--certs`` and
``--agent`` name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace

from meshtui.model.channels import PeerCertificate
from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.identity.certificate import Certificate, CertificateSet
from meshtui.model.identity.comparison import Side
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.workload import Offers, WorkloadFiles
from meshtui.model.target import DEFAULT_MAX_MESSAGE
from meshtui.sources.agent.source import AgentSource
from meshtui.sources.certificates.files import IdentityFiles
from meshtui.sources.certificates.x509 import parse_certificate
from meshtui.sources.workload.bootstrap import BootstrapFile, tokens_of


class LocalWorkload:
    """Implements ``session.protocols.WorkloadSource``."""

    def __init__(
        self,
        bootstrap: str | None = None,
        certificates: str | None = None,
        agent: str | None = None,
        *,
        timeout: float,
        max_message: int = DEFAULT_MAX_MESSAGE,
    ) -> None:
        self._max_message = max_message
        self._offers = Offers(bootstrap or "", certificates or "", agent or "")
        self._bootstrap = BootstrapFile(bootstrap) if bootstrap is not None else None
        self._given = IdentityFiles([certificates]) if certificates is not None else None
        self._providers: tuple[tuple[str, IdentityFiles], ...] = ()
        self._providers_of: Bootstrap | None = None
        self._agent: AgentSource | None = None
        self._timeout = timeout
        self._last = WorkloadFiles()

    @property
    def offers(self) -> Offers:
        """What it was given."""
        return self._offers

    async def read(self, *, anew: bool = False) -> WorkloadFiles:
        """The files now; the same object while nothing changed. Never raises for what is on disk."""
        bootstrap: Bootstrap | None = None
        facts: tuple[FileFacts, ...] = ()
        if self._bootstrap is not None:
            bootstrap, facts = await self._bootstrap.poll()
            facts = await asyncio.to_thread(_as_seen_from_here, facts)
        tokens = await asyncio.to_thread(tokens_of, bootstrap) if bootstrap is not None else ()
        found = WorkloadFiles(bootstrap, facts, await self._certificates(bootstrap, facts), tokens=tokens)
        if not _same(found, self._last):
            self._last = found
        return self._last

    async def ask_agent(self) -> AgentReport:
        """One look at the agent. Raises ``TargetUnreachable`` when it does not answer, ``UsageError`` for an address
        that is none.
        """
        if self._agent is None:
            self._agent = AgentSource(self._offers.agent, timeout=self._timeout, max_message=self._max_message)
        return await self._agent.poll()

    async def _certificates(
        self, bootstrap: Bootstrap | None, facts: tuple[FileFacts, ...]
    ) -> tuple[tuple[str, CertificateSet], ...]:
        if self._given is not None:
            found = await self._given.poll()
            return ((_instance_of(found, bootstrap), found),)
        if bootstrap is None or not _is_local(facts):
            return ()
        if bootstrap is not self._providers_of:
            self._providers = tuple((each.name, IdentityFiles(provider=each)) for each in bootstrap.watched)
            self._providers_of = bootstrap
        return tuple([(name, await files.poll()) for name, files in self._providers])


def _same(found: WorkloadFiles, last: WorkloadFiles) -> bool:
    """Whether a look found what the one before did: sets and bootstrap are the same objects while unchanged."""
    return (
        found.bootstrap is last.bootstrap
        and found.facts == last.facts
        and found.tokens == last.tokens
        and [name for name, _ in found.certificates] == [name for name, _ in last.certificates]
        and all(now is before for (_, now), (_, before) in zip(found.certificates, last.certificates, strict=True))
    )


def _instance_of(found: CertificateSet, bootstrap: Bootstrap | None) -> str:
    """The provider whose files were given by hand: one that names the leaf's file, or files of the same names."""
    if bootstrap is None:
        return ""
    leaf = found.leaf
    for same in (os.path.realpath, os.path.basename):
        for provider in bootstrap.certificate_providers:
            if leaf is not None and provider.certificate_file and same(provider.certificate_file) == same(leaf.file):
                return provider.name
    return ""


def _is_local(facts: Sequence[FileFacts]) -> bool:
    return not facts or any(fact.kind is not FileKind.NOT_LOOKED for fact in facts)


def _as_seen_from_here(facts: tuple[FileFacts, ...]) -> tuple[FileFacts, ...]:
    """The facts, unless the paths are another machine's: a bootstrap copied out of a pod names directories that are
    not here at all, and then nothing is known about them.
    """
    if any(fact.kind is not FileKind.MISSING or os.path.isdir(os.path.dirname(fact.path)) for fact in facts):
        return facts
    return tuple(replace(fact, kind=FileKind.NOT_LOOKED, detail="") for fact in facts)


def read_peer(peer: PeerCertificate, side: Side) -> Certificate | None:
    """One side's certificate of a live connection; None when the library did not tell it, or it does not parse."""
    der = peer.der if side is Side.REMOTE else peer.own
    return parse_certificate(der, peer.address) if der else None
