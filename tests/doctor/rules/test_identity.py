"""The comparison of the four corners and the rules over it: rotation seen from each corner."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.agent import (
    CERT_EXPIRY,
    AgentMetrics,
    AgentReport,
    Sample,
)
from meshtui.model.identity.certificate import Certificate, CertificateSet
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
    return InUse(
        certificate=certificate,
        where="127.0.1.11:17070",
        side=side,
        first_seen=NOW - timedelta(minutes=1),
        cluster=cluster,
    )


def wants(*accounts: str) -> ClusterTls:
    sans = tuple(
        StringMatch(MatchKind.EXACT, f"spiffe://cluster.local/ns/echo-grpc/sa/{account}") for account in accounts
    )
    name = "outbound|7070||echo"
    return ClusterTls(
        name, TlsContext(TlsMode.MTLS, identity="default", roots="default", sans=sans), ResourceKey("", CDS, name)
    )


STATE = IdentityState(
    now=NOW,
    issued=Issued(NEW.not_after, NOW),
    on_disk=OnDisk(NEW, ROTATED),
    in_use=(used(NEW),),
    refresh_interval=timedelta(seconds=900),
)


def judged(state: IdentityState) -> tuple[Finding, ...]:
    return diagnose(Evidence(identity=state))


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def test_all_corners_agree() -> None:
    found = identity_comparison(STATE)
    assert found.agrees
    assert found.sentence == "issued, on disk, in use agree"
    assert judged(STATE) == ()


def test_rotated_on_disk_and_not_yet_read_again() -> None:
    state = replace(STATE, in_use=(used(OLD),))
    found = identity_comparison(state)
    assert not found.agrees
    assert found.sentence.startswith("on disk rotated 4m ago, in use still serial ")
    assert found.sentence.endswith("gRPC re-reads every 900 s: by 12:11:00 UTC")
    assert found.reread_by == ROTATED + timedelta(minutes=15)
    (finding,) = judged(state)
    assert (finding.code, finding.severity) == ("identity-in-use-stale", Severity.INFO)


def test_overdue_and_ended_are_worse() -> None:
    overdue = replace(STATE, in_use=(used(OLD),), on_disk=OnDisk(NEW, NOW - timedelta(hours=1)))
    assert "overdue since 11:15:00 UTC" in identity_comparison(overdue).sentence
    assert judged(overdue)[0].severity is Severity.WARNING
    ended = replace(overdue, in_use=(used(leaf(begins=NOW - timedelta(days=2))),))
    assert judged(ended)[0].severity is Severity.ERROR
    slow = replace(STATE, in_use=(used(OLD),), refresh_interval=timedelta(days=1))
    assert judged(slow)[0].severity is Severity.WARNING


def test_an_old_connection_beside_a_new_one_is_no_trouble() -> None:
    """A connection keeps the certificate it began with; the newest one seen tells what the process has read."""
    assert judged(replace(STATE, in_use=(used(OLD), used(NEW)))) == ()


def test_the_agent_issued_something_else() -> None:
    state = replace(STATE, issued=Issued(NEW.not_after + timedelta(hours=6), NOW))
    assert identity_comparison(state).corners[0].state is CornerState.DIFFERS
    assert codes(judged(state)) == ["identity-issued-not-on-disk"]


def test_the_clocks_difference_is_taken_out_of_the_comparison() -> None:
    skew = timedelta(minutes=5)
    state = replace(STATE, issued=Issued(NEW.not_after - skew, NOW), clock_offset=skew)
    assert identity_comparison(state).corners[0].state is CornerState.SAME
    assert codes(judged(state)) == ["identity-clock-skew"]
    little = timedelta(seconds=59)
    assert judged(replace(STATE, issued=Issued(NEW.not_after - little, NOW), clock_offset=little)) == ()


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
    (finding,) = judged(state)
    assert finding.code == "identity-san-not-expected"
    assert "sa/other" in finding.evidence[0]
    assert identity_comparison(state).corners[3].state is CornerState.DIFFERS
    fine = replace(state, in_use=(used(NEW), peers[0]))
    assert identity_comparison(fine).corners[3].state is CornerState.SAME
    elsewhere = replace(state, in_use=(used(NEW), replace(peers[1], cluster="another")))
    assert judged(elsewhere) == ()


def test_another_trust_domain() -> None:
    state = replace(STATE, in_use=(used(NEW), used(leaf(domain="old.local"), Side.REMOTE)))
    assert codes(judged(state)) == ["identity-trust-domain"]


@pytest.mark.parametrize("looked", [True, False])
def test_mtls_without_a_certificate(looked: bool) -> None:
    state = IdentityState(NOW, clusters=(wants("x"),), files_looked_at=looked)
    assert codes(judged(state)) == (["identity-none"] if looked else [])
    tls = TlsContext(TlsMode.MTLS, identity="default", roots="default", require_client_certificate=True)
    strict = ListenerTls("inbound", tls, ResourceKey("", LDS, "inbound"))
    assert codes(judged(IdentityState(NOW, listeners=(strict,), files_looked_at=True))) == ["identity-none"]


def test_files_and_agent_are_joined() -> None:
    left = Sample(CERT_EXPIRY, (("resource_name", "default"),), 60.0)
    report = AgentReport(
        address="localhost:15020", at=NOW, ready=True, ready_status=200, metrics=AgentMetrics(NOW, (left,))
    )
    facts = (FileFacts(NEW.file, FileKind.FILE, size=1, modified=ROTATED),)
    found = identity_of(CertificateSet("x", NOW, certificates=(NEW,), files=facts), report, NOW)
    assert found.on_disk == OnDisk(NEW, ROTATED)
    assert found.issued == Issued(NOW + timedelta(seconds=60), NOW)
    assert identity_of(None, None, NOW) == IdentityState(NOW)


ENDED = leaf(account="server", begins=NOW - timedelta(hours=30))
"""A peer's certificate of 24 h that ended six hours ago."""


def expired_in_use(*in_use: InUse) -> list[Finding]:
    found = judged(replace(STATE, in_use=in_use, clusters=(wants("server"),)))
    return [finding for finding in found if finding.code == "identity-in-use-expired"]


def test_a_peer_whose_certificate_ended_on_an_open_connection() -> None:
    """gRPC checks a certificate in the handshake only, so calls go on and the next connection may be refused."""
    peer = used(ENDED, Side.REMOTE, "outbound|7070||echo")
    (finding,) = expired_in_use(peer, peer)
    assert finding.severity is Severity.WARNING
    assert finding.title == (
        "The certificate of the peer at 127.0.1.11:17070 ended 6h ago, and its connection is still open"
    )
    assert "is not seen from here" in finding.explanation
    assert len(finding.evidence) == 2
    expected = identity_comparison(replace(STATE, in_use=(peer,), clusters=(wants("server"),))).corners[-1]
    assert (expected.state, expected.text) == (
        CornerState.UNKNOWN,
        "a peer's certificate has ended on 1 of 1 TLS clusters",
    )


def test_a_peer_that_shows_a_new_one_elsewhere_has_renewed() -> None:
    fresh = leaf(account="server", begins=NOW - timedelta(hours=1))
    cluster = "outbound|7070||echo"
    (finding,) = expired_in_use(used(ENDED, Side.REMOTE, cluster), used(fresh, Side.REMOTE, cluster))
    assert finding.severity is Severity.INFO
    assert "has one that is valid" in finding.explanation
    stranger = used(leaf(account="other", begins=NOW - timedelta(hours=1)), Side.REMOTE, cluster)
    (finding,) = expired_in_use(used(ENDED, Side.REMOTE, cluster), stranger)
    assert finding.severity is Severity.WARNING


def test_its_own_is_said_once() -> None:
    """With the files at hand their findings say it, of a rotation that is missed ``identity-in-use-stale``."""
    own = used(ENDED)
    assert codes(judged(replace(STATE, in_use=(own,)))) == ["identity-in-use-stale"]
    assert expired_in_use(own, used(NEW)) != []
    old = replace(own, first_seen=NOW - timedelta(hours=20))
    (finding,) = expired_in_use(replace(old, where="10.0.0.9:4711"), used(NEW))
    assert finding.severity is Severity.INFO
    assert "Another one is on disk" in finding.explanation
    (finding,) = judged(IdentityState(now=NOW, in_use=(own,)))
    assert (finding.code, finding.title) == (
        "identity-in-use-expired",
        "The certificate of this app ended 6h ago, and its connection is still open",
    )
