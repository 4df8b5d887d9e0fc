"""What of an echo run belongs into the timeline: its start, each change of the split it is judged by, its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from meshtui.model.echo.outcome import Outcome
from meshtui.model.phrases import share_words
from meshtui.model.split.assessment import Verdict
from meshtui.model.split.words import split_beside_failures
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.resource import Health
from meshtui.session.echo.state import EchoState, Phase

PHASES: Final = {Phase.DONE: "ended", Phase.CANCELLED: "stopped", Phase.FAILED: "broken off"}
"""How a run ended, whatever came of it."""


def echo_events(before: EchoState | None, after: EchoState, now: datetime) -> Iterator[Event]:
    """The events between two states of one pod's probe; ``before`` is ``None`` for the first."""
    url = after.spec.url
    same_run = before is not None and before.started == after.started
    if not same_run and after.started is not None:
        amount = "until stopped" if after.spec.count is None else f"{after.spec.count} requests"
        rate = f" at {after.spec.qps} a second" if after.spec.qps else ""
        yield Event(after.started, EventKind.ECHO, url, f"probe started: {amount}{rate}")
    epochs_before = len(before.epochs) if before is not None and same_run else 1
    for epoch in after.epochs[max(epochs_before, 1) :]:
        shares = epoch.expectation.shares if epoch.expectation else {}
        words = " · ".join(f"{version} {share_words(share)}" for version, share in shares.items())
        yield Event(epoch.started, EventKind.ECHO, url, f"judged by a new split: {words or 'none'}")
    ended_before = before is not None and same_run and before.phase.ended
    if after.phase.ended and not ended_before:
        yield Event(after.ended or now, EventKind.ECHO, url, _result(after), health=_health(after))


def _result(state: EchoState) -> str:
    """The outcome first; the verdict on the split after it, where failures leave it one."""
    tally, outcome = state.tally, state.outcome
    if outcome in (Outcome.FAILED, Outcome.BROKEN_OFF):
        said = f"probe {PHASES[state.phase]}: {state.outcome_sentence}"
        split = split_beside_failures(state.assessment) if state.assessment.verdict is Verdict.MISMATCH else ""
        return f"{said} {split}".rstrip()
    return f"probe {PHASES[state.phase]}: {tally.completed} of {tally.sent} answered; {state.sentence}"


def _health(state: EchoState) -> Health:
    """✓ only where every request was answered and the split is not in question."""
    verdict, outcome = state.assessment.verdict, state.outcome
    if verdict is Verdict.MISMATCH or outcome in (Outcome.FAILED, Outcome.BROKEN_OFF):
        return Health.REFUSED
    if verdict is Verdict.UNDECIDED or outcome is Outcome.NOTHING:
        return Health.WAITING
    return Health.OK
