"""What failed in a run of the echo lab, in one sentence: how many of how many, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from meshtui.doctor.explain.catalogue import UNKNOWN, known_error
from meshtui.model.echo.outcome import Outcome
from meshtui.model.echo.tally import OTHER, EchoTally, FailureCause
from meshtui.model.phrases import one_line, plural

MOST_NAMED: Final = 2
"""Causes named in the sentence; the list of causes has them all."""

QUOTED: Final = 80
"""Characters of an unknown error's text in the sentence."""


def cause_title(cause: FailureCause) -> str:
    """The cause in a few words; of an error that is not known, the beginning of its text (untrusted)."""
    if cause.code == OTHER:
        return "other errors"
    known = known_error(cause.sample)
    if known is not UNKNOWN:
        return known.title
    return one_line(cause.sample, QUOTED)


def fates_words(failed: int, lost: int) -> str:
    """``375 failed, 5 lost``: lost ones are said wherever failed ones are; empty when there are neither."""
    parts = [f"{number} {word}" for number, word in ((failed, "failed"), (lost, "lost")) if number]
    return ", ".join(parts)


def outcome_sentence(outcome: Outcome, tally: EchoTally, ended: bool, why: str = "") -> str:
    """The outcome in one sentence. ``why`` says what the run broke off for; text of the mesh in it is untrusted."""
    of = "" if tally.requested in (None, tally.sent) else f" of {tally.requested} asked for"
    match outcome:
        case Outcome.NOTHING:
            return "nothing has come back yet." if not ended else "nothing came back."
        case Outcome.ANSWERED:
            return f"all {tally.came_back} were answered." if tally.came_back != 1 else "the one request was answered."
        case Outcome.BROKEN_OFF:
            return f"the run broke off after {plural(tally.sent, 'request')}{of}: {why}"
    said = _failed(tally, ended)
    return f"{said} The run broke off after {plural(tally.sent, 'request')}{of}: {why}" if why else said


def _failed(tally: EchoTally, ended: bool) -> str:
    so_far = "" if ended else " so far"
    total = plural(tally.sent, "request")
    if tally.failed and tally.lost:
        head = f"{tally.failed} of {total} failed and {tally.lost} are lost{so_far}"
    elif tally.failed:
        head = f"{tally.failed} of {total} failed{so_far}"
    else:
        head = f"{tally.lost} of {total} {'is' if tally.lost == 1 else 'are'} lost{so_far}"
    return f"{head}: {_causes(tally.causes)}." if tally.causes else f"{head}."


def _causes(causes: Sequence[FailureCause]) -> str:
    if len(causes) == 1:
        return cause_title(causes[0])
    named = [f"{cause_title(cause)} ({cause.failed + cause.lost})" for cause in causes[:MOST_NAMED]]
    more = [f"and {plural(len(causes) - MOST_NAMED, 'more cause')}"] if len(causes) > MOST_NAMED else []
    return "; ".join(named + more)
