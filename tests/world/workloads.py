"""Workloads made of values: certificates with chosen serials and times, so that screens come out the same each time."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from meshtui.model.channels import (
    Calls,
    Channel,
    ChannelReport,
    ChannelState,
    PeerCertificate,
    ServerSockets,
    Subchannel,
)
from meshtui.model.errors import MeshtuiError
from meshtui.model.identity.agent import AgentMetrics, AgentReport, Sample
from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.certificate import (
    Certificate,
    CertificateRole,
    CertificateSet,
    Chain,
    KeyMatch,
    KeyState,
    LinkProblem,
    San,
)
from meshtui.model.identity.comparison import Side
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.workload import Offers, WorkloadFiles

HOUR = timedelta(hours=1)
DIRECTORY = "/var/lib/istio/data"
EVERYTHING = Offers("/etc/istio/proxy/grpc-bootstrap.json", DIRECTORY, "10.0.0.13:15020")
CHAIN_FILE = f"{DIRECTORY}/cert-chain.pem"


def certificate(
    serial: int,
    begins: datetime,
    lives: timedelta = HOUR,
    *,
    account: str = "client",
    role: CertificateRole = CertificateRole.LEAF,
    domain: str = "cluster.local",
    file: str = CHAIN_FILE,
) -> Certificate:
    """A certificate as Istio's CA would make it, without any bytes behind it."""
    leaf = role is CertificateRole.LEAF
    digest = hashlib.sha256(f"{serial}".encode()).hexdigest()
    return Certificate(
        file=file,
        role=role,
        subject="" if leaf else f"O={domain}",
        issuer=f"O={domain}",
        sans=(San("URI", f"spiffe://{domain}/ns/echo-grpc/sa/{account}"),) if leaf else (),
        serial=serial,
        not_before=begins,
        not_after=begins + lives,
        fingerprint_sha256=digest,
        public_key_sha256=digest,
        key_algorithm="EC",
        key_bits=256,
        key_curve="P-256",
        signature_algorithm="ecdsa-with-SHA256",
        is_ca=not leaf,
    )


def chained(leaf: Certificate, at: datetime, *, written: datetime | None = None) -> CertificateSet:
    """The leaf under a root of ten years, with its key matching, as read from the agent's directory."""
    root = certificate(0x34C55EED11, at - timedelta(days=1), timedelta(days=3650), role=CertificateRole.ROOT)
    facts = (FileFacts(leaf.file, FileKind.FILE, size=1312, modified=written or leaf.not_before),)
    key = KeyMatch(f"{DIRECTORY}/key.pem", KeyState.MATCHES, leaf.fingerprint_sha256)
    return CertificateSet(
        DIRECTORY, at, certificates=(leaf, root), chains=(Chain((leaf, root), None),), key=key, files=facts
    )


def unverified(found: CertificateSet, problem: LinkProblem) -> CertificateSet:
    """The same set with a chain that does not hold."""
    return replace(found, chains=tuple(replace(chain, problem=problem) for chain in found.chains))


def bootstrap(**changes: object) -> Bootstrap:
    """Istio's bootstrap; ``changes`` replace top-level members."""
    document: dict[str, object] = {
        "xds_servers": [
            {
                "server_uri": "unix:///etc/istio/proxy/XDS",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
        "node": {
            "id": "sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local",
            "metadata": {"GENERATOR": "grpc", "NAMESPACE": "echo-grpc", "ISTIO_VERSION": "1.27.0"},
        },
        "certificate_providers": {
            "default": {
                "plugin_name": "file_watcher",
                "config": {
                    "certificate_file": CHAIN_FILE,
                    "private_key_file": f"{DIRECTORY}/key.pem",
                    "ca_certificate_file": f"{DIRECTORY}/root-cert.pem",
                    "refresh_interval": "900s",
                },
            }
        },
        "server_listener_resource_name_template": "xds.istio.io/grpc/lds/inbound/%s",
    }
    return read_bootstrap(json.dumps({**document, **changes}).encode(), "/etc/istio/proxy/grpc-bootstrap.json")


def report(
    at: datetime, ends: datetime, *, ready: bool = True, csr: float = 1, refused: float = 0, clock: float = 0.0
) -> AgentReport:
    """What an agent says that issued a certificate until ``ends``."""
    samples = [
        Sample("istio_agent_cert_expiry_seconds", (("resource_name", "default"),), (ends - at).total_seconds() - clock),
        Sample("istio_agent_num_outgoing_requests", (("request_type", "csr"),), csr),
        Sample("istio_agent_xds_proxy_requests", (), 11),
        Sample("istio_agent_xds_proxy_responses", (), 6),
        Sample("istio_agent_startup_duration_seconds", (), 0.3),
    ]
    if refused:
        samples.append(Sample("istio_agent_num_failed_outgoing_requests", (("request_type", "csr"),), refused))
    metrics = AgentMetrics(at, tuple(samples))
    return AgentReport(
        address="10.0.0.13:15020",
        at=at,
        ready=ready,
        ready_status=200 if ready else 503,
        metrics=metrics,
        clock_offset=timedelta(seconds=clock),
    )


@dataclass
class ScriptedWorkload:
    """A workload source that answers what it was last told to."""

    files: WorkloadFiles | MeshtuiError = field(default_factory=WorkloadFiles)
    agent: AgentReport | MeshtuiError | None = None
    offers: Offers = EVERYTHING
    reads: int = 0
    reads_anew: int = 0
    scrapes: int = 0

    async def read(self, *, anew: bool = False) -> WorkloadFiles:
        self.reads += 1
        self.reads_anew += anew
        if isinstance(self.files, MeshtuiError):
            raise self.files
        return self.files

    async def ask_agent(self) -> AgentReport:
        self.scrapes += 1
        if isinstance(self.agent, MeshtuiError):
            raise self.agent
        assert self.agent is not None
        return self.agent


@dataclass
class ScriptedChannels:
    """Channelz that shows these certificates: dialled by address, and those of callers."""

    target: str
    dialled: dict[str, Certificate] = field(default_factory=dict)
    callers: dict[str, Certificate] = field(default_factory=dict)
    own: dict[str, Certificate] = field(default_factory=dict)
    now: datetime = datetime(2026, 8, 1, 10, 0, 0, tzinfo=UTC)

    async def poll(self) -> ChannelReport:
        def peer(address: str) -> PeerCertificate:
            return PeerCertificate(address, address.encode(), b"own" if address in self.own else b"")

        subchannels = tuple(
            Subchannel(id=number, address=address, state=ChannelState.READY, calls=Calls(), peers=(peer(address),))
            for number, address in enumerate(self.dialled)
        )
        channel = Channel(id=1, target=self.target, state=ChannelState.READY, calls=Calls(), subchannels=subchannels)
        server = ServerSockets(2, ("0.0.0.0:17070",), Calls(), tuple(map(peer, self.callers)))
        return ChannelReport(self.now, (channel,), (server,))

    def read(self, peer: PeerCertificate, side: Side) -> Certificate | None:
        """The parser that goes with :meth:`poll`."""
        known = self.own if side is Side.LOCAL else {**self.dialled, **self.callers}
        return known.get(peer.address)


def looked(leaf: Certificate, at: datetime, *, written: datetime | None = None) -> WorkloadFiles:
    """A whole workload on disk around one leaf."""
    return WorkloadFiles(bootstrap(), (), (("default", chained(leaf, at, written=written)),))
