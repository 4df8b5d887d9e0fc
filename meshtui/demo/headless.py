"""``meshtui demo --headless``: a mesh for scripts. Ready is one JSON line; the end of stdin is the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from meshtui.demo import scenarios
from meshtui.demo.events import DemoEvent, DemoEventKind, describe
from meshtui.demo.mesh import DEFAULT_CERTIFICATE_LIFETIME, Mesh

ENDED_EARLY: Final = (
    "Standard input ended before the mesh was up, and the demo ends with it. "
    "A script keeps it open, as docs/demo.md shows."
)
"""Said to one who started it in the background of a script, where standard input is empty."""


async def run_headless(
    write: Callable[[str], None],
    tell: Callable[[str], None],
    *,
    scenario: str = scenarios.DEFAULT,
    manifests: Path | None = None,
    certificate_lifetime: timedelta = DEFAULT_CERTIFICATE_LIFETIME,
) -> int:
    """Run a mesh until standard input ends, or SIGTERM or SIGINT comes, or the mesh is lost.

    ``write`` gets the one line for standard output; ``tell`` each event in plain words, for standard error.
    Returns the exit code: 0, or 1 when the mesh ended by itself. Raises what entering a Mesh raises.
    """

    stop, ready = asyncio.Event(), False

    def stdin_ended() -> None:
        if not ready:
            tell(ENDED_EARLY)
        stop.set()

    with _stopped_by_signals(stop):
        mesh = Mesh(scenario, manifests, certificate_lifetime=certificate_lifetime, on_event=_Narrator(tell))
        _watch_stdin(asyncio.get_running_loop(), stdin_ended)
        starting = asyncio.ensure_future(mesh.__aenter__())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                return 0
            starting.result()
            write(json.dumps(mesh.ready_event()))
            ready = True
            return await _until_over(mesh, stopping, tell)
        finally:
            stopping.cancel()
            starting.cancel()
            await asyncio.gather(stopping, starting, return_exceptions=True)
            await mesh.stop()


class _Narrator:
    """Tells events in plain words; calls that fail while the servers still come up are no news."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._ready = False

    def __call__(self, event: DemoEvent) -> None:
        self._ready = self._ready or event.kind is DemoEventKind.READY
        sentence = describe(event)
        if sentence and (self._ready or event.kind is not DemoEventKind.TRAFFIC):
            self._tell(sentence)


async def _until_over(mesh: Mesh, stopping: asyncio.Future[Any], tell: Callable[[str], None]) -> int:
    """Wait until the mesh is stopped (0) or ends by itself (1)."""
    ended = asyncio.ensure_future(mesh.wait_for(lambda _: False, float("inf")))
    await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    await asyncio.gather(ended, return_exceptions=True)
    if stopping.done():
        return 0
    tell("The mesh ended by itself: its supervisor is gone.")
    return 1


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    try:
        yield
    finally:
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(signum)


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: Callable[[], None]) -> None:
    """Call ``ended`` at the end of standard input. A thread, since the event loop cannot wait for a plain file."""

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(ended)

    threading.Thread(target=watch, name="stdin", daemon=True).start()
