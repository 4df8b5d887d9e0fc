"""Files that only their owner reads appear whole or not at all, and never in the place of another."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meshtui.model.errors import BadInput
from meshtui.session.private_file import create_new, replace


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_its_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    create_new(tmp_path / "a.json", "✓ text\n")
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == "✓ text\n"
    assert _mode(tmp_path / "a.json") == 0o600
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_character_that_utf8_cannot_hold_is_escaped_as_json_does(tmp_path: Path) -> None:
    create_new(tmp_path / "a.json", '"\udc80"')
    assert (tmp_path / "a.json").read_text() == r'"\udc80"'


@pytest.mark.parametrize("taken", ["file", "directory", "dangling link", "pipe"])
def test_a_taken_name_is_said_and_what_has_it_stays(tmp_path: Path, taken: str) -> None:
    path = tmp_path / "a.json"
    make: dict[str, Callable[[], object]] = {
        "file": lambda: path.write_text("precious"),
        "directory": path.mkdir,
        "dangling link": lambda: path.symlink_to(tmp_path / "nothing"),
        "pipe": lambda: os.mkfifo(path),
    }
    make[taken]()
    before = path.lstat()
    with pytest.raises(BadInput, match="exists already"):
        create_new(path, "other")
    assert path.lstat() == before
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize(
    "name", ["no/such/dir.json", "nul\0.json", "x" * 300, "\ud800.json", "/proc/nothing.json", "/dev/full"]
)
def test_a_name_that_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        create_new(tmp_path / name, "text")
    assert os.listdir(tmp_path) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
from meshtui.model.errors import BadInput
from meshtui.session.private_file import create_new
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    create_new(Path(sys.argv[1]), "x" * 10_000)
except BadInput as error:
    print(error.what)
"""


def test_a_disk_that_ends_in_the_middle_leaves_nothing_and_the_next_try_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "cannot be written: File too large" in done.stdout
    assert os.listdir(tmp_path) == []
    create_new(path, "whole")
    assert path.read_text() == "whole"


def test_where_the_file_system_has_no_links_it_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("meshtui.session.private_file.os.link", refuse)
    create_new(tmp_path / "a.json", "text")
    with pytest.raises(BadInput, match="exists already"):
        create_new(tmp_path / "a.json", "other")
    assert (tmp_path / "a.json").read_text() == "text"
    assert _mode(tmp_path / "a.json") == 0o600
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_file_of_our_own_is_replaced_whole_in_a_directory_of_our_own(tmp_path: Path) -> None:
    path = tmp_path / "state" / "recent.json"
    replace(path, "one")
    path.chmod(0o644)  # as an older release left it
    replace(path, "two")
    assert path.read_text() == "two"
    assert _mode(path) == 0o600
    assert _mode(path.parent) == 0o700
    assert os.listdir(path.parent) == ["recent.json"]
