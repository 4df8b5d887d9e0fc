"""Tables that fit a terminal, and are whole without one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.cli import layout
from meshtui.cli.output import render
from meshtui.model.xds.resource import Health
from meshtui.present.marks import HEALTH_SIGNS
from meshtui.present.table import Table

CLUSTER = "outbound|7070|v1|echo.echo-grpc.svc.cluster.local"
LISTENER = "xds.istio.io/grpc/lds/inbound/10.244.0.17:17070-of-a-long-name"
ACKED = (HEALTH_SIGNS[Health.OK], " ACKED")
NACKED = (HEALTH_SIGNS[Health.REFUSED], " NACKED")
TABLE = Table(("STATUS", "NAME", "NOTE"), [(ACKED, CLUSTER, ""), (NACKED, LISTENER, "refused by gRPC")])


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_table_fits_the_width(width: int) -> None:
    lines = render(TABLE, width).splitlines()
    assert all(layout.cell_width(line) <= width for line in lines)
    assert "outbound|7070|v1|echo.echo-grpc" in lines[1]
    assert "refused by gRPC" in lines[2]


def test_without_a_width_nothing_is_cut() -> None:
    text = render(TABLE, None)
    assert CLUSTER in text
    assert LISTENER in text


def test_a_long_name_is_cut_in_its_middle_and_a_cluster_at_its_domain() -> None:
    (cluster,) = layout.columns([(CLUSTER,)], 34)
    assert cluster == "outbound|7070|v1|echo.echo-grpc…"
    (listener,) = layout.columns([(LISTENER,)], 20)
    assert (listener[:5], listener[-4:], layout.cell_width(listener)) == ("xds.i", "name", 20)


def test_secondary_columns_are_left_out_before_any_is_cut_and_whole_ones_are_cut_last() -> None:
    rows = [("NAME", "ENDS", "KEY"), (LISTENER, "2026-11-28 14:11Z", "RSA 2048")]
    room = len(LISTENER) + len("2026-11-28 14:11Z") + 2
    assert layout.columns(rows, room + 10, secondary=(2,))[1].endswith("RSA 2048")
    assert layout.columns(rows, room, secondary=(2,))[1] == f"{LISTENER}  2026-11-28 14:11Z"
    assert layout.columns(rows, 27, secondary=(2,), whole=(1,))[1] == "xds.…ame  2026-11-28 14:11Z"
    assert layout.columns(rows, 20, secondary=(2,), whole=(1,))[1] == "xds.…ame  2026-…:11Z"


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=90)), min_size=1, max_size=5), st.integers(24, 120))
def test_whatever_the_cells_hold_two_columns_never_touch_and_lines_fit(rows: list[tuple[str, str]], width: int) -> None:
    lines = layout.columns([("AGE", "NAME"), *rows], width)
    assert len(lines) == len(rows) + 1
    assert all(layout.cell_width(line) <= width for line in lines)


@given(st.text(alphabet="ab cd é 漢", max_size=200), st.integers(10, 60))
def test_a_broken_line_fits_and_loses_no_word(text: str, width: int) -> None:
    lines = layout.words([text], width)
    assert all(layout.cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ],
)
def test_no_terminal_no_colour_unless_it_is_forced(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], wanted: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    text = render(TABLE, None)
    assert ("\x1b[32m✓\x1b[0m ACKED" in text) is wanted
    assert ("\x1b" in text) is wanted


@pytest.fixture
def in_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")


@pytest.mark.usefixtures("in_colour")
def test_only_a_sign_of_ours_has_a_colour() -> None:
    note = "· ✗ refused ✓ ok"
    (line,) = layout.columns([(ACKED, note)], None)
    assert line == f"\x1b[32m✓\x1b[0m ACKED  {note}"
    assert layout.words(["✗ said the mesh"], None) == ["✗ said the mesh"]


@pytest.mark.usefixtures("in_colour")
def test_signs_keep_their_colour_where_lines_are_broken_or_cut() -> None:
    summary = (HEALTH_SIGNS[Health.OK], " 1000 ok · ", HEALTH_SIGNS[Health.REFUSED], " 1 bad")
    first, second = layout.words([summary], 12)
    assert first == "\x1b[32m✓\x1b[0m 1000 ok ·"
    assert second == "  \x1b[31m✗\x1b[0m 1 bad"
    assert layout.cut_lines([("    ", *NACKED)], 9) == ["    \x1b[31m✗\x1b[0m NA…"]
    assert layout.cut_lines([("    ", *NACKED)], 4) == ["   …"]
