"""The first certificate of the chain file is the identity; and what a real istiod issued is no finding."""

from __future__ import annotations

import shutil
from concurrent import futures
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import CertificateEvidence, Evidence, workload_evidence
from meshtui.model.finding import Severity
from meshtui.model.identity.comparison import IdentityState
from meshtui.model.identity.workload import Workload
from meshtui.sources.certificates.files import read_certificates
from meshtui.sources.workload.read_once import read_workload
from tests.pki import NOW, Issued, issue, root, workload

ISTIO = Path(__file__).parents[2] / "data" / "istio"

CAPTURED = datetime(2026, 11, 27, 22, 35, tzinfo=UTC)
"""When all of Istio's captured certificates were in their time."""

BOM = b"\xef\xbb\xbf"

CHAINS: dict[str, tuple[list[bytes | str], str]] = {
    "as it should be": (["leaf", "intermediate"], ""),
    "the root twice": (["leaf", "intermediate", "authority", "authority"], ""),
    "text before": ([b"subject=/CN=x\n", "leaf", "intermediate"], ""),
    "a mark on a line of its own": ([BOM + b"\n", "leaf", "intermediate"], ""),
    "a mark": ([BOM, "leaf", "intermediate"], "certificate-hidden"),
    "a space": ([b" ", "leaf", "intermediate"], "certificate-hidden"),
    "a mark and one certificate": ([BOM, "leaf"], "certificate-hidden"),
    "no leaf": (["intermediate", "authority"], "certificate-first-not-own"),
    "the CA first": (["intermediate", "leaf"], "certificate-order"),
    "another leaf first": (["other", "leaf", "intermediate"], "certificate-first-not-own"),
}
"""What is in the chain file, and the finding for it; none where gRPC takes the file."""


@pytest.fixture(scope="module")
def pki() -> dict[str, Issued]:
    authority = root()
    intermediate = issue("O=Intermediate", authority, ca=True, lives=timedelta(days=300))
    made = {"authority": authority, "intermediate": intermediate, "leaf": workload(intermediate)}
    return {**made, "other": workload(intermediate, "other")}


def content(parts: list[bytes | str], pki: dict[str, Issued]) -> bytes:
    return b"".join(pki[part].pem if isinstance(part, str) else part for part in parts)


@pytest.mark.parametrize("name", CHAINS)
def test_the_first_certificate_is_the_identity(name: str, tmp_path: Path, pki: dict[str, Issued]) -> None:
    parts, code = CHAINS[name]
    (tmp_path / "cert-chain.pem").write_bytes(content(parts, pki))
    (tmp_path / "key.pem").write_bytes(pki["leaf"].key_pem)
    (tmp_path / "root-cert.pem").write_bytes(pki["authority"].pem)
    (tmp_path / "bootstrap.json").write_text(
        f"""{{"xds_servers": [{{"server_uri": "unix:///x", "channel_creds": [{{"type": "insecure"}}]}}],
        "node": {{"id": "a"}}, "certificate_providers": {{"default": {{"plugin_name": "file_watcher", "config": {{
        "certificate_file": "{tmp_path}/cert-chain.pem", "private_key_file": "{tmp_path}/key.pem",
        "ca_certificate_file": "{tmp_path}/root-cert.pem"}}}}}}}}"""
    )
    by_provider = read_workload(str(tmp_path / "bootstrap.json"), None)
    found = diagnose(workload_evidence(Workload(IdentityState(NOW), files=by_provider), NOW))
    errors = {said.code for said in found if said.severity is Severity.ERROR} - {"bootstrap-socket-missing"}
    # A certificate that gRPC does not see leaves the next one as the first, which is then said as well.
    assert errors - {"certificate-first-not-own"} == ({code} - {"certificate-first-not-own", ""})
    assert bool(errors) == bool(code)
    by_directory = CertificateEvidence(now=NOW, certificates=read_certificates([str(tmp_path)]))
    codes = {said.code for said in diagnose(Evidence(certificates=(by_directory,)))}
    assert code in codes if code else not codes & {"certificate-hidden", "certificate-first-not-own"}


@pytest.mark.parametrize("name", CHAINS)
def test_grpc_takes_exactly_the_chains_that_get_no_finding(name: str, pki: dict[str, Issued]) -> None:
    """The installed gRPC: a server with a chain that gets an error does not bind its port."""
    parts, code = CHAINS[name]
    server = grpc.server(futures.ThreadPoolExecutor(1))
    credentials = grpc.ssl_server_credentials([(pki["leaf"].key_pem, content(parts, pki))])
    if code:
        with pytest.raises(RuntimeError):
            server.add_secure_port("localhost:0", credentials)
    else:
        assert server.add_secure_port("localhost:0", credentials)
    server.stop(None)


def test_a_key_behind_a_mark_is_no_key_to_grpc(tmp_path: Path, pki: dict[str, Issued]) -> None:
    authority = pki["authority"]
    own = workload(authority)
    (tmp_path / "cert-chain.pem").write_bytes(own.pem)
    (tmp_path / "root-cert.pem").write_bytes(authority.pem)
    (tmp_path / "key.pem").write_bytes(BOM + own.key_pem)
    seen = CertificateEvidence(now=NOW, certificates=read_certificates([str(tmp_path)]))
    assert [said.code for said in diagnose(Evidence(certificates=(seen,)))] == ["certificate-key-unusable"]
    with pytest.raises(RuntimeError):
        grpc.server(futures.ThreadPoolExecutor(1)).add_secure_port(
            "localhost:0", grpc.ssl_server_credentials([(BOM + own.key_pem, own.pem)])
        )


def test_a_self_signed_certificate_with_its_own_key_is_an_identity(tmp_path: Path, pki: dict[str, Issued]) -> None:
    """What ``openssl req -x509`` makes says that it is a CA, and gRPC serves with it."""
    own = pki["authority"]
    (tmp_path / "tls.crt").write_bytes(own.pem)
    (tmp_path / "tls.key").write_bytes(own.key_pem)
    seen = CertificateEvidence(now=NOW, certificates=read_certificates([str(tmp_path)]))
    assert diagnose(Evidence(certificates=(seen,))) == ()


@pytest.mark.parametrize("name", ["v1", "v2", "selfsigned-ca"])
def test_what_istiod_issued_is_no_finding(name: str, tmp_path: Path) -> None:
    """pilot-agent 1.29.1: with a plugged-in CA the root stands in the chain twice."""
    shutil.copy(ISTIO / f"cert-chain-{name}.pem", tmp_path / "cert-chain.pem")
    shutil.copy(ISTIO / f"root-cert-{name}.pem", tmp_path / "root-cert.pem")
    found = read_certificates([str(tmp_path)])
    assert diagnose(Evidence(certificates=(CertificateEvidence(now=CAPTURED, certificates=found),))) == ()
    assert [chain.verified for chain in found.chains] == [True]
