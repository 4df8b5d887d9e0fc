"""The channel rules."""

from __future__ import annotations

import pytest

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
    assert judge(Channel(id=1, target=ADS, state=ChannelState.READY, calls=Calls(1))) == ()
    assert judge() == ()


def test_a_lost_control_plane_is_named_though_all_is_acked() -> None:
    (finding,) = judge(Channel(id=1, target=ADS, state=ChannelState.TRANSIENT_FAILURE, calls=Calls()))
    assert finding.code == "control-plane-lost"
    assert "no change arrives" in finding.explanation


def ads(*calls: Calls, target: str = ADS) -> tuple[Channel, ...]:
    return tuple(
        Channel(id=number, target=target, state=ChannelState.READY, calls=each) for number, each in enumerate(calls, 1)
    )


def test_evicted_and_cut_off_are_told_apart_by_the_calls() -> None:
    """istio#53532, and the counts of Istio's agent 1.29.1 with grpc-go 1.78 for both."""
    (evicted,) = judge(*ads(Calls(12, 11), Calls(11, 11)))
    assert (evicted.code, evicted.severity) == ("agent-streams-evicted", Severity.ERROR)
    assert "a server with a single target is enough" in evicted.explanation
    (cut_off,) = judge(*ads(Calls(6, 0, 6)))
    assert (cut_off.code, cut_off.severity) == ("control-plane-cut-off", Severity.ERROR)
    assert "istiod" in cut_off.explanation


def test_calls_that_do_not_tell_why_they_ended_accuse_nobody() -> None:
    """Streams that were evicted first and failed later, or the other way round."""
    (silent,) = judge(*ads(Calls(19, 13, 6), Calls(19, 13, 6)))
    assert (silent.code, silent.severity) == ("control-plane-silent", Severity.WARNING)
    assert "channel 1: 13 ADS calls ended well, 6 with an error; channel 2:" in silent.explanation


def test_mixed_results_say_which_channel_has_which() -> None:
    (silent,) = judge(*ads(Calls(6, 0, 6), Calls(11, 11)))
    assert silent.code == "control-plane-silent"
    assert "(channel 1: 6 ADS calls ended with an error; channel 2: 11 ADS calls ended well)" in silent.explanation
    (partly,) = judge(*ads(Calls(1), Calls(6, 0, 6)))
    assert (partly.code, partly.severity) == ("control-plane-partly", Severity.WARNING)
    assert partly.title == f"Config comes over 1 of the app's 2 channels to {ADS}, and not over the rest"
    assert partly.explanation.startswith("Not over: channel 2: 6 ADS calls ended with an error.")
    assert "no open config call" not in partly.title


def test_two_control_planes_of_which_one_answers_in_part() -> None:
    """What the other one gives says nothing of the one that gives something itself."""
    second = Channel(id=9, target="dns:///b:15010", state=ChannelState.READY, calls=Calls(1))
    (partly,) = judge(*ads(Calls(1), Calls(6, 0, 6), target="dns:///a:15010"), second)
    assert partly.title.startswith("Config comes over 1 of the app's 2 channels to dns:///a:15010")
    (cut_off,) = judge(*ads(Calls(6, 0, 6), target="dns:///a:15010"), second)
    assert cut_off.title == "The control plane dns:///a:15010 gives no config; dns:///b:15010 does"


def test_a_fallback_that_serves_makes_it_a_warning() -> None:
    """gRFC A71: the second of ``xds_servers`` is asked while the first gives nothing."""
    first = Channel(id=1, target="dns:///a:15010", state=ChannelState.TRANSIENT_FAILURE, calls=Calls(2, 0, 1))
    second = Channel(id=2, target="dns:///b:15010", state=ChannelState.READY, calls=Calls(1))
    (finding,) = judge(first, second)
    assert finding.severity is Severity.WARNING
    assert finding.title == "The control plane dns:///a:15010 gives no config; dns:///b:15010 does"
    assert "agent" not in finding.fix


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


@pytest.mark.parametrize("gone", ["127.0.1.11:17070", "127.0.1.99:17070"], ids=["connected anew", "not named any more"])
def test_a_connection_of_a_cluster_that_is_kept_for_a_while_is_no_trouble(gone: str) -> None:
    """Seen with grpcio 1.85: plaintext subchannels of the cluster before, for 15 minutes after mTLS was switched on."""
    parts = (
        Subchannel(id=8, address=gone, state=ChannelState.TRANSIENT_FAILURE, calls=Calls(85, 85)),
        Subchannel(id=16, address="127.0.1.11:17070", state=ChannelState.READY, calls=Calls(44, 44)),
        Subchannel(id=17, address="127.0.1.12:17070", state=ChannelState.READY, calls=Calls(201, 201)),
    )
    one = Channel(id=1, target="xds:///echo:7070", state=ChannelState.READY, calls=Calls(330, 330), subchannels=parts)
    assert judge(one) == ()


def test_several_channels_to_one_target_are_one_finding_the_worst() -> None:
    target = "xds:///echo:7070"
    part = Subchannel(id=9, address="127.0.1.11:17070", state=ChannelState.TRANSIENT_FAILURE, calls=Calls())
    (finding,) = judge(
        Channel(id=1, target=target, state=ChannelState.READY, calls=Calls(), subchannels=(part,)),
        *(Channel(id=number, target=target, state=ChannelState.TRANSIENT_FAILURE, calls=Calls()) for number in (2, 3)),
    )
    assert finding.severity is Severity.ERROR
    assert "hangs" in finding.explanation


def test_a_channel_without_a_connection_blames_no_server() -> None:
    """As one whose name's config never came: seen with grpcio 1.85, whose agent had lost istiod."""
    failing = ChannelState.TRANSIENT_FAILURE
    (finding,) = judge(Channel(id=1, target="xds:///greeter:7070", state=failing, calls=Calls()))
    assert finding.title == "The app's channel to greeter:7070 is broken"
    assert "no address to try" in finding.explanation
    assert "hangs" not in finding.explanation
    assert "tls.mode" not in finding.fix


def unreachable(reason: str) -> Finding:
    """The finding about a channel whose only connection fails with this reason in its trace."""
    part = Subchannel(
        id=2, address="10.0.0.1:17070", state=ChannelState.TRANSIENT_FAILURE, calls=Calls(), failure=reason
    )
    failing = ChannelState.TRANSIENT_FAILURE
    (finding,) = judge(Channel(id=1, target="xds:///echo:7070", state=failing, calls=Calls(), subchannels=(part,)))
    return finding


def test_the_reason_in_the_trace_stands_in_the_place_of_a_guess() -> None:
    """grpc/grpc-java#4205, #4345: the certificate's time, and neither ports nor tls.mode."""
    finding = unreachable("UNAVAILABLE(io exception)[… PKIX path validation failed: timestamp check failed]")
    assert "timestamp check failed" in finding.explanation
    assert "A certificate has expired or is not valid yet" in finding.explanation
    assert "hangs" not in finding.explanation
    assert "tls.mode" not in finding.fix
    assert "clocks" in finding.fix


def test_a_reason_that_nobody_knows_is_said_and_not_explained() -> None:
    finding = unreachable("something\nnew " * 200)
    assert "something new" in finding.explanation
    assert "hangs" not in finding.explanation
    assert "tls.mode" not in finding.fix
    assert len(finding.explanation) < 600
