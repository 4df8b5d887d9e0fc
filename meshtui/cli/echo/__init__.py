"""``meshtui echo``: send requests through a pod, and say whether the split is what the config asks for."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import click

from meshtui.cli.diagnostics import ExitCode, code_of, fail, say
from meshtui.cli.echo.headers import all_headers
from meshtui.cli.echo.request import ProbeRequest, amount, check, expectation, mapping
from meshtui.cli.layout import wide_option
from meshtui.cli.numbers import MOST_COUNT, Duration, Number, Whole
from meshtui.cli.options import target_options
from meshtui.cli.output import FORMATS, emit, lossless, write_json
from meshtui.model.echo.outcome import Outcome
from meshtui.model.echo.spec import DEFAULT_TIMEOUT, LONGEST_TIMEOUT, SHORTEST_TIMEOUT, EchoRequestSpec, intent_sentence
from meshtui.model.split.assessment import ALPHA, LEAST_ALPHA, LEAST_MARGIN, MARGIN, MOST_ALPHA, Verdict
from meshtui.model.split.words import split_beside_failures
from meshtui.model.target import TargetOptions
from meshtui.present.documents.echo import run_csv
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import BatchRecord, EchoState, Phase

ECHO_FORMATS: Final = (*FORMATS, "ndjson", "csv")
"""Beside the usual ones, a line a batch, and the course over time for a spreadsheet."""

_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.option("--url", required=True, metavar="URL", help="What to call, such as xds:///echo.ns:7070."),
    click.option(
        "--count", type=Whole(1, MOST_COUNT), metavar="N", help="Requests in all (100, unless --duration ends the run)."
    ),
    click.option(
        "--qps",
        type=Whole(0, MOST_COUNT),
        default=0,
        metavar="Q",
        help="Requests a second; 0 is as fast as 40 at a time can.",
    ),
    click.option(
        "--header", "header_texts", multiple=True, metavar="NAME:VALUE|@FILE", help="A header; may be repeated."
    ),
    click.option(
        "--header-file",
        "header_files",
        multiple=True,
        metavar="FILE",
        help="Headers, one NAME: VALUE a line, where no other user reads them; - is standard input.",
    ),
    click.option("--message", default="", metavar="TEXT", help="The message to be echoed."),
    click.option("--method", default="", metavar="METHOD", help="The HTTP method, for http URLs."),
    click.option(
        "--request-timeout",
        type=Number(SHORTEST_TIMEOUT, LONGEST_TIMEOUT, "number of seconds"),
        default=DEFAULT_TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="How long one request may take.",
    ),
    click.option("--new-connection", is_flag=True, help="A new connection for each request."),
    click.option("--authority", default="", metavar="NAME", help="The authority to send, if not the URL's host."),
    click.option(
        "--expect",
        metavar="SHARES|config",
        help="Test the split against these shares (v1=20,v2=80) or the accepted config's; pass only if consistent.",
    ),
    click.option(
        "--map",
        "mapping_texts",
        multiple=True,
        metavar="SUBSET=VERSION",
        help="Which version answers for a subset, where the names do not say it; may be repeated.",
    ),
    click.option(
        "--alpha",
        type=Number(LEAST_ALPHA, MOST_ALPHA),
        default=ALPHA,
        show_default=True,
        help="Probability of ever calling a correct split a mismatch.",
    ),
    click.option(
        "--margin",
        type=Number(LEAST_MARGIN * 100, 100, "number of points", below=True),
        default=MARGIN * 100,
        show_default=True,
        metavar="POINTS",
        help="How many percentage points off a version may be and still be consistent.",
    ),
    click.option(
        "--allow-failed",
        type=Number(0, 100, "number of percent"),
        default=0.0,
        show_default=True,
        metavar="PERCENT",
        help="Requests that may fail before the exit code is 1.",
    ),
    click.option("--duration", type=Duration(), metavar="SPAN", help="Send no longer than this, such as 30s or 5m."),
    click.option("--until-decided", is_flag=True, help="Stop with the first verdict (10000 requests at most)."),
    click.option("--lift-limits", is_flag=True, help="Lift the bounds on count and qps."),
    click.option("--yes", is_flag=True, help="Accepted for scripts; this command never asks."),
    click.option(
        "-o",
        "--output",
        "format_",
        type=click.Choice(ECHO_FORMATS),
        default="table",
        show_default=True,
        help="Form of output.",
    ),
)


def _echo_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_echo_options
@wide_option
@target_options()
@click.pass_context
def echo(ctx: click.Context, /, target: str, options: TargetOptions, format_: str, **asked: Any) -> None:
    """Send requests through a pod that serves ForwardEcho, and judge the split by version.

    TARGET sends load: the requests go out from its pod. Exits with 0 when all was answered and the split, if one is
    expected, is consistent; with 1 when it is not, or not decided, or requests failed.
    """
    request = _request(target, asked)
    ctx.exit(_run(request, options, format_))


def _request(target: str, asked: dict[str, Any]) -> ProbeRequest:
    duration: timedelta | None = asked["duration"]
    typed, from_config = expectation(asked["expect"])
    spec = EchoRequestSpec(
        asked["url"],
        count=amount(asked["count"], duration, asked["until_decided"]),
        qps=asked["qps"],
        headers=all_headers(asked["header_texts"], asked["header_files"], os.environ),
        message=asked["message"],
        method=asked["method"],
        timeout_s=asked["request_timeout"],
        new_connection=asked["new_connection"],
        authority=asked["authority"],
        lift_limits=asked["lift_limits"],
    )
    return check(
        ProbeRequest(
            target=target,
            spec=spec,
            typed=typed,
            from_config=from_config,
            mapping=mapping(asked["mapping_texts"]),
            alpha=asked["alpha"],
            margin=asked["margin"] / 100,
            duration_s=None if duration is None else duration.total_seconds(),
            until_decided=asked["until_decided"],
            allowed_failures=asked["allow_failed"] / 100,
        )
    )


def _run(request: ProbeRequest, options: TargetOptions, format_: str) -> ExitCode:
    from meshtui.cli.echo.probe import Listeners, probe
    from meshtui.cli.echo.progress import Progress

    progress = Progress()

    def started(run: EchoRun) -> None:
        if progress.live:
            say(intent_sentence(run.spec, run.probe, request.duration_s, request.until_decided))

    def batch(record: BatchRecord) -> None:
        if format_ == "ndjson":
            from meshtui.cli.echo.report import batch_document

            progress.clear()
            write_json(batch_document(record))

    try:
        outcome = probe(request, options, Listeners(started, progress.show, batch))
    finally:
        progress.clear()
    state = outcome.state
    if state.phase is Phase.FAILED and not state.tally.sent and state.error is not None:
        raise state.error
    _write(request, state, format_)
    return _ending(request, state, outcome.interrupted, format_)


def _write(request: ProbeRequest, state: EchoState, format_: str) -> None:
    from meshtui.cli.echo.report import echo_document, echo_text

    def data() -> dict[str, Any]:
        return echo_document(request.target, state, request.from_config, request.allowed_failures)

    if format_ == "csv":
        lossless(run_csv(state.tally))
    elif format_ == "ndjson":
        write_json({"event": "summary", **data()})
    else:
        emit(format_, data, lambda: echo_text(state, request.from_config, request.allowed_failures))


def _ending(request: ProbeRequest, state: EchoState, interrupted: bool, format_: str) -> ExitCode:
    """The exit code; what it stands for is said on standard error unless the text above says it already."""
    if interrupted:
        say("interrupted")
        return ExitCode.INTERRUPTED
    if state.phase is Phase.FAILED and state.error is not None:
        fail(state.error)
        return code_of(state.error)
    reasons = _wrong(request, state)
    if reasons and format_ != "table":
        for reason in reasons:
            say(f"meshtui: {reason}")
    return ExitCode.WRONG if reasons else ExitCode.OK


def _wrong(request: ProbeRequest, state: EchoState) -> list[str]:
    """Why a gate must not open."""
    from meshtui.cli.echo.report import epoch_assessment, outcome, sentence

    reasons = []
    failed = outcome(state, request.allowed_failures) is Outcome.FAILED
    if failed:
        reasons.append(state.outcome_sentence)
    if request.tests and state.assessment.verdict is not Verdict.CONSISTENT:
        untested = state.assessment.verdict is Verdict.NONE  # why, is worth a word beside any failure
        said = (
            sentence(state, request.from_config) if untested or not failed else split_beside_failures(state.assessment)
        )
        reasons += [said] if said else []
    reasons += [
        f"mismatch in epoch {epoch.number}, before the weights changed."
        for epoch in state.epochs[:-1]
        if epoch_assessment(epoch, state).verdict is Verdict.MISMATCH
    ]
    return reasons
