"""Rotation in the real demo mesh, seen on disk and by the agent's metric."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshtui.demo.mesh import Mesh
from meshtui.model.identity.certificate import KeyState
from meshtui.model.identity.comparison import Corner, CornerState, identity_comparison, identity_of
from meshtui.sources.agent.source import AgentSource
from meshtui.sources.certificates.files import IdentityFiles
from tests.attaching import until


@pytest.mark.mesh
async def test_a_rotation_is_seen_and_the_corners_agree_again() -> None:
    async with Mesh(certificate_lifetime=timedelta(seconds=40)) as mesh:
        pod = mesh.ready_event()["pods"]["echo-v1"]
        files, agent = IdentityFiles([pod["certs"]]), AgentSource(pod["agent"])
        first = (await files.poll()).leaf
        assert first is not None
        found = await until(files.poll, lambda found: found.leaf is not None and found.leaf.serial != first.serial)
        assert found.leaf.spiffe == first.spiffe
        assert found.key is not None
        assert found.key.state is KeyState.MATCHES
        assert [chain.problem for chain in found.chains] == [None]

        async def look() -> tuple[Corner, ...]:
            found, report = await files.poll(), await agent.poll()
            assert report.ready is True
            assert report.problems == ()
            return identity_comparison(identity_of(found, report, datetime.now(UTC))).corners

        corners = await until(look, lambda corners: corners[0].state is CornerState.SAME)
        assert [corner.state for corner in corners[:2]] == [CornerState.SAME, CornerState.SAME]
