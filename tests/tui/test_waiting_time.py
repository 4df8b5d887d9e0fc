"""How long gRPC waits for a resource is the bootstrap's to say (gRFC A88): every place on the screen says the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.model.xds.resource import CDS, Resource, Status
from meshtui.tui.kit.page import Page
from tests.tui.conftest import Run, screen_text
from tests.tui.identity_scripted import TARGET, IdentityBench
from tests.world.clock import NOW, Clock
from tests.world.config import HOST, resource
from tests.world.seed import healthy, routes
from tests.world.workloads import ScriptedWorkload, bootstrap, certificate, looked


def awaited(clock: Clock) -> Resource:
    """A cluster that the client asked for just now."""
    return resource(CDS, f"outbound|7070|v9|{HOST}", None, status=Status.REQUESTED, at=clock(), scope="")


@pytest.mark.parametrize(("features", "seconds"), [([], 15), (["resource_timer_is_transient_error"], 30)], ids=str)
async def test_overview_tree_and_help_say_one_time(clock: Clock, run: Run, features: list[str], seconds: int) -> None:
    bench = IdentityBench(clock)
    source = bench.add(resources=healthy())
    server = {
        "server_uri": "unix:///etc/istio/proxy/XDS",
        "channel_creds": [{"type": "insecure"}],
        "server_features": features,
    }
    files = replace(looked(certificate(0x77010203AA, NOW), NOW), bootstrap=bootstrap(xds_servers=[server]))
    bench.workloads[TARGET] = ScriptedWorkload(files)
    async with run(bench.app(), (160, 60)) as pilot:
        await bench.until(pilot, lambda workload: workload.files.bootstrap is not None)
        source.replace(awaited(clock), routes({"v1": 20, "v9": 80}))
        await bench.frame(pilot)
        assert f"after {seconds} s gRPC gives it up" in " ".join(screen_text(pilot.app).split())
        await pilot.press("2")
        assert f"waiting 0 s of {seconds}" in screen_text(pilot.app)
        await pilot.press("question_mark")
        text = pilot.app.screen.query_one("#help-page", Page).text
        assert f"gRPC gives up after {seconds} s" in " ".join(text.split())
