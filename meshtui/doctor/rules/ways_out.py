"""What to do where the cause at hand is known to be another than the usual one; empty where it is not."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.model.control_plane import control_planes
from meshtui.model.xds.graph import Node, NodeKind

WEIGHTLESS: Final = (
    "give the localities of its healthy endpoints a weight above 0: localityLbSetting of a DestinationRule on Istio, "
    "or where another control plane weighs them"
)


def without_pods(node: Node) -> str:
    """For a cluster that cannot serve, though not for a lack of healthy endpoints."""
    if any(child.kind is NodeKind.CLUSTER for child in node.children):
        return "mend one of its members, each of which has its own reason: those of an aggregate serve in their order"
    return WEIGHTLESS if "localities of weight 0" in node.note else ""


def of_first_member(node: Node) -> str:
    """For a cluster that failed over since its first member has no endpoints to look at."""
    first = next((child for child in node.children if child.kind is NodeKind.CLUSTER), None)
    if first is None or first.serves.able is not False or first.children:
        return ""
    return f"mend what keeps {first.label} from serving: {first.note or first.health.name.lower()}"


def way_to_config(seen: ConfigEvidence) -> str:
    """For an answer that is overdue: gRPC's timer runs while it is connected to the control plane (gRFC A57).

    Empty where channelz shows that config comes: then it is the resource itself.
    """
    planes = control_planes(seen.channels, seen.server_uris).seen if seen.channels is not None else ()
    broken = [plane.target for plane in planes if not plane.serving]
    if broken:
        return f"mend the way to the control plane first: nothing comes from {', '.join(broken)} (Channels)"
    if planes:
        return ""
    return "look at the way to the control plane first: its channel (Channels), the agent where there is one, its log"
