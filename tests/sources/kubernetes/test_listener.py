"""Where a relay listens: no file that could stay, or a private one that is removed, and what killed processes left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from meshtui.model.address import AddressKind
from meshtui.sources.kubernetes import listener


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="the system cannot dial a socket by a handle")
def test_a_listener_has_no_file_that_could_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    listening = listener.Listener()
    assert list(tmp_path.iterdir()) == []
    assert listening.address.kind is AddressKind.UNIX
    listening.close()
    listening.close()


def test_where_a_file_is_needed_it_is_private_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delattr(os, "O_PATH", raising=False)
    listening = listener.Listener()
    (directory,) = tmp_path.iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert listening.address.path == str(directory / "s")
    listening.close()
    assert list(tmp_path.iterdir()) == []


def left_in(parent: Path, name: str, *, age: float, listened: bool = False) -> socket.socket:
    """A socket in a directory as a listener makes them, so many seconds old."""
    directory = parent / name
    directory.mkdir(mode=0o700)
    found = socket.socket(socket.AF_UNIX)
    found.bind(str(directory / "s"))
    if listened:
        found.listen(1)
    at = time.time() - age
    os.utime(directory / "s", (at, at))
    return found


def test_where_a_file_is_needed_what_killed_processes_left_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delattr(os, "O_PATH", raising=False)
    day = 86_400.0
    with (
        left_in(tmp_path, "meshtui-left", age=day),
        left_in(tmp_path, "meshtui-live", age=day, listened=True),
        left_in(tmp_path, "meshtui-just-made", age=0),
        left_in(tmp_path, "others", age=day),
    ):
        (tmp_path / "meshtui-demo").mkdir()
        (tmp_path / "meshtui-demo" / "s").write_text("no socket")
        listening = listener.Listener()
        own = Path(listening.address.path).parent.name
        kept = {"meshtui-live", "meshtui-just-made", "others", "meshtui-demo", own}
        assert {each.name for each in tmp_path.iterdir()} == kept
        assert (tmp_path / "meshtui-demo" / "s").exists()
        listening.close()


def test_a_path_is_never_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.delattr(os, "O_PATH", raising=False)
    listening = listener.Listener()
    assert len(os.fsencode(listening.address.path)) <= listener.LONGEST_PATH
    listening.close()
    assert list(deep.iterdir()) == []


KILLED = """
import os, signal
from meshtui.sources.kubernetes.listener import Listener
listening = Listener()
print(listening.address.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(os, "O_PATH"), reason="the system cannot dial a socket by a handle")
def test_a_process_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL
    path = killed.stdout.strip()
    assert path.startswith("/proc/")
    assert list(tmp_path.iterdir()) == []
    with socket.socket(socket.AF_UNIX) as caller, pytest.raises(OSError):  # noqa: PT011 - gone, whichever way
        caller.connect(path)
