"""How soon a cluster is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import MeshtuiError
from meshtui.sources.kubernetes.failures import ApiRefused, ApiUnreachable, LoginFailed, Refusal
from meshtui.sources.kubernetes.pacing import LOGIN_PAUSE_S, LONGEST_PAUSE_S, Pacing


@given(st.integers(min_value=1, max_value=10_000), st.floats(min_value=0, max_value=1))
def test_pauses_grow_and_end_at_half_a_minute(failures: int, chance: float) -> None:
    pacing = Pacing(chance=lambda: chance)
    assert 0.5 <= pacing.pause(failures) <= pacing.pause(failures + 1) <= LONGEST_PAUSE_S


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (ApiUnreachable("gone"), False),
        (ApiRefused("no", refusal=Refusal(403, "", "")), False),
        (ApiRefused("no", refusal=Refusal(401, "", "")), True),
        (LoginFailed("no"), True),
    ],
)
def test_a_login_is_not_tried_in_a_hurry(error: MeshtuiError, waits: bool) -> None:
    assert (Pacing().pause_after(error, 1) >= LOGIN_PAUSE_S) is waits


async def test_a_watch_that_lasted_or_told_something_is_renewed_at_once() -> None:
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    pacing = Pacing(sleep=sleep, clock=lambda: 100.0, chance=lambda: 0.0)
    assert await pacing.after_watch(99.0, True, 3) == 0
    assert await pacing.after_watch(1.0, False, 3) == 0
    assert paused == []
    assert await pacing.after_watch(99.0, False, 1) == 2
    assert paused == [1.0]
