"""The demo mesh as the rest of the program sees it. Standard library only: the children do the work.

::

    async with Mesh("canary") as mesh:
        print(mesh.pods["client"].admin)
        await mesh.step()
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from meshtui.demo import scenarios
from meshtui.demo.events import DemoEvent, DemoEventKind, parse
from meshtui.demo.pods import Order, Pod
from meshtui.model.errors import TargetUnreachable, UsageError

DEFAULT_CERTIFICATE_LIFETIME = timedelta(minutes=4)
"""Short enough that a rotation, at half of it, is seen by one who watches; Istio's default is 24 hours."""

START_SECONDS = 60.0
"""How long a start may take on a machine that is very busy; on an idle one it takes a second or two."""

_STOP_SECONDS = 5.0
"""How long the supervisor may take to clean up before it is killed and its directory removed from here."""

_HISTORY = 2000
"""Events that are kept."""

_DEATHS = 6
"""So many processes that died before the mesh was ready will not come up: a module is missing, say."""

_LONGEST_LINE = 1024 * 1024


class Mesh:
    """A proxyless mesh in child processes, for as long as the ``async with`` block runs.

    ``scenario`` is a name of scenarios.SCENARIOS; ``manifests`` a directory of Istio YAML to use instead, read
    and watched in place. ``certificate_lifetime`` is at least two seconds. ``on_event`` is called in the event
    loop for each event. Entering raises UsageError for an unknown scenario or a directory that is none, and
    TargetUnreachable when the mesh does not come up.
    """

    def __init__(
        self,
        scenario: str = scenarios.DEFAULT,
        manifests: Path | None = None,
        *,
        certificate_lifetime: timedelta = DEFAULT_CERTIFICATE_LIFETIME,
        on_event: Callable[[DemoEvent], None] | None = None,
    ) -> None:
        self.scenario = None if manifests else scenarios.scenario(scenario)
        self.pods: dict[str, Pod] = {}
        self.manifests = manifests.resolve() if manifests else Path()
        self.directory = Path()
        self.processes: dict[tuple[str, str], int] = {}
        """(pod, process) → process id, as last started."""
        self.history: deque[DemoEvent] = deque(maxlen=_HISTORY)
        self._certificate_lifetime = certificate_lifetime
        self._on_event = on_event
        self._step = 0
        self._news = asyncio.Condition()
        self._count = 0
        self._ended = False
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._errors: IO[bytes] | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _start(self) -> None:
        if self.scenario is None and not self.manifests.is_dir():
            raise UsageError(f"{self.manifests} is not a directory.", "Give one with Istio manifests (*.yaml).")
        source = self.scenario.directory if self.scenario else self.manifests
        seconds = self._certificate_lifetime / timedelta(seconds=1)
        evicts = self.scenario is not None and self.scenario.evicts
        order = Order(str(source), self.scenario is not None, seconds, evicts)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by stop
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "meshtui.demo.supervisor",
            order.to_json(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        deaths = 0

        def decided(event: DemoEvent) -> bool:
            nonlocal deaths
            deaths += event.kind is DemoEventKind.PROCESS_DIED
            return event.kind is DemoEventKind.READY or deaths >= _DEATHS

        outcome = await self.wait_for(decided, START_SECONDS, from_start=True)
        if outcome is None or outcome.kind is not DemoEventKind.READY:
            raise TargetUnreachable(f"The demo mesh did not start: {self._why()}.", "Try it once more.")
        if self.scenario and self.scenario.step_when_ready:
            await self.step()

    def _why(self) -> str:
        """The most telling thing known about a start that failed."""
        if self._errors is not None:
            self._errors.seek(0)
            lines = self._errors.read()[-4096:].decode(errors="replace").strip().splitlines()
            if lines:
                return lines[-1]
        died = [event for event in self.history if event.kind is DemoEventKind.PROCESS_DIED]
        if died:
            return f"{died[-1].pod} {died[-1].process} ended ({died[-1].text('how')})"
        return f"it was not ready after {START_SECONDS:.0f} s"

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Take in events until the supervisor ends."""
        assert process.stdout is not None
        while line := await process.stdout.readline():
            event = parse(line)
            if event is not None:
                await self._take(event)
        async with self._news:
            self._ended = True
            self._news.notify_all()

    async def _take(self, event: DemoEvent) -> None:
        if event.kind is DemoEventKind.STARTING:
            self.directory = Path(event.text("directory"))
            self.manifests = Path(event.text("manifests"))
            pods: dict[str, Any] = event.details.get("pods", {})
            self.pods = {name: Pod.from_json(values) for name, values in pods.items()}
        if event.kind is DemoEventKind.PROCESS_STARTED:
            self.processes[event.pod, event.process] = int(event.text("pid"))
        async with self._news:
            self.history.append(event)
            self._count += 1
            self._news.notify_all()
        if self._on_event is not None:
            self._on_event(event)

    async def events(self, *, from_start: bool = False) -> AsyncGenerator[DemoEvent]:
        """Every event from now on, or from the start as far as it is kept, until the mesh ends."""
        seen = self._count - (len(self.history) if from_start else 0)
        while True:
            async with self._news:
                while self._count == seen and not self._ended:
                    await self._news.wait()
                fresh = list(self.history)[-(self._count - seen) :] if self._count > seen else []
                seen = self._count
            if not fresh:
                return
            for event in fresh:
                yield event

    async def wait_for(
        self, wanted: Callable[[DemoEvent], bool], timeout: float, *, from_start: bool = False
    ) -> DemoEvent | None:
        """The first event that is wanted, or None when time is up or the mesh ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout), contextlib.aclosing(self.events(from_start=from_start)) as events:
                async for event in events:
                    if wanted(event):
                        return event
        return None

    @property
    def supervisor_pid(self) -> int:
        """The process id of the supervisor; 0 when there is none."""
        return self._process.pid if self._process is not None else 0

    async def step(self) -> scenarios.Step:
        """Take the scenario's next step and return it; after the last comes the start again.

        Raises UsageError when there are no steps.
        """
        if self.scenario is None or not self.scenario.step_titles:
            raise UsageError("This demo has no steps.", "The scenario canary has some.")
        self._step = (self._step + 1) % (len(self.scenario.step_titles) + 1)
        step = self.scenario.step(self._step)
        for file in sorted(step.directory.glob("*.yaml")):
            draft = self.manifests / f".{file.name}.new"
            shutil.copyfile(file, draft)
            draft.replace(self.manifests / file.name)
        return step

    @property
    def current_step(self) -> scenarios.Step | None:
        """Where the scenario stands; None when it has no steps."""
        return self.scenario.step(self._step) if self.scenario and self.scenario.step_titles else None

    def ready_event(self) -> dict[str, Any]:
        """The line that ``meshtui demo --headless`` prints when the mesh is ready."""
        ready = next((event for event in self.history if event.kind is DemoEventKind.READY), None)
        return {
            "event": DemoEventKind.READY,
            "schema": 1,
            "scenario": self.scenario.name if self.scenario else None,
            "manifests": str(self.manifests),
            "traffic": ready.text("traffic") if ready else "",
            "reason": ready.text("reason") if ready else "",
            "pods": {name: pod.to_json() for name, pod in self.pods.items()},
        }

    async def stop(self) -> None:
        """End the mesh and return when nothing is left of it. Harmless when it has already ended."""
        process, self._process = self._process, None
        if process is not None:
            await self._end(process)
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        if self.directory != Path():
            # Already gone, unless the supervisor was killed.
            shutil.rmtree(self.directory, ignore_errors=True)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
