"""Fixtures for every folder."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.meshes import RunningMesh, headless_mesh

# How long an example takes says how busy the machine is, and nothing about the code. CI takes the same examples each
# time, so that a red run is about the change.
settings.register_profile("meshtui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("meshtui"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "meshtui")

# Under nohup SIGHUP is ignored, by every program that is started here as well; tests are of what it does to them.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def shifted_mesh() -> Iterator[RunningMesh]:
    """The default mesh: 20 % to v1, 80 % to v2, all well. Tests only look at it."""
    with headless_mesh("traffic-shift") as mesh:
        yield mesh
