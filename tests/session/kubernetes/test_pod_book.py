"""A list of pods as it is told: whatever comes in whatever order, what is shown is what the server said last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.pod_events import PodChanged, PodEvent, PodGone, PodPage, PodsLive, PodsTroubled
from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.session.kubernetes.pod_book import Failed, Phase, PodBook, Problem, Waits
from tests.world.clock import NOW
from tests.world.pods import echo

ROW = echo()
PODS = st.tuples(st.sampled_from("abcdefg"), st.sampled_from("12")).map(
    lambda drawn: replace(ROW, name=drawn[0], uid="".join(drawn))
)
TROUBLE = PodsTroubled(error=TargetUnreachable("It does not answer.", "wait"), again_in=3)


@dataclass
class Server:
    """A cluster, and what a source would tell of it."""

    pods: dict[str, PodRow] = field(default_factory=dict)

    def listed(self, size: int) -> list[PodEvent]:
        """The whole list, in pages."""
        rows = tuple(self.pods.values())
        starts = range(0, max(len(rows), 1), size)
        return [
            *(
                PodPage(
                    rows=rows[at : at + size],
                    starts=at == 0,
                    complete=at + size >= len(rows),
                    remaining=max(len(rows) - at - size, 0),
                )
                for at in starts
            ),
            PodsLive(),
        ]

    def put(self, pod: PodRow) -> list[PodEvent]:
        """A pod is there; one with another uid takes the name of one that has gone."""
        before = self.pods.get(pod.name)
        self.pods[pod.name] = pod
        gone: list[PodEvent] = [PodGone(before)] if before is not None and before.uid != pod.uid else []
        return [*gone, PodChanged(pod)]

    def delete(self, name: str) -> list[PodEvent]:
        return [PodGone(self.pods.pop(name))] if name in self.pods else []


def told(book: PodBook, events: list[PodEvent]) -> PodBook:
    for event in events:
        book = book.after(event, NOW)
    return book


def names(book: PodBook) -> dict[str, str]:
    return {row.name: row.uid for row in book.pods.values()}


STEPS = st.lists(
    st.one_of(
        PODS.map(lambda pod: ("put", pod)),
        PODS.map(lambda pod: ("delete", pod)),
        PODS.map(lambda pod: ("unseen", pod)),
        st.integers(1, 4).map(lambda size: ("list", size)),
        st.just(("trouble", None)),
    ),
    max_size=30,
)


@given(STEPS, st.integers(1, 4))
def test_it_shows_what_the_server_has(steps: list[tuple[str, object]], size: int) -> None:
    server, book = Server(), PodBook(since=NOW)
    book = told(book, server.listed(size))
    for what, with_ in steps:
        match what, with_:
            case "put", PodRow() as pod:
                book = told(book, server.put(pod))
            case "delete", PodRow() as pod:
                book = told(book, server.delete(pod.name))
            case "unseen", PodRow() as pod:  # while the watch was cut
                server.pods[pod.name] = pod
                book = told(book, [TROUBLE, *server.listed(size)])
            case "list", int() as size:
                book = told(book, server.listed(size))
            case _:
                before = names(book)
                book = book.after(TROUBLE, NOW)
                assert names(book) == before
    book = told(book, server.listed(size))
    assert names(book) == {name: pod.uid for name, pod in server.pods.items()}
    assert (book.phase, book.problem, book.whole) == (Phase.LIVE, None, True)


@given(st.lists(PODS, max_size=8), st.lists(PODS, max_size=8))
def test_until_a_new_list_is_whole_nothing_of_the_old_one_goes(old: list[PodRow], new: list[PodRow]) -> None:
    book = told(PodBook(since=NOW), [PodPage(rows=tuple(old), starts=True, complete=True), PodsLive()])
    listing = book.after(PodPage(rows=tuple(new), starts=True, complete=False, remaining=7), NOW)
    assert {*names(book), *(pod.name for pod in new)} == {*names(listing)}
    assert (listing.phase, listing.remaining) == (Phase.LISTING, 7)
    whole = listing.after(PodPage(rows=(), starts=False, complete=True), NOW)
    assert names(whole).keys() == {pod.name for pod in new}
    assert whole.remaining is None


def test_the_end_of_a_pod_takes_no_other_of_its_name() -> None:
    book = told(PodBook(since=NOW), [PodChanged(replace(ROW, uid="new"))])
    assert names(book.after(PodGone(replace(ROW, uid="old")), NOW)) == {ROW.name: "new"}
    assert names(book.after(PodGone(replace(ROW, uid="new")), NOW)) == {}


def test_a_phase_says_since_when() -> None:
    book = PodBook(since=NOW).after(Waits("the login plugin"), NOW)
    later = book.after(Waits("the login plugin"), NOW + timedelta(seconds=9))
    assert later.since == NOW
    assert later.after(Waits("something else"), NOW + timedelta(seconds=9)).since == NOW + timedelta(seconds=9)


def test_trouble_is_tried_again_and_a_failure_is_not() -> None:
    book = PodBook(since=NOW).after(TROUBLE, NOW)
    assert (book.phase, book.retry_at) == (Phase.TROUBLED, NOW + timedelta(seconds=3))
    assert book.problem == Problem("It does not answer.", "wait")
    book = book.after(Failed(Problem("no kubeconfig")), NOW)
    assert (book.phase, book.retry_at) == (Phase.FAILED, None)


def test_without_a_watch_it_stays_polled_while_it_is_listed_again() -> None:
    book = told(PodBook(since=NOW), [PodsLive(polled=True, why="may not watch")])
    again = book.after(PodPage(rows=(ROW,), starts=True, complete=True), NOW)
    assert (again.phase, again.polled_why) == (Phase.POLLED, "may not watch")
