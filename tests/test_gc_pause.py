"""The garbage collector rests while a large config is taken in, and is at work again afterwards, as it was before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from meshtui.gc_pause import DUE, at_leisure, catch_up, paused


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_blocks_that_overlap_end_with_the_last_of_them() -> None:
    first, second = paused(), paused()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_what_was_made_in_the_block_is_set_aside() -> None:
    before = gc.get_freeze_count()
    with paused():
        kept = [[number] for number in range(2_000)]
    assert gc.get_freeze_count() >= before + len(kept)


def test_a_collector_that_was_at_rest_stays_so() -> None:
    gc.disable()
    with paused(), paused():
        pass
    assert not gc.isenabled()


def test_a_block_that_fails_wakes_it_too() -> None:
    with pytest.raises(RuntimeError), paused():
        raise RuntimeError("broken")
    assert gc.isenabled()


def _grown_old() -> None:
    for _ in range(DUE + 1):
        gc.collect(1)


def test_full_collections_wait_until_nobody_types() -> None:
    before = gc.get_threshold()
    with at_leisure():
        _grown_old()
        _, _, smaller = gc.get_count()
        catch_up(busy=True)
        assert gc.get_count()[2] >= smaller
        catch_up(busy=False)
        assert gc.get_count()[2] < DUE
    assert gc.get_threshold() == before


def test_a_collector_at_rest_is_not_woken_for_a_full_collection() -> None:
    with at_leisure():
        _grown_old()
        gc.disable()
        catch_up(busy=False)
        assert gc.get_count()[2] >= DUE
