"""What is attached and which of it is in front, as a value; and what sessions learn of one another."""

from __future__ import annotations

from dataclasses import replace

from meshtui.session.state import Link, LinkState, SessionState
from meshtui.session.workspace import WorkspaceState
from tests.world.clock import NOW


def state(target: str) -> SessionState:
    return SessionState(target=target, link=Link(LinkState.CONNECTING, NOW), interval=1.0)


def attached(*targets: str) -> WorkspaceState:
    workspace = WorkspaceState()
    for target in targets:
        workspace = workspace.attached(state(target))
    return workspace


def test_what_is_attached_last_is_in_front() -> None:
    assert (attached("a", "b").targets, attached("a", "b").front) == (("a", "b"), 1)


def test_a_newer_state_takes_the_place_of_the_one_before() -> None:
    newer = replace(state("a"), revision=7)
    workspace = attached("a", "b").seen(newer)
    assert workspace.states[0] is newer
    assert workspace.front == 1
    assert attached("b").seen(newer) == attached("b")


def test_turning_goes_round() -> None:
    workspace = attached("a", "b", "c")
    assert [workspace.turned(step).front for step in (1, -1, 2)] == [0, 1, 1]
    assert workspace.turned_to("b").front == 1
    assert WorkspaceState().turned(1) == WorkspaceState()


def test_others_are_all_but_one() -> None:
    assert [other.target for other in attached("a", "b", "c").others("b")] == ["a", "c"]
