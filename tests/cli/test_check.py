"""How long ``xds status --check`` waits for what was asked for, and what it makes of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from meshtui.cli.xds.check import check_config
from meshtui.model.xds.resource import CDS, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.targets import read_workload
from tests.world.clock import NOW
from tests.world.config import canary, resource, subset, with_resource

STILL = resource(CDS, subset("v2"), None, status=Status.REQUESTED, at=None)


def looks(*answers: Snapshot) -> tuple[list[float], list[str]]:
    """The waits between the looks, and the titles of the errors, when these are the answers one after the other."""
    waits: list[float] = []
    first, *rest = answers
    left = iter(rest)
    _, errors = check_config(first, lambda: next(left), None, wait=waits.append)
    return waits, [error.title for error in errors]


def later(seconds: int) -> Snapshot:
    return with_resource(canary(), STILL, at=NOW + timedelta(seconds=seconds))


def test_nothing_is_waited_for() -> None:
    assert looks(canary()) == ([], [])


def test_what_comes_ends_the_waiting() -> None:
    assert looks(later(0), later(1), canary()) == ([1.0, 1.0], [])


def test_what_does_not_come_is_an_error_after_grpcs_timer() -> None:
    waits, titles = looks(*[later(seconds) for seconds in range(30)])
    assert len(waits) == 15
    assert titles == ["The cluster echo:7070 subset v2 has not arrived for 15 s, longer than gRPC waits (15 s)"]


def test_the_timer_of_the_bootstrap(tmp_path: Path) -> None:
    """gRFC A88: with resource_timer_is_transient_error gRPC waits twice as long."""
    features = ["xds_v3", "resource_timer_is_transient_error"]
    server = {"server_uri": "a:1", "channel_creds": [{"type": "insecure"}], "server_features": features}
    file = tmp_path / "bootstrap.json"
    file.write_text(json.dumps({"xds_servers": [server]}))
    since = with_resource(canary(), STILL._replace(last_updated=NOW - timedelta(seconds=20)))
    slow = read_workload(str(file), None).bootstrap
    assert check_config(since, canary, slow, wait=lambda _: None)[1] == []
    assert check_config(since, canary, None, wait=lambda _: None)[1] != []
