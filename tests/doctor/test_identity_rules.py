"""The identity_comparison and the rules over it: rotation seen from each corner."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from meshtui.doctor.agent import AgentState, check_agent
from meshtui.doctor.bootstrap import BootstrapState
from meshtui.doctor.bootstrap_rules import check_bootstrap
from meshtui.doctor.identity import check_identity
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.agent import (
    APP_TERMINATIONS,
    CERT_EXPIRY,
    CONNECTION_FAILURES,
    FAILED_OUTGOING_REQUESTS,
    AgentMetrics,
    AgentReport,
    Sample,
    rates,
)
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.certificate import Certificate, CertificateSet, KeyMatch, KeyState
from meshtui.model.identity.comparison import (
    ClusterTls,
    CornerState,
    IdentityState,
    InUse,
    Issued,
    ListenerTls,
    OnDisk,
    Side,
    cluster_verdicts,
    identity_comparison,
    identity_of,
)
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.xds.config import MatchKind, StringMatch, TlsContext, TlsMode
from meshtui.model.xds.resource import CDS, LDS, ResourceKey
from meshtui.sources.certificates.x509 import parse_certificate
from tests.pki import NOW, root, workload

AUTHORITY = root()
ROTATED = NOW - timedelta(minutes=4)


def leaf(
    account: str = "client", begins: datetime = NOW - timedelta(hours=1), domain: str = "cluster.local"
) -> Certificate:
    sans = (f"URI:spiffe://{domain}/ns/echo-grpc/sa/{account}",)
    found = parse_certificate(workload(AUTHORITY, begins=begins, sans=sans).der, "cert-chain.pem")
    assert found is not None
    return found


OLD, NEW = leaf(begins=NOW - timedelta(hours=12)), leaf(begins=ROTATED)


def used(certificate: Certificate, side: Side = Side.LOCAL, cluster: str = "") -> InUse:
    return InUse(certificate, "127.0.1.11:17070", side, NOW, NOW - timedelta(minutes=1), cluster)


def wants(*accounts: str) -> ClusterTls:
    sans = tuple(StringMatch(MatchKind.EXACT, f"spiffe://cluster.local/ns/echo-grpc/sa/{one}") for one in accounts)
    name = "outbound|7070||echo"
    return ClusterTls(name, TlsContext(TlsMode.MTLS, "default", "default", sans), ResourceKey("", CDS, name))


STATE = IdentityState(
    now=NOW,
    issued=Issued(NEW.not_after, NOW),
    on_disk=OnDisk(NEW, ROTATED),
    in_use=(used(NEW),),
    refresh_interval=timedelta(seconds=900),
)


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def test_all_corners_agree() -> None:
    found = identity_comparison(STATE)
    assert found.agrees
    assert found.sentence == "issued, on disk, in use agree"
    assert check_identity(STATE) == ()


def test_rotated_on_disk_and_not_yet_read_again() -> None:
    state = replace(STATE, in_use=(used(OLD),))
    found = identity_comparison(state)
    assert not found.agrees
    assert found.sentence.startswith("on disk rotated 4m, in use still serial ".replace("4m,", "4m ago,"))
    assert found.sentence.endswith("gRPC re-reads every 900 s: by 12:11:00 UTC")
    assert found.reread_by == ROTATED + timedelta(minutes=15)
    assert found.fails_at == OLD.not_after
    (finding,) = check_identity(state)
    assert (finding.code, finding.severity) == ("identity-in-use-stale", Severity.INFO)


def test_overdue_and_ended_are_worse() -> None:
    overdue = replace(STATE, in_use=(used(OLD),), on_disk=OnDisk(NEW, NOW - timedelta(hours=1)))
    assert "overdue since 11:15:00 UTC" in identity_comparison(overdue).sentence
    assert check_identity(overdue)[0].severity is Severity.WARNING
    ended = replace(overdue, in_use=(used(leaf(begins=NOW - timedelta(days=2))),))
    assert check_identity(ended)[0].severity is Severity.ERROR
    slow = replace(STATE, in_use=(used(OLD),), refresh_interval=timedelta(days=1))
    assert check_identity(slow)[0].severity is Severity.WARNING


def test_an_old_connection_beside_a_new_one_is_no_trouble() -> None:
    """A connection keeps the certificate it began with; the newest one seen tells what the process has read."""
    assert check_identity(replace(STATE, in_use=(used(OLD), used(NEW)))) == ()


def test_the_agent_issued_something_else() -> None:
    state = replace(STATE, issued=Issued(NEW.not_after + timedelta(hours=6), NOW))
    assert identity_comparison(state).corners[0].state is CornerState.DIFFERS
    assert codes(check_identity(state)) == ["identity-issued-not-on-disk"]


def test_the_clocks_difference_is_taken_out_of_the_comparison() -> None:
    skew = timedelta(minutes=5)
    state = replace(STATE, issued=Issued(NEW.not_after - skew, NOW), clock_offset=skew)
    assert identity_comparison(state).corners[0].state is CornerState.SAME
    assert codes(check_identity(state)) == ["identity-clock-skew"]
    little = timedelta(seconds=59)
    assert check_identity(replace(STATE, issued=Issued(NEW.not_after - little, NOW), clock_offset=little)) == ()


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    found = identity_comparison(IdentityState(NOW))
    assert {corner.state for corner in found.corners} == {CornerState.UNKNOWN}
    assert found.agrees
    assert found.sentence == "too little is known to compare"


def test_peers_are_held_against_the_sans_of_their_own_cluster() -> None:
    cluster = wants("echo-v1", "echo-v2").cluster
    peers = (used(leaf("echo-v1"), Side.REMOTE, cluster), used(leaf("other"), Side.REMOTE, cluster))
    state = replace(STATE, clusters=(wants("echo-v1", "echo-v2"),), in_use=(used(NEW), *peers))
    (verdict,) = cluster_verdicts(state)
    assert verdict.accepted == peers[:1]
    assert verdict.refused == peers[1:]
    assert verdict.own is False
    (finding,) = check_identity(state)
    assert finding.code == "identity-san-not-expected"
    assert "sa/other" in finding.evidence[0]
    assert identity_comparison(state).corners[3].state is CornerState.DIFFERS
    fine = replace(state, in_use=(used(NEW), peers[0]))
    assert identity_comparison(fine).corners[3].state is CornerState.SAME
    elsewhere = replace(state, in_use=(used(NEW), replace(peers[1], cluster="another")))
    assert check_identity(elsewhere) == ()


def test_another_trust_domain() -> None:
    state = replace(STATE, in_use=(used(NEW), used(leaf(domain="old.local"), Side.REMOTE)))
    assert codes(check_identity(state)) == ["identity-trust-domain"]


@pytest.mark.parametrize("looked", [True, False])
def test_mtls_without_a_certificate(looked: bool) -> None:
    state = IdentityState(NOW, clusters=(wants("x"),), files_looked_at=looked)
    assert codes(check_identity(state)) == (["identity-none"] if looked else [])
    tls = TlsContext(TlsMode.MTLS, "default", "default", require_client_certificate=True)
    strict = ListenerTls("inbound", tls, ResourceKey("", LDS, "inbound"))
    assert codes(check_identity(IdentityState(NOW, listeners=(strict,), files_looked_at=True))) == ["identity-none"]


def scrape(seconds: float = 0, **values: float) -> AgentMetrics:
    labels: dict[str, tuple[tuple[str, str], ...]] = {
        CERT_EXPIRY: (("resource_name", "default"),),
        FAILED_OUTGOING_REQUESTS: (("request_type", "csr"),),
        APP_TERMINATIONS: (("type", "cancelled"),),
    }
    samples = tuple(Sample(name, labels.get(name, ()), value) for name, value in values.items())
    return AgentMetrics(NOW + timedelta(seconds=seconds), samples)


def agent(metrics: AgentMetrics | None = None, **more: object) -> AgentReport:
    return replace(AgentReport("localhost:15020", NOW, True, 200, metrics), **more)  # type: ignore[arg-type]


def test_a_healthy_agent_has_no_findings() -> None:
    healthy = scrape(**{CERT_EXPIRY: 80_000, FAILED_OUTGOING_REQUESTS: 2, CONNECTION_FAILURES: 3})
    assert check_agent(AgentState(agent(healthy))) == ()
    later = replace(healthy, at=NOW + timedelta(minutes=1))
    assert check_agent(AgentState(agent(later), rates(healthy, later))) == ()


def test_a_green_probe_over_an_expired_certificate() -> None:
    (finding,) = check_agent(AgentState(agent(scrape(**{CERT_EXPIRY: -600}))))
    assert (finding.code, finding.severity) == ("agent-certificate-expired", Severity.ERROR)
    assert "though its probe is green" in finding.title


def test_not_ready_and_odd_answers() -> None:
    assert codes(check_agent(AgentState(agent(ready=False, ready_status=503)))) == ["agent-not-ready"]
    odd = agent(ready=None, problems=("GET /healthz/ready was answered with status 404.",))
    assert codes(check_agent(AgentState(odd))) == ["agent-answer-unusable"]


@pytest.mark.parametrize(
    ("name", "grows", "code"),
    [
        (FAILED_OUTGOING_REQUESTS, 1, "agent-signing-fails"),
        (CONNECTION_FAILURES, 1, "agent-istiod-connection"),
        (APP_TERMINATIONS, 12, "agent-streams-evicted"),
    ],
)
def test_counters_that_grow_while_watched(name: str, grows: float, code: str) -> None:
    before = scrape(0, **{CERT_EXPIRY: 80_000, name: 5})
    after = scrape(60, **{CERT_EXPIRY: 79_940, name: 5 + grows})
    assert codes(check_agent(AgentState(agent(after), rates(before, after)))) == [code]


def test_failed_signing_counts_in_one_look_only_when_there_is_no_certificate() -> None:
    assert codes(check_agent(AgentState(agent(scrape(**{FAILED_OUTGOING_REQUESTS: 4}))))) == ["agent-signing-fails"]


def test_files_and_agent_are_joined() -> None:
    facts = (FileFacts(NEW.file, FileKind.FILE, 1, ROTATED),)
    found = identity_of(CertificateSet("x", NOW, (NEW,), files=facts), agent(scrape(**{CERT_EXPIRY: 60})), NOW)
    assert found.on_disk == OnDisk(NEW, ROTATED)
    assert found.issued == Issued(NOW + timedelta(seconds=60), NOW)
    assert identity_of(None, None, NOW) == IdentityState(NOW)


GOOD = """{"xds_servers": [{"server_uri": "unix:///run/XDS", "channel_creds": [{"type": "insecure"}]}],
"node": {"id": "client"}, "certificate_providers": {"default": {"plugin_name": "file_watcher", "config": {
"certificate_file": "/c", "private_key_file": "/k", "ca_certificate_file": "/r", "refresh_interval": "900s"}}}}"""


def bootstrap(**more: object) -> list[str]:
    state = BootstrapState(read_bootstrap(GOOD.encode(), "b.json"), NOW)
    return sorted(codes(check_bootstrap(replace(state, **more))))  # type: ignore[arg-type]


def test_what_the_bootstrap_names_is_looked_at() -> None:
    there = tuple(FileFacts(path, FileKind.FILE, 10) for path in ["/c", "/k", "/r"])
    assert bootstrap(files=(*there, FileFacts("/run/XDS", FileKind.SOCKET))) == []
    for kind, code in (
        (FileKind.MISSING, "bootstrap-socket-missing"),
        (FileKind.FILE, "bootstrap-socket-not-a-socket"),
        (FileKind.UNREADABLE, "bootstrap-socket-unreachable"),
    ):
        assert bootstrap(files=(FileFacts("/run/XDS", kind),)) == [code]
    for facts, code in (
        (FileFacts("/k", FileKind.MISSING), "bootstrap-provider-file-missing"),
        (FileFacts("/k", FileKind.UNREADABLE), "bootstrap-provider-file-unreadable"),
        (FileFacts("/k", FileKind.DIRECTORY), "bootstrap-provider-file-unreadable"),
        (FileFacts("/k", FileKind.FILE, 0), "bootstrap-provider-file-empty"),
    ):
        assert bootstrap(files=(facts,)) == [code]


def test_a_bootstrap_that_cannot_be_read() -> None:
    from meshtui.sources.workload.bootstrap import read_bootstrap_file

    for path, code in (("/nowhere/b.json", "bootstrap-missing"), ("/", "bootstrap-unreadable")):
        assert codes(check_bootstrap(BootstrapState(read_bootstrap_file(path), NOW))) == [code]


def test_what_others_ask_of_the_bootstrap() -> None:
    assert bootstrap(asked_providers=(("default", "a"), ("other", "a"), ("other", "b"))) == [
        "bootstrap-provider-undefined"
    ]
    assert bootstrap(other_nodes=(("echo-v1", "client"), ("echo-v2", "x"))) == ["bootstrap-node-id-duplicate"]
    assert bootstrap(both_variables=True) == ["bootstrap-both-variables"]


def test_the_path_limit_is_the_platforms() -> None:
    text = GOOD.replace("/run/XDS", "/" + "x" * 104)
    state = BootstrapState(read_bootstrap(text.encode(), "b.json"), NOW)
    assert codes(check_bootstrap(state)) == []
    assert codes(check_bootstrap(replace(state, platform="darwin"))) == ["bootstrap-socket-path-too-long"]


def test_certificates_shorter_than_the_refresh_interval_and_files_that_do_not_fit() -> None:
    short = parse_certificate(workload(AUTHORITY, lives=timedelta(minutes=20), begins=NOW).der, "/c")
    assert short is not None
    assert bootstrap(certificates=(("default", CertificateSet("x", NOW, (short,))),)) == [
        "bootstrap-refresh-interval-long"
    ]
    assert bootstrap(certificates=(("default", CertificateSet("x", NOW, (NEW,))),)) == []
    other = CertificateSet("x", NOW, (NEW,), key=KeyMatch("/k", KeyState.DIFFERS))
    assert bootstrap(certificates=(("default", other),)) == ["bootstrap-provider-files-mismatch"]
