"""What the rules judge: everything that was seen, each part as its own rules want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from meshtui.model.identity.file_facts import FileFacts, facts_for

if TYPE_CHECKING:  # a command loads the models of what it looks at, and no others
    from datetime import datetime, timedelta

    from meshtui.model.answerer import Switches
    from meshtui.model.channels import ChannelReport
    from meshtui.model.identity.agent import AgentRates, AgentReport
    from meshtui.model.identity.bootstrap import Bootstrap
    from meshtui.model.identity.certificate import Certificate, CertificateSet
    from meshtui.model.identity.comparison import IdentityState
    from meshtui.model.identity.token import TokenFacts
    from meshtui.model.identity.workload import Workload, WorkloadFiles
    from meshtui.model.kubernetes.ghosts import Ghost
    from meshtui.model.traffic import Traffic
    from meshtui.model.xds.graph import Graph
    from meshtui.model.xds.resource import ResourceKey
    from meshtui.model.xds.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEvidence:
    """One look at a target: its config, its channels, and what its calls did lately.

    ``first_seen`` says since when a resource is as it is, where that was watched, and ``switches`` which clients
    answered one after the other. ``server_uris`` are the control planes of the bootstrap, where that was read, and
    ``server_features`` what it says of any of them. ``ghosts`` are endpoints behind which the cluster has no pod that
    is to serve, where the target is in a cluster.
    """

    now: datetime
    snapshot: Snapshot
    graph: Graph
    channels: ChannelReport | None = None
    first_seen: Mapping[ResourceKey, datetime] = field(default_factory=lambda: MappingProxyType({}))
    traffic: Traffic | None = None
    switches: Switches | None = None
    server_uris: tuple[str, ...] = ()
    server_features: frozenset[str] = frozenset()
    ghosts: tuple[Ghost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapEvidence:
    """A bootstrap and what is known around it.

    ``files`` are the facts about the paths it names, gathered where those paths mean something. ``asked_providers``
    are (instance, cluster or listener) pairs of the accepted config. ``other_nodes`` are (pod, node id) of the other
    pods seen. ``certificates`` are those of each provider, ``tokens`` those of call credentials. ``both_variables``
    says that GRPC_XDS_BOOTSTRAP and GRPC_XDS_BOOTSTRAP_CONFIG are both set. ``platform`` is ``sys.platform`` of the
    pod.
    """

    now: datetime
    bootstrap: Bootstrap
    files: tuple[FileFacts, ...] = ()
    certificates: tuple[tuple[str, CertificateSet], ...] = ()
    asked_providers: tuple[tuple[str, str], ...] = ()
    other_nodes: tuple[tuple[str, str], ...] = ()
    tokens: tuple[TokenFacts, ...] = ()
    both_variables: bool = False
    platform: str = "linux"

    def facts(self, path: str) -> FileFacts:
        """What is known about a path the bootstrap names."""
        return facts_for(path, self.files)

    def at(self, path: str, text: str) -> str:
        """One line of evidence about the value at ``path``: where it stands and what it is."""
        line = self.bootstrap.lines.get(path)
        place = f"{self.bootstrap.source} line {line}" if line else self.bootstrap.source
        return f"{place}: {path or 'the whole text'} {text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEvidence:
    """Certificates at the moment ``now``; ``warn`` is the least time left that was asked for, if any.

    ``may_be_missing`` says that the files are named whether or not the workload has them (Google's generator does so).
    """

    now: datetime
    certificates: CertificateSet
    warn: timedelta | None = None
    may_be_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEvidence:
    """One look at the agent, how its counters moved since an earlier one, and the leaf it wrote to disk last."""

    report: AgentReport
    rates: AgentRates | None = None
    leaf: Certificate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it; a part that was not looked at is ``None`` or empty, and its rules are not asked."""

    config: ConfigEvidence | None = None
    bootstrap: BootstrapEvidence | None = None
    certificates: tuple[CertificateEvidence, ...] = ()
    identity: IdentityState | None = None
    agent: AgentEvidence | None = None


def workload_evidence(
    workload: Workload,
    now: datetime,
    *,
    asked_providers: tuple[tuple[str, str], ...] = (),
    other_nodes: tuple[tuple[str, str], ...] = (),
) -> Evidence:
    """What a session knows of its target's identity. The pairs are those of :class:`BootstrapEvidence`."""
    files, own = workload.files, workload.files.own
    return Evidence(
        bootstrap=None
        if files.bootstrap is None
        else BootstrapEvidence(
            now=now,
            bootstrap=files.bootstrap,
            files=files.facts,
            certificates=files.certificates,
            asked_providers=asked_providers,
            other_nodes=other_nodes,
            tokens=files.tokens,
            both_variables=files.both_variables,
        ),
        certificates=files_evidence(files, now),
        identity=workload.identity,
        agent=None
        if workload.agent is None
        else AgentEvidence(report=workload.agent, rates=_rates(workload), leaf=own.leaf if own is not None else None),
    )


def files_evidence(
    files: WorkloadFiles, now: datetime, warn: timedelta | None = None
) -> tuple[CertificateEvidence, ...]:
    """What the certificate files of a workload are judged by, each provider's on their own."""
    optional = files.bootstrap is not None and files.bootstrap.for_google
    return tuple(
        CertificateEvidence(now=now, certificates=found, warn=warn, may_be_missing=optional)
        for _, found in files.certificates
    )


def _rates(workload: Workload) -> AgentRates | None:
    from meshtui.model.identity.agent import rates

    history = workload.agent_history
    return rates(history[0], history[-1]) if len(history) > 1 else None
