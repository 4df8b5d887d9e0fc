"""The rules over a bootstrap that look beyond its text: at files, certificates, the config and other pods."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import BootstrapEvidence, Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import Bootstrap, SyntaxProblem, SyntaxProblemKind
from meshtui.model.identity.bootstrap_parse import MAXIMUM_BYTES, read_bootstrap
from meshtui.model.identity.certificate import CertificateSet, KeyMatch, KeyState
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.sources.certificates.x509 import parse_certificate
from tests.pki import NOW, root, workload

AUTHORITY = root()


def judged(seen: BootstrapEvidence) -> tuple[Finding, ...]:
    return diagnose(Evidence(bootstrap=seen))


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


GOOD = """{"xds_servers": [{"server_uri": "unix:///run/XDS", "channel_creds": [{"type": "insecure"}]}],
"node": {"id": "client"}, "certificate_providers": {"default": {"plugin_name": "file_watcher", "config": {
"certificate_file": "/c", "private_key_file": "/k", "ca_certificate_file": "/r", "refresh_interval": "900s"}}}}"""


def bootstrap(**more: Any) -> list[str]:
    state = BootstrapEvidence(now=NOW, bootstrap=read_bootstrap(GOOD.encode(), "b.json"))
    return sorted(codes(judged(replace(state, **more))))


def test_what_the_bootstrap_names_is_looked_at() -> None:
    there = tuple(FileFacts(path, FileKind.FILE, size=10) for path in ["/c", "/k", "/r"])
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
        (FileFacts("/k", FileKind.FILE, size=0), "bootstrap-provider-file-empty"),
    ):
        assert bootstrap(files=(facts,)) == [code]


def test_a_bootstrap_that_cannot_be_read() -> None:
    from meshtui.sources.workload.bootstrap import read_bootstrap_file

    for path, code in (("/nowhere/b.json", "bootstrap-missing"), ("/", "bootstrap-unreadable")):
        assert codes(judged(BootstrapEvidence(now=NOW, bootstrap=read_bootstrap_file(path)))) == [code]


def test_a_bootstrap_that_is_too_large_is_not_known(tmp_path: Path) -> None:
    """It was not read: nothing is said of what gRPC makes of it."""
    from meshtui.sources.workload.bootstrap import read_bootstrap_file

    (tmp_path / "large").write_bytes(b" " * (MAXIMUM_BYTES + 1))
    for read in (read_bootstrap_file(str(tmp_path / "large")), read_bootstrap(b" " * (MAXIMUM_BYTES + 1), "text")):
        [finding] = judged(BootstrapEvidence(now=NOW, bootstrap=read))
        assert (finding.code, finding.severity) == ("bootstrap-too-large", Severity.ERROR)
        assert "gRPC refuses" not in finding.explanation


def test_what_others_ask_of_the_bootstrap() -> None:
    assert bootstrap(asked_providers=(("default", "a"), ("other", "a"), ("other", "b"))) == [
        "bootstrap-provider-undefined"
    ]
    assert bootstrap(other_nodes=(("echo-v1", "client"), ("echo-v2", "x"))) == ["bootstrap-node-id-duplicate"]
    assert bootstrap(both_variables=True) == ["bootstrap-both-variables"]


def test_the_path_limit_is_the_platforms() -> None:
    text = GOOD.replace("/run/XDS", "/" + "x" * 104)
    state = BootstrapEvidence(now=NOW, bootstrap=read_bootstrap(text.encode(), "b.json"))
    assert codes(judged(state)) == []
    assert codes(judged(replace(state, platform="darwin"))) == ["bootstrap-socket-path-too-long"]


def test_credentials_are_said_to_be_of_their_server_whatever_its_authority_is_called() -> None:
    text = """{"xds_servers": [], "node": {"id": "client"}, "authorities": {"xds.corp.example": {"xds_servers": [{
    "server_uri": "xds.corp.example:443", "channel_creds": [{"type": "tls", "config": {"ca_certificate_file": "/r"}}]
    }]}}}"""
    state = BootstrapEvidence(
        now=NOW, bootstrap=read_bootstrap(text.encode(), "b.json"), files=(FileFacts("/r", FileKind.MISSING),)
    )
    (missing,) = [found for found in judged(state) if found.code == "bootstrap-creds-file-unusable"]
    assert 'credentials of authorities["xds.corp.example"].xds_servers[0] are' in missing.explanation


def test_certificates_shorter_than_the_refresh_interval_and_files_that_do_not_fit() -> None:
    short = parse_certificate(workload(AUTHORITY, lives=timedelta(minutes=20), begins=NOW).der, "/c")
    assert short is not None
    assert bootstrap(certificates=(("default", CertificateSet("x", NOW, certificates=(short,))),)) == [
        "bootstrap-refresh-interval-long"
    ]
    long = parse_certificate(workload(AUTHORITY, begins=NOW).der, "/c")
    assert long is not None
    assert bootstrap(certificates=(("default", CertificateSet("x", NOW, certificates=(long,))),)) == []
    other = CertificateSet("x", NOW, certificates=(long,), key=KeyMatch("/k", KeyState.DIFFERS))
    assert bootstrap(certificates=(("default", other),)) == ["bootstrap-provider-files-mismatch"]


def test_a_bootstrap_that_is_being_written_is_not_said_to_be_broken() -> None:
    problem = SyntaxProblem(SyntaxProblemKind.BEING_WRITTEN, "it changed while it was looked at")
    (finding,) = judged(BootstrapEvidence(now=NOW, bootstrap=Bootstrap("b.json", problem)))
    assert finding.code == "bootstrap-being-written"
    assert "could not be read as a whole: it changed while it was looked at" in finding.explanation
    assert finding.evidence == ("b.json: it changed while it was looked at",)
