"""What is said of a run: epochs, verdicts and progress, for states that are hard to come by in real runs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from meshtui.cli.echo.progress import CLEAR, Progress, progress_line
from meshtui.cli.echo.report import echo_document, echo_text, sentence
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import EchoTally
from meshtui.model.errors import TargetUnreachable
from meshtui.model.split.assessment import Expectation, ExpectationSource
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.epochs import SplitBook
from meshtui.model.split.typed import parse_expectation
from meshtui.present.text_lines import plain
from meshtui.session.echo.state import EchoSettings, EchoState, Phase

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPEC = EchoRequestSpec("xds:///echo:7070", count=100)


def config(text: str, **more: Any) -> Expectation:
    return replace(parse_expectation(text), source=ExpectationSource.CONFIG, **more)


def state_of(book: SplitBook, phase: Phase = Phase.DONE, **tally: Any) -> EchoState:
    counts = EchoTally(**{"requested": 100, "sent": 100, "completed": 100, **tally})
    return EchoState(
        SPEC,
        settings=EchoSettings(),
        probe="client",
        phase=phase,
        tally=counts,
        assessment=book.assess(),
        epochs=book.epochs,
        started=AT,
        ended=AT + timedelta(seconds=3),
    )


def stepped() -> SplitBook:
    """Two epochs: wrong under the first weights, right under the second."""
    book = SplitBook.open(config("v1=100"), AT, awaits_confirmation=True)
    book = book.record(SplitCounts({"v1": 10, "v2": 10}), AT).confirm(AT)
    book = book.record(SplitCounts({"v1": 3}), AT + timedelta(seconds=1))
    book = book.expect(config("v1=50,v2=50"), AT + timedelta(seconds=2))
    later = AT + timedelta(seconds=3)
    return book.record(SplitCounts({"v1": 400, "v2": 410}), later).confirm(later)


def shown(state: EchoState, *, from_config: bool) -> str:
    return "\n".join(map(plain, echo_text(state, from_config).lines))


def test_each_epoch_has_its_own_verdict() -> None:
    data = echo_document("here", state_of(stepped()), from_config=True)
    assert data["verdict"] == "consistent"
    first, second = data["epochs"]
    assert (first["verdict"], first["expected"], first["by_version"]) == ("mismatch", {"v1": 1.0}, {"v1": 10, "v2": 10})
    assert (second["verdict"], second["changeover"]) == ("consistent", 3)
    assert yaml.safe_load(yaml.safe_dump(data)) == json.loads(json.dumps(data)) == data


def test_people_see_the_epochs_too() -> None:
    text = shown(state_of(stepped()), from_config=True)
    assert "epoch 1  want v1 100 %: v1 10, v2 10  mismatch" in text
    assert "epoch 2  want v1 50 %, v2 50 %: v1 400, v2 410, 3 in the change-over  consistent" in text


def test_a_config_that_was_seen_late_is_said_in_a_sentence() -> None:
    book = SplitBook.open(None, AT, awaits_confirmation=True).record(SplitCounts({"v1": 30}), AT)
    book = book.expect(config("v1=20,v2=80"), AT + timedelta(seconds=1))
    state = state_of(book)
    assert "30 requests came back before the config was seen" in shown(state, from_config=True)
    assert "before the config in force was known" in sentence(state, from_config=True)
    assert "send for longer" in sentence(state, from_config=True)


def test_a_config_that_was_never_seen_is_said() -> None:
    state = state_of(SplitBook.open(None, AT))
    assert "was not seen while the probe ran" in sentence(state, from_config=True)
    assert "was not seen" not in sentence(state, from_config=False)
    assert "no test" not in shown(state, from_config=False)


def test_why_nothing_is_tested_is_said() -> None:
    reason = "One cluster, ROUND_ROBIN: its pods are not drawn by weight."
    state = state_of(SplitBook.open(Expectation.untestable(reason), AT))
    assert reason in shown(state, from_config=True)
    data = echo_document("here", state, from_config=True)
    assert (data["verdict"], data["expected"]) == ("none", None)
    assert data["expectation"]["reason"] == reason


def test_a_p_value_is_for_a_run_whose_size_was_fixed() -> None:
    book = SplitBook.open(config("v1=20,v2=80"), AT).record(SplitCounts({"v1": 20, "v2": 80}), AT)
    state = state_of(book)
    assert echo_document("here", state, True)["p_value"] is not None
    assert echo_document("here", replace(state, phase=Phase.CANCELLED), True)["p_value"] is None
    until = replace(state, settings=EchoSettings(until_decided=True))
    assert echo_document("here", until, True)["p_value"] is None


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_rewritten_and_taken_away() -> None:
    running = state_of(SplitBook.open(None, AT), Phase.RUNNING, sent=40, completed=38, failed=2)
    terminal = Terminal()
    progress = Progress(terminal)
    progress.clear()
    assert terminal.getvalue() == ""
    progress.show(running)
    progress.show(running)
    progress.clear()
    progress.clear()
    progress.show(replace(running, phase=Phase.DONE))
    assert terminal.getvalue() == f"{CLEAR}40 of 100, 2 failed" * 2 + CLEAR


def test_no_progress_where_nobody_looks() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.show(state_of(SplitBook.open(None, AT), Phase.RUNNING))
    progress.clear()
    assert (stream.getvalue(), progress.live) == ("", False)


def test_progress_says_what_is_waited_for_and_stays_one_line() -> None:
    waiting = replace(
        state_of(SplitBook.open(None, AT), Phase.WAITING, sent=0), error=TargetUnreachable("gone\n\x1b[2J for now")
    )
    assert progress_line(waiting) == "0 of 100, waiting: gone␊␛[2J for now"
    settling = state_of(SplitBook.open(None, AT), Phase.SETTLING)
    assert progress_line(settling) == "100 of 100, waiting for one more look at the config"
