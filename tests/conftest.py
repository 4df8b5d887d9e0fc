"""Fixtures for every folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.meshes import RunningMesh, headless_mesh


@pytest.fixture(scope="session")
def shifted_mesh() -> Iterator[RunningMesh]:
    """The default mesh: 20 % to v1, 80 % to v2, all well. Tests only look at it."""
    with headless_mesh("traffic-shift") as mesh:
        yield mesh
