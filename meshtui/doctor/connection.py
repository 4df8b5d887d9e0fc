"""Rules over live channels: what CSDS alone does not tell (a dead control plane stays all ACKED there)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.observation import Observation
from meshtui.model.channels import Channel, ChannelState, Subchannel
from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import ChannelSubject
from meshtui.model.xds.config import TlsContext
from meshtui.model.xds.graph import NodeKind
from meshtui.model.xds.names import short_target
from meshtui.model.xds.words import tls_words


def control_plane_lost(seen: Observation) -> Iterator[Finding]:
    """The ADS channel is broken: the config on screen is true, but nothing new will come."""
    channel = seen.channels.control_plane() if seen.channels else None
    if channel is None or channel.state is not ChannelState.TRANSIENT_FAILURE:
        return
    yield Finding(
        code="control-plane-lost",
        severity=Severity.ERROR,
        subject=ChannelSubject(channel.target),
        title="The app has lost its control plane",
        explanation=(
            "The client's ADS channel is in TRANSIENT_FAILURE. The config it holds stays in force and CSDS still says "
            "ACKED, but no change arrives: new endpoints, weights and policies are missed."
        ),
        fix="see that the istio-agent runs (its Unix socket is this channel's address) and that it reaches istiod",
        evidence=(f"channelz: {channel.target} is TRANSIENT_FAILURE",),
    )


def destination_unreachable(seen: Observation) -> Iterator[Finding]:
    """A channel of the app into the mesh on which every connection fails; several to one target are one finding."""
    worst: dict[str, Channel] = {}
    for channel in seen.channels.mesh_channels if seen.channels else ():
        if _broken(channel) or _every(channel):
            known = worst.get(channel.target)
            if known is None or (_every(channel), len(_broken(channel))) > (_every(known), len(_broken(known))):
                worst[channel.target] = channel
    modes = sorted({tls_words(tls) for tls in _cluster_tls(seen)}) if worst else []
    for channel in worst.values():
        broken, every = _broken(channel), _every(channel)
        addresses = ", ".join(part.address for part in broken[:3])
        yield Finding(
            code="destination-unreachable",
            severity=Severity.ERROR if every else Severity.WARNING,
            subject=ChannelSubject(channel.target),
            title=f"The app cannot connect to {'any' if every else 'some'} endpoint of {short_target(channel.target)}",
            explanation=(
                f"Its connections are in TRANSIENT_FAILURE{f' ({addresses})' if addresses else ''}. Nothing listens "
                "there; or what accepts the connection does not speak HTTP/2, as a process that hangs; or the "
                f"handshake fails: this client's accepted clusters use {' and '.join(modes) or 'no TLS'}, so the "
                "servers must do the same."
            ),
            fix=(
                "see that the servers run and answer (a probe from this pod gives the text of the failure), and "
                "compare the DestinationRule's tls.mode (DISABLE or ISTIO_MUTUAL) with their PeerAuthentication "
                "(proxyless gRPC serves mTLS only under STRICT, plaintext otherwise)"
            ),
            evidence=(
                f"channelz: {channel.target} is {channel.state.value}",
                *(f"channelz: {part.address} is {part.state.value}" for part in broken[:3]),
            ),
        )


def _broken(channel: Channel) -> list[Subchannel]:
    return [part for part in channel.subchannels if part.state is ChannelState.TRANSIENT_FAILURE]


def _every(channel: Channel) -> bool:
    return channel.state is ChannelState.TRANSIENT_FAILURE


def _cluster_tls(seen: Observation) -> Iterator[TlsContext]:
    for node in seen.graph.distinct():
        if node.kind is NodeKind.CLUSTER and node.tls is not None:
            yield node.tls


CONNECTION_RULES: Final = (control_plane_lost, destination_unreachable)
"""The rules of this module."""
