"""Findings about live channels."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

CONTROL_PLANE_LOST: Final = Kind(
    code="control-plane-lost",
    area=Area.CONNECTION,
    severity=Severity.ERROR,
    graded="a warning while another control plane of the app serves",
    title="The app has lost its control plane",
    why=(
        "The client's ADS channel is in TRANSIENT_FAILURE. The config it holds stays in force and CSDS still says "
        "ACKED, but no change arrives: new endpoints, weights and policies are missed."
    ),
    fix="see that the istio-agent runs (its Unix socket is this channel's address) and that it reaches istiod",
    page=(
        "The app's ADS channel is broken. The config it holds stays in force and CSDS still says ACKED for all of "
        "it, which is why nothing else shows this; but new endpoints, weights and policies do not arrive."
    ),
    seen="channelz: the channel to the xDS server of the bootstrap is in TRANSIENT_FAILURE.",
)

CONTROL_PLANE_CUT_OFF: Final = Kind(
    code="control-plane-cut-off",
    area=Area.CONNECTION,
    severity=Severity.ERROR,
    graded="a warning while another control plane of the app serves",
    title="{who} takes the app's config calls and ends each with an error",
    why=(
        "The ADS calls failed and none is open: {what_then}. The config the app holds stays in force and CSDS still "
        "says ACKED, but no change arrives, and what it has not got yet it waits for in vain."
    ),
    fix="see that istiod runs and that the agent reaches it on 15012 (NetworkPolicy, DNS, the agent's log)",
    page=(
        "The app reaches the address of its control plane, often its agent's socket, and each ADS call there ends with "
        "an error: the agent is cut off from istiod. The config the app holds stays in force and CSDS still says ACKED "
        "for all of it; no change arrives, and what it has not got yet it waits for in vain."
    ),
    seen="channelz: the calls on each channel to the control plane; they failed, and none is in flight.",
)

CONTROL_PLANE_SILENT: Final = Kind(
    code="control-plane-silent",
    area=Area.CONNECTION,
    severity=Severity.WARNING,
    title="The app has no open config call to its control plane",
    why=(
        "Config comes over an ADS call that stays open. The app's calls have ended and it has not begun another, so no "
        "change arrives until it does. How they ended does not tell why: the control plane may have gone, or streams "
        "of one process may push each other out at the agent ({how})."
    ),
    page=(
        "Config comes over an ADS call that stays open. The app's calls have ended and it has not begun another, so no "
        "change arrives until it does. How they ended does not tell why: the control plane may have gone, or streams "
        "of one process may push each other out at the agent."
    ),
    fix="look again in two minutes, gRPC's longest backoff; then at the agent's log and whether istiod runs",
    seen="channelz: the calls on each channel to the control plane; they ended, well or not, and none is open.",
)

CONTROL_PLANE_PARTLY: Final = Kind(
    code="control-plane-partly",
    area=Area.CONNECTION,
    severity=Severity.WARNING,
    title="Config comes over {open} of the app's {count} channels to {target}, and not over the rest",
    why=(
        "Not over: {how}. gRPC since 1.66 has a channel for each xds: target and one for its xDS server (gRFC A71). "
        "What it asks for over a channel without an open call hears of no change, or waits in vain; channelz does not "
        "say which target that is."
    ),
    fix="look again in two minutes, gRPC's longest backoff; then at the agent's log and at what Config has not got yet",
    page=(
        "gRPC since 1.66 has a channel to the control plane for each xds: target and one for its xDS server (gRFC "
        "A71). One of them has an ADS call in flight, another has none, or no connection. What the app asks for over "
        "the latter hears of no change, or waits in vain; channelz does not say which target that is."
    ),
    seen="channelz: the state of each channel to the control plane and the calls on it.",
)

DESTINATION_UNREACHABLE: Final = Kind(
    code="destination-unreachable",
    area=Area.CONNECTION,
    severity=Severity.ERROR,
    graded="a warning while some of its endpoints can be connected to",
    title="The app cannot connect to {any_or_some} endpoint of {host}",
    why="Its {what} in TRANSIENT_FAILURE{addresses}. {reason}",
    fix=(
        "see that the servers run and answer (a probe from this pod gives the text of the failure), and compare "
        "the DestinationRule's tls.mode (DISABLE or ISTIO_MUTUAL) with their PeerAuthentication (proxyless gRPC "
        "serves mTLS only under STRICT, plaintext otherwise)"
    ),
    page=(
        "Connections of the app to some or all endpoints of a destination fail. The client's own trace says why, where "
        "it has one; without it, these are possible: nothing listens at the address; "
        "or what accepts the connection does not speak HTTP/2, as a process that is stopped or stuck; or the two "
        "sides disagree on TLS."
    ),
    seen=(
        "channelz: the subchannels in TRANSIENT_FAILURE, the reason in their trace (gRFC A3) where the client writes "
        "one, and the TLS mode of the accepted clusters."
    ),
    page_fix=(
        "see that the servers run and answer: a probe from the same pod gives the text of the failure. Then "
        "compare `trafficPolicy.tls.mode` of the DestinationRule (DISABLE or ISTIO_MUTUAL) with the "
        "PeerAuthentication of the servers. Proxyless gRPC serves mTLS only under STRICT, and plaintext "
        "otherwise; there is no automatic mTLS."
    ),
)
