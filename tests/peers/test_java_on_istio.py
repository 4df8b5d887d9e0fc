"""What istiod sends for several services of one port, in grpc-java."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2
from envoy.service.status.v3 import csds_pb2

from tests.cases import DATA
from tests.peers.control_plane import table_server
from tests.peers.conversation import Call, running
from tests.peers.judging import PANIC
from tests.peers.tables import CLUSTERS

pytestmark = pytest.mark.peers


def served_by_istiod() -> Any:
    """The routes of five services on a real istiod 1.29 (tests/data/istio/SOURCES.md), all to a cluster of ours."""
    answer = csds_pb2.ClientStatusResponse.FromString((DATA / "istio" / "csds-multi-service.pb").read_bytes())
    entries = (entry for config in answer.config for entry in config.generic_xds_configs)
    value = next(entry.xds_config.value for entry in entries if entry.type_url.endswith(".RouteConfiguration"))
    table = route_pb2.RouteConfiguration.FromString(value)
    for host in table.virtual_hosts:
        for route in host.routes:
            route.route.cluster = CLUSTERS[0]
    return table


async def test_all_services_but_the_first_break_its_channel(java_peer: list[str], tmp_path: Path) -> None:
    """Each virtual host has a domain that ends with a dot; grpc-java breaks down at the first it meets too early."""
    table = served_by_istiod()
    told = []
    async with table_server(CLUSTERS) as plane, running(java_peer, plane.bootstrap, tmp_path) as peer:
        for host in table.virtual_hosts:
            assert any(domain.endswith(".") for domain in host.domains)
            table.name = host.domains[1]
            plane.put(table.name, table, inline=True)
            told += [answer.text for answer in await peer.order(f"xds:///{table.name}", [Call("/a.B/C")])]
    assert told == [CLUSTERS[0], *[PANIC] * 4]
