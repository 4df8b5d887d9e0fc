"""``meshtui xds`` on the real mesh, and against nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.meshes import RunningMesh, headless_mesh
from tests.waiting import PATIENCE_S

HOST = "echo.echo-grpc.svc.cluster.local"


def meshtui(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program; it must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "meshtui", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def as_json(*arguments: str) -> dict[str, Any]:
    done = meshtui(*arguments, "-o", "json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    data: dict[str, Any] = json.loads(done.stdout)
    return data


@pytest.mark.mesh
def test_status(shifted_mesh: RunningMesh) -> None:
    data = as_json("xds", "status", shifted_mesh.admin("client"), "--check")
    assert data["schema"] == 2
    assert data["node"]["id"].startswith("sidecar~")
    assert data["summary"]["acked"] == len(data["resources"]) == 6
    assert [resource["type"] for resource in data["resources"]] == ["LDS", "RDS", "CDS", "CDS", "EDS", "EDS"]
    assert all(resource["error"] is None for resource in data["resources"])
    assert all(resource["last_updated"].endswith("Z") for resource in data["resources"])


@pytest.mark.mesh
def test_config_by_type_and_name(shifted_mesh: RunningMesh) -> None:
    data = as_json("xds", "config", shifted_mesh.admin("client"), "--type", "cds", "--name", "*|v2|*")
    (resource,) = data["resources"]
    assert resource["config"]["name"] == f"outbound|7070|v2|{HOST}"
    assert resource["config"]["type"] == "EDS"


@pytest.mark.mesh
def test_tree_reads_as_a_sentence(shifted_mesh: RunningMesh) -> None:
    data = as_json("xds", "tree", shifted_mesh.admin("client"))
    (listener,) = data["roots"]
    (routes,) = listener["children"]
    assert {cluster["label"]: cluster["share"] for cluster in routes["children"]} == {"v1": 0.2, "v2": 0.8}
    addresses = [endpoint["name"] for cluster in routes["children"] for endpoint in cluster["children"]]
    assert addresses == [shifted_mesh.pods[name]["echo"] for name in ("echo-v1", "echo-v2")]


@pytest.mark.mesh
def test_a_server_without_channels_says_so(shifted_mesh: RunningMesh) -> None:
    done = meshtui("xds", "status", shifted_mesh.admin("echo-v1"))
    assert done.returncode == 0
    assert "No outbound channel is open" in done.stdout


@pytest.mark.mesh
def test_tables_and_yaml(shifted_mesh: RunningMesh) -> None:
    table = meshtui("xds", "tree", shifted_mesh.admin("client")).stdout
    assert "20 % v1" in table
    assert "eu-west/eu-west-1b/rack2" in table
    assert meshtui("xds", "config", shifted_mesh.admin("client"), "-o", "yaml").stdout.startswith("schema: 2\n")


@pytest.mark.mesh
def test_check_fails_on_a_refused_update() -> None:
    with headless_mesh("refused") as mesh:
        for _ in range(50):
            done = meshtui("xds", "status", mesh.admin("client"), "--check", "-o", "json")
            if done.returncode == 1:
                break
        data = json.loads(done.stdout)
    refused = [resource for resource in data["resources"] if resource["status"] == "NACKED"]
    assert {resource["type"] for resource in refused} == {"CDS"}
    assert all("LB policy is not supported" in resource["error"]["details"] for resource in refused)


def test_nothing_there_is_one_sentence_and_exit_code_3() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        done = meshtui("xds", "status", address, "--timeout", "5")
    assert done.returncode == 3
    assert done.stdout == ""
    assert address in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("xds", "status", "not an address"),
        ("xds", "status", "http://localhost:1"),
        ("xds", "config", "localhost:1", "--type", "sds"),
        ("xds", "status", "localhost:1", "--ca", str(Path("/nowhere/ca.pem"))),
        ("xds",),
        ("nothing",),
        ("demo", "--scenario", "nothing"),
    ],
    ids=" ".join,
)
def test_bad_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = meshtui(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
