"""View 1 says at one glance whether the config is whole, and leads to what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from meshtui.model.finding import Area, Finding, Severity
from meshtui.model.subject import ChannelSubject
from meshtui.model.timeline import Event, EventKind
from meshtui.model.xds.config import Route, RouteConfiguration
from meshtui.model.xds.filters import Fault, HttpFilter
from meshtui.model.xds.resource import CDS, Health, Resource, Status
from meshtui.present.ladder import Rung, RungName
from meshtui.tui.views.overview.lines import causes_first, rung_text
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.world.config import HOST, resource
from tests.world.seed import cluster, healthy, missing, nacked, routes

SIZES = [(80, 24), (160, 45)]
V9 = f"outbound|7070|v9|{HOST}"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_whole_config(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        golden(pilot.app, f"overview-whole-{size[0]}")


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_refused_cluster(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        bench.clock.pass_(30)
        source.replace(nacked(cluster("v2"), "44", "[field:connect_timeout error:must be positive]", bench.clock()))
        await bench.frame(pilot)
        golden(pilot.app, f"overview-refused-{size[0]}")


async def test_enter_leads_to_the_cause(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        source.replace(nacked(cluster("v2"), "44", "no", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("g", "enter")
        await pilot.pause()
        assert f"outbound|7070|v2|{HOST}\n" in "\n".join(
            line[86:].strip() for line in screen_text(pilot.app).split("\n")
        )


async def test_what_breaks_is_said_at_the_top_however_much_it_is(bench: Bench, run: Run) -> None:
    """Where the cursor was moved it stays with its row; until then the top is what there is to see."""
    source = bench.add(resources=healthy())
    async with run(bench.app(), (80, 24)) as pilot:
        source.replace(missing(CDS, V9), routes({"v1": 20, "v7": 20, "v8": 30, "v9": 30}))
        await bench.frame(pilot)
        for subset in ("v8", "v7"):
            source.replace(missing(CDS, f"outbound|7070|{subset}|{HOST}"))
            await bench.frame(pilot)
        source.replace(nacked(cluster("v2"), "44", "a long reason " * 20, bench.clock()))
        await bench.frame(pilot)
        assert "✗" in screen_text(pilot.app).split("\n")[3]
        await pilot.press("G")
        bench.clock.pass_(5)
        await bench.frame(pilot)
        assert "✗" not in screen_text(pilot.app).split("\n")[3]


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (47, "2 endpoints: 127.0.1.11:17070, 127.0.1.12:17070"),
        (46, "2 endpoints: 127.0.1.11:17070, +1"),
        (33, "2 endpoints: 127.0.1.11:17070, +1"),
        (32, "2 endpoints"),
        (8, "2 endpo…"),
    ],
)
def test_names_are_whole_or_counted(cells: int, text: str) -> None:
    rung = Rung(RungName.ENDPOINT, Health.OK, "2 endpoints", names=("127.0.1.11:17070", "127.0.1.12:17070"))
    assert rung_text(rung, cells) == text


def test_two_names_are_never_cut_into_one_that_is_neither() -> None:
    names = (f"outbound|7070||{HOST}", f"outbound|7070||greeter.{HOST}")
    rung = Rung(RungName.ROUTE, Health.OK, "2 route configurations", names=names)
    assert rung_text(rung, 60) == "2 route configurations: outbound|7070||echo.echo-grpc…, +1"


async def test_a_split_is_drawn_and_moves(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy({"v1": 80, "v2": 20}))

    def bars() -> list[int]:
        return [line.count("█") for line in screen_text(pilot.app).split("\n") if "█" in line]

    async with run(bench.app(), (110, 30)) as pilot:
        before = bars()
        source.replace(routes({"v1": 20, "v2": 80}))
        await bench.frame(pilot)
        after = bars()
    assert before == after[::-1]
    assert before[0] == pytest.approx(4 * before[1], abs=4)


async def test_a_waiting_cluster_is_not_whole(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        source.replace(routes({"v1": 80, "v9": 20}), missing(CDS, V9, Status.REQUESTED))
        await bench.frame(pilot)
        text = screen_text(pilot.app)
    assert "whole" not in text
    assert "1 waiting" in text
    assert V9 in text


def with_route(change: Callable[[Route], Route]) -> Resource:
    """The seed's routes, the first of them changed."""
    before = routes({"v1": 80, "v2": 20})
    assert isinstance(before.body, RouteConfiguration)
    (host,) = before.body.virtual_hosts
    first, *others = host.routes
    host = host._replace(routes=(change(first), *others))
    return resource(before.key.type, before.key.name, before.body._replace(virtual_hosts=(host,)))


async def test_a_fault_in_the_config_is_not_whole(bench: Bench, run: Run) -> None:
    fault = Fault(aborted=0.5, status="UNAVAILABLE")
    override = HttpFilter("envoy.filters.http.fault", "HTTPFault", fault.words, fault)
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        source.replace(with_route(lambda route: route._replace(faults=(override,))))
        await bench.frame(pilot)
        text = screen_text(pilot.app)
    assert "is whole" not in text
    assert "are aborted by config" in text


async def test_what_is_good_to_know_leaves_a_config_whole(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        source.replace(
            with_route(lambda route: route._replace(action=route.action._replace(other_hash_keys=("cookie a",))))
        )
        await bench.frame(pilot)
        text = screen_text(pilot.app)
    assert "This client's config is whole" in text
    assert "ignores hashing by cookie" in text


async def test_what_befalls_the_mesh_is_listed(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        session = bench.sessions["127.0.1.13:17171"]
        session.record(Event(bench.clock(), EventKind.MESH, "istiod", "config applied: version 7"))
        await settle(pilot)
        assert "config applied: version 7" in screen_text(pilot.app)


def finding(code: str, area: Area, severity: Severity) -> Finding:
    return Finding(
        code=code, area=area, severity=severity, subject=ChannelSubject("xds:///a"), title="", explanation="", fix=""
    )


def test_of_equally_bad_findings_the_cause_comes_before_the_calls_that_fail() -> None:
    calls = finding("calls-fail", Area.TRAFFIC, Severity.ERROR)
    cause = finding("destination-unreachable", Area.CONNECTION, Severity.ERROR)
    warning = finding("another", Area.CONFIG, Severity.WARNING)
    assert causes_first((warning, calls, cause)) == (cause, calls, warning)
