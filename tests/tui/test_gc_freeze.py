"""A large target's resources are set aside from the garbage collector, once."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.tui.gc_freeze import LARGE, GcFreeze
from tests.world.clock import NOW
from tests.world.config import cluster, resource, snapshot


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def state(seen: Snapshot | None) -> SessionState:
    return SessionState(target="here", revision=1, link=Link(LinkState.LIVE, NOW), interval=1.0, snapshot=seen)


def test_only_a_large_target_is_set_aside_and_only_once() -> None:
    collector = GcFreeze()
    before = gc.get_freeze_count()
    collector.shown(state(None))
    collector.shown(state(snapshot([resource("CDS", "one", cluster("one"))])))
    assert gc.get_freeze_count() == before
    large = state(snapshot(resource("CDS", str(number), cluster(str(number))) for number in range(LARGE)))
    collector.shown(large)
    frozen = gc.get_freeze_count()
    assert frozen > before + LARGE
    more = [[] for _ in range(10)]  # type: list[list[int]]
    collector.shown(large)
    assert gc.get_freeze_count() <= frozen, more
