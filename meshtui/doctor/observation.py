"""What the config rules judge: one look at a target's config and channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from meshtui.model.answerer import Switches
from meshtui.model.channels import ChannelReport
from meshtui.model.traffic import Traffic
from meshtui.model.xds.graph import Graph
from meshtui.model.xds.resource import ResourceKey
from meshtui.model.xds.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Observation:
    """``first_seen`` says since when a resource is as it is, where that was watched."""

    now: datetime
    snapshot: Snapshot
    graph: Graph
    channels: ChannelReport | None = None
    first_seen: Mapping[ResourceKey, datetime] = field(default_factory=lambda: MappingProxyType({}))
    traffic: Traffic | None = None
    switches: Switches = field(default_factory=Switches)
