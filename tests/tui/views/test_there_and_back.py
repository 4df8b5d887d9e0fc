"""A row leads to the view that shows what it is about, and one key leads back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App

from meshtui.model.finding import Severity
from meshtui.model.subject import AddressSubject, BootstrapSubject, ResourceSubject
from meshtui.model.xds.resource import CDS, ResourceKey
from meshtui.tui.views.config.view import ConfigView
from meshtui.tui.views.identity.rows import IdentityRows
from meshtui.tui.views.registry import VIEWS, View, place_of
from tests.tui.conftest import Run, screen_text
from tests.tui.identity_scripted import TARGET, IdentityBench
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.clock import NOW, Clock
from tests.world.seed import cluster, healthy, nacked
from tests.world.workloads import ScriptedWorkload, bootstrap, certificate, looked

SIZES = [(80, 24), (160, 45)]


def view_in_front(app: App[None]) -> str:
    return next(view.id or "" for view in app.screen.query(View) if view.display)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("key", ["escape", "backspace"])
async def test_from_a_finding_to_its_resource_and_back(bench: Bench, run: Run, size: tuple[int, int], key: str) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), size) as pilot:
        source.replace(nacked(cluster("v2"), "44", "no", bench.clock()))
        await bench.frame(pilot)
        assert " Back" not in screen_text(pilot.app).split("\n")[-1]
        await pilot.press("g", "enter")
        await settle(pilot)
        assert view_in_front(pilot.app) == "config"
        await pilot.press(key)
        await settle(pilot)
        assert view_in_front(pilot.app) == "overview"
        await pilot.press(key)  # there is no way further back
        await settle(pilot)
        assert view_in_front(pilot.app) == "overview"


async def test_escape_first_ends_the_filter_and_then_leads_back(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        source.replace(nacked(cluster("v2"), "44", "no", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("g", "enter", "e")
        await settle(pilot)

        def filtered() -> bool:
            return pilot.app.screen.query_one(ConfigView).filter.active

        assert filtered()
        await pilot.press("escape")
        await settle(pilot)
        assert not filtered()
        assert view_in_front(pilot.app) == "config"
        await pilot.press("escape")
        await settle(pilot)
        assert view_in_front(pilot.app) == "overview"


async def test_a_number_begins_a_new_way(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        source.replace(nacked(cluster("v2"), "44", "no", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("g", "enter", "4", "escape")
        await settle(pilot)
        assert view_in_front(pilot.app) == "identity"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_from_a_finding_to_its_line_of_the_bootstrap(clock: Clock, run: Run, size: tuple[int, int]) -> None:
    bench = IdentityBench(clock)
    bench.add(resources=healthy())
    server = {"server_uri": "unix:///etc/istio/proxy/XDS", "channel_creds": [{"type": "no-such-credentials"}]}
    files = replace(looked(certificate(0x77010203AA, NOW), NOW), bootstrap=bootstrap(xds_servers=[server]))
    bench.workloads[TARGET] = ScriptedWorkload(files)
    async with run(bench.app(), size) as pilot:
        await bench.until(
            pilot, lambda workload: any(finding.severity is Severity.ERROR for finding in workload.findings)
        )
        subjects = [finding.subject for finding in bench.sessions[TARGET].state.findings]
        first = next(subject for subject in subjects if isinstance(subject, BootstrapSubject))
        await pilot.press("g", "enter")
        await settle(pilot)
        assert view_in_front(pilot.app) == "identity"

        def arrived() -> bool:
            rows = pilot.app.screen.focused
            return isinstance(rows, IdentityRows) and rows.entry is not None and rows.entry.id.startswith("json ")

        await until(arrived, "the cursor is on the bootstrap")
        rows = pilot.app.screen.focused
        assert isinstance(rows, IdentityRows)
        assert rows.entry is not None
        assert first.path.startswith(rows.entry.id.removeprefix("json "))
        assert len(rows.entry.id) > len("json ")
        await pilot.press("escape")
        await settle(pilot)
        assert view_in_front(pilot.app) == "overview"


def test_what_no_view_shows_leads_nowhere(bench: Bench) -> None:
    bench.add(resources=healthy())
    state = bench.open_session(TARGET).state
    assert place_of(AddressSubject("127.0.1.1:80"), state) is None
    assert place_of(ResourceSubject(ResourceKey("", CDS, "gone")), state) is None


def test_no_two_views_show_the_same_kind_of_subject() -> None:
    kinds = [kind for view in VIEWS for kind in view.shows]
    assert len(kinds) == len(set(kinds))
