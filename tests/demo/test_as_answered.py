"""Who answers in the running demo, beside who answered in a real mesh of istiod 1.29.1 and grpc-go 1.78.

The same objects, the same client: ForwardEcho of echo-v2 (tests/data/istio/forwardecho-NAME.txt, SOURCES.md there).
Left out is what C core refuses and grpc-go does not (LEAST_REQUEST), and what either held from before (CORS, MAGLEV).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest

from tests.demo.test_as_istiod import CAPTURES, OBJECTS
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="session")]

COUNT = 40


def texts(lab: Lab, name: str) -> dict[str, str]:
    """The objects that were applied, with the Service that selects the demo's pods."""
    return {"service": lab.SERVICE} | {
        each: (CAPTURES / "objects" / f"{each}.yaml").read_text() for each in OBJECTS[name]
    }


@pytest.mark.parametrize(
    "name",
    [
        "2080",
        "dr-locality",
        "dr-mutual-tls",
        "dr-outlier",
        "dr-random",
        "dr-simple-tls",
        "header",
        "mtls-strict",
        "multi-service",
        "names",
        "plain",
        "vs-regex",
        "vs-retry",
        "vs-timeout",
    ],
)
async def test_the_same_versions_answer(lab: Lab, name: str) -> None:
    captured = (CAPTURES / f"forwardecho-{name}.txt").read_text()
    wanted = set(re.findall(r"ServiceVersion=(v\d)", captured))
    await lab.apply(**texts(lab, name))

    async def same() -> bool | None:
        try:
            seen = await lab.versions("echo-v2", count=COUNT, timeout_micros=int(PATIENCE_S * 1e6))
        except grpc.aio.AioRpcError:
            return None
        # A share of 10 % may draw nothing once; what must not answer never does.
        return set(seen) == wanted or None

    assert await lab.eventually(f"{sorted(wanted)} answer", same)


@pytest.mark.parametrize("name", ["mtls-client-only", "vs-direct"])
async def test_the_same_calls_fail(lab: Lab, name: str) -> None:
    assert "ServiceVersion" not in (CAPTURES / f"forwardecho-{name}.txt").read_text()
    await lab.plain()
    await lab.apply(**texts(lab, name))

    async def all_fail() -> bool | None:
        try:
            await lab.forward("echo-v2", count=1)
        except grpc.aio.AioRpcError:
            return True
        return None

    assert await lab.eventually("calls fail", all_fail)
    error = await lab.failure("echo-v2", count=COUNT, timeout_micros=int(PATIENCE_S * 1e6))
    assert f"{COUNT}/{COUNT} requests had errors" in (error.details() or "")
