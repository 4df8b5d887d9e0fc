"""The user's rights on a target, asked of the double beside any session."""

from __future__ import annotations

import pytest

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.access import Access
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.targets import NOBODY
from meshtui.targets.access import access_of
from tests.kubernetes.double.running import Double


def options(double: Double, token: str = "full") -> TargetOptions:
    return TargetOptions(cluster=ClusterOptions(kubeconfig=str(double.kubeconfig(token))))


@pytest.mark.parametrize("target", ["pod/echo-v1", "deploy/echo", "-l app=echo"])
async def test_what_may_be_done_with_a_pod(double: Double, target: str) -> None:
    found = await access_of(target, options(double, "forward"), NOBODY)
    assert found is not None
    assert {step.name: step.access for step in found.steps}["forward"] is Access.HAD
    assert {step.name: step.access for step in found.steps}["exec"] is Access.MISSING
    assert '"pods/exec"' in found.paste


async def test_an_address_has_no_rights(double: Double) -> None:
    assert await access_of("localhost:17171", options(double), NOBODY) is None


async def test_a_server_that_is_gone_is_said(double: Double) -> None:
    double.stop()
    with pytest.raises(MeshtuiError):
        await access_of("pod/echo-v1", options(double), NOBODY)
    double.start_again()
