"""The Roles of ``docs/locked-down-rbac.md``, taken from the page: a user who has them and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from meshtui.present.rights_page import page
from tests.kubernetes.double.access import Rule, User
from tests.kubernetes.double.running import Double
from tests.program import meshtui

pytestmark = pytest.mark.mesh

PAGE = Path(__file__).parents[2] / "docs" / "locked-down-rbac.md"


def roles() -> dict[str, dict[str, Any]]:
    """The page's Roles by name."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found = map(yaml.safe_load, blocks)
    return {role["metadata"]["name"]: role for role in found}


def may(double: Double, role: dict[str, Any], without: str = "") -> str:
    """The kubeconfig of a user with this Role alone, less one resource of it."""
    rules = tuple(
        Rule(tuple(rule["verbs"]), tuple(each for each in rule["resources"] if each != without), group, "echo-grpc")
        for rule in role["rules"]
        for group in rule["apiGroups"]
    )
    token = f"{role['metadata']['name']}-{without.replace('/', '-')}"
    double.cluster.users[token] = User(token, rules)
    return str(double.kubeconfig(token))


@pytest.mark.parametrize("name", ["meshtui-reach", "meshtui"])
async def test_the_role_is_enough_for_a_named_pod(cluster_of_mesh: Double, name: str) -> None:
    config = may(cluster_of_mesh, roles()[name])
    done = await meshtui("xds", "status", "pod/client", "--kubeconfig", config, "--check")
    assert done.code == 0, done.err
    assert done.err == "" if name == "meshtui" else "judged without the pod's bootstrap" in done.err


async def test_no_less_is_enough(cluster_of_mesh: Double) -> None:
    config = may(cluster_of_mesh, roles()["meshtui-reach"], "pods/portforward")
    done = await meshtui("xds", "status", "pod/client", "--kubeconfig", config)
    assert done.code == 3
    assert 'A Role with this rule grants it: {apiGroups: [""], resources: ["pods/portforward"]' in done.err


async def test_without_the_pod_the_usual_port_is_tried(cluster_of_mesh: Double) -> None:
    config = may(cluster_of_mesh, roles()["meshtui-reach"], "pods")
    done = await meshtui("xds", "status", "pod/client", "--kubeconfig", config)
    assert (done.code, done.err) == (0, "")


async def test_the_whole_role_is_enough_for_labels(cluster_of_mesh: Double) -> None:
    config = may(cluster_of_mesh, roles()["meshtui"])
    done = await meshtui("xds", "status", "-l", "app=echo", "--kubeconfig", config)
    assert done.code == 0, done.err


def test_the_page_says_what_the_code_needs() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(written), "run `make rights`"
    assert written.count("<!-- end -->") == 3


def test_nothing_in_it_changes_anything() -> None:
    verbs = {
        (verb, resource)
        for role in roles().values()
        for rule in role["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }
    assert {verb for verb, _ in verbs} <= {"get", "list", "watch", "create"}
    assert {resource for verb, resource in verbs if verb == "create"} == {"pods/portforward", "pods/exec"}
