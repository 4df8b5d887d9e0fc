"""What we say of a certificate is what openssl says of it."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from meshtui.model.identity.certificate import Certificate, CertificateRole
from meshtui.model.identity.lifetime import LifePhase, lifetime
from meshtui.sources.certificates.chains import build_chains
from meshtui.sources.certificates.x509 import load_certificates
from tests.pki import NOW, Issued, ec_key, issue, root, rsa_key, workload
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@functools.cache
def authority() -> Issued:
    return root()


@functools.cache
def intermediate() -> Issued:
    return issue("CN=istiod,O=cluster.local", authority(), ca=True, path_length=0)


@functools.cache
def rsa_authority() -> Issued:
    return root("CN=rsa root", key=rsa_key(3072))


CORPUS: dict[str, Callable[[], Issued]] = {
    "ec-p256": lambda: workload(authority()),
    "ec-p384": lambda: workload(authority(), key=ec_key(ec.SECP384R1())),
    "ec-p521": lambda: workload(authority(), key=ec_key(ec.SECP521R1())),
    "rsa-2048": lambda: workload(authority(), key=rsa_key()),
    "rsa-3072-signed": lambda: workload(rsa_authority()),
    "ed25519": lambda: workload(authority(), key=ed25519.Ed25519PrivateKey.generate()),
    "ed25519-signed": lambda: workload(root("CN=ed root", key=ed25519.Ed25519PrivateKey.generate())),
    "through-intermediate": lambda: workload(intermediate()),
    "root": authority,
    "intermediate": intermediate,
    "expired": lambda: workload(authority(), begins=NOW - timedelta(days=3)),
    "not-yet-valid": lambda: workload(authority(), begins=NOW + timedelta(days=3)),
    "no-san": lambda: issue("CN=plain,O=shop,C=DE", authority()),
    "several-sans": lambda: issue(
        "CN=many",
        authority(),
        sans=(
            "URI:spiffe://td/ns/a/sa/b",
            "URI:https://example.com/x",
            "DNS:a.example",
            "DNS:*.b.example",
            "IP:10.0.0.1",
            "IP:fd00::1",
            "email:a@b.example",
        ),
    ),
    "escaped-subject": lambda: issue(r"CN=a\,b\+c,O=quote\"d", authority()),
    "serial-1": lambda: workload(authority(), serial=1),
    "serial-127": lambda: workload(authority(), serial=127),
    "serial-128": lambda: workload(authority(), serial=128),
    "serial-huge": lambda: workload(authority(), serial=(1 << 159) - 1),
    "lives-minutes": lambda: workload(authority(), lives=timedelta(minutes=4)),
    "lives-beyond-2050": lambda: root("CN=long", lives=timedelta(days=365 * 60)),
}


@pytest.fixture(scope="module")
def corpus() -> dict[str, Issued]:
    return {key: make() for key, make in CORPUS.items()}


def openssl(path: Path, *arguments: str) -> str:
    command = ["openssl", "x509", "-in", str(path), "-noout", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.strip()


def value(path: Path, option: str) -> str:
    return openssl(path, option, "-nameopt", "RFC2253").partition("=")[2].strip()


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)


def one(issued: Issued) -> Certificate:
    loaded, problems = load_certificates(issued.pem, "x.pem")
    assert problems == ()
    return loaded[0].value


@pytest.mark.parametrize("case", CORPUS)
def test_names_times_serial_and_fingerprint_are_openssls(case: str, corpus: dict[str, Issued], tmp_path: Path) -> None:
    path = tmp_path / "one.pem"
    path.write_bytes(corpus[case].pem)
    ours = one(corpus[case])
    serial = value(path, "-serial").replace("\\\n", "")
    assert ours.serial == int(serial, 16)
    assert ours.serial_text.replace(":", "").upper() == serial
    assert ours.subject == value(path, "-subject")
    assert ours.issuer == value(path, "-issuer")
    assert ours.not_before == moment(value(path, "-startdate"))
    assert ours.not_after == moment(value(path, "-enddate"))
    fingerprint = openssl(path, "-fingerprint", "-sha256").partition("=")[2]
    assert ours.fingerprint_sha256 == fingerprint.replace(":", "").lower()


@pytest.mark.parametrize("case", CORPUS)
def test_key_signature_and_alternative_names_are_openssls(case: str, corpus: dict[str, Issued], tmp_path: Path) -> None:
    path = tmp_path / "one.pem"
    path.write_bytes(corpus[case].pem)
    ours, text = one(corpus[case]), openssl(path, "-text")
    assert f"Signature Algorithm: {ours.signature_algorithm}" in text
    if ours.key_algorithm == "Ed25519":
        assert "ED25519 Public-Key" in text
    else:
        assert f"Public-Key: ({ours.key_bits} bit)" in text
    if ours.key_curve:
        assert f"NIST CURVE: {ours.key_curve}" in text
    assert ours.is_ca == ("CA:TRUE" in text)
    names = openssl(path, "-ext", "subjectAltName") if ours.sans else ""
    listed = names.partition("\n")[2].strip()
    said = ", ".join(str(san).replace("IP:", "IP Address:") for san in ours.sans)
    assert said == listed.replace("FD00:0:0:0:0:0:0:1", "fd00::1")


@pytest.mark.parametrize("case", CORPUS)
def test_expiry_is_openssls(case: str, corpus: dict[str, Issued], tmp_path: Path) -> None:
    path = tmp_path / "one.pem"
    path.write_bytes(corpus[case].pem)
    ours = one(corpus[case])
    now = datetime.now(UTC)
    # The margin keeps a certificate that ends during this test out of the comparison.
    if abs(ours.not_after - now) > timedelta(minutes=5):
        ended = subprocess.run(
            ["openssl", "x509", "-in", str(path), "-noout", "-checkend", "0"],
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (ended.returncode == 1) == (lifetime(ours, now).phase is LifePhase.EXPIRED)


@pytest.mark.parametrize(
    "case", ["ec-p256", "rsa-2048", "rsa-3072-signed", "ed25519", "through-intermediate", "expired", "no-san"]
)
@pytest.mark.parametrize("altered", [False, True], ids=["as-issued", "other-root"])
def test_a_chain_holds_exactly_when_openssl_verifies_it(
    case: str, altered: bool, corpus: dict[str, Issued], tmp_path: Path
) -> None:
    leaf = corpus[case]
    top = rsa_authority() if case == "rsa-3072-signed" else authority()
    trusted = root(top.certificate.subject.rfc4514_string()) if altered else top
    for file, content in (("leaf", leaf.pem), ("mid", intermediate().pem), ("root", trusted.pem)):
        (tmp_path / f"{file}.pem").write_bytes(content)
    verdict = subprocess.run(
        ["openssl", "verify", "-no_check_time", "-CAfile", "root.pem", "-untrusted", "mid.pem", "leaf.pem"],
        cwd=tmp_path,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    loaded = [
        each
        for file, issued in (("leaf", leaf), ("mid", intermediate()), ("root", trusted))
        for each in load_certificates(issued.pem, f"{file}.pem")[0]
    ]
    (chain,) = build_chains(loaded, frozenset({"root.pem"}))
    assert chain.verified == (verdict.returncode == 0)
    assert chain.verified is not altered


def test_roles(corpus: dict[str, Issued]) -> None:
    assert one(corpus["root"]).role is CertificateRole.ROOT
    assert one(corpus["intermediate"]).role is CertificateRole.INTERMEDIATE
    assert one(corpus["ec-p256"]).role is CertificateRole.LEAF


def test_the_spiffe_id_is_taken_apart(corpus: dict[str, Issued]) -> None:
    spiffe = one(corpus["ec-p256"]).spiffe
    assert spiffe is not None
    assert (spiffe.trust_domain, spiffe.namespace, spiffe.service_account) == ("cluster.local", "echo-grpc", "client")
    assert one(corpus["no-san"]).spiffe is None
    assert len(one(corpus["several-sans"]).spiffe_ids) == 1


@pytest.mark.parametrize("serial", ["0x0", "-5", "0x" + "f" * 80], ids=["zero", "negative", "forty-bytes"])
def test_serials_that_the_standard_forbids_are_shown_as_they_are(serial: str, tmp_path: Path) -> None:
    """RFC 5280 §4.1.2.2 wants 1 to 20 bytes; openssl makes and prints others."""
    path = tmp_path / "odd.pem"
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=odd",
    ]
    where = ["-keyout", str(tmp_path / "k.pem"), "-out", str(path), "-days", "1", "-set_serial", serial]
    subprocess.run([*make, *where], capture_output=True, check=True, timeout=PATIENCE_S)
    loaded, problems = load_certificates(path.read_bytes(), "odd.pem")
    assert problems == ()
    printed = value(path, "-serial").replace("\\\n", "").lower()
    assert loaded[0].value.serial == int(printed, 16)
    assert loaded[0].value.serial_text.replace(":", "") == printed
