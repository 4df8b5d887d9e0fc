"""The one value a view paints: a target's state at a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from meshtui.model.identity.workload import server_features
from meshtui.model.xds.resource import resource_timer

if TYPE_CHECKING:
    from meshtui.model.xds.resource import Resource
    from meshtui.session.echo.controller import EchoController
    from meshtui.session.kubernetes.log import LogFollower
    from meshtui.session.state import SessionState


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """``now`` is the moment ages are counted to. While the screen is frozen both stay and ``frozen_for`` grows.

    Compared by identity: a new frame is painted, comparing ten thousand resources would cost more.
    ``position`` is which of how many attached targets this is, from 1. ``as_json`` gives the JSON of a resource's
    config; it is asked for the one resource on screen. ``controller`` starts echo runs, ``None`` where none can
    be. ``log`` follows the log of a target that is a pod, once it is started. ``others`` are the states of the other
    attached targets.
    """

    state: SessionState
    now: datetime
    _: KW_ONLY
    as_json: Callable[[Resource], str]
    frozen_for: timedelta | None = None
    position: tuple[int, int] = (1, 1)
    controller: EchoController | None = None
    log: LogFollower | None = None
    others: tuple[SessionState, ...] = ()

    @property
    def resource_timer(self) -> float:
        """Seconds after which gRPC gives up a resource it asked for, as far as the bootstrap was read."""
        return resource_timer(server_features(self.state.workload)).total_seconds()
