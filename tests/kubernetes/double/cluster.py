"""What stands behind the double: objects, users, what listens in the pods and what their files hold; and its faults.

A test changes it from its own thread; the server looks at it whenever it is asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from tests.kubernetes.double.access import USERS, Asked, User
from tests.kubernetes.double.said import Says
from tests.kubernetes.double.store import Store


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command in a container came to."""

    out: bytes = b""
    err: bytes = b""
    code: int = 0


class Held:
    """An answer that does not come before it is released; then the true one comes."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def release(self) -> None:
        """Let the answer come."""
        self.released.set()


@dataclass(frozen=True, slots=True)
class Breaks:
    """The true answer, of which only so many bytes come before the connection is cut."""

    after: int = 1


@dataclass(frozen=True, slots=True)
class Endless:
    """An answer without an end: what it ``begins`` with, then ``more`` every so many seconds; none is silence."""

    begins: Says
    more: bytes = b""
    every_s: float = 0


@dataclass(frozen=True, slots=True)
class Frames:
    """A websocket that comes about, and on which only this comes: messages, then raw bytes, then its end."""

    messages: tuple[bytes | str, ...] = ()
    raw: bytes = b""
    end: Literal["close", "cut", "hold"] = "close"
    """Closed as the protocol has it, cut without a word, or left open and silent."""
    protocol: bool = True
    """Whether the handshake says which sub-protocol it is, which some proxies leave out."""


Odd = Says | Held | Breaks | Endless | Frames
"""What comes instead of the true answer."""

File = bytes | Path | Callable[[], bytes]


@dataclass
class Cluster:
    """A cluster of any content; ``(namespace, pod)`` may hold ``*`` and ``?`` where something listens or lies."""

    store: Store = field(default_factory=Store)
    users: dict[str, User] = field(default_factory=lambda: dict(USERS))
    """By token. A token that is taken out has expired."""
    targets: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """(namespace, pod, port) → ``host:port`` or ``unix:path`` where it really listens."""
    files: dict[tuple[str, str, str, str], File] = field(default_factory=dict)
    """(namespace, pod, container, path) → contents; a Path is read anew each time. A container may be ``*``."""
    logs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    """(namespace, pod, container) → lines, which may grow; each begins with its time. Lone surrogates are raw bytes."""
    previous_logs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    """The same of the process before the last restart; without one there is none."""
    programs: dict[str, Callable[[list[str]], Ran]] = field(default_factory=dict)
    """Commands besides cat, true, false, echo and ``sh -c "exit N"``."""
    distroless: set[tuple[str, str, str]] = field(default_factory=set)
    """(namespace, pod, container) without cat and sh."""
    gone_nodes: set[str] = field(default_factory=set)
    """Nodes that do not answer."""
    now: datetime | None = None
    """The clock by which ages are printed; None is the real one."""
    version: str = "1.37"
    """As which it behaves: from 1.35 on a websocket needs ``create`` as well."""
    old_nodes: bool = False
    """Whether kubelets are older than 1.36: "container not found" then comes on channel 3, after 101."""
    log: list[Asked] = field(default_factory=list)
    """Every request, in its order."""
    _odd: list[tuple[Callable[[Asked], bool], Odd, int]] = field(default_factory=list)

    def clock(self) -> datetime:
        """The time by which ages are printed."""
        return self.now or datetime.now(UTC)

    @property
    def asks_for_create(self) -> bool:
        """Whether a websocket needs the right to ``create`` too."""
        return int(self.version.partition(".")[2]) >= 35

    def instead(self, odd: Odd, when: Callable[[Asked], bool] = lambda asked: True, times: int = 1 << 30) -> None:
        """Answer so to the next ``times`` requests that fit, whoever asks; the newest order goes first."""
        self._odd.insert(0, (when, odd, times))

    def well_again(self) -> None:
        """Forget every :meth:`instead`."""
        self._odd.clear()

    def odd_answer(self, asked: Asked) -> Odd | None:
        """What comes instead of the true answer to this request; counts it."""
        for index, (when, odd, times) in enumerate(self._odd):
            if when(asked):
                if times <= 1:
                    del self._odd[index]
                else:
                    self._odd[index] = (when, odd, times - 1)
                return odd
        return None

    def target(self, namespace: str, pod: str, port: int) -> str | None:
        """Where a pod's port really is."""
        for (where, name, number), address in self.targets.items():
            if number == port and _fits(where, namespace) and _fits(name, pod):
                return address
        return None

    def contents(self, namespace: str, pod: str, container: str, path: str) -> bytes | None:
        """What a file holds; None if there is none."""
        for key, file in self.files.items():
            if key[3] == path and all(map(_fits, key[:3], (namespace, pod, container))):
                if isinstance(file, Path):
                    return file.read_bytes() if file.exists() else None
                return file if isinstance(file, bytes) else file()
        return None

    def is_distroless(self, *where: str) -> bool:
        """Whether the container has no programs but its own."""
        return any(all(map(_fits, pattern, where)) for pattern in self.distroless)


def _fits(pattern: str, text: str) -> bool:
    return fnmatchcase(text, pattern)
