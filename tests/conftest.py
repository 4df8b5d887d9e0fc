"""Fixtures for every folder."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.kubernetes.double.mesh import double_of
from tests.kubernetes.double.running import Double
from tests.meshes import RunningMesh, headless_mesh

# How long an example takes says how busy the machine is, and nothing about the code. CI takes the same examples each
# time, so that a red run is about the change.
settings.register_profile("meshtui", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("meshtui"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "meshtui")

# Under nohup SIGHUP is ignored, by every program that is started here as well; tests are of what it does to them.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    """A command that is called in the process of the tests leaves the garbage collector off, since it ends with it."""
    yield
    gc.enable()


@pytest.fixture(scope="session")
def shifted_mesh() -> Iterator[RunningMesh]:
    """The default mesh: 20 % to v1, 80 % to v2, all well. Tests only look at it."""
    with headless_mesh("traffic-shift") as mesh:
        yield mesh


@pytest.fixture(scope="session")
def shifted_cluster(shifted_mesh: RunningMesh) -> Iterator[Double]:
    """A double of the Kubernetes API server in front of the default mesh. Tests only look, as the user ``full``."""
    with double_of(shifted_mesh) as double:
        yield double


@pytest.fixture
def cluster_of_mesh(shifted_mesh: RunningMesh) -> Iterator[Double]:
    """The same for one test, which may break it: users, pods, ports, files, answers and connections."""
    with double_of(shifted_mesh) as double:
        yield double
