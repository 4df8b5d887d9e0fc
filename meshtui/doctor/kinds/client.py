"""Findings about who answers."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

ANOTHER_CLIENT: Final = Kind(
    code="another-client",
    area=Area.CLIENT,
    severity=Severity.WARNING,
    title="Another client answers here than before",
    why="{what_changed}",
    fix="attach to one pod by name or by its own address (kubectl port-forward pod/NAME 17171), not to a Service",
    page=(
        "The node id in the answers changed while they were watched. Either the pod was replaced, or the address "
        "leads to several pods (a Service, a load balancer, a port-forward to a Service) and they answer in turn. "
        "Config of two clients is never compared: what changed is said only of one and the same."
    ),
    seen="CSDS: the node ids that answered.",
)
