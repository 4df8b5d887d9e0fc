"""Events, as both ways of reporting write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given

from meshtui.model.kubernetes.events import event_of, in_order, news, of_pod
from meshtui.model.kubernetes.objects import ObjectName
from tests.model.kubernetes.documents import ANY_JSON, EVENT, NAMESPACE, SCHEDULING_EVENT, broken


def test_an_event_that_was_repeated() -> None:
    event = event_of(EVENT)
    assert event.about == ObjectName("Pod", NAMESPACE, "echo-v2")
    assert (event.container, event.is_warning, event.count) == ("app", True, 3)
    assert event.words == ("Unhealthy (3 times, kubelet): Readiness probe failed: timeout: failed to connect service")
    assert event.first == datetime(2026, 11, 28, 18, 1, 50, tzinfo=UTC)
    assert event.last == datetime(2026, 11, 28, 18, 2, 50, tzinfo=UTC)


def test_an_event_by_the_newer_way() -> None:
    event = event_of(SCHEDULING_EVENT)
    assert (event.count, event.source, event.container) == (1, "default-scheduler", "")
    assert event.first == event.last == datetime(2026, 11, 28, 18, 1, 49, 999683, tzinfo=UTC)


def test_a_series() -> None:
    series = {"count": 7, "lastObservedTime": "2026-11-28T18:09:00.000000Z"}
    event = event_of({**SCHEDULING_EVENT, "series": series})
    assert (event.count, event.last) == (7, datetime(2026, 11, 28, 18, 9, tzinfo=UTC))


def test_of_the_very_pod() -> None:
    """A recreated pod has the same name; what happened to the one before is not its own."""
    mine = event_of(EVENT)
    others = replace(mine, uid="x", about_uid="another")
    assert of_pod((others, mine), mine.about_uid) == (mine,)
    assert of_pod((others, mine), "") == (others, mine)


def test_news() -> None:
    event, other = event_of(EVENT), event_of(SCHEDULING_EVENT)
    repeated = replace(event, count=4)
    assert news((event,), (event, other)) == (other,)
    assert news((event, other), (repeated, other)) == (repeated,)


def test_the_oldest_first() -> None:
    timeless = replace(event_of(EVENT), first=None, last=None)
    assert in_order((event_of(EVENT), timeless, event_of(SCHEDULING_EVENT))) == (
        timeless,
        event_of(SCHEDULING_EVENT),
        event_of(EVENT),
    )


@given(broken(EVENT) | broken(SCHEDULING_EVENT) | ANY_JSON)
def test_no_document_is_too_broken(document: object) -> None:
    assert event_of(document).count >= 1
    assert isinstance(event_of(document).words, str)
