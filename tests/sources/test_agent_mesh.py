"""Rotation in the real demo mesh, seen on disk and by the agent's metric."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from meshtui.demo.mesh import Mesh
from meshtui.model.certificate import KeyState
from meshtui.model.identity import CornerState, identity_of, triangle
from meshtui.sources.agent import AgentSource
from meshtui.sources.files import IdentityFiles

MOST_LOOKS = 200
"""Looks before a rotation that never comes fails the test; it comes after about twenty."""


@pytest.mark.mesh
async def test_a_rotation_is_seen_and_the_corners_agree_again() -> None:
    async with Mesh(certificate_lifetime=timedelta(seconds=40)) as mesh:
        pod = mesh.ready_event()["pods"]["echo-v1"]
        files, agent = IdentityFiles([pod["certs"]]), AgentSource(pod["agent"])
        first = (await files.poll()).leaf
        assert first is not None
        for _ in range(MOST_LOOKS):
            found = await files.poll()
            if found.leaf is not None and found.leaf.serial != first.serial:
                break
            await asyncio.sleep(0.1)
        assert found.leaf is not None
        assert found.leaf.serial != first.serial
        assert found.leaf.spiffe == first.spiffe
        assert found.key is not None
        assert found.key.state is KeyState.MATCHES
        assert [chain.problem for chain in found.chains] == [None]
        corners = None
        for _ in range(MOST_LOOKS):
            found, report = await files.poll(), await agent.poll()
            assert report.ready is True
            assert report.problems == ()
            corners = triangle(identity_of(found, report, datetime.now(UTC))).corners
            if corners[0].state is CornerState.SAME:
                break
            await asyncio.sleep(0.1)
        assert corners is not None
        assert [corner.state for corner in corners[:2]] == [CornerState.SAME, CornerState.SAME]
