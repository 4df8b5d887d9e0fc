"""Runs the probe of ``meshtui echo`` from start to end, in one event loop, until it ends or a signal comes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from meshtui.cli.echo.request import ProbeRequest
from meshtui.cli.person import PERSON
from meshtui.model.errors import ServiceMissing, TargetUnreachable
from meshtui.model.split.expectation import ECHO_PATH
from meshtui.model.target import TargetOptions
from meshtui.model.xds.routing import decide
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.backoff import FIRST_CONTACT_S
from meshtui.session.echo.controller import EchoController, load_of
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import BatchRecord, EchoSettings, EchoState
from meshtui.session.state import LinkState
from meshtui.targets import echo_source, open_echo_session

if TYPE_CHECKING:  # only a run that follows the config has a session
    from meshtui.session.session import Session

LOOK_EVERY_S: Final = 0.25
"""How often the config is looked at during a run. Answers between the last look at the old weights and the first at the
new ones are judged by neither, so a short interval wastes few."""

LEARNING_QPS: Final = 50
"""The rate when none is given and the pod holds no config for the URL before it is called. Its config is there only
while a probe's channel is open; at full speed a hundred requests are over before it was looked at once."""

FIRST_LOOK_EVERY_S: Final = 0.02
"""How often to see whether the session has had its first look."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of each batch while the run goes on."""

    started: Callable[[EchoRun], None] = lambda run: None
    state: Callable[[EchoState], None] = lambda state: None
    batch: Callable[[BatchRecord], None] = lambda record: None


@dataclass(frozen=True, slots=True)
class ProbeEnd:
    """How a run ended; ``interrupted`` by Ctrl+C, SIGTERM or SIGHUP."""

    state: EchoState
    interrupted: bool


def probe(request: ProbeRequest, options: TargetOptions, listeners: Listeners) -> ProbeEnd:
    """Run it. Raises ``TargetUnreachable`` when the target does not serve what is needed before anything was sent,
    ``UsageError`` for what cannot be sent, and ``click.Abort`` when a signal comes before the first request."""
    return asyncio.run(_probe(request, options, listeners))


async def _probe(request: ProbeRequest, options: TargetOptions, listeners: Listeners) -> ProbeEnd:
    begin = _with_config if request.from_config else _without_config
    with _signals() as stop:
        async with begin(request, options, stop) as run:
            run.subscribe(listeners.state)
            run.subscribe_batches(listeners.batch)
            listeners.started(run)
            return await _until_ended(run, stop)


@asynccontextmanager
async def _without_config(request: ProbeRequest, options: TargetOptions, stop: asyncio.Event) -> AsyncIterator[EchoRun]:
    """A run that asks the target for nothing but ForwardEcho: it may serve no CSDS."""
    async with echo_source(request.target, options, person=PERSON) as source:
        settings = replace(_settings(request), contact_s=options.timeout)
        run = EchoRun(source, request.spec, settings, expectation=request.typed, probe=request.target)
        run.start()
        try:
            yield run
        finally:
            await run.cancel()


@asynccontextmanager
async def _with_config(request: ProbeRequest, options: TargetOptions, stop: asyncio.Event) -> AsyncIterator[EchoRun]:
    """A run whose expected shares follow the accepted config of the same target."""
    session = open_echo_session(request.target, options, interval=LOOK_EVERY_S, person=PERSON)
    session.start()
    try:
        controller, snapshot = await _unless(stop, _first_look(session, options.timeout))
        spec = request.spec
        if not spec.qps and not holds_config(snapshot, request):
            spec = replace(spec, qps=LEARNING_QPS)
        settings = replace(_settings(request), awaits_confirmation=True)
        sender = snapshot.node.id or request.target
        controller.agree(load_of(spec, settings, sender, None))  # what was typed is what was agreed to
        yield controller.start(spec, settings, probe=sender, mapping=request.mapping)
    finally:
        await session.stop()


def _settings(request: ProbeRequest) -> EchoSettings:
    return EchoSettings(
        alpha=request.alpha, margin=request.margin, duration_s=request.duration_s, until_decided=request.until_decided
    )


def holds_config(snapshot: Snapshot, request: ProbeRequest) -> bool:
    """Whether the pod's own channels keep the config for the URL there, so that it need not be learnt by the way."""
    decision = decide(snapshot, request.spec.url, ECHO_PATH, dict(request.spec.all_headers))
    return decision.listener is not None and decision.routes is not None


async def _first_look(session: Session, timeout: float) -> tuple[EchoController, Snapshot]:
    """Wait for the config. A target that is not there yet (a port-forward just begun) is tried a few seconds, no longer
    than one answer may take."""
    began = time.monotonic()
    # The session tells nobody of its states, it is looked at; each of its own waits has a deadline, so this ends.
    while session.running and _may_come(session.state.link.state, began + min(FIRST_CONTACT_S, timeout)):
        await asyncio.sleep(FIRST_LOOK_EVERY_S)
        if session.echo is None and session.state.link.state is LinkState.CONNECTING:  # gRPC is still being loaded
            began = time.monotonic()
    state = session.state
    if state.snapshot is None or session.echo is None:
        if state.link.state is LinkState.MISSING:
            hint = "type the shares, as in --expect v1=20,v2=80, which needs no CSDS"
            raise ServiceMissing(state.link.problem, hint)
        tried = time.monotonic() - began
        words = "" if state.link.timed_out else f" It was tried for {tried:.1f} s."
        raise TargetUnreachable(f"{state.link.problem}{words}", state.link.hint)
    return session.echo, state.snapshot


def _may_come(link: LinkState, ends: float) -> bool:
    return link is LinkState.CONNECTING or (link is LinkState.DOWN and time.monotonic() < ends)


async def _until_ended(run: EchoRun, stop: asyncio.Event) -> ProbeEnd:
    ended, stopped = asyncio.ensure_future(run.wait()), asyncio.ensure_future(stop.wait())
    await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
    interrupted = not ended.done()
    if interrupted:
        await run.cancel()
    stopped.cancel()
    return ProbeEnd(await ended, interrupted)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, Result]) -> Result:
    """The work's result. Raises ``click.Abort`` when the stop comes first."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise click.Abort
        return working.result()
    finally:
        working.cancel()
        stopped.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """An event that the first Ctrl+C, SIGTERM or SIGHUP sets. A second one ends the process as if nobody listened.

    A SIGHUP that is ignored, as under ``nohup``, stays so.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def remove() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)

    def first() -> None:
        stop.set()
        remove()

    for number in numbers:
        loop.add_signal_handler(number, first)
    try:
        yield stop
    finally:
        remove()
