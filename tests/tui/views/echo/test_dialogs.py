"""What is sent can be edited, what came back can be looked at, copied, mapped and written to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from meshtui.model.split.assessment import Verdict
from meshtui.tui.views.echo.dialogs.answers import EchoAnswersDialog
from meshtui.tui.views.echo.dialogs.form import EchoFormDialog
from meshtui.tui.views.echo.dialogs.subset_map import EchoMapDialog
from meshtui.tui.views.echo.view import EchoView
from tests.tui.conftest import Run, screen_text
from tests.tui.echo_scripted import TARGET, EchoBench, ScriptedEcho, failed, page_text
from tests.tui.scripted import settle
from tests.world.clock import Clock
from tests.world.config import SCOPE
from tests.world.seed import healthy


@pytest.fixture
def bench(clock: Clock) -> EchoBench:
    return EchoBench(clock)


@pytest.fixture
def echo(bench: EchoBench) -> ScriptedEcho:
    bench.add(resources=healthy())
    return bench.probe()


async def test_the_form_is_sent_as_typed(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("3", "e")
        await settle(pilot)
        assert isinstance(pilot.app.screen, EchoFormDialog)
        for name, value in (("count", "30"), ("qps", "10"), ("headers", "x-canary: 1, x-user: ann, bob")):
            pilot.app.screen.query_one(f"#echo-{name}", Input).value = value
        pilot.app.screen.query_one("#echo-new_connection").focus()
        await pilot.press("space")
        pilot.app.screen.query_one("#echo-url", Input).focus()
        await pilot.press("enter")
        await settle(pilot)
        assert not echo.batches
        await bench.begin(pilot)
        await bench.finish(pilot)
        spec = echo.batches[0][0]
        assert (spec.count, spec.qps, spec.new_connection) == (30, 10, True)
        assert spec.headers == (("x-canary", "1"), ("x-user", "ann, bob"))
        assert "headers x-canary: 1, x-user: ann, bob" in page_text(pilot.app)


async def test_what_cannot_be_meant_is_said_and_nothing_is_sent(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app(), (80, 24)) as pilot:
        await pilot.press("3", "e")
        await settle(pilot)
        pilot.app.screen.query_one("#echo-qps", Input).value = "5000"
        await pilot.press("enter")
        await settle(pilot)
        assert "✗ 5000 requests a second are more than the bound of 1000." in screen_text(pilot.app)
        await pilot.press("escape")
        await settle(pilot)
        assert "qps 50" in page_text(pilot.app)
    assert not echo.batches


async def test_keeping_is_not_running(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app()) as pilot:
        await pilot.press("3", "e")
        await settle(pilot)
        pilot.app.screen.query_one("#echo-expect", Input).value = "v1=50,v2=50"
        await pilot.press("enter")
        await settle(pilot)
        assert "expect v1=50,v2=50" in page_text(pilot.app)
        assert not echo.batches
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        assert state.assessment.verdict is Verdict.MISMATCH


@pytest.mark.parametrize("size", [(80, 40), (160, 45)], ids=["80", "160"])
async def test_a_changed_form_is_not_said_of_the_run_before(
    bench: EchoBench, echo: ScriptedEcho, run: Run, size: tuple[int, int]
) -> None:
    async with run(bench.app(), size) as pilot:
        await bench.begin(pilot)
        await bench.finish(pilot)
        assert f"  url  {SCOPE}   count 500" in page_text(pilot.app)
        assert "next url" not in page_text(pilot.app)
        await pilot.press("u")
        await settle(pilot)
        assert f"  url  {SCOPE}   count 500   qps 50" in page_text(pilot.app)
        assert f"  next url  {SCOPE}   count ∞   qps 50" in page_text(pilot.app)
        await pilot.press("u")
        await settle(pilot)
        assert "next url" not in page_text(pilot.app)


async def test_known_addresses_are_offered(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app()) as pilot:
        await pilot.press("3", "e")
        await settle(pilot)
        field = pilot.app.screen.query_one("#echo-url", Input)
        field.value = ""
        await pilot.pause()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert field.value == SCOPE
        assert isinstance(pilot.app.screen, EchoFormDialog)


async def test_until_stopped_and_back(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app()) as pilot:
        await pilot.press("3", "u")
        await settle(pilot)
        assert "count ∞" in page_text(pilot.app)
        assert "client will send requests until you stop it" in page_text(pilot.app)
        await pilot.press("u")
        await settle(pilot)
        assert "count 500" in page_text(pilot.app)


async def test_the_grpcurl_line_is_copied_whole(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app(), (80, 24)) as pilot:
        await pilot.press("3", "y")
        await settle(pilot)
        copied = pilot.app.clipboard
        assert copied.startswith("grpcurl -plaintext -d '{")
        assert copied.endswith(f"{TARGET} proto.EchoTestService/ForwardEcho")
        assert json.loads(copied.split("'")[1])["url"] == SCOPE


async def test_a_copied_line_with_a_secret_names_the_variable_to_set(
    bench: EchoBench, echo: ScriptedEcho, run: Run
) -> None:
    async with run(bench.app()) as pilot:
        await pilot.press("3")
        await settle(pilot)
        view = pilot.app.screen.query_one(EchoView)
        view.draft.form = view.draft.form.with_field("headers", "authorization: Bearer s3cret-s3cret, x-canary: 1")
        await pilot.press("y")
        await settle(pilot)
        assert "s3cret" not in pilot.app.clipboard
        assert '"value":"\'"$AUTHORIZATION"\'"}' in pilot.app.clipboard
        said = " ".join(message.message for message in pilot.app._notifications)
        assert "Set AUTHORIZATION in the shell first: secret headers are not in the line" in said


@pytest.mark.parametrize("ending", [".json", ".csv"])
async def test_a_run_is_written_to_a_new_file(
    bench: EchoBench, echo: ScriptedEcho, run: Run, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"run{ending}"
    async with run(bench.app()) as pilot:
        await bench.begin(pilot)
        state = await bench.finish(pilot)
        await pilot.press("E")
        await settle(pilot)
        field = pilot.app.screen.query_one(Input)
        assert field.value == "echo-client-20260801-100000.json"
        field.value = str(path.with_suffix(".txt"))
        await pilot.press("enter")
        await bench.until(pilot, lambda: "✗ run.txt is neither .json nor .csv." in screen_text(pilot.app))
        field.value = str(path)
        await pilot.press("enter")
        await bench.until(pilot, path.exists)
        await bench.until(pilot, lambda: not pilot.app.screen.is_modal)
        written = path.read_text()
        await pilot.press("E")
        await settle(pilot)
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await bench.until(pilot, lambda: "exists already" in screen_text(pilot.app))
    assert path.read_text() == written
    if ending == ".json":
        document = json.loads(written)
        assert document["by_version"] == dict(state.tally.by_version)
        assert document["verdict"] == "consistent"
    else:
        assert written.startswith("at,seconds,v1,v2,unknown_version,failed,lost\n")


async def test_answers_and_errors_as_they_came(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    echo.replies.append(failed(2, 10))
    async with run(bench.app(), (120, 40)) as pilot:
        await bench.begin(pilot)
        await bench.finish(pilot)
        await pilot.press("a")
        await settle(pilot)
        assert isinstance(pilot.app.screen, EchoAnswersDialog)
        seen = " ".join(screen_text(pilot.app).split())
        assert "tls: first record does not look like a" in seen
        assert "body] ServiceVersion=v" in seen
        await pilot.press("escape")
        await settle(pilot)
        assert not pilot.app.screen.is_modal


async def test_answers_are_grouped_by_any_key(bench: EchoBench, echo: ScriptedEcho, run: Run) -> None:
    async with run(bench.app(), (160, 45)) as pilot:
        await bench.begin(pilot)
        await bench.finish(pilot)
        assert "by pod" in page_text(pilot.app)
        assert "echo-v1-0" in page_text(pilot.app)
        await pilot.press("b")
        await settle(pilot)
        assert "by ServiceVersion" in page_text(pilot.app)
        await pilot.press("B")
        await settle(pilot)
        assert "by pod" in page_text(pilot.app)


async def test_subsets_are_mapped_where_their_names_are_not_versions(
    bench: EchoBench, echo: ScriptedEcho, run: Run
) -> None:
    echo.shares = {"2024-06": 0.8, "2024-07": 0.2}
    echo.holds_after = 10
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("3", "u")
        await bench.begin(pilot)
        await bench.answered(pilot, 10)
        await bench.frame(pilot)
        assert "NO TEST" in page_text(pilot.app)
        assert "say which subset is which version" in page_text(pilot.app)
        await pilot.press("m")
        await settle(pilot)
        assert isinstance(pilot.app.screen, EchoMapDialog)
        await pilot.press("down", "tab", "down", "down", "enter")
        await settle(pilot)
        echo.go_on(30)
        await bench.until(pilot, lambda: bench.counted(40))
        await bench.frame(pilot)
        await bench.until(pilot, lambda: bench.run_of().held_back == 0)
        state = bench.run_of()
        assert state.assessment.expectation is not None
        assert state.assessment.expectation.shares == {"2024-06": 0.8, "2024-07": 0.2}
        assert state.assessment.verdict is Verdict.CONSISTENT
        await pilot.press("x")
        await bench.until(pilot, lambda: bench.run_of().phase.ended)
