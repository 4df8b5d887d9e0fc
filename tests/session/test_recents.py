"""The list of recent targets: whatever stands in its place, it is this user's alone and never waits."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from meshtui.session.recents import Recents


def test_a_list_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "recent.json"
    path.write_text('["localhost:1"]')
    path.chmod(0o644)
    Recents(path).remember("localhost:2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [offer.target for offer in Recents(path).offers()] == ["localhost:2", "localhost:1"]


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"[" * 50_000, b"{}", b"[1, null]", b"[" + b'"a",' * 1_000_000], ids=lambda text: text[:4]
)
def test_a_list_of_anything_is_empty(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "recent.json").write_bytes(content)
    assert Recents(tmp_path / "recent.json").offers() == ()


def test_a_pipe_a_directory_and_a_loop_of_links_are_no_list(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "loop", "."):
        assert Recents(tmp_path / name).offers() == ()
