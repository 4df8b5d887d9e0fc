"""``meshtui xds status --check`` and what was asked for and has not come: by a served answer, as a process."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2

from meshtui.cli.xds.check import check_config
from tests import xds_messages as xds
from tests.cases import DATA, capture
from tests.csds_server import CsdsServer
from tests.program import Done, meshtui

YEAR_ONE = -62_135_596_800
"""What grpc-go writes for a time that is none."""


def asked_for(seconds: int | None) -> bytes:
    """An answer with a cluster that was asked for at this stamp."""
    entry = xds.generic(cluster_pb2.Cluster(name=xds.cluster_name("v2")), version="", status=xds.REQUESTED)
    entry.ClearField("xds_config")
    entry.ClearField("last_updated")
    if seconds is not None:
        entry.last_updated.seconds = seconds
    return bytes(xds.answer(xds.client([entry])).SerializeToString())


async def status(*answers: bytes, arguments: tuple[str, ...] = ("--check",)) -> tuple[Done, int]:
    """How it ends with a client that answers so, the last for good; and how many answers it asked for."""
    asked = 0

    async def reply(_: Any) -> bytes:
        nonlocal asked
        asked += 1
        return answers[min(asked, len(answers)) - 1]

    server = CsdsServer(reply)
    await server.start()
    try:
        done = await meshtui("xds", "status", server.address, *arguments)
    finally:
        await server.stop()
    return done, asked


async def test_longer_ago_than_grpc_waits_is_wrong_at_once() -> None:
    asked = datetime.now(UTC) - timedelta(minutes=1)
    done, looks = await status(asked_for(int(asked.timestamp())))
    assert (done.code, looks) == (1, 1)


@pytest.mark.parametrize("seconds", [None, 0, YEAR_ONE])
async def test_no_time_says_nothing_so_it_is_waited_for(seconds: int | None) -> None:
    """C-core leaves the time out, grpc-java writes the epoch, grpc-go the year 1 (captures of Istio 1.29)."""
    there = xds.answer(xds.client([xds.generic(message) for message in xds.world()])).SerializeToString()
    done, looks = await status(asked_for(seconds), there)
    assert (done.code, looks) == (0, 2)


@pytest.mark.parametrize("seconds", [None, 0, YEAR_ONE])
async def test_a_time_that_is_none_is_not_shown(seconds: int | None) -> None:
    done, _ = await status(asked_for(seconds), arguments=("-o", "json"))
    assert done.json["resources"][0]["last_updated"] is None
    table, _ = await status(asked_for(seconds), arguments=())
    assert "739" not in table.out


CAPTURES = sorted(path.stem.removeprefix("csds-") for path in (DATA / "istio").glob("csds-*.pb"))

WRONG = {
    "dr-maglev": "fail: the client refused cluster echo:7070",
    "dr-maglev-held": "refused the newest cluster",
    "maglev-nacked": "fail: the client refused clusters",
    "vs-cors": "refused the newest route configuration",
    "vs-direct": "All calls to echo.echo-grpc:7070 fail in the client",
    "inbound-listener-removed": "0.0.0.0:17070 fail",
    "unknown-host-2s": "has not arrived for 15 s",
    "evicting": "has not arrived for 15 s",
    "istiod-down-at-start": "has not arrived for 15 s",
}
"""What is said of captures of a client that was in trouble, served for as long as gRPC waits. The others are healthy,
or what is wrong with them stands in no config: servers that speak plaintext, a control plane that has gone."""


@pytest.mark.parametrize("name", CAPTURES)
def test_what_a_real_client_held(name: str) -> None:
    """grpc-go under istiod 1.29.1 (tests/data/istio/SOURCES.md); it says of nothing when it asked for it."""
    seen = capture(name)
    later = (replace(seen, taken_at=seen.taken_at + timedelta(seconds=second)) for second in count(1))
    _, errors = check_config(seen, lambda: next(later), None, wait=lambda _: None)
    assert bool(errors) == (name in WRONG), [finding.title for finding in errors]
    if errors:
        assert WRONG[name] in " ".join(finding.title for finding in errors)
