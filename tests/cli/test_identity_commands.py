"""``meshtui certs`` and ``meshtui bootstrap`` as scripts use them, and that no key is in anything they say."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from meshtui.cli.main import run
from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import CertificateEvidence, Evidence
from meshtui.sources.certificates.files import read_certificates
from tests.meshes import RunningMesh
from tests.pki import DAY, Issued, ec_key, root, rsa_key, workload, write_agent_files
from tests.waiting import PATIENCE_S

CERTIFICATE_KEYS = (
    *("file", "role", "subject", "issuer", "serial", "san", "not_before", "not_after"),
    *("expires_in_seconds", "fingerprint_sha256", "key_type"),
)

BOOTSTRAPS = Path(__file__).parents[1] / "data" / "bootstraps"


def meshtui(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "meshtui", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def here(*arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Everything a command says, run in this process, for tests that run very many."""
    monkeypatch.setattr(sys, "argv", ["meshtui", *arguments])
    with pytest.raises(SystemExit):
        run()
    said = capsys.readouterr()
    return said.out + said.err


def as_json(*arguments: str, code: int = 0, **environment: str) -> dict[str, Any]:
    done = meshtui(*arguments, "-o", "json", **environment)
    assert done.returncode == code, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture
def files(tmp_path: Path) -> Path:
    now = datetime.now(UTC)
    authority = root(begins=now - DAY)
    return write_agent_files(tmp_path / "data", workload(authority, begins=now - timedelta(hours=1)), authority)


def test_certs_tells_the_contracts_keys(files: Path) -> None:
    found = as_json("certs", str(files))
    assert found["schema"] == 2
    assert found["findings"] == []
    leaf = found["certificates"][0]
    for key in CERTIFICATE_KEYS:
        assert key in leaf
    assert leaf["role"] == "leaf"
    assert leaf["san"] == ["URI:spiffe://cluster.local/ns/echo-grpc/sa/client"]
    assert leaf["key_type"] == "EC P-256"
    assert 22 * 3600 < leaf["expires_in_seconds"] <= 23 * 3600
    assert found["chains"][0]["verified"] is True
    assert found["key"]["state"] == "matches"


def test_certs_warn_is_an_exit_code_for_cron(files: Path) -> None:
    assert meshtui("certs", str(files), "--warn", "1h").returncode == 0
    done = meshtui("certs", str(files), "--warn", "24h")
    assert done.returncode == 1
    assert "certificate-ends-sooner" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("certs", "/nowhere/certs"), 2),
        (("certs", "localhost:1"), 2),
        (("certs", ".", "--warn", "soon"), 2),
        (("bootstrap", "localhost:1"), 2),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(arguments: tuple[str, ...], code: int) -> None:
    done = meshtui(*arguments)
    assert done.returncode == code
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_a_link_in_a_circle_is_there_and_unreadable(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (finding,) = as_json("certs", str(tmp_path / "loop"), code=1)["findings"]
    assert finding["code"] == "certificate-file-unreadable"


def test_an_agent_that_is_not_there_is_exit_3(files: Path) -> None:
    done = meshtui("certs", str(files), "--agent", "127.0.0.1:1", "--timeout", "2")
    assert done.returncode == 3
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_bootstrap_from_file_and_environment() -> None:
    good = BOOTSTRAPS / "good-istio.json"
    found = as_json("bootstrap", str(BOOTSTRAPS / "no-servers.json"), code=1)
    assert "bootstrap-no-server" in [finding["code"] for finding in found["findings"]]
    text = good.read_text()
    by_text = as_json("bootstrap", code=1, GRPC_XDS_BOOTSTRAP="", GRPC_XDS_BOOTSTRAP_CONFIG=text)
    assert by_text["source"] == "$GRPC_XDS_BOOTSTRAP_CONFIG"
    assert by_text["bootstrap"] == json.loads(text)
    # The paths it names are not on this machine, and that is all that is wrong.
    codes = {finding["code"] for finding in by_text["findings"]}
    assert codes == {"bootstrap-socket-missing", "bootstrap-provider-file-missing"}
    both = as_json("bootstrap", code=1, GRPC_XDS_BOOTSTRAP=str(good), GRPC_XDS_BOOTSTRAP_CONFIG="x")
    assert both["source"] == str(good)
    assert "bootstrap-both-variables" in {finding["code"] for finding in both["findings"]}
    assert meshtui("bootstrap", GRPC_XDS_BOOTSTRAP="", GRPC_XDS_BOOTSTRAP_CONFIG="").returncode == 2


def test_bootstrap_never_tells_a_secret() -> None:
    for form in ("table", "json", "yaml"):
        done = meshtui("bootstrap", str(BOOTSTRAPS / "secret-in-metadata.json"), "-o", form)
        assert "bootstrap-secret-in-metadata" in done.stdout
        assert "masked" in done.stdout
        assert "hunter2" not in done.stdout + done.stderr


def scalar(issued: Issued) -> str:
    """The private number itself, in hex."""
    match issued.key:
        case ec.EllipticCurvePrivateKey():
            return f"{issued.key.private_numbers().private_value:x}"
        case rsa.RSAPrivateKey():
            return f"{issued.key.private_numbers().d:x}"
        case _:
            raise AssertionError("no key of this kind is made here")


def traces(issued: Issued) -> list[str]:
    """What would give the key away: lines of its PEM, base64 and hex of its DER, the number in hex and decimal."""
    lines = [line for line in issued.key_pem.decode().splitlines() if not line.startswith("-----") and len(line) > 8]
    der = issued.key_der
    number = scalar(issued)
    # The head of a PKCS #8 key is the same for all keys of a kind, so the tails are what counts.
    tails = [der.hex()[-80:], base64.b64encode(der).decode()[-60:], number, str(int(number, 16))]
    colons = ":".join(number[at : at + 2] for at in range(0, len(number) - 1, 2))
    return [*lines[1:], *tails, colons]


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize(
    "place", ["right", "in-the-chain", "cut-in-the-chain", "as-the-bootstrap", "unlike", "only-der"]
)
def test_no_byte_of_a_private_key_is_in_any_output(
    kind: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = datetime.now(UTC)
    authority = root(begins=now - DAY)
    leaf = workload(authority, key=ec_key() if kind == "ec" else rsa_key(), begins=now - timedelta(hours=1))
    other = workload(authority, begins=now - timedelta(hours=1))
    directory = write_agent_files(tmp_path / "data", leaf, authority)
    target = directory
    if place == "in-the-chain":
        (directory / "cert-chain.pem").write_bytes(leaf.pem + leaf.key_pem)
    elif place == "cut-in-the-chain":
        (directory / "cert-chain.pem").write_bytes(leaf.pem + leaf.key_pem[:-40])
    elif place == "as-the-bootstrap":
        target = directory / "bootstrap.json"
        target.write_bytes(b'{"node": ' + leaf.key_pem)
    elif place == "unlike":
        (directory / "cert-chain.pem").write_bytes(other.pem)
    elif place == "only-der":
        (directory / "cert-chain.pem").write_bytes(leaf.key_der)
    said = ""
    for form in ("table", "json", "yaml"):
        for command in ("certs", "bootstrap"):
            said += here(command, str(target), "-o", form, monkeypatch=monkeypatch, capsys=capsys)
    read = read_certificates([str(directory)], now)
    said += repr(read) + repr(diagnose(Evidence(certificates=(CertificateEvidence(now=now, certificates=read),))))
    assert "data" in said
    for trace in traces(leaf):
        assert trace.lower() not in said.lower()


@pytest.mark.mesh
def test_the_real_demo_has_no_findings(shifted_mesh: RunningMesh) -> None:
    for pod in shifted_mesh.pods.values():
        found = as_json("bootstrap", pod["bootstrap"])
        assert found["findings"] == []
        assert found["masked"] == []
        certificates = as_json("certs", pod["certs"], "--agent", pod["agent"])
        assert certificates["findings"] == []
        assert certificates["key"]["state"] == "matches"
        assert all(chain["verified"] for chain in certificates["chains"])


@pytest.mark.mesh
def test_the_demos_accepted_config_asks_only_for_what_its_bootstrap_defines(shifted_mesh: RunningMesh) -> None:
    pod = shifted_mesh.pods["client"]
    done = meshtui("bootstrap", shifted_mesh.admin("client"), "--bootstrap", pod["bootstrap"], "-o", "json")
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert json.loads(done.stdout)["findings"] == []
