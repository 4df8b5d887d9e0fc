"""Which lines of a log are shown, and on how many rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_lines import LogLine, Topic
from meshtui.tui.kit.style import Role
from meshtui.tui.views.log.layout import Layout, Picked
from meshtui.tui.views.log.lines import highlighted
from tests.world.logs import afternoon

WHOLE = Picked(40, wrapped=True)


def shown(layout: Layout) -> list[str]:
    return [row.text for row in layout.rows]


def test_only_what_is_about_the_mesh() -> None:
    layout = Layout()
    layout.update(1, LogBook().add([*afternoon(), LogLine(text="cut", is_note=True)]), Picked(40, only_mesh=True), "")
    assert (layout.shown, shown(layout)[-1]) == (8, "cut")
    assert not any("FLAG" in text or "Readiness" in text for text in shown(layout))
    layout.update(1, LogBook().add(afternoon()), Picked(40, only_trouble=True, scoped=False), "")
    assert shown(layout) == [line.text for line in afternoon() if line.is_trouble]


def test_a_long_line_has_several_rows() -> None:
    layout = Layout()
    layout.update(1, LogBook().add([LogLine(text="x" * 100), LogLine(text="short")]), WHOLE, "")
    assert [(row.number, row.first) for row in layout.rows] == [(0, True), (0, False), (0, False), (1, True)]
    assert (layout.shown, layout.first_row(1), layout.lines_after(0)) == (2, 3, 1)


def test_what_is_looked_for_is_plain_text() -> None:
    layout = Layout()
    book = LogBook().add([LogLine(text="a.*b"), LogLine(text="axxb"), LogLine(text="A.*B [/] (")])
    layout.update(1, book, Picked(40), "a.*b")
    assert layout.found == [0, 2]
    assert (layout.next_found(0, 1), layout.next_found(2, 1), layout.next_found(0, -1)) == (2, 0, 2)
    layout.update(1, book, Picked(40), "[/] (")
    assert layout.found == [2]
    layout.update(1, book, Picked(40), "")
    assert layout.next_found(0, 1) is None


def test_the_words_stand_out() -> None:
    spans = list(highlighted("Connected to istiod", ("istiod", "conn"), Role.TEXT))
    assert [(piece.text, piece.role) for piece in spans] == [
        ("Conn", Role.MATCH),
        ("ected to ", Role.TEXT),
        ("istiod", Role.MATCH),
    ]


@given(
    st.lists(st.lists(st.text(max_size=90), max_size=5), max_size=8),
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from(["", "a", "0 1"]),
)
def test_growing_step_by_step_is_the_same_as_all_at_once(
    steps: list[list[str]], most: int, wrapped: bool, typed: str
) -> None:
    book, growing = LogBook(most=most), Layout()
    picked = Picked(20, wrapped=wrapped, only_mesh=False)
    for texts in steps:
        book = book.add([LogLine(text=text, topic=Topic.XDS) for text in texts])
        before, rows = book.dropped, len(growing.rows)
        gone = growing.update(1, book, picked, typed)
        assert gone is None or gone <= rows
        at_once = Layout()
        at_once.update(1, book, picked, typed)
        assert (growing.rows, growing.found, growing.shown) == (at_once.rows, at_once.found, at_once.shown)
        assert before == book.dropped
