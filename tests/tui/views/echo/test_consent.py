"""Load goes out only as agreed: counted at a real echo server, and no key that looks or opens sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from meshtui.session.echo.state import EchoState
from meshtui.session.protocols import Sources
from meshtui.session.session import Session
from meshtui.session.workspace import Workspace
from meshtui.sources.echo import EchoClient
from meshtui.sources.grpc.channel import open_channel
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.dialogs.question import Question
from meshtui.tui.kit.page import Page
from meshtui.tui.views.echo.dialogs.form import EchoFormDialog
from tests.echo_server import EchoServer, serving
from tests.tui.conftest import screen_text
from tests.tui.echo_scripted import TARGET, EchoBench, page_text
from tests.tui.scripted import settle
from tests.waiting import PATIENCE_S, until
from tests.world.clock import Clock
from tests.world.config import SCOPE
from tests.world.seed import healthy, listener
from tests.world.sources import ScriptedConfig

SHOP = "shop.default.svc.cluster.local:80"


class RealClock(Clock):
    """The time of day: what is really sent is paced and dated by it."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class Probed:
    """The real app and session, their config written by the test, their requests sent to a real server."""

    def __init__(self, pilot: Pilot[None], echo: EchoServer, session: Session, source: ScriptedConfig) -> None:
        self.pilot, self.echo, self.session, self.source = pilot, echo, session, source

    @property
    def app(self) -> MeshtuiApp:
        assert isinstance(self.pilot.app, MeshtuiApp)
        return self.pilot.app

    def asked(self) -> bool:
        """Whether the question stands."""
        return isinstance(self.app.screen, Question)

    @property
    def question(self) -> str:
        """Its text in one line."""
        assert self.asked()
        return " ".join(self.app.screen.query_one("#question-page", Page).text.split())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await settle(self.pilot)

    async def form(self, **values: str) -> None:
        """Fill in the form and keep it."""
        await self.press("e")
        for name, value in values.items():
            self.app.screen.query_one(f"#echo-{name}", Input).value = value
        await self.pilot.pause()
        await self.press("enter")
        assert not self.app.screen.is_modal

    async def until_sent(self, requests: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.echo.requests < requests:
                await asyncio.sleep(0.01)
        await settle(self.pilot)

    async def until_ended(self) -> EchoState:
        async with asyncio.timeout(PATIENCE_S):
            while self.session.state.echo is None or not self.session.state.echo.phase.ended:
                self.session.poll_now()
                await asyncio.sleep(0.02)
        await settle(self.pilot)
        return self.session.state.echo


@asynccontextmanager
async def probed(size: tuple[int, int] = (110, 30), *more: str) -> AsyncIterator[Probed]:
    """An app on a target that knows one service, or with ``more`` several."""
    source = ScriptedConfig(RealClock(), [*healthy(), *(listener(name, routes="") for name in more)])
    async with serving() as server, open_channel(server.address) as channel:
        client = EchoClient(channel, server.address)

        async def connect() -> Sources:
            return Sources(source, echo=client)

        sessions: list[Session] = []

        def open_session(target: str) -> Session:
            sessions.append(Session(target, connect, interval=3600))
            return sessions[-1]

        app = MeshtuiApp(Workspace(open_session), target=TARGET)
        async with app.run_test(size=size, notifications=True) as pilot:
            async with asyncio.timeout(PATIENCE_S):
                while not (pilot.app.screen.query("#body") and sessions and sessions[0].state.snapshot):
                    await asyncio.sleep(0.01)
            await settle(pilot)
            yield Probed(pilot, server.echo, sessions[0], source)


async def test_nothing_is_sent_before_the_answer_and_a_smaller_run_needs_none() -> None:
    async with probed() as probe:
        await probe.press("3")
        await probe.form(count="30", qps="200")
        await probe.press("exclamation_mark")
        assert f"client will send 30 requests to {SCOPE} at 200 a second." in probe.question
        await probe.press("enter", "r", "space", "j")
        assert probe.asked()
        await probe.press("escape")
        assert not probe.echo.batches
        await probe.press("exclamation_mark", "y")
        await probe.until_ended()
        assert probe.echo.requests == 30
        await probe.form(count="20", qps="100")
        await probe.press("exclamation_mark")
        assert not probe.asked()
        await probe.until_sent(50)
        await probe.until_ended()
        assert probe.echo.requests == 50


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"count": "31"}, "requests 31 (agreed: 30)"),
        ({"count": "∞"}, "requests ∞ (agreed: 30)"),
        ({"qps": "900"}, "a second 900 (agreed: 200)"),
        ({"qps": "0"}, "a second no limit (agreed: 200)"),
        ({"url": "xds:///other:80"}, f"to xds:///other:80 (agreed: {SCOPE})"),
        ({"headers": "x-canary: 1"}, "headers x-canary: 1 (agreed: none)"),
        ({"authority": "other:80"}, "headers Host: other:80 (agreed: none)"),
        ({"timeout": "60"}, "timeout 60 s (agreed: 5 s)"),
    ],
    ids=str,
)
async def test_what_goes_beyond_is_asked_with_the_new_figures(values: dict[str, str], said: str) -> None:
    async with probed((160, 45)) as probe:
        await probe.press("3")
        await probe.form(count="30", qps="200")
        await probe.press("exclamation_mark", "y")
        await probe.until_ended()
        await probe.form(**values)
        await probe.press("exclamation_mark")
        assert "Beyond what you agreed to:" in probe.question
        assert said in probe.question
        await probe.press("escape")
        assert probe.echo.requests == 30


async def test_a_run_made_endless_while_it_goes_on_is_asked_for_and_goes_on_until_then() -> None:
    async with probed() as probe:
        await probe.press("3")
        await probe.form(count="5000", qps="50")
        await probe.press("exclamation_mark", "y")
        await probe.until_sent(1)
        first = probe.session.echo.run if probe.session.echo else None
        await probe.press("u", "exclamation_mark")
        assert "requests ∞ (agreed: 5000)" in probe.question
        await probe.press("escape")
        assert probe.session.echo is not None
        assert probe.session.echo.run is first
        assert first is not None
        assert not first.state.phase.ended
        await probe.press("x")
        await probe.until_ended()
        assert {request.count <= 5000 for request in probe.echo.batches} == {True}


async def test_another_pod_behind_the_same_address_is_asked_for() -> None:
    async with probed() as probe:
        await probe.press("3")
        await probe.form(count="10", qps="200")
        await probe.press("exclamation_mark", "y")
        await probe.until_ended()
        name = probe.source.node.id.replace("client.", "client-2.")
        probe.source.node = replace(probe.source.node, id=name)
        probe.session.poll_now()
        async with asyncio.timeout(PATIENCE_S):
            while probe.session.echo is None or probe.session.echo.sender != "client-2":
                await asyncio.sleep(0.01)
        await probe.press("exclamation_mark")
        assert "from client-2 (agreed: client)" in probe.question


@pytest.mark.parametrize("view", ["1", "2", "3", "4"])
async def test_keys_that_look_and_open_send_nothing_in_any_view(view: str) -> None:
    async with probed() as probe:
        await probe.press("3")
        await probe.form(count="10", qps="200")
        await probe.press("exclamation_mark", "y")
        await probe.until_ended()  # agreed to: no question would stand in the way
        await probe.press(view)
        for key in ("r", "enter", "enter", "enter", "escape", "r", "y", "space", "space", "escape"):
            await probe.press(key)
        assert probe.echo.requests == 10


async def test_several_services_and_no_choice_leave_the_field_empty_and_the_key_opens_the_list() -> None:
    async with probed((80, 24), SHOP) as probe:
        await probe.press("3")
        assert "No service is chosen to send to." in page_text(probe.app)
        await probe.press("exclamation_mark")
        assert isinstance(probe.app.screen, EchoFormDialog)
        seen = screen_text(probe.app)
        assert f"xds:///{SHOP}" in seen
        assert SCOPE in seen
        await probe.press("enter")
        assert "No service is chosen." in screen_text(probe.app)
        await probe.press(*"shop", "enter")
        assert probe.app.screen.query_one("#echo-url", Input).value == f"xds:///{SHOP}"
        await probe.press("enter")
        assert not probe.app.screen.is_modal
        assert f"client will send 500 requests to xds:///{SHOP}" in " ".join(page_text(probe.app).split())
        assert not probe.echo.batches


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)
async def test_one_of_350_services_is_picked_by_typing(size: tuple[int, int]) -> None:
    names = [f"svc-{number}.shop.svc.cluster.local:80" for number in range(350)]
    async with probed(size, *names) as probe:
        await probe.press("3", "e")
        await probe.press(*"svc-34")
        await probe.press("down", "down")
        field = probe.app.screen.query_one("#echo-url", Input)
        assert field.value == "svc-34"
        assert "› xds:///svc-341" in screen_text(probe.app)
        await probe.press("enter")
        assert field.value == "xds:///svc-341.shop.svc.cluster.local:80"
        assert isinstance(probe.app.screen, EchoFormDialog)


async def test_an_address_is_taken_as_typed_even_where_a_service_begins_like_it() -> None:
    async with probed((80, 24), "a:8080", "b:1") as probe:
        await probe.press("3", "e", *"xds:///a:80")
        assert "xds:///a:8080" in screen_text(probe.app)
        await probe.press("enter")
        assert "to xds:///a:80 at" in " ".join(page_text(probe.app).split())


async def test_the_service_under_the_cursor_in_config_is_suggested_until_one_is_chosen() -> None:
    async with probed((160, 45), SHOP, "third:1") as probe:
        await probe.press("2", "G", "k", "k")
        assert probe.session.echo is not None
        pointed = probe.session.echo.pointed_at
        assert pointed
        await probe.press("3")
        assert f"url  {pointed}" in page_text(probe.app)
        await probe.form(url=SCOPE)
        await probe.press("2", "G", "k", "3")
        assert f"url  {SCOPE}" in page_text(probe.app)


async def test_a_cursor_that_nobody_moved_suggests_no_service() -> None:
    async with probed((160, 45), SHOP, "third:1") as probe:
        await probe.press("2")
        assert probe.session.echo is not None
        assert probe.session.echo.pointed_at == ""
        await probe.press("j", "g")
        assert probe.session.echo.pointed_at
        await probe.press("t")
        assert probe.session.echo.pointed_at, "the table has the cursor on the same resource"


@pytest.mark.parametrize("form", ["tree", "table"])
async def test_a_key_in_config_probes_the_service_of_the_row(form: str) -> None:
    async with probed((110, 30), SHOP) as probe:
        await probe.press("2", *(["t"] if form == "table" else []), "slash", *"outbound|7070", "enter")
        await probe.press("exclamation_mark")
        assert f"client will send 500 requests to {SCOPE} at 50 a second." in probe.question
        await probe.press("escape")
        assert f"url  {SCOPE}" in page_text(probe.app)
        assert not probe.echo.batches


async def test_an_inbound_row_says_why_nothing_is_sent_to_it() -> None:
    async with probed((110, 30), SHOP) as probe:
        await probe.press("2", "slash", *"inbound", "enter", "exclamation_mark")
        assert not probe.asked()
        assert "the app's own server side" in " ".join(screen_text(probe.app).split())


async def test_a_run_begun_on_a_frozen_screen_is_seen_at_once() -> None:
    async with probed() as probe:
        await probe.press("3", "space")
        assert "frozen" in screen_text(probe.app)
        await probe.press("exclamation_mark", "y")
        await probe.until_sent(1)
        assert "frozen" not in screen_text(probe.app).split("\n")[0]
        assert "▶ running" in page_text(probe.app) or "…" in page_text(probe.app)
        await probe.press("x")
        await probe.until_ended()


@pytest.mark.parametrize(("key", "seen"), [("x", "stopped"), ("p", "paused")])
async def test_a_run_stopped_or_paused_on_a_frozen_screen_is_seen_at_once(key: str, seen: str) -> None:
    async with probed() as probe:
        await probe.press("3", "u", "exclamation_mark", "y")
        await probe.until_sent(1)
        await probe.press("space", key)
        await until(lambda: seen in page_text(probe.app), seen)
        assert "frozen" not in screen_text(probe.app).split("\n")[0]
        await probe.press("x")
        await probe.until_ended()


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_leaving_stops_the_run_and_keeps_what_was_counted(key: str) -> None:
    async with probed() as probe:
        await probe.press("3", "u", "exclamation_mark", "y")
        await probe.until_sent(1)
        await probe.pilot.press(key)
        async with asyncio.timeout(PATIENCE_S):
            while probe.app.is_running and not probe.app.stopped_runs:
                await asyncio.sleep(0.01)
        (run,) = probe.app.stopped_runs
        assert run.phase.ended
        assert run.tally.sent >= probe.echo.requests
        assert not probe.app._workspace.going


async def test_what_was_agreed_for_one_target_holds_for_no_other(clock: Clock) -> None:
    bench = EchoBench(clock)
    bench.add(resources=healthy())
    bench.add("127.0.1.11:17171", healthy())
    first, second = bench.probe(), bench.probe("127.0.1.11:17171")
    async with bench.app().run_test(size=(110, 30)) as pilot:
        await settle(pilot)
        await bench.begin(pilot)
        await bench.finish(pilot)
        await pilot.press("colon", *"open 127.0.1.11:17171", "enter")
        await bench.until(pilot, lambda: bench.sessions["127.0.1.11:17171"].state.snapshot is not None)
        await pilot.press("3", "exclamation_mark")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Question)
        assert first.batches
        assert not second.batches


PAY, CART = "pay.default.svc.cluster.local:80", "cart.default.svc.cluster.local:80"


async def test_words_typed_for_a_service_are_never_sent_to_as_they_stand() -> None:
    """The field is left by tab or by another field, and with words that find nothing."""
    async with probed((80, 24), SHOP, PAY, CART) as probe:

        def said() -> str:
            return " ".join(screen_text(probe.app).split())

        await probe.press("3", "e")
        await probe.press("enter")
        assert "✗ No service is chosen." in said()
        await probe.press(*"shop")
        assert "No service is chosen" not in said()
        await probe.press("tab", "ctrl+u", *"77", "enter")
        assert f"client will send 77 requests to xds:///{SHOP} at 50 a second." in said()
        await probe.press("e", "ctrl+u", *"shap", "enter")
        assert "✗ No service has shap in its name." in said()
        await probe.press("tab", "enter")
        assert "✗ No service has shap in its name." in said()
        await probe.press("shift+tab", "ctrl+u", *"other:90", "tab", "enter")
        assert "client will send 77 requests to xds:///other:90 at 50 a second." in said()
        assert not probe.echo.batches


async def test_a_service_is_picked_with_the_mouse() -> None:
    async with probed((110, 30), SHOP, PAY, CART) as probe:
        await probe.press("3", "e", *"default")
        await probe.pilot.click("#echo-url-field-offers", offset=(6, 1))
        await settle(probe.pilot)
        assert probe.app.screen.query_one("#echo-url", Input).value == f"xds:///{PAY}"
