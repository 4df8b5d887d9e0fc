"""One workload's identity as a session holds it: files, agent, certificates in use, and what happened to them.

Pure values. What is read where is in ``session.protocols.WorkloadSource``; how the four corners are held against each
other is in ``model.identity``.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import Final

from meshtui.model.finding import Finding
from meshtui.model.identity.agent import AgentMetrics, AgentReport
from meshtui.model.identity.bootstrap import Bootstrap, CertificateProvider
from meshtui.model.identity.certificate import Certificate, CertificateSet
from meshtui.model.identity.comparison import IdentityState
from meshtui.model.identity.file_facts import FileFacts
from meshtui.model.identity.token import TokenFacts

ROTATIONS_KEPT: Final = 16
"""Earlier leaves remembered: a bar shows two or three, the timeline tells of all."""

HISTORY_KEPT: Final = 60
"""Scrapes of the agent kept for rates and sparklines: two minutes at one every two seconds."""


@dataclass(frozen=True, slots=True)
class WorkloadFiles:
    """What one workload has on disk. ``certificates`` are (provider instance, its files); the instance is empty for a
    directory given by hand that belongs to none. ``tokens`` are those of call credentials.
    """

    bootstrap: Bootstrap | None = None
    facts: tuple[FileFacts, ...] = ()
    certificates: tuple[tuple[str, CertificateSet], ...] = ()
    both_variables: bool = False
    tokens: tuple[TokenFacts, ...] = ()

    @property
    def own(self) -> CertificateSet | None:
        """The set this workload proves itself with in the mesh: the first that has a leaf, else the first."""
        sets = [found for _, found in self.certificates if found.for_mesh]
        return next((found for found in sets if found.leaf is not None), sets[0] if sets else None)

    @property
    def provider(self) -> CertificateProvider | None:
        """The bootstrap's provider that :attr:`own` belongs to; for files given by hand, the first there is."""
        if self.bootstrap is None:
            return None
        own = self.own
        name = next((name for name, found in self.certificates if found is own), "")
        named = self.bootstrap.provider(name)
        return named or next(iter(self.bootstrap.certificate_providers), None)


@dataclass(frozen=True, slots=True)
class Offers:
    """Which facts a workload source was given, each as a person would write it; empty for what it was not."""

    bootstrap: str = ""
    certificates: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Rotation:
    """The leaf of a provider was replaced on disk; ``at`` is when its file was written, as far as that is known."""

    at: datetime
    provider: str
    before: Certificate
    after: Certificate


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything a session knows of its target's identity at one moment.

    ``read_at`` is when the files were last read, ``files_lost`` that the newest look at them gave no answer.
    ``rotations`` and ``agent_history`` are oldest first and bounded (:data:`ROTATIONS_KEPT`, :data:`HISTORY_KEPT`).
    ``identity`` joins them with the accepted config and the certificates on live connections; its ``now`` is the moment
    of joining. ``findings`` are those about all of this.
    """

    identity: IdentityState
    _: KW_ONLY
    offers: Offers = Offers()
    files: WorkloadFiles = field(default_factory=WorkloadFiles)
    read_at: datetime | None = None
    files_lost: bool = False
    agent: AgentReport | None = None
    agent_history: tuple[AgentMetrics, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def soonest_end(self) -> Certificate | None:
        """The certificate that ends first in the chain this workload proves itself with."""
        own = self.files.own
        return own.soonest_end if own is not None else None

    @property
    def ends_at(self) -> datetime | None:
        """When this workload can no longer prove who it is: by its files, else by the agent's metric."""
        first = self.soonest_end
        if first is not None:
            return first.not_after
        return self.identity.issued.ends_at if self.identity.issued is not None else None


def server_uris(workload: Workload | None) -> tuple[str, ...]:
    """The control planes of the bootstrap, where that was read."""
    read = workload.files.bootstrap if workload is not None else None
    return read.server_uris if read is not None else ()


def server_features(workload: Workload | None) -> frozenset[str]:
    """What the bootstrap says of any control plane, where it was read."""
    read = workload.files.bootstrap if workload is not None else None
    return read.server_features if read is not None else frozenset()


def rotations_between(before: WorkloadFiles, after: WorkloadFiles, now: datetime) -> tuple[Rotation, ...]:
    """The leaves that differ between two looks at the same provider. A leaf that appears or goes is no rotation."""
    if before is after:
        return ()
    known = dict(before.certificates)
    found = []
    for name, fresh in after.certificates:
        old = known.get(name)
        was, is_ = old.leaf if old is not None else None, fresh.leaf
        if old is fresh or was is None or is_ is None or was.fingerprint_sha256 == is_.fingerprint_sha256:
            continue
        written = next((file.modified for file in fresh.files if file.path == is_.file), None)
        found.append(Rotation(min(written or now, now), name, was, is_))
    return tuple(found)
