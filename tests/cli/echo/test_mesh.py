"""``meshtui echo --expect config`` on the real mesh where the config does not simply say which version gets what."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.demo import scenarios
from meshtui.demo.mesh import Mesh
from tests.meshes import RunningMesh
from tests.program import Done, meshtui

pytestmark = pytest.mark.mesh

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


async def echo(admin: str, *arguments: str, url: str = URL) -> Done:
    return await meshtui("echo", admin, "--url", url, "--expect", "config", *arguments, "-o", "json")


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """The manifests of 20/80, with subsets whose names say nothing of versions."""
    for file in scenarios.scenario("traffic-shift").directory.glob("*.yaml"):
        text = file.read_text()
        for version, name in (("v1", "stable"), ("v2", "canary")):
            text = text.replace(f"name: {version}\n", f"name: {name}\n").replace(
                f"subset: {version}", f"subset: {name}"
            )
        (tmp_path / file.name).write_text(text)
    return tmp_path


async def test_subsets_of_other_names_can_be_mapped(renamed: Path) -> None:
    async with Mesh(manifests=renamed) as mesh:
        arguments = ("--map", "stable=v1", "--map", "canary=v2", "--until-decided", "--alpha", "0.000001")
        done = await echo(mesh.pods["client"].admin, *arguments)
    assert (done.code, done.json["verdict"]) == (0, "consistent"), done.json["sentence"]
    assert done.json["expected"] == {"v1": 0.2, "v2": 0.8}


async def test_subsets_of_other_names_are_known_by_the_revision_of_their_pods(renamed: Path) -> None:
    async with Mesh(manifests=renamed) as mesh:
        done = await echo(mesh.pods["client"].admin, "--until-decided", "--alpha", "0.000001")
    assert (done.code, done.json["verdict"]) == (0, "consistent"), done.json["sentence"]
    assert done.json["expected"] == {"v1": 0.2, "v2": 0.8}


async def test_two_localities_are_a_split_to_test() -> None:
    """Within a locality calls go round robin; between localities gRPC draws lots by their weights (gRFC A27).

    Only localities that are connected take part (C core's weighted_target picks among children that are READY), so the
    first calls of each new channel go where it connected first, on a busy machine many of them: they do not count.
    """
    async with Mesh("discovery") as mesh:
        done = await echo(mesh.pods["client"].admin, "--until-decided", "--alpha", "0.000001")
    assert (done.code, done.json["verdict"]) == (0, "consistent"), done.json["sentence"]
    assert done.json["expected"] == {"v1": 0.5, "v2": 0.5}
    assert sum(done.json["early"].values()), "a fresh channel's first calls"
    assert "is connected to every locality" in done.json["caveat"]


async def test_a_name_that_the_mesh_does_not_know(shifted_mesh: RunningMesh) -> None:
    done = await echo(shifted_mesh.admin("echo-v1"), "--count", "2", "--request-timeout", "1", url="xds:///nobody:7070")
    assert (done.code, done.json["verdict"]) == (1, "none")
    assert "was not seen while the probe ran" in done.err
    assert "2 of 2 requests failed" in done.err


async def test_a_run_too_short_to_learn_the_config_says_so(shifted_mesh: RunningMesh) -> None:
    """Without channels of its own the pod holds no config before the probe, and two requests are over in a moment."""
    done = await echo(shifted_mesh.admin("echo-v2"), "--count", "2", "--qps", "1000")
    assert done.code == 1
    assert done.json["verdict"] in ("none", "undecided")
    assert done.json["completed"] == 2
    assert done.err
