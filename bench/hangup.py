"""Hang up a real pseudo-terminal again and again: what is left, how soon, and what it costs meanwhile.

Run: ``python -m bench.hangup`` (about eight minutes; Linux), or with a number of hang-ups and a seed. Each time the
program is started in a terminal of its own and the terminal is closed at a random moment: while Python imports, on the
start screen, connecting to a peer that never answers, among keys, in a dialog, during an echo run, suspended, and while
the demo starts or plays. In one of four the program ignores SIGHUP, as under ``nohup``; in one of four the
terminal is not its controlling one. Each process carries a token in its environment, by which all are found.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRIALS = 100

SEED = 9

LIMIT = 3.0
"""Seconds after which nothing may be left."""

SPIN = 0.05
"""Part of a core that a process may use while it is still there."""

SETTLED = 1.5
"""Seconds after the hang-up from which on the use of a core is looked at: an end in order works, but not so long."""

TOKEN = "MESHTUI_HANGUP_TRIAL"

TICKS = os.sysconf("SC_CLK_TCK")


class Screen:
    """The program in a pseudo-terminal that can be hung up."""

    def __init__(self, arguments: list[str], state: Path, *, ignoring: bool = False, controlling: bool = True) -> None:
        self.token = uuid.uuid4().hex
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": str(state), TOKEN: self.token}
        prelude = "import fcntl, os, signal, sys, termios;"
        if controlling:
            prelude += "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        if ignoring:
            prelude += "signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        program = prelude + "os.execv(sys.executable, [sys.executable, '-m', 'meshtui', *sys.argv[1:]])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self._seen = bytearray()
        self._hanging_up, self._hang_up = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select((self._master, self._hanging_up), (), ())
                if self._hanging_up in ready:
                    return
                data = os.read(self._master, 65_536)
                self._seen += data

    def press(self, keys: bytes) -> None:
        """Type; keys for a program that has ended are lost."""
        with contextlib.suppress(OSError):
            os.write(self._master, keys)

    def wait_for(self, text: bytes, seconds: float = 90) -> None:
        """Wait until it has been written, or the program has ended."""
        ends = time.monotonic() + seconds
        while text not in self._seen:
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"ended with {self.process.returncode} before {text!r}: {bytes(self._seen[-2000:])!r}"
                )
            if time.monotonic() > ends:
                raise RuntimeError(f"never saw {text!r} in {bytes(self._seen[-2000:])!r}")
            time.sleep(0.01)

    def hang_up(self) -> None:
        """Close the terminal's other end, as a window or an SSH connection that is gone."""
        # A read in progress would keep the terminal open.
        os.write(self._hang_up, b"\0")
        self._reader.join()
        for descriptor in (self._master, self._hang_up, self._hanging_up):
            os.close(descriptor)

    def reap(self) -> None:
        """Collect the program's end, if it has ended."""
        self.process.poll()

    def kill(self) -> None:
        """End all that is left."""
        for pid in alive(self.token):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def alive(token: str) -> dict[int, float]:
    """The processes of a trial that still run, with the seconds of processor each has used."""
    found = {}
    wanted = f"{TOKEN}={token}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if wanted not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                found[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    return found


@dataclass
class Ending:
    """What came of one hang-up."""

    phase: str
    took: float = 0.0
    left: list[str] = field(default_factory=list)
    share: float = 0.0
    """The largest part of a core that one process used after :data:`SETTLED`."""


def watch(screen: Screen, phase: str, limit: float = LIMIT) -> Ending:
    """Look on after the hang-up until nothing is left, or the limit has passed."""
    ending, began = Ending(phase), time.monotonic()
    first: dict[int, tuple[float, float]] = {}
    while True:
        screen.reap()
        now, running = time.monotonic(), alive(screen.token)
        ending.took = now - began
        if not running:
            return ending
        for pid, used in running.items():
            if ending.took >= SETTLED:
                since, before = first.setdefault(pid, (now, used))
                if now - since >= 0.5:
                    ending.share = max(ending.share, (used - before) / (now - since))
        if ending.took > limit:
            ending.left = [command(pid) for pid in running]
            return ending
        time.sleep(0.05)


def command(pid: int) -> str:
    """A process in words."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:120]
    return str(pid)


Phase = Callable[[random.Random, Screen], None]
"""Brings a screen to a random moment of something."""


@dataclass(frozen=True, slots=True)
class Peers:
    """What the screens are pointed at."""

    silent: str
    """Accepts connections and never answers."""
    client: str
    """The pod of a real demo mesh that can send."""


def _importing(rng: random.Random, screen: Screen) -> None:
    time.sleep(rng.uniform(0, 1.2))


def _asked(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"\x1b[?1049h")
    time.sleep(rng.uniform(0, 1.0))


def _connecting(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"Connecting")
    time.sleep(rng.uniform(0, 1.5))


def _typing(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"\x1b[?1049h")
    for _ in range(rng.randrange(5, 60)):
        screen.press(rng.choice((b"1", b"2", b"3", b"4", b"j", b"k", b"?", b"\x1b", b"/", b":", b"a", b"\t", b"e")))
        time.sleep(rng.uniform(0, 0.02))


def _dialog(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"Overview")
    time.sleep(rng.uniform(0.2, 1.0))
    screen.press(rng.choice((b"o", b"?", b":", b"3e", b"2s", b"\x10")))
    time.sleep(rng.uniform(0, 0.6))


def _running(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"Overview")
    time.sleep(rng.uniform(0.3, 1.0))
    screen.press(b"3")
    time.sleep(0.7)
    screen.press(rng.choice((b"r", b"\r")))
    time.sleep(rng.uniform(0, 1.5))
    screen.press(b"\r")
    time.sleep(rng.uniform(0, 1.5))


def _suspended(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"Overview")
    screen.process.send_signal(signal.SIGTSTP)
    time.sleep(rng.uniform(0.1, 0.8))


def _demo_starting(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"\x1b[?1049h")
    time.sleep(rng.uniform(0, 3.0))


def _demo_playing(rng: random.Random, screen: Screen) -> None:
    screen.wait_for(b"Overview")
    time.sleep(rng.uniform(0, 2.0))
    screen.press(rng.choice((b"c", b"2", b"3", b"4", b"o")))
    time.sleep(rng.uniform(0, 0.5))


PHASES: tuple[tuple[str, int, Callable[[Peers], list[str]], Phase], ...] = (
    ("import and first paint", 14, lambda peers: ["attach", peers.silent], _importing),
    ("start screen", 10, lambda peers: [], _asked),
    ("connecting to a hung peer", 12, lambda peers: ["attach", peers.silent], _connecting),
    ("typing", 16, lambda peers: ["attach", peers.client], _typing),
    ("dialogs", 12, lambda peers: ["attach", peers.client], _dialog),
    ("an echo run", 12, lambda peers: ["attach", peers.client], _running),
    ("suspended", 6, lambda peers: ["attach", peers.client], _suspended),
    ("the demo starts", 10, lambda peers: ["demo"], _demo_starting),
    ("the demo plays", 8, lambda peers: ["demo", "--scenario", "canary"], _demo_playing),
)
"""Name, how many of a hundred, arguments, and how to get to the moment."""


def hang_up_once(name: str, rng: random.Random, peers: Peers, limit: float = LIMIT) -> Ending:
    """Start the program, bring it to a moment of the phase, hang up, and look on."""
    arguments, reach = next((arguments, reach) for known, _, arguments, reach in PHASES if known == name)
    ignoring = rng.random() < 0.25
    controlling = rng.random() < 0.75 or name == "suspended"  # nobody wakes one that is stopped elsewhere
    with tempfile.TemporaryDirectory() as state:
        screen = Screen(arguments(peers), Path(state), ignoring=ignoring, controlling=controlling)
        try:
            reach(rng, screen)
            screen.hang_up()
            return watch(screen, name, limit)
        finally:
            screen.kill()


@contextlib.contextmanager
def peers() -> Iterator[Peers]:
    """A peer that never answers, and a real mesh."""
    import json

    with socket.create_server(("127.0.0.1", 0)) as silent:
        mesh = subprocess.Popen(
            [sys.executable, "-m", "meshtui", "demo", "--headless"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert mesh.stdout is not None
            ready = json.loads(mesh.stdout.readline())
            yield Peers(f"127.0.0.1:{silent.getsockname()[1]}", ready["pods"]["client"]["admin"])
        finally:
            mesh.communicate()


def order(trials: int, rng: random.Random) -> list[str]:
    """The phases of so many trials, in their shares and shuffled."""
    hundred = [name for name, count, _, _ in PHASES for _ in range(count)]
    rng.shuffle(hundred)
    return [hundred[number % len(hundred)] for number in range(trials)]


def main(trials: int = TRIALS, seed: int = SEED) -> None:
    """Hang up, and print a table."""
    rng = random.Random(seed)
    endings = []
    with peers() as targets:
        for name in order(trials, rng):
            endings.append(hang_up_once(name, rng, targets))
            for text in endings[-1].left:
                print(f"left after {LIMIT:.0f} s in {name}: {text}", flush=True)
    print(f"seed {seed}: {trials} hang-ups; seconds until nothing was left")
    print(f"{'':28}{'times':>6}{'median':>8}{'most':>7}{'left':>6}{'core':>6}")
    for name in [known for known, _, _, _ in PHASES if any(ending.phase == known for ending in endings)]:
        _row(name, [ending for ending in endings if ending.phase == name])
    _row("all", endings)
    wrong = sum(bool(ending.left) or ending.share > SPIN for ending in endings)
    print("none left, none spinning" if not wrong else f"{wrong} of {trials} are wrong")


def _row(name: str, endings: list[Ending]) -> None:
    took = [ending.took for ending in endings]
    left, share = sum(bool(ending.left) for ending in endings), max(ending.share for ending in endings)
    print(f"{name:28}{len(endings):6}{statistics.median(took):8.2f}{max(took):7.2f}{left:6}{share:6.0%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
