"""Attached to a pod's own mesh port, by mistake: the words say which port it is and which one is meant."""

from __future__ import annotations

import asyncio

import pytest

from tests.meshes import RunningMesh, headless_mesh
from tests.program import Done, meshtui

pytestmark = pytest.mark.mesh

DENY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: echo-grpc}
spec:
  action: DENY
  rules: [{to: [{operation: {paths: ["*"]}}]}]
"""


async def _status(mesh: RunningMesh, *options: str) -> Done:
    return await meshtui("xds", "status", mesh.pods["echo-v1"]["echo"], "--timeout", "20", *options)


def _names_both_ports(said: Done) -> None:
    first, second = said.err.splitlines()
    assert said.code == 3
    assert "17070 is the mesh's own port" in first
    assert second.startswith("try: ")
    assert "17171 for Istio's echo" in second
    assert "Register" not in second


async def test_the_mesh_port_in_plaintext_and_behind_a_policy() -> None:
    with headless_mesh("discovery") as mesh:
        said = await _status(mesh)
        assert "does not serve CSDS on this port" in said.err
        _names_both_ports(said)
        said = await _status(mesh, "--tls")
        assert "does not speak TLS" in said.err
        _names_both_ports(said)
        await asyncio.to_thread((mesh.manifests / "deny.yaml").write_text, DENY)
        seen: list[Done] = []
        while not seen or "PERMISSION_DENIED" not in seen[-1].err:
            assert len(seen) < 60, seen[-1].err
            seen.append(await _status(mesh))
        assert "refuses CSDS to this caller by an AuthorizationPolicy of the mesh" in seen[-1].err
        _names_both_ports(seen[-1])


async def test_the_mesh_port_with_mutual_tls() -> None:
    with headless_mesh("mtls-strict") as mesh:
        said = await _status(mesh)
        assert "accepts connections and closes them" in said.err
        _names_both_ports(said)
        said = await _status(mesh, "--tls")
        assert "signed by none of the trusted CAs" in said.err
        _names_both_ports(said)
