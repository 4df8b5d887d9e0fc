"""Rules over the app's own calls: config can be whole while a backend hangs or every call fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.kinds.traffic import CALLS_FAIL, CALLS_HANG
from meshtui.doctor.rules.known_causes import known_causes
from meshtui.doctor.rules.rule import Rule
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


def calls_hang(seen: ConfigEvidence) -> Iterator[Finding]:
    """Calls came back before, and now they are in flight and none is answered."""
    traffic = seen.traffic
    for channel, flow in traffic.waiting if traffic else ():
        assert traffic is not None
        yield _hang(seen, channel, flow, sure=traffic.certain(channel, flow))


def _hang(seen: ConfigEvidence, channel: Flow, flow: Flow, *, sure: bool) -> Finding:
    failed = sum(point.failed for point in flow.quiet)
    piling = flow.silence is Silence.PILING
    causes = known_causes(seen, channel.target)
    return CALLS_HANG.finding(
        AddressSubject(flow.address) if flow.address else ChannelSubject(channel.target),
        severity=Severity.ERROR if sure else Severity.WARNING,
        peer=_peer(seen, flow) if flow.address else short_target(channel.target),
        hang="hang" if sure else "pile up" if piling else "have stopped coming back",
        in_flight=f"{plural(flow.in_flight, 'call')} {'is' if flow.in_flight == 1 else 'are'} in flight",
        silent_for=span_words(flow.quiet_seconds),
        ended_meanwhile=f"; {plural(failed, 'call')} failed meanwhile" if failed else "",
        before="before that, calls came back" if flow.answering else "before meshtui began to look, calls came back",
        what_it_may_be="".join(f" {sentence}" for sentence in _what_it_may_be(flow, sure, causes)),
        fix="" if flow.address else MEND_CONFIG if causes else NO_PEER,
        evidence=(_counters(flow),),
    )


NO_PEER: Final = "look at what Config marks or waits for, and at connections that fail in Channels"
"""What to do about calls that wait where no peer has them."""


def _what_it_may_be(flow: Flow, sure: bool, causes: tuple[str, ...]) -> Iterator[str]:
    if not flow.address:
        yield "No subchannel of it holds them: they wait for a connection or for config."
    if not flow.address and causes:
        yield f"Its config is known to hold calls up or to fail them: {'; '.join(causes)}."
    elif flow.address and sure:
        yield (
            "The peer takes calls and does not answer them: its process is stopped, stuck or overloaded, or packets "
            "are lost."
        )
    if not sure and flow.silence is Silence.PILING:
        yield ("More and more of them wait: they hang, or they are streams that live long; channelz does not tell.")
    elif not sure:
        yield (
            "As many were in flight while calls came back, so these may be long-lived streams of an app that has "
            "stopped calling: channelz does not tell."
        )


def calls_fail(seen: ConfigEvidence) -> Iterator[Finding]:
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


def _fail(seen: ConfigEvidence, traffic: Traffic, channel: Flow, failing: list[Flow]) -> Finding:
    lately = channel.within(FAILING_SECONDS)
    assert lately is not None
    ended = lately.failed + lately.succeeded
    every = not lately.succeeded
    dead = [peer for peer in failing if _succeeded(peer) == 0 and _failed(peer) >= ALWAYS]
    amount = f"{'All' if every else lately.failed} of {ended} calls" if ended > 1 else "The one call"
    host, span = short_target(channel.target), span_words(lately.seconds)
    causes = known_causes(seen, channel.target)
    return CALLS_FAIL.finding(
        ChannelSubject(channel.target),
        severity=Severity.ERROR if (every and lately.failed >= ALWAYS) or dead else Severity.WARNING,
        title=f"{amount} to {host} that ended in the last {span} failed" if every else "",
        amount=amount,
        host=host,
        span=span,
        where=_where(seen, traffic, channel, failing, dead),
        in_flight=f" {plural(lately.in_flight, 'more call')} in flight." if lately.in_flight else "",
        by_config=f" Its config is known to cost calls: {'; '.join(causes)}." if causes else "",
        how=MEND_CONFIG if causes else ASK_PEERS if failing else ASK,
        evidence=tuple(_counters(flow) for flow in (channel, *(dead or failing)[:NAMED])),
    )


MEND_CONFIG: Final = (
    "begin with what config does to these calls, which the tree in Config marks and findings about config explain; a "
    "probe through this pod (Echo) shows whether others fail beside"
)
ASK_PEERS: Final = (
    "send a probe through this pod (Echo), which shows the status and its cause, and look at the logs of these peers: "
    "the calls had a connection, so TLS is not it, but a server's rules of access (RBAC) may refuse them"
)
ASK: Final = (
    "send a probe through this pod (Echo), which shows the status and its cause; then look at what Config marks and at "
    "connections that fail in Channels"
)
"""What to do about calls that fail: by what config is known to do to them, and whether a connection was chosen."""


def _where(seen: ConfigEvidence, traffic: Traffic, channel: Flow, failing: list[Flow], dead: list[Flow]) -> str:
    """To which peers the failed calls went, as a sentence after a space; empty when no peer counts any."""
    to_name = dead or failing
    named = ", ".join(_peer(seen, peer) for peer in to_name[:NAMED])
    rest = f" and {plural(len(to_name) - NAMED, 'more peer')}" if len(to_name) > NAMED else ""
    if dead and len(dead) < len(traffic.peers_of(channel)):
        return f" Every call to {named}{rest} failed."
    if named:
        return f" They were sent to {named}{rest}."
    if traffic.peers_of(channel):
        return " No subchannel counts them: they failed before a connection was chosen."
    return ""


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


def _peer(seen: ConfigEvidence, flow: Flow) -> str:
    """``127.0.1.12:17070 (echo-v2)``: the workload where the accepted endpoints name it."""
    for resource in seen.snapshot.resources.values():
        if isinstance(resource.body, ClusterLoadAssignment):
            for endpoint in resource.body.endpoints:
                if endpoint.address == flow.address and endpoint.workload:
                    return f"{flow.address} ({endpoint.workload})"
    return flow.address


RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (calls_hang, calls_fail)
"""The rules of this module."""
