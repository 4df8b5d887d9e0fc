"""The double against kubectl: what kubectl says of it is what it said of a real API server, byte for byte."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.double.running import Double, running_double
from tests.kubernetes.double.tables import moment
from tests.kubernetes.kubectl_cases import CASES, kubectl
from tests.kubernetes.recorded import recorded, recorded_cluster


@pytest.fixture(scope="module")
def real() -> Iterator[Double]:
    """A double that holds what the real one held."""
    with running_double(recorded_cluster()) as double:
        yield double


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where kubectl remembers which kinds there are."""
    return tmp_path_factory.mktemp("kubectl")


def _name(said: dict[str, Any]) -> str:
    return f"{said['user']}: {said['case']}"


@pytest.mark.parametrize("said", recorded()["said"], ids=_name)
def test_kubectl_says_of_the_double_what_it_says_of_the_real_one(
    said: dict[str, Any], real: Double, cache: Path
) -> None:
    real.cluster.now = moment(said["now"])
    done = kubectl(real.kubeconfig(said["user"]), shlex.split(said["case"]), cache)
    # Resource versions are the server's own.
    assert _unversioned(done.stdout) == _unversioned(said["out"])
    assert done.stderr == said["err"]
    assert done.returncode == said["code"]


def _unversioned(text: str) -> list[str]:
    return [line for line in text.splitlines() if "resourceVersion" not in line]


def test_every_case_was_recorded() -> None:
    assert [(said["user"], said["case"]) for said in recorded()["said"]] == list(CASES)
