"""Clients of old releases, and clients that have run for long: public reports, served and asked as a user asks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meshtui.model.xds.config import Cluster
from meshtui.model.xds.graph import NodeKind
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Health
from tests.cases import alarms, case, case_answer
from tests.csds_server import CsdsServer
from tests.program import meshtui

TABLE = "URL_MAP/123456789012345_demo_0_shop-server:1337"
BACKENDS = "cloud-internal-istio:cloud_mp_123456789012345_1"


@asynccontextmanager
async def served(name: str) -> AsyncIterator[str]:
    server = CsdsServer(case_answer(name))
    await server.start()
    try:
        yield server.address
    finally:
        await server.stop()


def test_the_form_of_grpc_java_1_38() -> None:
    """A PerXdsConfig for each type and no generic entries (a dump of grpcdebug); 2^31-1 requests are no limit."""
    seen = case("csds-old-form-java")
    names = [(key.type, key.name) for key in seen.resources]
    assert names == [(LDS, "shop-server:1337"), (RDS, TABLE), (CDS, BACKENDS), (EDS, BACKENDS)]
    assert {resource.version for resource in seen.resources.values()} == {"1617141154495058478"}
    (root,) = build(seen).roots
    assert root.worst is Health.OK
    assert [node.label for _, node in build(seen).walk()] == ["shop-server:1337", TABLE, BACKENDS, "10.9.8.7:8080"]
    (facts,) = [node.facts for _, node in build(seen).walk() if node.kind is NodeKind.CLUSTER]
    assert not any("requests" in fact for fact in facts)
    assert all(isinstance(found.body, Cluster) for key, found in seen.resources.items() if key.type == CDS)
    assert alarms(seen) == []


async def test_the_form_of_grpc_java_1_38_as_commands_show_it() -> None:
    async with served("csds-old-form-java") as target:
        done = await meshtui("xds", "status", target, "--check", "-o", "json")
        tree = await meshtui("xds", "tree", target)
    assert (done.code, done.json["summary"]["acked"], done.json["problems"]) == (0, 4, [])
    assert "10.9.8.7:8080" in tree.out


async def test_version_and_age_are_two_columns() -> None:
    """``/7`` beside ``120 d`` was read as 7120 days."""
    async with served("old-client-ages") as target:
        done = await meshtui("xds", "status", target)
    rows = [line for line in done.out.splitlines() if "ACKED" in line]
    assert len(rows) == 6
    assert all(re.search(r"2025-07-30T10:11:12Z/7 {2,}\d+ [dy]\b", row) for row in rows)
