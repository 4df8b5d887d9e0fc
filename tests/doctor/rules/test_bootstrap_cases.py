"""Bootstraps from public reports and of a real pilot-agent: what a user is told of each, and what not."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import BootstrapEvidence, Evidence, workload_evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.comparison import IdentityState
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.workload import Workload
from meshtui.model.subject import BootstrapSubject
from meshtui.sources.workload.read_once import is_bootstrap_file, read_workload
from tests.pki import NOW, Issued, root, workload

DATA = Path(__file__).parents[2] / "data"


def judged(path: Path) -> tuple[Finding, ...]:
    """What is said of the text alone, as of a bootstrap copied out of a pod."""
    read = read_bootstrap(path.read_bytes(), path.name)
    return diagnose(Evidence(bootstrap=BootstrapEvidence(now=NOW, bootstrap=read)))


def case(name: str) -> tuple[Finding, ...]:
    return judged(DATA / "cases" / name / "bootstrap.json")


def by_place(findings: tuple[Finding, ...], code: str) -> dict[str, Finding]:
    """The findings of a kind by the path in the bootstrap that they are about."""
    return {
        found.subject.path: found
        for found in findings
        if found.code == code and isinstance(found.subject, BootstrapSubject)
    }


def test_addresses_as_literals_and_nulls() -> None:
    """grpc/grpc#35682 (bootstraps of Spring and go-control-plane users), gRFC A27 and ``doc/naming.md``.

    ``ipv4:127.0.0.1`` is this machine; ``xds:`` and ``https:`` are no addresses, and then nothing is said of a network
    that is never reached. The installed gRPC and Java's ``JsonUtil`` were asked of null: all but Go refuse it for
    server_features, Java and Node for config and region.
    """
    found = case("bs-ip-literal")
    unusable = by_place(found, "bootstrap-server-uri-unusable")
    assert sorted(unusable) == ["xds_servers[3].server_uri", "xds_servers[4].server_uri"]
    remote = by_place(found, "bootstrap-creds-insecure-remote")
    assert sorted(remote) == ["xds_servers[0].channel_creds", "xds_servers[1].channel_creds"]
    nulls = by_place(found, "bootstrap-wrong-type")
    assert {path: wrong.severity for path, wrong in nulls.items()} == {
        "xds_servers[0].channel_creds[0].config": Severity.WARNING,
        "xds_servers[0].server_features": Severity.ERROR,
        "node.locality.region": Severity.WARNING,
    }
    assert "Java" in nulls["node.locality.region"].explanation


def test_what_a_real_agent_writes_is_no_finding() -> None:
    """Istio's pilot-agent 1.29.1 writes ``UserAgentVersionType: null`` and an empty locality into every bootstrap."""
    assert judged(DATA / "istio" / "grpc-bootstrap.json") == ()


def test_what_googles_generator_writes_is_sound() -> None:
    """GoogleCloudPlatform/traffic-director-grpc-bootstrap always names google_cloud_private_spiffe, also for pods
    without workload certificates, and gRPC starts without the files.
    """
    path = DATA / "cases" / "bs-td-generated" / "bootstrap.json"
    assert judged(path) == ()
    read = read_bootstrap(path.read_bytes(), path.name)
    gone = tuple(FileFacts(file, FileKind.MISSING) for file in read.paths_to_look_at())
    seen = BootstrapEvidence(now=NOW, bootstrap=read, files=gone)
    missing = diagnose(Evidence(bootstrap=seen))
    assert {found.code for found in missing} == {"bootstrap-provider-file-missing"}
    assert {found.severity for found in missing} == {Severity.WARNING}
    assert all("use-workload-certificates" in found.fix and "OUTPUT_CERTS" not in found.fix for found in missing)
    asked = replace(seen, asked_providers=(("google_cloud_private_spiffe", "cluster a"),))
    assert {found.severity for found in diagnose(Evidence(bootstrap=asked))} == {Severity.ERROR}


def test_what_is_wrong_in_googles_bootstrap_is_not_mended_as_istios() -> None:
    """The generator of GoogleCloudPlatform/traffic-director-grpc-bootstrap has another address, creds and template."""
    broken = {
        "xds_servers": [
            {"server_uri": "trafficdirector.googleapis.com:443"},
            {"channel_creds": [{"type": "insecure"}]},
        ],
        "node": {"id": "projects/1/networks/a/nodes/b"},
        "server_listener_resource_name_template": "grpc/server",
    }
    empty = {**broken, "xds_servers": []}
    for document in (broken, empty):
        read = read_bootstrap(json.dumps(document).encode(), "bootstrap.json")
        seen = BootstrapEvidence(now=NOW, bootstrap=read, asked_providers=(("x", "cluster a"),))
        found = diagnose(Evidence(bootstrap=seen))
        assert len(found) >= 3
        for finding in found:
            assert not [word for word in ("istio", "Unix", "DestinationRule") if word in finding.fix], finding


@pytest.fixture
def spiffe_mesh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The case bs-mtls-spiffe with the files it names, which are relative to where the client runs."""
    authority = root()
    leaf = workload(authority)
    shutil.copy(DATA / "cases" / "bs-mtls-spiffe" / "bootstrap.json", tmp_path)
    (tmp_path / "svid.pem").write_bytes(leaf.pem)
    (tmp_path / "svid_key.pem").write_bytes(leaf.key_pem)
    (tmp_path / "bundle.pem").write_bytes(authority.pem)
    write_map(tmp_path / "trust_bundles.json", {"cluster.local": authority, "other.example": root("O=Other")})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_map(path: Path, roots: dict[str, Issued]) -> None:
    domains = {
        name: {"keys": [{"kty": "RSA", "use": "x509-svid", "x5c": [base64.b64encode(issued.der).decode()]}]}
        for name, issued in roots.items()
    }
    path.write_text(json.dumps({"trust_domains": domains}))


def of_workload() -> tuple[Finding, ...]:
    found = read_workload("bootstrap.json", None)
    return diagnose(workload_evidence(Workload(IdentityState(NOW), files=found), NOW))


def worth_acting(findings: tuple[Finding, ...]) -> list[str]:
    return sorted({found.code for found in findings if found.severity is not Severity.INFO})


def test_a_trust_bundle_map_is_a_source_of_roots(spiffe_mesh: Path) -> None:
    """grpc/grpc#39745, grpc-java#11627, grpc-go#8180: roots by ``spiffe_trust_bundle_map_file`` (gRFC A87) alone."""
    assert worth_acting(of_workload()) == []
    found = read_workload("bootstrap.json", None)
    assert found.own is not None
    assert found.own.trust_domains == ("cluster.local", "other.example")
    (chain,) = found.own.chains
    assert chain.verified
    assert chain.certificates[-1].file == "trust_bundles.json"


def test_the_roots_of_another_trust_domain_do_not_count(spiffe_mesh: Path) -> None:
    """gRFC A87: the trust domain of the certificate says by which roots it is checked."""
    write_map(spiffe_mesh / "trust_bundles.json", {"cluster.local": root("O=Another")})
    assert "certificate-root-untrusted" in worth_acting(of_workload()) or "certificate-issuer-missing" in worth_acting(
        of_workload()
    )
    write_map(spiffe_mesh / "trust_bundles.json", {"other.example": root("O=Another")})
    assert "certificate-bundle-map-own-domain" in worth_acting(of_workload())


def test_a_map_in_a_directory_is_the_roots_of_what_is_there(spiffe_mesh: Path) -> None:
    (spiffe_mesh / "bundle.pem").unlink()
    found = read_workload(None, str(spiffe_mesh)).own
    assert found is not None
    assert [chain.verified for chain in found.chains] == [True]
    assert found.problems == ()
    assert not is_bootstrap_file("trust_bundles.json")
    assert is_bootstrap_file("bootstrap.json")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"trust_domains": {"a.example": {"keys": [{"use": "jwt-svid"}]}}}',
        '{"trust_domains": {"a.example": {"keys": [{"use": "x509-svid", "x5c": []}]}}}',
        '{"trust_domains": {"a.example": {"keys": [{"use": "x509-svid", "x5c": ["AAAA"]}]}}}',
        '{"trust_domains": {"a.example": {"keys": {}}}}',
        '{"trust_domains": []}',
        '{"trust_domains": {"a.example": {}}}',
    ],
)
def test_a_trust_bundle_map_that_grpc_refuses(spiffe_mesh: Path, text: str) -> None:
    """Of a map with one wrong entry gRPC takes nothing (gRFC A87)."""
    (spiffe_mesh / "trust_bundles.json").write_text(text)
    assert "certificate-bundle-map-unusable" in worth_acting(of_workload())


@pytest.mark.parametrize("domains", [{}, {"cluster.local": {"keys": []}}, {"a.example": {"keys": []}}])
def test_a_trust_bundle_map_without_any_root(spiffe_mesh: Path, domains: dict[str, object]) -> None:
    """grpc-go ``spiffe.go`` and C-core ``spiffe_utils.cc`` read it and refuse every peer; of ``{}`` Java's
    ``SpiffeUtil`` takes nothing.
    """
    (spiffe_mesh / "trust_bundles.json").write_text(json.dumps({"trust_domains": domains}))
    (found,) = [found for found in of_workload() if found.code == "certificate-bundle-map-no-roots"]
    assert found.severity is Severity.ERROR
    assert "all peers are refused" in found.explanation
    assert ("Java" in found.explanation) == (not domains)


def test_a_trust_domain_without_a_root(spiffe_mesh: Path) -> None:
    """Only its peers are refused; it is worse where it is the workload's own."""
    path = spiffe_mesh / "trust_bundles.json"
    full = json.loads(path.read_text())["trust_domains"]
    for bare, severity in (("other.example", Severity.WARNING), ("cluster.local", Severity.ERROR)):
        path.write_text(json.dumps({"trust_domains": {**full, bare: {"keys": []}}}))
        (found,) = [found for found in of_workload() if found.code == "certificate-bundle-map-no-roots"]
        assert found.title == f"The trust bundle map has no root certificate for '{bare}'"
        assert found.severity is severity


def test_what_only_go_puts_up_with_in_a_map_is_said(spiffe_mesh: Path) -> None:
    """A bundle of SPIRE has keys of JWTs as well; go-spiffe's ``spiffebundle.Parse`` leaves them out."""
    path = spiffe_mesh / "trust_bundles.json"
    path.write_text('{"trust_domains": {"a.example": {"keys": [{"use": "jwt-svid", "kid": "x"}]}}}')
    (found,) = [found for found in of_workload() if found.code == "certificate-bundle-map-unusable"]
    assert "only Go leaves out" in found.evidence[0]


def test_the_files_of_channel_credentials_are_looked_at(spiffe_mesh: Path) -> None:
    """gRFC A65: without them the client does not reach its control plane."""
    (spiffe_mesh / "bundle.pem").unlink()
    (missing,) = [found for found in of_workload() if found.code == "bootstrap-creds-file-unusable"]
    assert missing.title == "bundle.pem is not there"
    assert "xds_servers[0]" in missing.explanation
    assert "certificate-file-missing" not in worth_acting(of_workload()), "said once"
    (spiffe_mesh / "trust_bundles.json").unlink()
    assert "bootstrap-provider-file-missing" in worth_acting(of_workload())


def jwt(**claims: object) -> str:
    parts = ({"alg": "RS256"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"
    )


@pytest.mark.parametrize(
    ("token", "title"),
    [
        (jwt(exp=NOW.timestamp() + 600), None),
        (jwt(exp=NOW.timestamp() - 600), "token expired 10m ago"),
        (jwt(sub="x"), "token holds no JWT with an expiry"),
        ("no token", "token holds no JWT with an expiry"),
        ("", "token is empty"),
        (None, "token is not there"),
    ],
)
def test_the_token_of_call_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None, title: str | None
) -> None:
    """gRFC A97: gRPC takes ``exp`` from the file and fails the call where it finds none."""
    monkeypatch.chdir(tmp_path)
    server = {
        "server_uri": "istiod.istio-system.svc:15012",
        "channel_creds": [{"type": "google_default"}],
        "call_creds": [{"type": "jwt_token_file", "config": {"jwt_token_file": "token"}}],
    }
    Path("bootstrap.json").write_text(json.dumps({"xds_servers": [server], "node": {"id": "a"}}))
    if token is not None:
        Path("token").write_text(token)
    assert [found.title for found in of_workload()] == ([title] if title is not None else [])


@pytest.mark.parametrize(
    ("creds", "place", "words"),
    [
        ({}, "", "gRPC refuses the whole bootstrap"),
        ({"config": {}}, ".config", "gRPC refuses the whole bootstrap"),
        ({"config": {"jwt_token_path": "token"}}, ".config", "gRPC refuses the whole bootstrap"),
        ({"config": {"jwt_token_file": ""}}, ".config.jwt_token_file", "C++ (with Python, Ruby and PHP) takes it"),
    ],
)
def test_call_credentials_that_name_no_file(creds: dict[str, object], place: str, words: str) -> None:
    """gRFC A97, as grpcio 1.85 was run on each with and without the variable; grpc-go ``jwtcreds``, grpc-java
    ``BootstrapperImpl.parseCallCredentials``.
    """
    (found,) = of_call_creds([{"type": "jwt_token_file", **creds}])
    assert found.code == "bootstrap-call-creds-incomplete"
    assert found.subject == BootstrapSubject(f"xds_servers[0].call_creds[0]{place}")
    assert found.severity is Severity.WARNING, "without the variable no gRPC reads it"
    assert words in found.explanation
    assert "GRPC_EXPERIMENTAL_XDS_BOOTSTRAP_CALL_CREDS" in found.explanation


def test_call_credentials_that_no_grpc_has_are_skipped() -> None:
    """gRFC A97 calls the type jwt_token in its text, all gRPCs jwt_token_file; what they do not know they skip."""
    (found,) = of_call_creds([{"type": "jwt_token", "config": {"jwt_token_file": "token"}}])
    assert found.title == "gRPC skips the call credentials 'jwt_token'"


def of_call_creds(call_creds: list[dict[str, object]]) -> tuple[Finding, ...]:
    server = {
        "server_uri": "istiod.istio-system.svc:15012",
        "channel_creds": [{"type": "google_default"}],
        "call_creds": call_creds,
    }
    read = read_bootstrap(json.dumps({"xds_servers": [server], "node": {"id": "a"}}).encode(), "bootstrap.json")
    return diagnose(Evidence(bootstrap=BootstrapEvidence(now=NOW, bootstrap=read)))
