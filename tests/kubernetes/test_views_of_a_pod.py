"""Every view of the screen on a pod: what it shows came by port-forward, exec and questions to the API server alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from textual.pilot import Pilot

from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.session.echo.controller import load_of
from meshtui.session.echo.state import EchoSettings
from meshtui.session.workspace import Workspace
from meshtui.targets import open_session
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.views.registry import VIEWS, ViewSpec
from tests.kubernetes.double.running import Double
from tests.kubernetes.test_only_reads import only_read
from tests.tui.conftest import screen_text
from tests.waiting import until

pytestmark = pytest.mark.mesh

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"

SHOWN: Final = {
    # Its bootstrap and certificates by exec, when they rotate by the agent's port, channels and config by the admin's.
    "overview": (
        "✓  Istio's shape",
        "✓  spiffe://cluster.local/ns/echo-grpc/sa/echo",
        "rotates in",
        "READY",
        "inbound",
    ),
    "config": ("LDS", "inbound-plaintext"),
    "echo": ("from echo-v1", "20 of 20 answers   0 failed", "echo-v2"),
    "identity": ("spiffe://cluster.local", "verified, key not compared", "issued    ✓ ends", "Agent  ready"),
    "log": ("connected to delta upstream XDS server",),
}
"""By each view's name: some of what can only have come from the pod. A view that is not here is not shown to work."""

PORTS: Final = {"17171", "15020"}
"""The admin port, and the agent's."""


def test_every_view_is_looked_at() -> None:
    assert [view.id for view in VIEWS] == list(SHOWN)


LINE: Final = "2026-11-28T12:00:00.000000Z info\txdsproxy\tconnected to delta upstream XDS server: istiod:15012 id=1"


@asynccontextmanager
async def screen(double: Double, view: ViewSpec) -> AsyncIterator[Pilot[None]]:
    """The program on ``pod/echo-v1``, with a view in front."""
    cluster = ClusterOptions(kubeconfig=str(double.kubeconfig()))
    options = TargetOptions(cluster=cluster, timeout=60)
    workspace = Workspace(lambda target: open_session(target, options, interval=0.3))
    app = MeshtuiApp(workspace, target="pod/echo-v1")
    async with app.run_test(size=(160, 60)) as pilot:
        if view.id == "echo":
            await send(workspace)
        await pilot.press(view.key)
        yield pilot


async def send(workspace: Workspace) -> None:
    """Send a few requests through the pod, as the view's key does."""
    await until(lambda: workspace.front is not None and workspace.front.echo is not None, "a pod that can send")
    assert workspace.front is not None
    controller = workspace.front.echo
    assert controller is not None
    spec, settings = EchoRequestSpec(URL, count=20, qps=100), EchoSettings()
    controller.agree(load_of(spec, settings, "", None))
    controller.start(spec, settings, probe="")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
async def test_a_view_shows_what_came_from_the_pod(cluster_of_mesh: Double, view: ViewSpec) -> None:
    cluster_of_mesh.cluster.logs["echo-grpc", "echo-v1", "istio-proxy"] = [f"2026-11-28T12:00:00.000000000Z {LINE}"]
    async with screen(cluster_of_mesh, view) as pilot:

        def lacking() -> list[str]:
            seen = screen_text(pilot.app)
            return [words for words in SHOWN[view.id] if words not in seen]

        await until(lambda: not lacking(), f"{view.id}: all of {SHOWN[view.id]}")
        await until(lambda: forwarded(cluster_of_mesh) == PORTS, "a forward of each port")
        await until(lambda: ("get", "pods/exec") in cluster_of_mesh.verbs(), "the pod's files")
    await until(lambda: not cluster_of_mesh.streams("echo-v1"), "the node has let go of the pod")
    only_read(cluster_of_mesh)


def forwarded(double: Double) -> set[str]:
    """The ports for which a forward was asked."""
    log = tuple(double.cluster.log)
    return {port for asked in log if asked.subresource == "portforward" for port in asked.all_of("ports")}
