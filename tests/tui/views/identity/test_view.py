"""View 4: who the workload is and how long, in every state it can be in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.model.errors import TargetUnreachable
from meshtui.model.identity.workload import Offers, Workload, WorkloadFiles
from meshtui.model.xds.names import is_inbound_listener
from meshtui.model.xds.resource import LDS, SERVER_SCOPE, Status
from meshtui.session.identity import monitor
from meshtui.tui.views.config.view import ConfigView
from meshtui.tui.views.identity.rows import IdentityRows
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.identity_scripted import TARGET, IdentityBench
from tests.tui.scripted import settle
from tests.world.clock import NOW, Clock
from tests.world.config import SCOPE, resource
from tests.world.seed import healthy
from tests.world.workloads import ScriptedChannels, ScriptedWorkload, bootstrap, certificate, chained, looked, report

SIZES = [(80, 24), (160, 45)]

FIRST = certificate(0x3F9A010203, NOW - timedelta(minutes=40))
SECOND = certificate(0x77010203AA, NOW - timedelta(minutes=10))
ECHO_V1 = certificate(0x5AB0808401, NOW - timedelta(minutes=5), account="echo")
ECHO_V2 = certificate(0x323CD99401, NOW - timedelta(minutes=4), account="echo")


@pytest.fixture(autouse=True)
def _looked_at_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read again by poll_now alone, the agent is asked once: Pilot waits for an idle program."""
    monkeypatch.setattr(monitor, "AGENT_EVERY", 3600)
    monkeypatch.setattr(monitor, "FILES_EVERY", 3600)


@pytest.fixture
def bench(clock: Clock) -> IdentityBench:
    """A healthy target with everything known of it."""
    bench = IdentityBench(clock)
    bench.add(resources=healthy())
    bench.workloads[TARGET] = ScriptedWorkload(looked(SECOND, NOW), report(NOW, SECOND.not_after))
    peers = {"127.0.1.11:17070": ECHO_V1, "127.0.1.12:17070": ECHO_V2}
    bench.channels[TARGET] = ScriptedChannels(SCOPE, peers, {"10.0.0.9:4711": certificate(7, NOW, account="gateway")})
    return bench


def known(workload: Workload) -> bool:
    return workload.agent is not None and workload.read_at is not None and bool(workload.identity.in_use)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_all_is_well(bench: IdentityBench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    async with run(bench.app(), size) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        golden(pilot.app, f"identity-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_rotation_is_seen_as_it_happens(
    bench: IdentityBench, clock: Clock, run: Run, golden: Golden, size: tuple[int, int]
) -> None:
    source = bench.workloads[TARGET]
    source.files = looked(FIRST, NOW)
    source.agent = report(NOW, FIRST.not_after)
    async with run(bench.app(), size) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        before = screen_text(pilot.app)
        assert "3f:9a:01:02" in before
        assert "77:01:02:03" not in before
        clock.pass_(5)
        source.files = looked(
            replace(SECOND, not_before=clock.now, not_after=clock.now + timedelta(hours=1)), clock.now
        )
        source.agent = report(clock.now, clock.now + timedelta(hours=1))
        await bench.until(pilot, lambda workload: bool(workload.rotations) and workload.identity.issued is not None)
        clock.pass_(20)
        await settle(pilot)
        golden(pilot.app, f"identity-rotated-{size[0]}x{size[1]}")
        await pilot.press("1")
        await settle(pilot)
        assert "rotated, serial 3f:9a:01:02… → 77:01:02:03…"[: size[0] // 4] in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_trouble_is_at_the_top_and_beside_its_line(
    bench: IdentityBench, clock: Clock, run: Run, golden: Golden, size: tuple[int, int]
) -> None:
    told = bootstrap(node={"id": "sidecar~bad", "metadata": {"GENERATOR": "grpc", "API_TOKEN": "hunter2hunter2"}})
    source = bench.workloads[TARGET]
    source.files = WorkloadFiles(told, (), (("default", chained(SECOND, NOW)),))
    clock.now = SECOND.not_after + timedelta(seconds=90)
    source.agent = report(clock.now, SECOND.not_after, ready=True, clock=120)
    async with run(bench.app(), size) as pilot:
        await pilot.press("4")
        await bench.until(pilot, lambda workload: known(workload) and bool(workload.findings))
        golden(pilot.app, f"identity-trouble-{size[0]}x{size[1]}")
        assert "hunter2" not in screen_text(pilot.app)
        for _ in range(40):  # everything below the fold as well
            await pilot.press("j")
            assert "hunter2" not in screen_text(pilot.app)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_without_any_of_it_each_gap_says_what_unlocks_it(
    bench: IdentityBench, run: Run, golden: Golden, size: tuple[int, int]
) -> None:
    del bench.workloads[TARGET]
    async with run(bench.app(), size) as pilot:
        await pilot.press("4")
        await bench.until(pilot, lambda workload: bool(workload.identity.in_use))
        golden(pilot.app, f"identity-nothing-{size[0]}x{size[1]}")
        text = screen_text(pilot.app)
        await pilot.press("G")
        text += screen_text(pilot.app)
        assert all(unlock in text for unlock in ("--certs DIR", "--agent HOST:15020", "--bootstrap FILE"))


async def test_it_is_there_when_the_app_is_down(bench: IdentityBench, run: Run, golden: Golden) -> None:
    """A bootstrap that keeps an app from starting is seen although the app does not answer."""
    bench.sources[TARGET].error = TargetUnreachable("Nothing answers at 127.0.1.13:17171.", "start it")
    bench.workloads[TARGET].agent = TargetUnreachable("The agent at 10.0.0.13:15020 does not answer: refused.", "try")
    async with run(bench.app(), (160, 45)) as pilot:
        await bench.until(pilot, lambda workload: workload.read_at is not None)
        assert "Nothing answers at" in screen_text(pilot.app)
        await pilot.press("4")
        await settle(pilot)
        golden(pilot.app, "identity-app-down-160x45")


@pytest.mark.parametrize(
    ("left", "header"),
    [
        (timedelta(minutes=50), "   cert 50m "),
        (timedelta(minutes=19), "! cert late, 19m"),
        (timedelta(minutes=5), "!! cert ends in 5m"),
        (timedelta(seconds=-5), "✗ cert expired 5 s ago"),
    ],
)
async def test_every_view_shows_the_soonest_end(
    bench: IdentityBench, clock: Clock, run: Run, left: timedelta, header: str
) -> None:
    clock.now = SECOND.not_after - left
    bench.workloads[TARGET].agent = report(clock.now, SECOND.not_after)
    async with run(bench.app(), (160, 45)) as pilot:
        await bench.until(pilot, known)
        for view in ("1", "2", "4"):
            await pilot.press(view)
            await settle(pilot)
            assert header in screen_text(pilot.app).split("\n")[0]


async def test_it_counts_down_each_second(bench: IdentityBench, clock: Clock, run: Run) -> None:
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        for left in ("50m", "49m 59s", "49m 58s"):
            assert f"ends in {left} · rotation due in" in screen_text(pilot.app)
            clock.pass_(1)
            await settle(pilot)


async def test_a_certificate_opens_and_is_copied(bench: IdentityBench, run: Run) -> None:
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        await pilot.press("j")
        rows = pilot.app.screen.query_one("#identity-head", IdentityRows)
        assert rows.entry is not None
        assert rows.entry.copy == SECOND.serial_text
        await pilot.press("enter")
        await settle(pilot)
        assert SECOND.fingerprint_sha256 in screen_text(pilot.app)
        await pilot.press("y")
        assert pilot.app.clipboard == SECOND.serial_text
        await pilot.press("left")
        await settle(pilot)
        assert SECOND.fingerprint_sha256 not in screen_text(pilot.app)


async def test_the_bootstrap_unfolds_and_the_cursor_stays(bench: IdentityBench, run: Run) -> None:
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        foot = pilot.app.screen.query_one("#identity-foot", IdentityRows)
        foot.focus()
        await pilot.pause()
        for _ in range(40):
            if foot.entry is not None and foot.entry.id == "json node.metadata":
                break
            await pilot.press("j")
        assert "ISTIO_VERSION" not in screen_text(pilot.app)
        await pilot.press("enter")
        await settle(pilot)
        assert "ISTIO_VERSION" in screen_text(pilot.app)
        assert foot.entry is not None
        assert foot.entry.id == "json node.metadata"


async def test_enter_on_a_cluster_goes_to_its_config(bench: IdentityBench, run: Run) -> None:
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        body = pilot.app.screen.query_one("#identity-body", IdentityRows)
        body.focus()
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert pilot.app.screen.query_one(ConfigView).display


async def test_a_server_that_waits_is_not_said_to_be_none(bench: IdentityBench, run: Run) -> None:
    own = [found for found in healthy() if not is_inbound_listener(found.key.name)]
    name = "xds.istio.io/grpc/lds/inbound/10.9.9.9:17070"
    waiting = resource(LDS, name, None, status=Status.REQUESTED, scope=SERVER_SCOPE)
    bench.add(resources=[*own, waiting])
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        text = screen_text(pilot.app)
        assert "runs no xDS server" not in text
        assert "10.9.9.9:17070   has no config yet" in text


HOSTILE = "[@click=app.quit]x[/] \x1b[31m‮\u200b\n" + "n" * 3000


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_hostile_names_are_shown_and_not_obeyed(bench: IdentityBench, run: Run, size: tuple[int, int]) -> None:
    leaf = replace(SECOND, subject=HOSTILE, sans=(), issuer=HOSTILE, file=HOSTILE)
    told = bootstrap(node={"id": HOSTILE, "metadata": {HOSTILE: HOSTILE, "GENERATOR": "grpc"}})
    peer = replace(ECHO_V1, subject=HOSTILE, sans=())
    bench.workloads[TARGET].files = WorkloadFiles(told, (), ((HOSTILE, chained(leaf, NOW)),))
    bench.channels[TARGET].dialled = {"127.0.1.11:17070": peer}
    async with run(bench.app(), size) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        for _ in range(60):
            text = screen_text(pilot.app)
            assert not set(text) & {"\x1b", "‮", "\u200b"}
            assert max(map(len, text.split("\n"))) <= size[0]
            await pilot.press("j")
        for pane in ("identity-head", "identity-body", "identity-foot"):
            pilot.app.screen.query_one(f"#{pane}", IdentityRows).focus()
            await pilot.press("enter", "j", "enter", "G")
        assert pilot.app.is_running


async def test_offers_without_files_say_that_they_are_being_read(bench: IdentityBench, run: Run) -> None:
    bench.workloads[TARGET].offers = Offers(agent="10.0.0.13:15020")
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, lambda workload: workload.agent is not None)
        text = screen_text(pilot.app)
        assert "Certificates  the files were not read  --certs DIR" in text
        assert "cert 50m" in text.split("\n")[0], "the agent's metric tells the end"
        assert json.dumps("default") not in text


async def test_a_peer_whose_certificate_has_ended_is_no_check_mark(bench: IdentityBench, run: Run) -> None:
    """Its connection goes on, the next one may be refused: neither ✓ nor ✗, on Identity and on the ladder."""
    ended = replace(ECHO_V2, not_after=NOW - timedelta(minutes=3))
    bench.channels[TARGET] = ScriptedChannels(SCOPE, {"127.0.1.12:17070": ended}, {})
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("4")
        await bench.until(pilot, known)
        (line,) = [line for line in screen_text(pilot.app).splitlines() if "ended 3m ago; still open" in line]
        assert "! 127.0.1.12:17070" in line
        assert "✓" not in line.partition("127.0.1.12")[0].rpartition("│")[2]
        await pilot.press("1")
        await settle(pilot)
        shown = screen_text(pilot.app)
        (rung,) = [line for line in shown.splitlines() if line.startswith("  Certificates")]
        assert "~  spiffe://" in rung
        assert "! The certificate of the peer" in rung
