"""Bootstraps from public reports and of a real pilot-agent: what a user is told of each, and what not."""

from __future__ import annotations

from pathlib import Path

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import BootstrapEvidence, Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.subject import BootstrapSubject
from tests.pki import NOW

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
