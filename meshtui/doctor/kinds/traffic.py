"""Findings about the app's own calls."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

CALLS_HANG: Final = Kind(
    code="calls-hang",
    area=Area.TRAFFIC,
    severity=Severity.ERROR,
    graded="a warning where they may be streams that live long",
    title="Calls to {peer} {hang}",
    why="{in_flight} and none has succeeded for {silent_for}{ended_meanwhile}; {before}.{what_it_may_be}",
    fix=(
        "look at that pod: is its process running (not stopped, not out of CPU), and what does its log say? "
        "restarting it, or taking it out of the endpoints, lets calls go elsewhere"
    ),
    page=(
        "Calls of the app came back steadily; now some are in flight and none has succeeded for a while. A "
        "backend that is stopped, stuck or overloaded takes calls and answers none, and its connection stays "
        "READY: neither CSDS nor the channel's state shows it. In flight is started − succeeded − failed, as "
        "channelz counts per channel and per subchannel (gRFC A14).\n\n"
        "It is an error when more calls are in flight than were while calls came back, or when a peer answers "
        "none of the calls that begin on it while the channel's other peers answer theirs, also where this began "
        "before meshtui looked. It is a warning when more and more calls wait and none comes back, or as many as "
        "before: long-lived streams look the same, since channelz tells neither methods nor ages. An app that has "
        "only ever had streams open is no finding."
    ),
    seen="channelz: the counters of the subchannel that holds the calls, or of the channel where none does.",
)

CALLS_FAIL: Final = Kind(
    code="calls-fail",
    area=Area.TRAFFIC,
    severity=Severity.ERROR,
    graded="a warning while some calls succeed and no peer fails all of its calls, or where fewer than three failed",
    title="{amount} to {host} failed in the last {span}",
    why=(
        "channelz counts every status but OK as failed, also what the service itself answers and what the app "
        "cancels.{where}{in_flight} It does not tell the status; the app's log does, or a probe of the same "
        "service.{by_config}"
    ),
    fix="{how}",
    page=(
        "Calls of the app that ended in the last half minute failed. channelz counts every status but OK as "
        "failed, also what the service itself answers, and does not tell the status. It is an error when all of "
        "them failed, or all to one peer, and at least three; otherwise a warning. Calls that fail because they "
        "hang (their deadline passes) are under [calls-hang](calls-hang.md)."
    ),
    seen="channelz: the counters of the channel and of the peers the calls were sent to.",
    page_fix=(
        "where config is known to fail or drop calls of this host (a fault, a drop policy, a cluster that is not "
        "there), mend that first. Else send a probe through this pod (Echo), which shows the status and its cause. "
        "Calls that a peer counts had a connection, so its TLS is not the cause: look at the peer's log, and at what "
        "its server allows. Calls that no peer counts failed before: look at Config and Channels."
    ),
)
