"""Rules over live channels: what CSDS alone does not tell (a dead control plane stays all ACKED there)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.explain.catalogue import UNKNOWN, known_error
from meshtui.doctor.kinds.agent import STREAMS_EVICTED
from meshtui.doctor.kinds.connection import (
    CONTROL_PLANE_CUT_OFF,
    CONTROL_PLANE_LOST,
    CONTROL_PLANE_PARTLY,
    CONTROL_PLANE_SILENT,
    DESTINATION_UNREACHABLE,
)
from meshtui.doctor.rules.advice import UNREACHABLE, Advice
from meshtui.doctor.rules.rule import Rule
from meshtui.model.channels import Channel, ChannelState, Subchannel
from meshtui.model.control_plane import Standing, control_planes
from meshtui.model.finding import Finding, Severity
from meshtui.model.phrases import plural, shorten
from meshtui.model.subject import ChannelSubject
from meshtui.model.xds.config import Cluster, ClusterLoadAssignment, TlsContext
from meshtui.model.xds.graph import NodeKind
from meshtui.model.xds.names import short_target
from meshtui.model.xds.resource import EDS
from meshtui.model.xds.words import tls_words

GUESS: Final = (
    "Nothing listens there; or what accepts the connection does not speak HTTP/2, as a process that hangs; or the "
    "handshake fails: this client's accepted clusters use {tls_modes}, so the servers must do the same."
)
"""What it may be where no trace says it."""

UNTRIED: Final = (
    "channelz lists no connection of it, so it may have no address to try: then what this name needs of config is "
    "missing, refused or waited for, which Config shows."
)
"""The same of a channel without subchannels, for which no server can be blamed."""

LONGEST_REASON: Final = 300
"""Characters of the client's words in a sentence."""

NAMED: Final = 3
"""Endpoints named in one finding."""


def control_plane(seen: ConfigEvidence) -> Iterator[Finding]:
    """No change comes from a control plane: the config on screen is true, but it is the last."""
    planes = control_planes(seen.channels, seen.server_uris) if seen.channels else None
    for plane in planes.seen if planes is not None else ():
        kind = BY_STANDING.get(plane.standing)
        if planes is None or kind is None:
            continue
        other = planes.serving
        yield kind.finding(
            ChannelSubject(plane.target),
            severity=Severity.WARNING if other is not None or kind in NOT_SURE else Severity.ERROR,
            title=f"The control plane {plane.target} gives no config; {other.target} does"
            if other is not None and not plane.serving
            else "",
            fix="" if plane.is_socket or kind in FIXED else f"see that {plane.target} runs and lets this pod in",
            who="The agent" if plane.is_socket else "The control plane",
            what_then="it is cut off from istiod" if plane.is_socket else "it does not serve this client",
            target=plane.target,
            open=len(plane.serving),
            count=len(plane.channels),
            how="; ".join(_how(channel) for channel in plane.channels if channel not in plane.serving),
            evidence=tuple(_calls_words(channel) for channel in plane.channels),
        )


NOT_SURE: Final = (CONTROL_PLANE_SILENT, CONTROL_PLANE_PARTLY)
"""What may be over by itself, and so is only a warning."""

FIXED: Final = (STREAMS_EVICTED, CONTROL_PLANE_PARTLY)
"""Kinds whose way out is the same for any control plane."""

BY_STANDING: Final = {
    Standing.LOST: CONTROL_PLANE_LOST,
    Standing.CUT_OFF: CONTROL_PLANE_CUT_OFF,
    Standing.EVICTED: STREAMS_EVICTED,
    Standing.STOPPED: CONTROL_PLANE_SILENT,
    Standing.PARTLY: CONTROL_PLANE_PARTLY,
}
"""The kind of finding for each way in which no change comes."""


def _how(channel: Channel) -> str:
    """``channel 5: 11 ADS calls ended well, 6 with an error``, of one over which nothing comes."""
    calls = channel.calls
    well = f"{plural(calls.succeeded, 'ADS call')} ended well" if calls.succeeded else ""
    badly = f"{plural(calls.failed, 'ADS call')} ended with an error" if calls.failed else ""
    if well and badly:
        badly = f"{calls.failed} with an error"
    state = "" if channel.state is ChannelState.READY else channel.state.value
    return f"channel {channel.id}: {', '.join(filter(None, (state, well, badly))) or 'no ADS call has ended'}"


def _calls_words(channel: Channel) -> str:
    calls = channel.calls
    return (
        f"channelz: channel {channel.id} to {channel.target} is {channel.state.value}; ADS calls started "
        f"{calls.started}, ended well {calls.succeeded}, failed {calls.failed}"
    )


def destination_unreachable(seen: ConfigEvidence) -> Iterator[Finding]:
    """A channel of the app into the mesh on which every connection fails; several to one target are one finding."""
    channels = seen.channels.mesh_channels if seen.channels else ()
    if not any(_every(channel) or _failing(channel) for channel in channels):
        return  # each look at ten thousand resources comes here
    worst: dict[str, Channel] = {}
    named = _named_by_config(seen)
    for channel in channels:
        broken = _broken(channel, named)
        if broken or _every(channel):
            known = worst.get(channel.target)
            if known is None or (_every(channel), len(broken)) > (_every(known), len(_broken(known, named))):
                worst[channel.target] = channel
    tried = {channel.target for channel in channels if channel.subchannels}
    modes = sorted({tls_words(tls) for tls in _cluster_tls(seen)}) if worst else []
    advice = Advice(seen)
    guess = GUESS.format(tls_modes=" and ".join(modes) or "no TLS")
    for channel in worst.values():
        broken, every = _broken(channel, named), _every(channel)
        reason = _reason(channel, broken)
        addresses = ", ".join(part.address for part in broken[:NAMED])
        yield DESTINATION_UNREACHABLE.finding(
            ChannelSubject(channel.target),
            severity=Severity.ERROR if every else Severity.WARNING,
            title="" if channel.target in tried else f"The app's channel to {short_target(channel.target)} is broken",
            what="connections are" if channel.target in tried else "channel is",
            any_or_some="any" if every else "some",
            host=short_target(channel.target),
            addresses=f" ({addresses})" if addresses else "",
            fix=_way_out(reason, advice) or advice.instead(None, UNREACHABLE)
            if channel.target in tried or reason
            else "see what of this name Config marks",
            reason=_said(reason) if reason else guess if channel.target in tried else UNTRIED,
            evidence=(
                f"channelz: {channel.target} is {channel.state.value}",
                *(f"channelz: {part.address} is {part.state.value}" for part in broken[:NAMED]),
                *((f"channelz trace: {reason}",) if reason else ()),
            ),
        )


def _reason(channel: Channel, broken: list[Subchannel]) -> str:
    """What the trace says of why it fails, of a subchannel first: its words are about one address."""
    said = (*(part.failure for part in broken), channel.failure if _every(channel) else "")
    return next((reason for reason in said if reason), "")


def _said(reason: str) -> str:
    known = known_error(reason)
    meaning = f"{known.title}. {known.explanation} " if known is not UNKNOWN else ""
    return f"{meaning}The client's own words: {shorten(' '.join(reason.split()), LONGEST_REASON)}."


def _way_out(reason: str, advice: Advice) -> str:
    """What to try by the reason; empty where there is none, or none on this control plane."""
    if not reason:
        return ""
    known = known_error(reason)
    if known is UNKNOWN:
        return "look at the server at that address, and at what the words above name"
    return advice.if_it_holds(None, known)


def _broken(channel: Channel, named: frozenset[str]) -> list[Subchannel]:
    """The connections that fail and that calls may need.

    A cluster that no route names any more is kept for 15 minutes, and tries its endpoints as it was last told to:
    C-core ``xds_cluster_manager.cc`` and ``priority.cc`` (``kChildRetentionInterval``), grpc-go ``balancergroup.go``,
    grpc-java ``ClusterManagerLoadBalancer.java``. No call goes there. Where the channel has another connection to the
    address that is READY, or config names others of its addresses and not this one, it is such a one.
    """
    failing = _failing(channel)
    if _every(channel):
        return failing
    ready = {part.address for part in channel.subchannels if part.state is ChannelState.READY}
    known = {part.address for part in channel.subchannels} & named
    return [part for part in failing if part.address not in ready and (not known or part.address in known)]


def _failing(channel: Channel) -> list[Subchannel]:
    return [part for part in channel.subchannels if part.state is ChannelState.TRANSIENT_FAILURE]


def _named_by_config(seen: ConfigEvidence) -> frozenset[str]:
    """The addresses of all endpoints in force; none where some come by DNS, which config does not tell."""
    addresses: set[str] = set()
    for resource in seen.snapshot.resources.values():
        if isinstance(body := resource.body, Cluster) and body.discovery != EDS and not body.children:
            return frozenset()
        if isinstance(body, ClusterLoadAssignment):
            for endpoint in body.endpoints:
                addresses.update((endpoint.address, *endpoint.more))
    return frozenset(addresses)


def _every(channel: Channel) -> bool:
    return channel.state is ChannelState.TRANSIENT_FAILURE


def _cluster_tls(seen: ConfigEvidence) -> Iterator[TlsContext]:
    for node in seen.graph.distinct():
        if node.kind is NodeKind.CLUSTER and node.tls is not None:
            yield node.tls


RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (control_plane, destination_unreachable)
"""The rules of this module."""
