"""What ``meshtui echo`` says of a run: the JSON document, a line of ndjson, the text for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from meshtui.cli.echo.bars import histogram
from meshtui.doctor.explain.catalogue import known_error
from meshtui.doctor.explain.echo_run import fates_words
from meshtui.model.echo.latency import Latency
from meshtui.model.echo.outcome import Outcome, outcome_of
from meshtui.model.echo.tally import EchoTally
from meshtui.model.finding import Severity
from meshtui.model.phrases import one_line, plural, share_words
from meshtui.model.split.assessment import Assessment, Expectation, Verdict, assess
from meshtui.model.split.epochs import Epoch
from meshtui.model.split.words import split_beside_failures
from meshtui.present.documents.document import document, rfc3339
from meshtui.present.documents.echo import epoch_document, result_document
from meshtui.present.severity import SEVERITY_SIGNS
from meshtui.present.text_lines import Lines, TextLine
from meshtui.session.echo.state import BatchRecord, EchoState, Phase

MOST_PODS: Final = 10
"""Hostnames listed for people; JSON has them all."""

LONGEST_ERROR: Final = 300
"""Characters of an error text shown to people; JSON has the whole sample."""

SEND_LONGER: Final = (
    "It is there only while the probe's channel is open: send for longer (a greater count, or a lower qps)."
)
"""What to do when a run from a pod without channels of its own was over too soon."""


def outcome(state: EchoState, allowed: float) -> Outcome:
    """The outcome, where the part ``allowed`` of the requests (0 to 1) may fail."""
    return outcome_of(state.tally, state.phase is Phase.FAILED, allowed)


def echo_document(target: str, state: EchoState, from_config: bool, allowed: float = 0.0) -> dict[str, Any]:
    """The whole document of ``-o json``; its keys are in ``docs/headless.md``."""
    tally, spec = state.tally, state.spec
    result = result_document(tally, state.assessment, lambda sample: known_error(sample).explanation)
    for error, cause in zip(result["errors"], tally.causes, strict=True):
        known = known_error(cause.sample)
        error |= {"title": known.title, "fix": known.fix}
    if state.settings.until_decided or state.phase is not Phase.DONE:
        # A p-value holds for a size that was fixed before, not for a run that ended because of what it saw.
        result["p_value"] = result["p_method"] = None
    return document(
        target,
        url=spec.url,
        probe=state.probe,
        phase=state.phase.value,
        started=rfc3339(state.started),
        duration_s=_seconds(state),
        qps=spec.qps,
        outcome=outcome(state, allowed).value,
        outcome_sentence=state.outcome_sentence,
        **result,
        sentence=sentence(state, from_config),
        caveat=state.caveat,
        unexpected=list(state.assessment.unexpected),
        surplus=tally.surplus,
        expectation=_expectation_json(state.assessment.expectation),
        epochs=[_epoch_json(epoch, state) for epoch in state.epochs],
        unconfirmed=state.unconfirmed,
        error=None if state.error is None else state.error.what,
    )


def batch_document(record: BatchRecord) -> dict[str, Any]:
    """One line of ``-o ndjson`` before the last."""
    return {
        "event": "batch",
        "number": record.number,
        "started": rfc3339(record.started),
        "ended": rfc3339(record.ended),
        "sent": record.sent,
        "by_version": dict(record.split.by_version),
        "unknown_version": record.split.unknown,
        "failed": record.split.failed,
        "lost": record.split.lost,
        "abandoned": record.abandoned,
        "errors": list(record.errors),
    }


def sentence(state: EchoState, from_config: bool) -> str:
    """The verdict in a sentence."""
    if from_config and state.assessment.expectation is None:
        return f"no test: the pod's config for {state.spec.url} was not seen while the probe ran. {SEND_LONGER}"
    came_back = state.tally.sent - state.tally.abandoned
    if (
        from_config
        and state.assessment.verdict is Verdict.UNDECIDED
        and came_back
        and not state.assessment.counts.came_back
    ):
        return f"undecided: everything came back before the config in force was known. {SEND_LONGER}"
    return state.sentence


def epoch_assessment(epoch: Epoch, state: EchoState) -> Assessment:
    """The verdict on one epoch alone."""
    return assess(epoch.counts, epoch.expectation, state.settings.alpha, state.settings.margin, epoch.peak)


def _expectation_json(expectation: Expectation | None) -> dict[str, Any] | None:
    if expectation is None:
        return None
    return {
        "source": expectation.source.value,
        "label": expectation.label,
        "testable": expectation.testable,
        "reason": expectation.reason,
        "notes": list(expectation.notes),
    }


def _epoch_json(epoch: Epoch, state: EchoState) -> dict[str, Any]:
    judged = epoch_assessment(epoch, state)
    return epoch_document(epoch) | {"verdict": judged.verdict.value, "e_value": judged.e_value}


def _seconds(state: EchoState) -> float:
    if state.started is None or state.ended is None:
        return 0.0
    return round((state.ended - state.started).total_seconds(), 3)


# For people


def echo_text(state: EchoState, from_config: bool, allowed: float = 0.0) -> Lines:
    """The result for people. ``allowed`` is the part of the requests (0 to 1) that may fail."""
    blocks: tuple[Sequence[TextLine], ...] = (
        _head(state),
        _outcome(state, outcome(state, allowed)),
        _bars(state),
        _verdict(state, from_config),
        _epochs(state),
        _facts(state.tally),
        _errors(state.tally),
    )
    lines: list[TextLine] = []
    for block in filter(None, blocks):
        lines += [*([""] if lines else []), *block]
    return Lines(lines)


def _head(state: EchoState) -> list[str]:
    tally = state.tally
    parts = [f"{tally.completed} answered", f"{tally.failed} failed"]
    parts += [f"{number} {word}" for number, word in ((tally.lost, "lost"), (tally.abandoned, "abandoned")) if number]
    asked = "" if tally.requested in (None, tally.sent) else f" of {tally.requested}"
    ended = {Phase.DONE: "", Phase.FAILED: ", then broken off"}.get(state.phase, f", {state.phase.value}")
    return [
        f"{state.spec.url} from {state.probe}, fresh-channel probe",
        f"{plural(tally.sent, 'request')}{asked} in {_seconds(state):.1f} s{ended}: {', '.join(parts)}",
    ]


def _bars(state: EchoState) -> list[TextLine]:
    shown = state.histogram
    lines = histogram(shown.shares, shown.counts)
    if shown.elsewhere > 0:
        lines.append(f"  {shown.elsewhere} failed or lost under other weights or as these came; no bar has them.")
    return lines


def _outcome(state: EchoState, outcome: Outcome) -> list[TextLine]:
    """What failed, before anything is said of the split."""
    if outcome is Outcome.TOLERATED:
        said = f" {state.outcome_sentence} That is no more than --allow-failed allows."
        return [(SEVERITY_SIGNS[Severity.WARNING], said)]
    words = {Outcome.FAILED: "FAILED", Outcome.BROKEN_OFF: "BROKEN OFF"}
    if outcome not in words:
        return []
    return [(SEVERITY_SIGNS[Severity.ERROR], f" {words[outcome]}  {state.outcome_sentence}")]


def _verdict(state: EchoState, from_config: bool) -> list[str]:
    assessment = state.assessment
    notes = [f"note: {note}" for note in (assessment.expectation.notes if assessment.expectation else ())]
    if state.tally.trouble:
        said = split_beside_failures(assessment)
        if from_config and assessment.expectation is None:
            said = sentence(state, from_config)
        judged = assessment.verdict is not Verdict.UNDECIDED or assessment.needed_more is not None
        caveat = [state.caveat] if state.caveat and said and judged else []
        return [*([f"split: {said}"] if said else []), *caveat, *notes]
    asked = assessment.verdict is not Verdict.NONE or assessment.expectation is not None or from_config
    lines = [sentence(state, from_config)] if asked else []
    return [*lines, *([state.caveat] if state.caveat else []), *notes]


def _epochs(state: EchoState) -> list[str]:
    """A line an epoch, when there were several."""
    first, *others = state.epochs or (None,)
    if first is not None and first.expectation is None and not first.counts.total and len(others) == 1:
        early = others[0].changeover
        return [f"{plural(early, 'request')} came back before the config was seen; the verdict leaves them out."]
    return [_epoch_line(epoch, state) for epoch in state.epochs] if others else []


def _epoch_line(epoch: Epoch, state: EchoState) -> str:
    wanted = epoch.expectation.shares if epoch.expectation else {}
    shares = ", ".join(f"{version} {share_words(share)}" for version, share in wanted.items()) or "no shares known"
    counted = ", ".join(f"{version} {count}" for version, count in sorted(epoch.counts.by_version.items()))
    verdict = epoch_assessment(epoch, state).verdict
    between = f", {epoch.changeover} in the change-over" if epoch.changeover else ""
    return f"epoch {epoch.number}  want {shares}: {counted or 'no answers'}{between}  {verdict.value}"


def _facts(tally: EchoTally) -> list[str]:
    pods = [f"{name} {count}" for name, count in tally.by_hostname.items()]
    more = [f"and {len(pods) - MOST_PODS} more"] if len(pods) > MOST_PODS else []
    lines = [_latency(tally.latency)] if tally.latency else []
    return [*lines, *(["by pod   " + "  ".join(pods[:MOST_PODS] + more)] if pods else [])]


def _latency(latency: Latency) -> str:
    values = (("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99), ("max", latency.most))
    return "latency  " + "  ".join(f"{name} {seconds * 1e3:.1f} ms" for name, seconds in values)


def _errors(tally: EchoTally) -> list[TextLine]:
    lines: list[TextLine] = []
    for cause in tally.causes:
        known = known_error(cause.sample)
        lines += [
            (SEVERITY_SIGNS[Severity.ERROR], f" {fates_words(cause.failed, cause.lost)}: {known.title}"),
            f"    {known.explanation}",
            f"    fix   {known.fix}",
            f"    said  {one_line(cause.sample, LONGEST_ERROR)}",
        ]
    return lines
