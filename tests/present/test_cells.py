"""Text cut and broken to cells, whoever counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.cli.layout import cell_width
from meshtui.present.cells import Cells

PLAIN = Cells(len)
ASCII = Cells(len, "...")
HOST = "echo.echo-grpc.svc.cluster.local:7070"


@pytest.mark.parametrize(
    ("cells", "room", "shown"),
    [
        (PLAIN, 40, HOST),
        (PLAIN, 22, "echo.echo-grpc…:7070"),
        (PLAIN, 12, "echo.e…:7070"),
        (ASCII, 12, "echo....7070"),
        (PLAIN, 1, "…"),
        (ASCII, 2, ".."),
        (PLAIN, 0, ""),
        (PLAIN, -1, ""),
    ],
)
def test_a_name_loses_its_domain_first_and_then_its_middle(cells: Cells, room: int, shown: str) -> None:
    assert cells.cut_name(HOST, room) == shown


def test_a_cluster_loses_its_end() -> None:
    assert PLAIN.cut_name(f"outbound|7070|v1|{HOST}", 24) == "outbound|7070|v1|echo.e…"


@pytest.mark.parametrize(
    ("thirds", "lines"),
    [(1, ["  the fix is", "    xds.istio.io/x"]), (2, ["  the fix is xds.ist", "    io.io/x"])],
)
def test_a_line_ends_between_words_if_it_is_full_enough(thirds: int, lines: list[str]) -> None:
    text = "  the fix is xds.istio.io/x"
    assert [piece.of(text) for piece in PLAIN.broken(text, 20, thirds)] == lines


@given(st.text(alphabet="ab é漢", max_size=60), st.integers(0, 30), st.sampled_from(["…", "..."]))
def test_what_is_cut_fits(text: str, room: int, mark: str) -> None:
    cells = Cells(cell_width, mark)
    for shown in (cells.cut(text, room), cells.cut_end(text, room), cells.cut_name(text, room)):
        assert cell_width(shown) <= room
        assert shown == text or cell_width(text) > room
