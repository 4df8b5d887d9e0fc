"""Rules over the app's own calls: config can be whole while a backend hangs or every call fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.observation import Observation
from meshtui.model.finding import Finding, Severity
from meshtui.model.phrases import plural, span_words
from meshtui.model.subject import AddressSubject, ChannelSubject
from meshtui.model.traffic import FAILING_SECONDS, Flow, Silence, Traffic
from meshtui.model.xds.config import ClusterLoadAssignment
from meshtui.model.xds.names import short_target

ALWAYS: Final = 3
"""Failures without one success that make "every call fails" an error; fewer may be a start."""

NAMED: Final = 3
"""Peers named in one finding; the rest is counted."""


def calls_hang(seen: Observation) -> Iterator[Finding]:
    """Calls came back before, and now they are in flight and none is answered."""
    traffic = seen.traffic
    for channel, flow in traffic.waiting if traffic else ():
        assert traffic is not None
        yield _hang(seen, channel, flow, sure=traffic.certain(channel, flow))


def _hang(seen: Observation, channel: Flow, flow: Flow, *, sure: bool) -> Finding:
    where = _peer(seen, flow) if flow.address else short_target(channel.target)
    for_ = span_words(flow.quiet_seconds)
    failed = sum(point.failed for point in flow.quiet)
    ended = f"; {plural(failed, 'call')} failed meanwhile" if failed else ""
    holds = f"{plural(flow.in_flight, 'call')} {'is' if flow.in_flight == 1 else 'are'} in flight"
    before = "before that, calls came back" if flow.answering else "before meshtui began to look, calls came back"
    explanation = f"{holds} and none has succeeded for {for_}{ended}; {before}."
    if not flow.address:
        explanation += " No subchannel of it holds them: they wait for a connection or for config."
    elif sure:
        explanation += (
            " The peer takes calls and does not answer them: its process is stopped, stuck or overloaded, or packets "
            "are lost."
        )
    if not sure:
        explanation += (
            " More and more of them wait: they hang, or they are streams that live long; channelz does not tell."
            if flow.silence is Silence.PILING
            else " As many were in flight while calls came back, so these may be long-lived streams of an app that has"
            " stopped calling: channelz does not tell."
        )
    piling = flow.silence is Silence.PILING
    return Finding(
        code="calls-hang",
        severity=Severity.ERROR if sure else Severity.WARNING,
        subject=AddressSubject(flow.address) if flow.address else ChannelSubject(channel.target),
        title=f"Calls to {where} {'hang' if sure else 'pile up' if piling else 'have stopped coming back'}",
        explanation=explanation,
        fix=(
            "look at that pod: is its process running (not stopped, not out of CPU), and what does its log say? "
            "restarting it, or taking it out of the endpoints, lets calls go elsewhere"
        ),
        evidence=(_counters(flow),),
    )


def calls_fail(seen: Observation) -> Iterator[Finding]:
    """Calls that ended lately did so with another status than OK."""
    traffic = seen.traffic
    for channel in traffic.channels if traffic else ():
        assert traffic is not None
        lately = channel.within(FAILING_SECONDS)
        if lately is None or not lately.failed:
            continue
        hung = {peer.subchannel for peer in traffic.waiting_on(channel)}
        failing = [peer for peer in traffic.peers_of(channel) if _failed(peer)]
        if failing and all(peer.subchannel in hung for peer in failing):
            continue  # they fail because they hang, which is said already
        yield _fail(seen, traffic, channel, failing)


def _fail(seen: Observation, traffic: Traffic, channel: Flow, failing: list[Flow]) -> Finding:
    lately = channel.within(FAILING_SECONDS)
    assert lately is not None
    ended = lately.failed + lately.succeeded
    every = not lately.succeeded
    dead = [peer for peer in failing if _succeeded(peer) == 0 and _failed(peer) >= ALWAYS]
    named = ", ".join(_peer(seen, peer) for peer in (dead or failing)[:NAMED])
    rest = f" and {plural(len(dead or failing) - NAMED, 'more peer')}" if len(dead or failing) > NAMED else ""
    where = ""
    if dead and len(dead) < len(traffic.peers_of(channel)):
        where = f" Every call to {named}{rest} failed."
    elif named:
        where = f" They were sent to {named}{rest}."
    elif traffic.peers_of(channel):
        where = " No subchannel counts them: they failed before a connection was chosen."
    flying = f" {plural(lately.in_flight, 'more call')} in flight." if lately.in_flight else ""
    amount = f"{'All' if every else lately.failed} of {ended} calls" if ended > 1 else "The one call"
    return Finding(
        code="calls-fail",
        severity=Severity.ERROR if (every and lately.failed >= ALWAYS) or dead else Severity.WARNING,
        subject=ChannelSubject(channel.target),
        title=f"{amount} to {short_target(channel.target)} that ended in the last {span_words(lately.seconds)} failed"
        if every
        else f"{amount} to {short_target(channel.target)} failed in the last {span_words(lately.seconds)}",
        explanation=(
            "channelz counts every status but OK as failed, also what the service itself answers and what the app "
            f"cancels.{where}{flying} "
            "It does not tell the status; the app's log does, or a probe of the same service."
        ),
        fix="send a probe through this pod (Echo), and look at the peers and their TLS in Config",
        evidence=tuple(_counters(flow) for flow in (channel, *(dead or failing)[:NAMED])),
    )


def _failed(flow: Flow) -> int:
    lately = flow.within(FAILING_SECONDS)
    return lately.failed if lately else 0


def _succeeded(flow: Flow) -> int:
    lately = flow.within(FAILING_SECONDS)
    return lately.succeeded if lately else 0


def _counters(flow: Flow) -> str:
    calls = flow.calls
    return (
        f"channelz: {flow.address or flow.target}: {calls.started} started, {calls.succeeded} succeeded, "
        f"{calls.failed} failed, {flow.in_flight} in flight"
    )


def _peer(seen: Observation, flow: Flow) -> str:
    """``127.0.1.12:17070 (echo-v2)``: the workload where the accepted endpoints name it."""
    for resource in seen.snapshot.resources.values():
        if isinstance(resource.body, ClusterLoadAssignment):
            for endpoint in resource.body.endpoints:
                if endpoint.address == flow.address and endpoint.workload:
                    return f"{flow.address} ({endpoint.workload})"
    return flow.address


TRAFFIC_RULES: Final = (calls_hang, calls_fail)
"""The rules of this module."""
