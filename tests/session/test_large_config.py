"""A large config is taken in beside the loop, and nothing that is observed meanwhile is lost or comes before it."""

from __future__ import annotations

import threading
from functools import partial

import pytest

import meshtui.session.state_book as state_book
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import CDS
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.observation import Look, Observation
from meshtui.session.reduce import reduce
from meshtui.session.state import SessionState
from meshtui.session.state_book import LARGE
from tests.session.test_session import following, until
from tests.waiting import PATIENCE_S
from tests.waiting import until as until_true
from tests.world.clock import NOW
from tests.world.config import cluster, resource, snapshot
from tests.world.sources import AnsweredConfig


def large() -> Snapshot:
    return snapshot([resource(CDS, f"cluster-{number}", cluster(f"cluster-{number}")) for number in range(LARGE)])


async def test_what_is_observed_meanwhile_follows_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    threads: list[str] = []

    def slow(state: SessionState, observation: Observation) -> SessionState:
        if isinstance(observation, Look) and isinstance(observation.config, Snapshot):
            threads.append(threading.current_thread().name)
            begun.set()
            go_on.wait(PATIENCE_S)
        return reduce(state, observation)

    monkeypatch.setattr(state_book, "reduce", slow)
    async with following(AnsweredConfig(large())) as session:
        await until_true(begun.is_set)
        session.record(Event(NOW, EventKind.MESH, "mesh", "a pod was restarted"))
        session.record(Event(NOW, EventKind.MESH, "mesh", "and another"))
        assert session.state.snapshot is None, "the loop goes on while a thread is at work"
        go_on.set()
        state = await until(session, lambda state: len(state.events) == 3)
    assert state.snapshot is not None
    assert len(state.graph.roots) == LARGE
    assert [event.text for event in state.events] == ["and another", "a pod was restarted", "connected"]
    assert threads[0] != threading.main_thread().name, "the looks after it bring nothing new, and need no thread"


async def test_a_defect_in_it_costs_the_look_and_not_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(state: SessionState, observation: Observation) -> SessionState:
        if isinstance(observation, Look) and isinstance(observation.config, Snapshot):
            raise RuntimeError("broken")
        return reduce(state, observation)

    monkeypatch.setattr(state_book, "reduce", broken)
    async with following(AnsweredConfig(large())) as session:
        state = await until(session, lambda state: bool(state.link.problem))
        assert "broken" in state.link.problem
        session.record(Event(NOW, EventKind.MESH, "mesh", "a pod was restarted"))
        assert "a pod was restarted" in [event.text for event in session.state.events]
        monkeypatch.setattr(state_book, "reduce", reduce)
        state = await until(session, lambda state: state.snapshot is not None)
    assert len(state.graph.roots) == LARGE


async def test_an_unchanged_large_config_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    script = AnsweredConfig(large())
    async with following(script) as session:
        await until(session, lambda state: state.snapshot is not None)
        aside = partial(pytest.fail, "nothing differs")
        monkeypatch.setattr("meshtui.session.session.asyncio.to_thread", aside)
        polls = script.polls
        await until(session, lambda _: script.polls >= polls + 3)
        assert session.state.link.problem == ""
