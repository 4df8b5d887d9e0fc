"""The terminal goes away: nothing stays, whatever the program was doing."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

import pytest

from bench import hangup

pytestmark = [
    pytest.mark.terminal,
    pytest.mark.mesh,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]

PATIENCE = 60.0
"""Seconds to wait for the end on a machine that is busy; how soon it comes is measured by bench/hangup.py."""

MOMENTS = [name for name, _, _, _ in hangup.PHASES] + ["typing"]


@pytest.fixture(scope="module")
def peers() -> Iterator[hangup.Peers]:
    with hangup.peers() as found:
        yield found


@pytest.mark.parametrize("number", range(len(MOMENTS)), ids=lambda number: f"{number} {MOMENTS[number]}")
def test_nothing_is_left_when_the_terminal_goes_away(number: int, peers: hangup.Peers) -> None:
    ending = hangup.hang_up_once(MOMENTS[number], random.Random(number), peers, PATIENCE)
    assert ending.left == []
