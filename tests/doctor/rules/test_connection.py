"""The channel rules."""

from __future__ import annotations

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, Subchannel
from meshtui.model.finding import Finding, Severity
from meshtui.model.xds.graph_build import build
from tests.builders import NOW, canary

ADS = "unix:///etc/istio/proxy/XDS"


def judge(*channels: Channel) -> tuple[Finding, ...]:
    seen = canary()
    look = ConfigEvidence(now=NOW, snapshot=seen, graph=build(seen), channels=ChannelReport(NOW, channels))
    return diagnose(Evidence(config=look))


def test_ready_channels_are_no_finding() -> None:
    assert judge(Channel(1, ADS, ChannelState.READY, Calls())) == ()
    assert judge() == ()


def test_a_lost_control_plane_is_named_though_all_is_acked() -> None:
    (finding,) = judge(Channel(1, ADS, ChannelState.TRANSIENT_FAILURE, Calls()))
    assert finding.code == "control-plane-lost"
    assert "no change arrives" in finding.explanation


def test_an_unreachable_destination_names_the_address_and_the_tls_in_force() -> None:
    broken = Subchannel(2, "127.0.1.11:17070", ChannelState.TRANSIENT_FAILURE, Calls())
    target = "xds:///echo.echo-grpc.svc.cluster.local:7070"
    (finding,) = judge(Channel(1, target, ChannelState.TRANSIENT_FAILURE, Calls(), (broken,)))
    assert finding.severity is Severity.ERROR
    assert "any endpoint of echo.echo-grpc:7070" in finding.title
    assert "127.0.1.11:17070" in finding.explanation
    assert "mTLS" in finding.explanation


def test_one_broken_endpoint_of_several_is_a_warning() -> None:
    parts = (
        Subchannel(2, "127.0.1.11:17070", ChannelState.TRANSIENT_FAILURE, Calls()),
        Subchannel(3, "127.0.1.12:17070", ChannelState.READY, Calls()),
    )
    (finding,) = judge(Channel(1, "xds:///echo:7070", ChannelState.READY, Calls(), parts))
    assert finding.severity is Severity.WARNING
    assert "some endpoint" in finding.title


def test_several_channels_to_one_target_are_one_finding_the_worst() -> None:
    target = "xds:///echo:7070"
    part = Subchannel(9, "127.0.1.11:17070", ChannelState.TRANSIENT_FAILURE, Calls())
    (finding,) = judge(
        Channel(1, target, ChannelState.READY, Calls(), (part,)),
        *(Channel(number, target, ChannelState.TRANSIENT_FAILURE, Calls()) for number in (2, 3)),
    )
    assert finding.severity is Severity.ERROR
    assert "hangs" in finding.explanation
