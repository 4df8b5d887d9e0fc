"""The process that runs the mesh's processes, restarts what dies, and leaves nothing when its parent goes.

Run as ``python -m meshtui.demo.supervisor ORDER`` with an Order in JSON. Standard input is its lifeline: at its
end, which the kernel brings about however the parent goes, every child is killed and every file removed. It
runs in a session of its own, so that a signal to the parent's terminal or process group does not reach it.
Events go to standard output, one JSON object a line.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import selectors
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from meshtui.demo import addresses, temporary
from meshtui.demo.child import Child
from meshtui.demo.events import DemoEventKind, kind_of
from meshtui.demo.pods import ALSO_CALLED, CALLED, IstiodPlan, Order, PodPlan, announced
from meshtui.demo.readiness import Readiness
from meshtui.model.clock import utc_now

_PODS = (
    ("echo-v1", "echo", "v1", "eu-west/eu-west-1a/rack1", False),
    ("echo-v2", "echo", "v2", "eu-west/eu-west-1b/rack2", False),
    ("client", "client", "v1", "eu-west/eu-west-1a/rack1", True),
)
"""Name, service account, version, locality, whether it calls the others."""

_TICK_SECONDS = 0.1
"""How often restarts and readiness are looked at when nothing happens."""

_BACKLOG = 10_000
"""Events kept for a parent that does not read; more are dropped rather than stop the mesh."""


class Teller:
    """Writes events to the parent from a thread of its own, so a parent that is busy stops nothing."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes] = queue.Queue(_BACKLOG)
        threading.Thread(target=self._write, name="teller", daemon=True).start()

    def tell(self, event: DemoEventKind, pod: str = "", process: str = "", **details: object) -> None:
        """Tell one event."""
        now = utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"event": event, "time": now, "pod": pod, "process": process, **details})
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(line.encode() + b"\n")

    def _write(self) -> NoReturn:
        while True:
            line = self._lines.get()
            with contextlib.suppress(OSError):
                while line:
                    line = line[os.write(1, line) :]


class Supervisor:
    """One mesh."""

    def __init__(self, order: Order, directory: Path, teller: Teller) -> None:
        self._tell = teller.tell
        self._selector = selectors.DefaultSelector()
        self._addresses = addresses.choose(len(_PODS))
        self._manifests = Path(order.manifests)
        if order.copy:
            self._manifests = directory / "manifests"
            self._manifests.mkdir()
            for file in Path(order.manifests).glob("*.yaml"):
                shutil.copyfile(file, self._manifests / file.name)
        served = tuple(
            listening for (*_, calls), listening in zip(_PODS, self._addresses.pods, strict=True) if not calls
        )
        called = (CALLED, ALSO_CALLED) if order.evicts else (CALLED,)
        self._pods = tuple(
            PodPlan(
                name=name,
                service_account=account,
                version=version,
                locality=locality,
                listening=listening,
                directory=str(directory / "pods" / name),
                istiod=self._addresses.istiod,
                certificate_seconds=order.certificate_seconds,
                evicts=order.evicts,
                calls=called if calls else (),
                called=served if calls else (),
            )
            for (name, account, version, locality, calls), listening in zip(_PODS, self._addresses.pods, strict=True)
        )
        self._directory = directory
        self._children = self._plan_children(directory)
        self._readiness = Readiness({(child.pod, child.process) for child in self._children})

    def _plan_children(self, directory: Path) -> list[Child]:
        logs = directory / "logs"
        logs.mkdir()
        (directory / "istiod").mkdir(mode=0o700)
        for pod in self._pods:
            Path(pod.directory).mkdir(parents=True)
            pod.token_file.touch(mode=0o600)
            pod.token_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
        plan = IstiodPlan(self._addresses.istiod, str(self._manifests), str(directory / "istiod"), self._pods)
        children = [Child("istiod", "istiod", "meshtui.demo.istiod", plan.to_json(), logs)]
        for process, module in (("agent", "meshtui.demo.agent"), ("app", "meshtui.demo.echo_app")):
            for pod in self._pods:
                environment = {"GRPC_XDS_BOOTSTRAP": str(pod.bootstrap)} if process == "app" else {}
                children.append(Child(pod.name, process, module, pod.to_json(), logs, environment))
        return children

    def run(self) -> None:
        """Run until standard input ends."""
        self._tell(
            DemoEventKind.STARTING,
            directory=str(self._directory),
            manifests=str(self._manifests),
            istiod=self._addresses.istiod,
            pods={pod.name: announced(pod).to_json() for pod in self._pods},
        )
        os.set_blocking(0, False)
        self._selector.register(0, selectors.EVENT_READ, None)
        for child in self._children:
            if _parent_gone():
                return
            self._start(child)
        while True:
            for key, _ in self._selector.select(_TICK_SECONDS):
                if key.data is None:
                    if not os.read(0, 4096):
                        return
                else:
                    self._hear(key.data)
            self._look()

    def _start(self, child: Child) -> None:
        self._selector.register(child.start(), selectors.EVENT_READ, child)
        self._tell(DemoEventKind.PROCESS_STARTED, child.pod, child.process, pid=child.pid, restarts=child.restarts)

    def _hear(self, child: Child) -> None:
        """Pass on what a child says; the end of its output is its end."""
        messages = child.read()
        if messages is None:
            self._selector.unregister(child.output)
            how = child.reap()
            self._readiness.ended(child.pod, child.process)
            self._tell(DemoEventKind.PROCESS_DIED, child.pod, child.process, how=how)
            return
        for message in messages:
            event = kind_of(str(message.pop("event", "")))
            if event is None:
                continue
            if event is DemoEventKind.SERVING and child.restarts:
                self._tell(DemoEventKind.PROCESS_RESTARTED, child.pod, child.process, restarts=child.restarts)
            self._readiness.heard(child.pod, child.process, event, message, time.monotonic())
            self._tell(event, child.pod, child.process, **_without_envelope(message))

    def _look(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.due(now):
                self._start(child)
        outcome = self._readiness.outcome(now)
        if outcome is not None:
            self._tell(DemoEventKind.READY, traffic=outcome.traffic, reason=outcome.reason)

    def kill(self) -> None:
        """Kill every child and wait for each to be gone."""
        for child in self._children:
            child.kill()
        for child in self._children:
            child.reap()


def _parent_gone() -> bool:
    """Whether the lifeline has ended already; a start on a busy machine takes seconds."""
    try:
        return not os.read(0, 4096)
    except BlockingIOError:
        return False


def _without_envelope(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key not in ("event", "time", "pod", "process")}


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def main(order: Order) -> None:
    """Run a mesh from start to end."""
    temporary.sweep()
    directory = temporary.Directory()
    supervisor: Supervisor | None = None
    try:
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, _stop)
        supervisor = Supervisor(order, directory.path, Teller())
        supervisor.run()
    finally:
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        if supervisor is not None:
            supervisor.kill()
        directory.remove()


if __name__ == "__main__":
    main(Order.from_json(sys.argv[1]))
