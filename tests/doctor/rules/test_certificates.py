"""Each certificate rule on real certificates: the finding, and silence where there is nothing to say."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import CertificateEvidence, Evidence
from meshtui.doctor.rules.certificates import FINDINGS_PER_RULE
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import CertificateSet
from meshtui.sources.certificates.files import read_certificates
from tests.pki import DAY, NOW, Issued, issue, root, rsa_key, workload, write_agent_files


@pytest.fixture(scope="module")
def authority() -> Issued:
    return root()


def judged(read: CertificateSet, now: datetime = NOW, warn: timedelta | None = None) -> tuple[Finding, ...]:
    return diagnose(Evidence(certificates=(CertificateEvidence(now=now, certificates=read, warn=warn),)))


def judge(
    directory: Path, leaf: Issued, *above: Issued, now: datetime = NOW, warn: timedelta | None = None
) -> tuple[Finding, ...]:
    write_agent_files(directory, leaf, *above)
    return judged(read_certificates([str(directory)], now), now, warn)


def codes(findings: tuple[Finding, ...]) -> set[str]:
    return {finding.code for finding in findings}


def test_a_healthy_workload_has_no_findings(tmp_path: Path, authority: Issued) -> None:
    assert judge(tmp_path, workload(authority), authority) == ()


@pytest.mark.parametrize(
    ("hours", "code", "severity"),
    [
        (-2, "certificate-not-yet-valid", Severity.ERROR),
        (17, "certificate-rotation-late", Severity.WARNING),
        (22, "certificate-ending", Severity.WARNING),
        (30, "certificate-expired", Severity.ERROR),
    ],
)
def test_a_leafs_age(hours: float, code: str, severity: Severity, tmp_path: Path, authority: Issued) -> None:
    leaf = workload(authority, begins=NOW - timedelta(hours=hours))
    (finding,) = judge(tmp_path, leaf, authority)
    assert (finding.code, finding.severity) == (code, severity)
    assert "spiffe://cluster.local/ns/echo-grpc/sa/client" in finding.title


def test_an_expired_root_is_an_error_in_use_and_a_warning_beside_it(tmp_path: Path, authority: Issued) -> None:
    ended = root("O=old", lives=timedelta(hours=1))
    in_use = judge(tmp_path / "a", workload(ended), ended)
    assert {finding.severity for finding in in_use if finding.code == "certificate-expired"} == {Severity.ERROR}
    write_agent_files(tmp_path / "b", workload(authority), authority)
    (tmp_path / "b" / "root-cert.pem").write_bytes(authority.pem + ended.pem)
    beside = judged(read_certificates([str(tmp_path / "b")], NOW))
    assert [(finding.code, finding.severity) for finding in beside] == [("certificate-expired", Severity.WARNING)]


def test_warn_is_about_what_ends_sooner(tmp_path: Path, authority: Issued) -> None:
    leaf = workload(authority)
    assert codes(judge(tmp_path, leaf, authority, warn=timedelta(hours=24))) == {"certificate-ends-sooner"}
    assert judge(tmp_path, leaf, authority, warn=timedelta(hours=22)) == ()


def test_a_reversed_period(tmp_path: Path, authority: Issued) -> None:
    """No CA library makes one; the times are changed where they stand in the model."""
    from dataclasses import replace

    write_agent_files(tmp_path, workload(authority), authority)
    read = read_certificates([str(tmp_path)], NOW)
    chain = read.chains[0]
    odd = replace(chain.leaf, not_after=chain.leaf.not_before - DAY)
    bent = replace(read, chains=(replace(chain, certificates=(odd, *chain.certificates[1:])),))
    assert "certificate-period-reversed" in codes(judged(bent))


def test_a_leaf_that_outlives_its_issuer(tmp_path: Path, authority: Issued) -> None:
    middle = issue("CN=mid", authority, ca=True, lives=timedelta(hours=12))
    assert codes(judge(tmp_path, workload(middle), middle, authority)) == {"certificate-outlives-issuer"}


def test_each_broken_chain_has_its_code(tmp_path: Path, authority: Issued) -> None:
    other, same_name = root("CN=other"), root()
    middle = issue("CN=mid", authority, ca=True, path_length=0)
    below = issue("CN=mid2", middle, ca=True)
    plain = workload(authority)
    cases = {
        "certificate-issuer-missing": (workload(middle), other),
        "certificate-signature-wrong": (workload(authority), same_name),
        "certificate-path-too-long": (workload(below), below, middle, authority),
        "certificate-issuer-not-ca": (workload(plain), plain, authority),
    }
    for code, files in cases.items():
        assert code in codes(judge(tmp_path / code, *files)), code
    directory = write_agent_files(tmp_path / "u", workload(authority), authority)
    (directory / "root-cert.pem").write_bytes(other.pem)
    found = judged(read_certificates([str(directory)], NOW))
    assert codes(found) == {"certificate-root-untrusted"}


def test_chains_that_are_too_long_or_too_many_to_check(tmp_path: Path) -> None:
    chain = [root("CN=0")]
    for at in range(1, 14):
        chain.insert(0, issue(f"CN={at}", chain[0], ca=True))
    assert "certificate-chain-too-long" in codes(judge(tmp_path / "long", workload(chain[0]), *chain))
    stranger, key = root(key_ids=False), root().key
    roots = [root(key=key, key_ids=False, serial=at + 1) for at in range(1200)]
    leaves = [workload(stranger, f"a{at}", key_ids=False) for at in range(18)]
    (tmp_path / "all.pem").write_bytes(b"".join(certificate.pem for certificate in (*leaves, *roots)))
    found = judged(read_certificates([str(tmp_path / "all.pem")], NOW))
    assert "certificate-chain-not-checked" in codes(found)


def test_files(tmp_path: Path, authority: Issued) -> None:
    leaf = workload(authority)
    contents: dict[str, tuple[str, bytes | None]] = {
        "certificate-file-missing": ("gone.pem", None),
        "certificate-file-empty": ("cert-chain.pem", b""),
        "certificate-file-not-certificate": ("cert-chain.pem", b"hello"),
        "certificate-file-cut": ("cert-chain.pem", leaf.pem[:300]),
        "certificate-file-damaged": ("cert-chain.pem", leaf.pem.replace(b"MII", b"AAA", 1)),
        "private-key-in-certificate-file": ("cert-chain.pem", leaf.pem + leaf.key_pem),
    }
    for code, (name, content) in contents.items():
        path = tmp_path / code / name
        path.parent.mkdir()
        if content is not None:
            path.write_bytes(content)
        found = judged(read_certificates([str(path)], NOW))
        assert code in codes(found), code
    folder = tmp_path / "x.pem"
    folder.mkdir()
    (folder / "cert.pem").symlink_to("/proc/self/mem")
    found = judged(read_certificates([str(folder)], NOW))
    assert codes(found) <= {"certificate-file-unreadable", "certificate-file-empty"}
    assert found


def test_a_file_too_large_is_said(tmp_path: Path) -> None:
    with (tmp_path / "cert.pem").open("wb") as file:
        file.truncate(1 << 36)  # sparse: nothing is written
    found = judged(read_certificates([str(tmp_path)], NOW))
    assert codes(found) == {"certificate-file-too-large"}


def test_order_matters_most_for_the_first(tmp_path: Path, authority: Issued) -> None:
    middle = issue("CN=mid", authority, ca=True)
    leaf = workload(middle)
    (tmp_path / "cert-chain.pem").write_bytes(leaf.pem + authority.pem + middle.pem)
    (finding,) = judged(read_certificates([str(tmp_path)], NOW))
    assert (finding.code, finding.severity) == ("certificate-order", Severity.WARNING)
    (tmp_path / "cert-chain.pem").write_bytes(middle.pem + leaf.pem + authority.pem)
    (finding,) = judged(read_certificates([str(tmp_path)], NOW))
    assert (finding.code, finding.severity) == ("certificate-order", Severity.ERROR)


def test_keys_that_do_not_serve(tmp_path: Path, authority: Issued) -> None:
    directory = write_agent_files(tmp_path, workload(authority), authority)
    for content, code in (
        (workload(authority).key_pem, "certificate-key-mismatch"),
        (b"?", "certificate-key-unusable"),
    ):
        (directory / "key.pem").write_bytes(content)
        found = judged(read_certificates([str(directory)], NOW))
        assert codes(found) == {code}


def test_names(tmp_path: Path, authority: Issued) -> None:
    two = ("URI:spiffe://td/ns/a/sa/b", "URI:spiffe://td/ns/a/sa/c")
    assert codes(judge(tmp_path, issue("CN=x", authority), authority)) == {"certificate-no-spiffe-id"}
    assert codes(judge(tmp_path, workload(authority, sans=two), authority)) == {"certificate-several-spiffe-ids"}
    other = workload(authority, sans=("URI:spiffe://td/region/x",))
    assert codes(judge(tmp_path, other, authority)) == {"certificate-spiffe-form"}


def test_weak_cryptography(tmp_path: Path, authority: Issued) -> None:
    from dataclasses import replace

    weak = workload(authority, key=rsa_key(1024))
    assert codes(judge(tmp_path, weak, authority)) == {"certificate-weak-key"}
    # cryptography no longer signs with SHA-1, so the name is put where the parser would have put it.
    write_agent_files(tmp_path, workload(authority), authority)
    read = read_certificates([str(tmp_path)], NOW)
    chain = read.chains[0]
    old = replace(chain.leaf, signature_algorithm="sha1WithRSAEncryption")
    bent = replace(read, chains=(replace(chain, certificates=(old, *chain.certificates[1:])),))
    assert codes(judged(bent)) == {"certificate-weak-signature"}


def test_a_bundle_with_hundreds_of_expired_roots_says_so_a_bounded_number_of_times(tmp_path: Path) -> None:
    key = root().key
    ended = [root(f"CN={at}", key=key, lives=timedelta(hours=1)).pem for at in range(200)]
    (tmp_path / "root-cert.pem").write_bytes(b"".join(ended))
    found = judged(read_certificates([str(tmp_path)], NOW))
    assert len(found) == FINDINGS_PER_RULE
