"""The bounded history."""

from __future__ import annotations

from datetime import timedelta

from meshtui.model.timeline import Event, EventKind, Timeline
from tests.world.clock import NOW


def event(number: int) -> Event:
    return Event(NOW + timedelta(seconds=number), EventKind.CONFIG, f"s{number}", "changed")


def test_the_newest_are_kept_and_the_others_counted() -> None:
    timeline = Timeline(length=3).add(event(0), event(1)).add(*(event(number) for number in range(2, 5)))
    assert [event.subject for event in timeline.events] == ["s2", "s3", "s4"]
    assert timeline.dropped == 2
    assert [event.subject for event in timeline.latest(2)] == ["s4", "s3"]
    assert timeline.latest(0) == ()
    assert len(timeline.latest(99)) == 3


def test_a_new_one_is_empty() -> None:
    assert (Timeline().events, Timeline().dropped, Timeline().latest(5)) == ((), 0, ())


def test_more_events_at_once_than_are_kept_leave_the_newest() -> None:
    timeline = Timeline(length=2).add(event(0)).add(*(event(number) for number in range(1, 100)))
    assert [event.subject for event in timeline.events] == ["s98", "s99"]
    assert timeline.dropped == 98


def test_adding_leaves_the_timeline_before_as_it_was() -> None:
    before = Timeline().add(event(0))
    after = before.add(event(1))
    assert (len(before.events), len(after.events)) == (1, 2)
    assert before.add() is before
