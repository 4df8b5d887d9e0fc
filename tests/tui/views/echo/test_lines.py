"""The pictures of view 3 say what the numbers say, in the cells they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import TallyCounter
from meshtui.model.split.assessment import Expectation, ExpectationSource
from meshtui.model.split.epochs import SplitBook
from meshtui.model.split.typed import parse_expectation
from meshtui.present.echo_form import EchoForm
from meshtui.session.echo.state import EchoSettings, EchoState, Phase
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.palette import SERIES
from meshtui.tui.kit.style import Line, Role
from meshtui.tui.kit.text import width_of
from meshtui.tui.views.echo.lines.bars import ShareBar, bar_line
from meshtui.tui.views.echo.lines.chart import AXIS, LABELS, chart_lines
from meshtui.tui.views.echo.lines.digits import HEIGHT, big
from meshtui.tui.views.echo.lines.facts import milliseconds
from meshtui.tui.views.echo.lines.head import phase_lines
from meshtui.tui.views.echo.lines.page import Scene, page_lines
from meshtui.tui.views.echo.lines.series import versions_of
from tests.echo_server import output_text
from tests.world.clock import NOW
from tests.world.config import SCOPE

SPEC = EchoRequestSpec(SCOPE, count=None, qps=50)


def text(line: Line) -> str:
    return "".join(piece.text for piece in line)


def state_of(seconds: Sequence[dict[str, int]], steps: dict[int, str], failed: int = 0) -> EchoState:
    """A run of a batch a second; ``steps`` says what the config asks for from a second on."""
    counter = TallyCounter(None)
    book = SplitBook.open(None, NOW)
    for second, counts in enumerate(seconds):
        at = NOW + timedelta(seconds=second)
        if second in steps:
            book = book.expect(parse_expectation(steps[second]), at)
        outputs = [output_text(number, version) for version, count in counts.items() for number in range(count)]
        batch = Batch(number=second + 1, count=len(outputs), qps=50, timeout_s=5.0)
        result = account(batch, BatchReply(ReplyKind.OUTPUTS, tuple(outputs)))
        counter.add(result, at)
        book = book.record(result.split, at)
    if failed:
        text = f"rpc error: code = Unknown desc = {failed}/{failed} requests had errors; first error: boom"
        batch = Batch(number=99, count=failed, qps=50, timeout_s=5.0)
        counter.add(account(batch, BatchReply(ReplyKind.REFUSED, error=text)), at)
    return EchoState(
        SPEC,
        settings=EchoSettings(),
        probe="client",
        phase=Phase.RUNNING,
        tally=counter.look(),
        assessment=book.assess(),
        epochs=book.epochs,
        started=NOW,
    )


ROLLOUT = state_of(
    [{"v1": 50}] * 10 + [{"v1": 40, "v2": 10}] * 10 + [{"v2": 50}] * 10,
    {0: "v1=100", 10: "v1=80,v2=20", 20: "v1=0,v2=100"},
)


@given(
    share=st.floats(0, 1),
    want=st.none() | st.floats(0, 1),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    cells=st.integers(1, 200),
    whiskers=st.booleans(),
)
def test_a_bar_takes_its_cells(
    share: float, want: float | None, ends: tuple[float, float], cells: int, whiskers: bool
) -> None:
    bar = ShareBar(share, SERIES[0], want, min(ends), max(ends))
    line = bar_line(bar, cells, whiskers=whiskers)
    assert width_of(line) == cells
    assert text(line).count("┃") == (want is not None)


def test_the_tick_and_the_whiskers_stand_where_the_shares_are() -> None:
    line = text(bar_line(ShareBar(0.5, SERIES[0], 0.8, 0.2, 0.9), 100))
    assert line.index("┃") == 80
    assert line.index("├") == 20
    assert line.index("┤") == 89
    assert text(bar_line(ShareBar(0.5, SERIES[0]), 100)).count("█") == 50
    assert text(bar_line(ShareBar(0.0001, SERIES[0]), 100)).strip() == "▏"
    assert text(bar_line(ShareBar(0.0, SERIES[0]), 100)).strip() == ""


def test_digits_are_three_lines() -> None:
    lines = big("42")
    assert len(lines) == HEIGHT
    assert {len(line) for line in lines} == {7}
    assert lines == ("█ █ ▀▀█", "▀▀█ █▀▀", "  ▀ ▀▀▀")


def column(lines: Sequence[Line], cell: int) -> list[tuple[str, Role, Role | None]]:
    """A column of the chart, from its top, without the two lines under it."""
    found = []
    for line in lines[:-2]:
        place = AXIS + cell
        for piece in line:
            if place < len(piece.text):
                found.append((piece.text[place], piece.role, piece.ground))
                break
            place -= len(piece.text)
    return found


def test_a_rollout_rises_from_the_foot() -> None:
    # 30 seconds in 60 cells: a cell a second, as the chart of an endless run begins with room for 60.
    lines = list(chart_lines(ROLLOUT, NOW + timedelta(seconds=30), AXIS + 61 + LABELS, 12))
    assert len(lines) == 12
    old, new = SERIES[0], SERIES[1]

    def part(cell: int) -> float:
        cells = column(lines, cell)
        eighths = {"█": 8, "▇": 7, "▆": 6, "▅": 5, "▄": 4, "▃": 3, "▂": 2, "▁": 1}
        return sum(eighths[mark] / 8 for mark, role, _ in cells if role is new) / len(cells)

    assert {role for _, role, _ in column(lines, 4)} == {old}
    assert part(14) == pytest.approx(0.2, abs=0.02)
    assert {role for _, role, _ in column(lines, 24)} == {new}
    assert text(lines[-1]).split()[:3] == ["100/0", "80/20", "0/100"]
    assert text(lines[-2]).index("┬") == AXIS + 10


def test_what_fails_seconds_later_is_drawn_where_it_was_sent() -> None:
    """All of v2 hangs for five seconds: v1 never had all of what was sent, neither then nor afterwards."""
    counter = TallyCounter(None)
    for second in range(10):
        at = NOW + timedelta(seconds=second)
        counter.begin(50, at)
        counter.add(
            account(
                Batch(number=1, count=20, qps=0, timeout_s=5.0),
                BatchReply(ReplyKind.OUTPUTS, (output_text(0, "v1"),) * 20),
            ),
            at,
            at,
        )
        counter.end(20, at)
    begun = counter.look()
    for second in range(10):
        at = NOW + timedelta(seconds=second)
        silent = BatchReply(ReplyKind.SILENT, error="no answer")
        counter.add(account(Batch(number=2, count=30, qps=0, timeout_s=5.0), silent), at + timedelta(seconds=5), at)
        counter.end(30, at)
    book = SplitBook.open(None, NOW)
    for tally, rest in ((begun, {" "}), (counter.look(), {"▒"})):
        state = EchoState(
            SPEC,
            settings=EchoSettings(),
            probe="client",
            phase=Phase.RUNNING,
            tally=tally,
            assessment=book.assess(),
            epochs=book.epochs,
            held_back=0,
            started=NOW,
        )
        lines = list(chart_lines(state, NOW + timedelta(seconds=15), AXIS + 61 + LABELS, 13))
        drawn = lines[1:] if tally.trouble else lines
        for second in range(10):
            cells = column(drawn, second)
            assert {mark for mark, role, _ in cells[: len(cells) // 2]} == rest
            assert [role for mark, role, _ in cells if mark == "█"] == [SERIES[0]] * (len(cells) * 2 // 5)


def test_no_column_joins_answers_of_two_configs() -> None:
    few = state_of([{"v1": 5}] * 10 + [{"v2": 5}] * 10, {0: "v1=100,v2=0", 10: "v1=0,v2=100"})
    lines = list(chart_lines(few, NOW + timedelta(seconds=20), AXIS + 61 + LABELS, 12))
    assert {role for _, role, _ in column(lines, 9)} == {SERIES[0]}
    assert {role for _, role, _ in column(lines, 10)} == {SERIES[1]}


@pytest.mark.parametrize(
    ("seconds", "ended", "words"),
    [
        (0.234, True, "0.2 s"),
        (9.94, True, "9.9 s"),
        (9.96, True, "10.0 s"),
        (75.0, True, "1m 15s"),
        (0.234, False, "0 s"),
    ],
)
def test_a_run_that_is_over_in_a_moment_tells_its_tenths(seconds: float, ended: bool, words: str) -> None:
    end = NOW + timedelta(seconds=seconds)
    state = replace(ROLLOUT, phase=Phase.DONE, ended=end) if ended else ROLLOUT
    line = next(phase_lines(state, end, 80))
    assert text(line).rstrip().endswith(f"   {words}")


def test_a_long_run_keeps_the_whole_story() -> None:
    long = state_of([{"v1": 1}] * 100 + [{"v2": 1}] * 100, {0: "v1=1,v2=1"})
    lines = list(chart_lines(long, NOW + timedelta(seconds=200), AXIS + 41 + LABELS, 8))
    assert "5 s is 1 cell" in text(lines[-1])
    assert {role for _, role, _ in column(lines, 2)} == {SERIES[0]}
    assert {role for _, role, _ in column(lines, 38)} == {SERIES[1]}


def test_colours_stay_with_their_version() -> None:
    assert versions_of(ROLLOUT) == ("v1", "v2")
    assert versions_of(state_of([{"v2": 5}, {"v1": 5}], {})) == ("v1", "v2")


@pytest.mark.parametrize(("seconds", "said"), [(0.00084, "0.84"), (0.0097, "9.7"), (0.12, "120")])
def test_milliseconds_have_three_digits(seconds: float, said: str) -> None:
    assert milliseconds(seconds) == said


STATES = (
    None,
    ROLLOUT,
    state_of([{"v1": 3}], {0: "v1=100"}, failed=5),
    state_of([{f"version-{number}": 2 for number in range(12)}], {}, failed=1),
    state_of([{"版本" * 30: 4, "": 3}], {}),
)


@given(st.integers(0, len(STATES) - 1), st.integers(8, 220), st.integers(4, 60))
def test_a_page_of_any_size_is_drawn(which: int, width: int, height: int) -> None:
    state = STATES[which]
    session = SessionState(
        target="127.0.1.13:17171", revision=1, link=Link(LinkState.LIVE, NOW), interval=1.0, echo=state
    )
    frame = Frame(session, NOW + timedelta(seconds=30), as_json=lambda _: "")
    expected = Expectation.of({"v1": 1, "v2": 3}, ExpectationSource.CONFIG)
    scene = Scene(frame=frame, form=EchoForm(SCOPE), pod="client", key="Hostname", expected=expected)
    lines = page_lines(scene, width, height)
    assert len(lines) > 3
    if width >= 80 and state in (None, ROLLOUT):
        assert max(map(width_of, lines)) <= width
