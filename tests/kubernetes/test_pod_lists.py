"""A list of pods as it changes: pages, watch, bookmarks, versions that are too old, cuts and refusals."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.model.kubernetes.pod_events import PodChanged, PodEvent, PodGone, PodPage, PodsLive, PodsTroubled
from meshtui.sources.kubernetes import pages as pages_module
from meshtui.sources.kubernetes import watching
from meshtui.sources.kubernetes.failures import ApiRefused, ApiUnreachable, Cause
from meshtui.sources.kubernetes.pacing import LOGIN_PAUSE_S
from meshtui.sources.kubernetes.pages import PAGE
from meshtui.sources.kubernetes.pods import follow_pods, list_pods
from tests.kubernetes.asked import SOON, Heard, api_of, heard
from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Breaks, Held
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.pods import pod, proxyless
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import Says, continue_too_old
from tests.waiting import until


def is_live(event: PodEvent) -> bool:
    return event == PodsLive()


def pods_in(told: Heard[PodEvent]) -> set[str]:
    """The names that somebody knows who has followed everything."""
    known: set[str] = set()
    for event in told.events:
        if isinstance(event, PodPage):
            known = set() if event.starts else known
            known |= {row.name for row in event.rows}
        elif isinstance(event, PodChanged):
            known.add(event.row.name)
        elif isinstance(event, PodGone):
            known.discard(event.row.name)
    return known


async def test_the_first_page_comes_before_the_rest(double: Double) -> None:
    for number in range(2 * PAGE):
        double.cluster.store.put(pod(f"p{number:03}", where="bulk"))
    async with api_of(double) as api, heard(follow_pods(api, "bulk", pacing=SOON)) as told:
        await told.until(is_live, "the whole list")
    pages = [event for event in told.events if isinstance(event, PodPage)]
    assert [(page.starts, page.complete, page.remaining) for page in pages] == [(True, False, PAGE), (False, True, 0)]
    assert len(pods_in(told)) == 2 * PAGE
    assert double.verbs() >= {("list", "pods"), ("watch", "pods")}


async def test_rows_say_what_kubectl_says_and_whether_they_are_proxyless(double: Double) -> None:
    double.cluster.store.put(pod("plain"))
    double.cluster.store.put(pod("late", phase="Pending", node=""))
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        page = await told.until(lambda event: isinstance(event, PodPage), "a page")
    assert isinstance(page, PodPage)
    seen = {row.name: (row.status.status, row.status.ready_words, row.mesh.is_proxyless) for row in page.rows}
    assert seen == {
        "echo-v1": ("Running", "2/2", True),
        "echo-v2": ("Running", "2/2", True),
        "plain": ("Running", "1/1", False),
        "late": ("Pending", "0/1", False),
    }


async def test_changes_come_by_watch(double: Double) -> None:
    store = double.cluster.store
    async with api_of(double) as api, heard(follow_pods(api, None, "app=echo", pacing=SOON)) as told:
        await told.until(is_live, "the list")
        store.put(proxyless("echo-v3"))
        store.put(pod("other"))
        store.delete(PODS, "echo-grpc", "echo-v1")
        await until(lambda: pods_in(told) == {"echo-v2", "echo-v3"}, "both changes")
        store.change(PODS, "echo-grpc", "echo-v3", lambda found: found["metadata"]["labels"].update(app="no"))
        await until(lambda: pods_in(told) == {"echo-v2"}, "a pod that no longer fits")


async def test_a_watch_that_is_cut_goes_on_where_it_was(double: Double) -> None:
    store = double.cluster.store
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        await told.until(is_live, "the list")
        await until(double.watches, "a watch")
        double.bookmark()
        await asyncio.to_thread(double.cut_watches, b'{"type":"MODIF')
        store.put(proxyless("echo-v3"))
        await until(lambda: "echo-v3" in pods_in(told), "a change after the cut")
    assert len([event for event in told.events if isinstance(event, PodPage)]) == 1  # not listed again


async def test_a_version_that_is_too_old_is_listed_anew(double: Double) -> None:
    store = double.cluster.store
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        await told.until(is_live, "the list")
        await until(double.watches, "a watch")
        await asyncio.to_thread(double.stop)
        store.delete(PODS, "echo-grpc", "echo-v1")
        store.compact()
        await asyncio.to_thread(double.start_again)
        await until(lambda: pods_in(told) == {"echo-v2"}, "a new list")
        assert any(isinstance(event, PodPage) and event.starts for event in told.events[1:])


async def test_a_server_that_is_gone_is_told_and_tried_again(double: Double) -> None:
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        await told.until(is_live, "the list")
        await asyncio.to_thread(double.stop)
        trouble = await told.until(lambda event: isinstance(event, PodsTroubled), "trouble")
        assert isinstance(trouble, PodsTroubled)
        assert isinstance(trouble.error, ApiUnreachable)
        told.events.clear()
        await asyncio.to_thread(double.start_again)
        await told.until(is_live, "that it is back")


async def test_a_login_that_is_mended_outside_is_noticed(double: Double) -> None:
    full = double.cluster.users.pop("full")
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        trouble = await told.until(lambda event: isinstance(event, PodsTroubled), "a refusal")
        assert isinstance(trouble, PodsTroubled)
        assert isinstance(trouble.error, ApiRefused)
        assert trouble.error.code == 401
        assert trouble.again_in >= LOGIN_PAUSE_S
        double.cluster.users["full"] = full
        await told.until(is_live, "the list")


async def test_without_the_right_to_watch_it_is_listed_again_and_again(double: Double) -> None:
    async with api_of(double, "nowatch") as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        polled = await told.until(lambda event: isinstance(event, PodsLive) and event.polled, "polling")
        assert isinstance(polled, PodsLive)
        assert "cannot watch" in polled.why
        double.cluster.store.delete(PODS, "echo-grpc", "echo-v1")
        await until(lambda: pods_in(told) == {"echo-v2"}, "another list")


async def test_without_the_right_to_list_the_refusal_is_told(double: Double) -> None:
    async with api_of(double, "getonly") as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        trouble = await told.until(lambda event: isinstance(event, PodsTroubled), "a refusal")
    assert isinstance(trouble, PodsTroubled)
    assert isinstance(trouble.error, ApiRefused)
    assert (trouble.error.code, "cannot list" in trouble.error.message) == (403, True)


def is_watch(asked: Asked) -> bool:
    return asked.verb == "watch"


async def test_a_watch_that_ends_at_once_is_not_asked_for_in_a_hurry(double: Double) -> None:
    pauses: list[float] = []
    told_twice = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            told_twice.set()
        await asyncio.sleep(0)

    double.cluster.instead(Says(200, b"", "application/json"), is_watch)
    pacing = replace(SOON, sleep=sleep)
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=pacing)):
        await told_twice.wait()
    assert pauses[:3] == [0.5, 1.0, 2.0]


@pytest.mark.parametrize("why", ["silence", "sleep"])
async def test_a_connection_that_may_be_dead_is_replaced(
    double: Double, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr(watching, "CHECK_S", 0.01)
    monkeypatch.setattr(watching, "SILENCE_S", 0.05 if why == "silence" else 1e9)
    clock = itertools.count(step=1000 if why == "sleep" else 0)
    pacing = replace(SOON, wall=lambda: float(next(clock)))
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=pacing)) as told:
        await until(lambda: sum(map(is_watch, double.cluster.log)) > 2, "another watch, and another")
        double.cluster.store.put(proxyless("echo-v3"))
        await until(lambda: "echo-v3" in pods_in(told), "a change that nothing was lost of")
    assert not any(isinstance(event, PodsTroubled) for event in told.events)
    assert len([event for event in told.events if isinstance(event, PodPage)]) == 1


def asks_version(asked: Asked) -> bool:
    return asked.path == "/version"


async def test_a_server_that_falls_silent_is_asked_beside_the_watch(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "CHECK_S", 0.01)
    monkeypatch.setattr(watching, "QUIET_S", 0.02)
    monkeypatch.setattr(watching, "SILENCE_S", 1e9)
    held = Held()
    double.cluster.instead(held, asks_version)
    async with api_of(double, timeout=1.0) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        trouble = await told.until(lambda event: isinstance(event, PodsTroubled), "that nothing answers")
        assert isinstance(trouble, PodsTroubled)
        assert isinstance(trouble.error, ApiUnreachable)
        assert trouble.error.cause is Cause.SILENT
        monkeypatch.setattr(watching, "QUIET_S", 1e9)  # a question under way at the end would be cut
        double.cluster.well_again()
        held.release()
        double.cluster.store.put(proxyless("echo-v3"))
        await until(lambda: "echo-v3" in pods_in(told), "a change that nothing was lost of")


@pytest.mark.parametrize("code", [200, 401, 500])
async def test_any_answer_beside_a_silent_watch_shows_that_the_server_is_there(
    double: Double, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(watching, "CHECK_S", 0.01)
    monkeypatch.setattr(watching, "QUIET_S", 0.02)
    monkeypatch.setattr(watching, "SILENCE_S", 1e9)
    double.cluster.instead(Says(code, b"{}"), asks_version)
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        await until(lambda: sum(map(is_live, told.events)) > 3, "again and again that it is there")
        monkeypatch.setattr(watching, "QUIET_S", 1e9)
        await until(lambda: sum(map(is_live, told.events)) == 1 + sum(map(asks_version, double.cluster.log)))
    assert not any(isinstance(event, PodsTroubled) for event in told.events)
    assert sum(map(is_watch, double.cluster.log)) == 1
    assert all(asked.user.endswith(":full") for asked in double.cluster.log if asks_version(asked))


@pytest.mark.parametrize("answer", [b"<html>a proxy</html>\n", b'{"type":\n', b"[" * 100_000 + b"\n"])
async def test_a_watch_of_no_json_is_trouble(double: Double, answer: bytes) -> None:
    double.cluster.instead(Says(200, answer, "application/json"), is_watch)
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        trouble = await told.until(lambda event: isinstance(event, PodsTroubled), "trouble")
    assert isinstance(trouble, PodsTroubled)
    assert "no JSON" in trouble.error.what


async def test_a_list_that_took_too_long_begins_again(double: Double) -> None:
    for number in range(2 * PAGE):
        double.cluster.store.put(pod(f"p{number:03}", where="bulk"))
    async with api_of(double) as api:
        double.cluster.instead(continue_too_old(), lambda asked: bool(asked.one("continue")), times=1)
        assert len(await list_pods(api, "bulk")) == 2 * PAGE
        double.cluster.instead(continue_too_old(), lambda asked: bool(asked.one("continue")), times=1)
        async with heard(follow_pods(api, "bulk", pacing=SOON)) as told:
            await told.until(is_live, "the list")
    assert not any(isinstance(event, PodsTroubled) for event in told.events)
    assert [event.starts for event in told.events if isinstance(event, PodPage)] == [True, True, False]
    assert len(pods_in(told)) == 2 * PAGE


async def test_a_list_that_is_cut_in_the_middle_is_tried_again(double: Double) -> None:
    double.cluster.instead(Breaks(500), lambda asked: asked.verb == "list", times=1)
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        await told.until(is_live, "the list after all")
    assert isinstance(told.events[0], PodsTroubled)


async def test_a_server_that_always_has_another_page_is_not_believed(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_module, "MOST_PAGES", 3)
    body = b'{"kind":"PodList","metadata":{"continue":"more"},"items":[]}'
    double.cluster.instead(Says(200, body, "application/json"), lambda asked: asked.verb == "list")
    async with api_of(double) as api:
        with pytest.raises(Exception, match="more than 3 pages"):
            await list_pods(api, "echo-grpc")


async def test_plain_pods_do_where_a_server_prints_no_table(double: Double, tmp_path: Path) -> None:
    body = b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"p"}},7]}'
    double.cluster.instead(Says(200, body, "application/json"), lambda asked: asked.verb == "list", times=1)
    async with api_of(double) as api, heard(follow_pods(api, "echo-grpc", pacing=SOON)) as told:
        page = await told.until(lambda event: isinstance(event, PodPage), "a page")
    assert isinstance(page, PodPage)
    assert [row.name for row in page.rows] == ["p"]
