"""What is said of resources that a client did not take, in cases of public reports and on a real Istio."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.refusal_text import SHOWN
from tests.cases import capture, case, findings


def names(finding: Finding) -> str:
    assert isinstance(finding.subject, ResourceSubject)
    return finding.subject.key.name


def test_envoys_config_is_said_once_with_its_cause() -> None:
    """grpc/grpc-go#7077: istiod took the app for an Envoy: 40 listeners refused, the one asked for never came."""
    (finding,) = findings(case("envoy-config-no-generator"))
    assert (finding.code, finding.severity) == ("envoy-config", Severity.ERROR)
    assert "GENERATOR" in finding.fix
    assert "demo.shop:9090" in finding.explanation
    assert len(finding.explanation) < 3 * SHOWN
    assert max(map(len, finding.evidence)) <= SHOWN


@pytest.mark.parametrize(
    ("generator", "words", "fix"),
    [
        ("grpc", "does say GENERATOR=grpc", "EnvoyFilter"),
        ("api", "says GENERATOR=api and not grpc", "set GENERATOR to grpc"),
        ("", "have no GENERATOR", "set GENERATOR to grpc"),
    ],
)
def test_what_the_node_says_of_its_generator(generator: str, words: str, fix: str) -> None:
    """istiod chooses by it (xdsgen.go, findGenerator); a node that has it lacks something else."""
    seen = case("envoy-config-no-generator")
    (finding,) = findings(replace(seen, node=replace(seen.node, generator=generator)))
    assert words in finding.explanation
    assert any(words in line for line in finding.evidence)
    assert fix in finding.fix


def test_a_node_without_metadata_says_nothing_of_its_generator() -> None:
    seen = case("envoy-config-no-generator")
    assert seen.node.generator is None
    assert "GENERATOR" not in findings(seen)[0].explanation


def test_the_generator_of_a_real_client() -> None:
    assert capture("plain").node.generator == "grpc"


def test_a_cors_policy_is_a_filter_that_grpc_does_not_have() -> None:
    """Istio 1.29.1 with grpc-go 1.78: the route that is quoted has a max_stream_duration, which is not the reason."""
    (finding,) = findings(capture("vs-cors"))
    assert finding.code == "resource-refused"
    assert "HTTP filter" in finding.explanation
    assert "corsPolicy" in finding.fix
    assert "duration" not in finding.explanation
    assert "OLD config" in finding.explanation


def test_a_refused_policy_with_and_without_a_cluster_before_it() -> None:
    """Istio 1.29.1 with grpc-go 1.78: MAGLEV is refused; a cluster that was accepted before serves on."""
    (held,) = findings(capture("dr-maglev-held"))
    assert "load-balancing policy" in held.explanation
    assert "OLD config" in held.explanation
    (first, *_) = findings(capture("dr-maglev"))
    assert first.code == "resource-refused"
    assert "No config of it is in force" in first.explanation


def test_a_refusal_without_a_config_may_be_one_that_dropped_it() -> None:
    """gRFC A88: with fail_on_data_errors the client drops the good config it had."""
    found = {finding.code: finding for finding in findings(case("nack-fail-on-data-errors"))}
    refused = found["resource-refused"]
    assert "fail_on_data_errors" in refused.explanation
    assert "none was accepted before it" in refused.explanation


def test_an_error_of_the_control_plane_is_no_refusal() -> None:
    """xRFC TP3, gRFC A88: with a config in the entry it serves on, without one requests fail."""
    found = findings(case("received-error"))
    errors = [finding for finding in found if finding.code == "control-plane-error"]
    assert {finding.severity for finding in errors} == {Severity.WARNING, Severity.ERROR}
    for finding in found:
        assert "refused it" not in finding.explanation
        assert "DestinationRule" not in finding.fix
    assert all("control plane" in finding.fix for finding in errors)
    kept = next(finding for finding in errors if finding.severity is Severity.WARNING)
    assert "requests go by it" in kept.explanation


def test_a_deleted_resource_that_the_client_still_uses_is_no_outage() -> None:
    """gRFC A88: DOES_NOT_EXIST with a config in the entry. Calls go on, whatever the version says."""
    found = findings(case("deleted-but-cached"))
    deleted = next(finding for finding in found if finding.code == "resource-deleted-in-use")
    assert deleted.severity is Severity.WARNING
    assert "requests go by it" in deleted.explanation
    for finding in found:
        assert "fail" not in finding.title
