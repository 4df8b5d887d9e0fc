"""The channel rules."""

from __future__ import annotations

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, Subchannel
from meshtui.model.finding import Finding, Severity
from meshtui.model.xds.graph_build import build
from tests.world.clock import NOW
from tests.world.config import canary

ADS = "unix:///etc/istio/proxy/XDS"


def judge(*channels: Channel) -> tuple[Finding, ...]:
    seen = canary()
    look = ConfigEvidence(now=NOW, snapshot=seen, graph=build(seen), channels=ChannelReport(NOW, channels))
    return diagnose(Evidence(config=look))


def test_ready_channels_are_no_finding() -> None:
    assert judge(Channel(id=1, target=ADS, state=ChannelState.READY, calls=Calls())) == ()
    assert judge() == ()


def test_a_lost_control_plane_is_named_though_all_is_acked() -> None:
    (finding,) = judge(Channel(id=1, target=ADS, state=ChannelState.TRANSIENT_FAILURE, calls=Calls()))
    assert finding.code == "control-plane-lost"
    assert "no change arrives" in finding.explanation


def test_an_unreachable_destination_names_the_address_and_the_tls_in_force() -> None:
    broken = Subchannel(id=2, address="127.0.1.11:17070", state=ChannelState.TRANSIENT_FAILURE, calls=Calls())
    target = "xds:///echo.echo-grpc.svc.cluster.local:7070"
    (finding,) = judge(
        Channel(id=1, target=target, state=ChannelState.TRANSIENT_FAILURE, calls=Calls(), subchannels=(broken,))
    )
    assert (finding.code, finding.severity) == ("destination-unreachable", Severity.ERROR)
    assert "any endpoint of echo.echo-grpc:7070" in finding.title
    assert "127.0.1.11:17070" in finding.explanation
    assert "mTLS" in finding.explanation


def test_one_broken_endpoint_of_several_is_a_warning() -> None:
    parts = (
        Subchannel(id=2, address="127.0.1.11:17070", state=ChannelState.TRANSIENT_FAILURE, calls=Calls()),
        Subchannel(id=3, address="127.0.1.12:17070", state=ChannelState.READY, calls=Calls()),
    )
    (finding,) = judge(
        Channel(id=1, target="xds:///echo:7070", state=ChannelState.READY, calls=Calls(), subchannels=parts)
    )
    assert finding.severity is Severity.WARNING
    assert "some endpoint" in finding.title


def test_several_channels_to_one_target_are_one_finding_the_worst() -> None:
    target = "xds:///echo:7070"
    part = Subchannel(id=9, address="127.0.1.11:17070", state=ChannelState.TRANSIENT_FAILURE, calls=Calls())
    (finding,) = judge(
        Channel(id=1, target=target, state=ChannelState.READY, calls=Calls(), subchannels=(part,)),
        *(Channel(id=number, target=target, state=ChannelState.TRANSIENT_FAILURE, calls=Calls()) for number in (2, 3)),
    )
    assert finding.severity is Severity.ERROR
    assert "hangs" in finding.explanation
