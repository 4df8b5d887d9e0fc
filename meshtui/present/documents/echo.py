"""A run as text for files and other programs: JSON (schema 1) and CSV. Pure: text out.

Whatever the mesh said is harmless in both: control, bidirectional and invisible characters are escaped, cells are no
formulas, and values of headers that are secrets are masked.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from meshtui.json_writer import indented
from meshtui.model.echo.latency import Latency
from meshtui.model.echo.spec import Answer, EchoRequestSpec
from meshtui.model.echo.tally import EchoTally, FailureCause
from meshtui.model.identity.masking import masked_headers
from meshtui.model.printable import escaped, json_escaped
from meshtui.model.split.assessment import Assessment
from meshtui.model.split.epochs import Epoch
from meshtui.present.documents.document import SCHEMA, rfc3339

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins so for a formula, some also the full-width forms; text from the mesh gets an
apostrophe before it."""


def result_document(
    tally: EchoTally, assessment: Assessment, explain: Callable[[str], str] = lambda sample: ""
) -> dict[str, Any]:
    """The keys of ``meshtui echo -o json`` beyond ``schema`` and ``target``. ``explain`` makes a sentence of an error
    text."""
    expected = assessment.expectation.shares if assessment.expectation else {}
    return {
        "requested": tally.requested,
        "sent": tally.sent,
        "completed": tally.completed,
        "failed": tally.failed,
        "lost": tally.lost,
        "abandoned": tally.abandoned,
        "unknown_version": tally.unknown_version,
        "by_version": dict(tally.by_version),
        "by_hostname": dict(tally.by_hostname),
        "early": dict(assessment.counts.early),
        "errors": [_cause(cause, explain) for cause in tally.causes],
        "latency_ms": latency_document(tally.latency),
        "expected": {version: round(share, 6) for version, share in expected.items()} or None,
        "verdict": assessment.verdict.value,
        "e_value": assessment.e_value,
        "p_value": assessment.p_value.value if assessment.p_value else None,
        "p_method": assessment.p_value.method if assessment.p_value else None,
        "alpha": assessment.alpha,
        "margin": round(assessment.margin * 100, 6),
        "intervals": {
            version: [round(low, 5), round(high, 5)] for version, (low, high) in assessment.intervals.items()
        },
        "needed_more": assessment.needed_more,
    }


def latency_document(latency: Latency | None) -> dict[str, float] | None:
    """Percentiles in milliseconds, or ``None`` when no answer reported its latency."""
    if latency is None:
        return None
    values = {"p50": latency.p50, "p90": latency.p90, "p99": latency.p99, "max": latency.most}
    return {name: round(seconds * 1e3, 4) for name, seconds in values.items()}


def epoch_document(epoch: Epoch) -> dict[str, Any]:
    """One epoch: when, what was expected, what was counted."""
    return {
        "number": epoch.number,
        "started": rfc3339(epoch.started),
        "ended": rfc3339(epoch.ended) if epoch.ended else None,
        "expected": epoch.expectation.shares if epoch.expectation else None,
        "by_version": dict(epoch.counts.by_version),
        "unknown_version": epoch.counts.unknown,
        "failed": epoch.counts.failed,
        "lost": epoch.counts.lost,
        "early": dict(epoch.counts.early),
        "changeover": epoch.changeover,
    }


def run_json(
    spec: EchoRequestSpec,
    tally: EchoTally,
    assessment: Assessment,
    epochs: Sequence[Epoch],
    started: datetime,
    explain: Callable[[str], str] = lambda sample: "",
) -> str:
    """A whole run as a JSON document, with its epochs, its course over time and the last answers."""
    document = {
        "schema": SCHEMA,
        "url": spec.url,
        "qps": spec.qps,
        "headers": [list(pair) for pair in masked_headers(spec.all_headers)],
        "started": rfc3339(started),
        **result_document(tally, assessment, explain),
        "epochs": [epoch_document(epoch) for epoch in epochs],
        "over_time": [
            {
                "at": rfc3339(point.at),
                "seconds": point.seconds,
                "by_version": dict(point.by_version),
                "failed": point.failed,
                "lost": point.lost,
                "unknown_version": point.unknown,
            }
            for point in tally.whole
        ],
        "answers": [_answer(answer) for answer in tally.answers],
    }
    return json_escaped(indented(document)) + "\n"


def run_csv(tally: EchoTally) -> str:
    """The course over time, one line a span: time, seconds, one column a version, then unknown, failed and lost."""
    versions = sorted({version for point in tally.whole for version in point.by_version})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["at", "seconds", *map(_cell, versions), "unknown_version", "failed", "lost"])
    for point in tally.whole:
        counts = [point.by_version.get(version, 0) for version in versions]
        writer.writerow([rfc3339(point.at), f"{point.seconds:g}", *counts, point.unknown, point.failed, point.lost])
    return out.getvalue()


def _cause(cause: FailureCause, explain: Callable[[str], str]) -> dict[str, Any]:
    return {
        "code": cause.code,
        "message": cause.sample,
        "count": cause.failed,
        "lost": cause.lost,
        "explanation": explain(cause.sample),
    }


def _answer(answer: Answer) -> Mapping[str, Any]:
    return {
        "index": answer.index,
        "version": answer.version,
        "hostname": answer.hostname,
        "latency_ms": None if answer.latency_s is None else round(answer.latency_s * 1e3, 4),
        "fields": [list(pair) for pair in answer.fields],
    }


def _cell(text: str) -> str:
    """Text of the mesh for a cell: seen as it is, on one line, and never a formula, with blanks before it or not."""
    safe = escaped(text)
    return f"'{safe}" if safe.lstrip().startswith(FORMULA_STARTS) else safe
