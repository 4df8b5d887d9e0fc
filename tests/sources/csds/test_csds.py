"""CSDS against real gRPC servers, well and ill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from meshtui.model.errors import BadAnswer
from meshtui.model.xds.config import Cluster, Listener, Opaque, RouteConfiguration
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Health, Resource, Status
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.memory import CLOCK_JITTER_NS
from tests import xds_messages as xds
from tests.attaching import attached
from tests.csds_server import CsdsServer, serving


async def poll_of(*clients: Any) -> Snapshot:
    """What one poll of a server with these clients gives."""
    async with serving(xds.answer(*clients).SerializeToString()) as server, attached(server.address) as source:
        return await source.poll()


def by_type(snapshot: Snapshot, type_: str) -> list[Resource]:
    return [resource for key, resource in snapshot.resources.items() if key.type == type_]


# reading


async def test_a_whole_client_is_read() -> None:
    snapshot = await poll_of(xds.client(xds.generic(message) for message in xds.world()))
    assert [key.type for key in snapshot.resources] == [LDS, RDS, CDS, CDS, EDS, EDS]
    assert all(resource.status is Status.ACKED for resource in snapshot.resources.values())
    assert snapshot.problems == ()
    assert {key.scope for key in snapshot.resources} == {f"xds:/{xds.HOST}:7070"}
    assert snapshot.node.workload == ("client-7d4", "echo-grpc")
    (first,) = by_type(snapshot, LDS)
    assert first.last_updated == datetime.fromtimestamp(1_785_000_000, UTC)
    assert [node.worst for node in build(snapshot).roots] == [Health.OK]


async def test_one_stream_serves_all_polls() -> None:
    async with serving(xds.canary_answer().SerializeToString()) as server, attached(server.address) as source:
        for _ in range(5):
            await source.poll()
        assert (server.streams, server.requests, server.fetches) == (1, 4, 1)


async def test_a_peer_without_the_stream_is_fetched_from() -> None:
    reply = xds.canary_answer().SerializeToString()
    async with serving(reply, stream=False) as server, attached(server.address) as source:
        for _ in range(3):
            assert len((await source.poll()).resources) == 6
        assert server.fetches == 3


async def test_a_stream_that_ends_after_each_answer_is_fetched_from() -> None:
    class OneAnswer(CsdsServer):
        async def _stream(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
            self.streams += 1
            for nothing in list[bytes]():
                yield nothing

    server = OneAnswer(xds.canary_answer().SerializeToString())
    await server.start()
    try:
        async with attached(server.address) as source:
            assert len((await source.poll()).resources) == 6
            assert len((await source.poll()).resources) == 6
            # What grpc.aio says of the end depends on the moment, and so does how many streams are tried.
            assert server.streams >= 1
            assert server.fetches == 2
    finally:
        await server.stop()


async def test_unchanged_resources_stay_the_same_objects() -> None:
    message = xds.canary_answer()
    async with serving(message.SerializeToString()) as server, attached(server.address) as source:
        first = await source.poll()
        for entry in message.config[0].generic_xds_configs:
            entry.last_updated.nanos += CLOCK_JITTER_NS // 2
        server.reply = message.SerializeToString()
        second = await source.poll()
        assert second.resources is first.resources
        message.config[0].generic_xds_configs[1].xds_config.CopyFrom(
            xds.packed(xds.routes(xds.route({"v1": 50, "v2": 50})))
        )
        server.reply = message.SerializeToString()
        third = await source.poll()
    changed = [key for key in third.resources if third.resources[key] is not first.resources[key]]
    assert [key.type for key in changed] == [RDS]


async def test_the_same_bytes_in_a_new_version_are_not_decoded_again() -> None:
    message = xds.canary_answer()
    async with serving(message.SerializeToString()) as server, attached(server.address) as source:
        (before,) = by_type(await source.poll(), LDS)
        entry = message.config[0].generic_xds_configs[0]
        entry.version_info = "2"
        entry.last_updated.seconds += 60
        server.reply = message.SerializeToString()
        (after,) = by_type(await source.poll(), LDS)
    assert after is not before
    assert after.version == "2"
    assert after.body is before.body


async def test_a_resource_that_goes_and_comes_back() -> None:
    whole = xds.canary_answer()
    less = xds.canary_answer()
    del less.config[0].generic_xds_configs[-1]
    async with serving(whole.SerializeToString()) as server, attached(server.address) as source:
        assert len((await source.poll()).resources) == 6
        server.reply = less.SerializeToString()
        assert len((await source.poll()).resources) == 5
        server.reply = whole.SerializeToString()
        assert len((await source.poll()).resources) == 6


async def test_a_refused_update_keeps_the_config_in_force() -> None:
    entry = xds.generic(xds.cluster("v1"), version="1", status=xds.NACKED)
    entry.error_state.version_info = "2"
    entry.error_state.details = "invalid resource"
    entry.error_state.failed_configuration.CopyFrom(xds.packed(xds.cluster("bad")))
    entry.error_state.last_update_attempt.seconds = 1_785_000_500
    (resource,) = (await poll_of(xds.client([entry]))).resources.values()
    assert (resource.status, resource.version) == (Status.NACKED, "1")
    assert resource.error is not None
    assert (resource.error.version, resource.error.details) == ("2", "invalid resource")
    assert resource.error.last_attempt == datetime.fromtimestamp(1_785_000_500, UTC)
    assert isinstance(resource.body, Cluster)
    assert resource.body.subset == "v1"


async def test_a_resource_that_never_came_has_no_attempt_of_1970() -> None:
    entry = xds.generic(xds.cluster("v9"), version="", status=xds.DOES_NOT_EXIST)
    entry.ClearField("xds_config")
    entry.ClearField("last_updated")
    entry.error_state.last_update_attempt.SetInParent()
    (resource,) = (await poll_of(xds.client([entry]))).resources.values()
    assert (resource.health, resource.body, resource.last_updated) == (Health.MISSING, None, None)
    assert resource.error is not None
    assert resource.error.last_attempt is None


# the shapes of other clients


async def test_grpc_js_shapes_are_brought_in_line() -> None:
    refused = xds.generic(xds.cluster("v1"), status=xds.NACKED)
    refused.error_state.failed_configuration.CopyFrom(refused.xds_config)
    refused.ClearField("xds_config")
    gone = xds.generic(xds.cluster("v2"), version="7", status=xds.DOES_NOT_EXIST)
    gone.ClearField("xds_config")
    for entry in (refused, gone):
        entry.type_url = entry.type_url.removeprefix(xds.PREFIX)
    snapshot = await poll_of(xds.client([refused, gone], scope=""))
    first, second = by_type(snapshot, CDS)
    assert isinstance(first.body, Cluster)
    assert first.body.name == first.key.name
    assert first.type_url == "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    assert (second.status, second.version) == (Status.DOES_NOT_EXIST, "")


async def test_the_old_form_is_read() -> None:
    config = xds.client([], scope="")
    per_listener = config.xds_config.add()
    one = per_listener.listener_config.dynamic_listeners.add(name=f"{xds.HOST}:7070", client_status=xds.ACKED)
    one.active_state.version_info = "5"
    one.active_state.listener.CopyFrom(xds.packed(xds.listener()))
    missing = per_listener.listener_config.dynamic_listeners.add(name="gone:7070", client_status=xds.DOES_NOT_EXIST)
    missing.error_state.details = "does not exist"
    per_route = config.xds_config.add(status=1)
    per_route.route_config.dynamic_route_configs.add().route_config.CopyFrom(
        xds.packed(xds.routes(xds.route({"v1": 1})))
    )
    clusters = config.xds_config.add(client_status=xds.ACKED).cluster_config
    clusters.dynamic_active_clusters.add().cluster.CopyFrom(xds.packed(xds.cluster("v1")))
    clusters.dynamic_active_clusters.add(version_info="nameless")
    assigned = config.xds_config.add(client_status=xds.ACKED).endpoint_config.dynamic_endpoint_configs.add()
    assigned.endpoint_config.CopyFrom(xds.packed(xds.endpoints("v1", ("10.0.0.1", 1))))
    snapshot = await poll_of(config)
    assert [(key.type, resource.status.name) for key, resource in snapshot.resources.items()] == [
        (LDS, "ACKED"),
        (LDS, "DOES_NOT_EXIST"),
        (RDS, "ACKED"),
        (CDS, "ACKED"),
        (EDS, "ACKED"),
    ]
    assert len(snapshot.problems) == 1
    assert "Cluster" in snapshot.problems[0]
    assert build(snapshot).roots[0].worst is Health.OK


async def test_clients_of_one_process_are_kept_apart() -> None:
    message = xds.cluster("v1")
    same = xds.generic(message)
    snapshot = await poll_of(xds.client([same], "xds:/a"), xds.client([same], "#server"), xds.client([same], "xds:/a"))
    assert [key.scope for key in snapshot.resources] == ["#server", "xds:/a", "xds:/a (2)"]


async def test_the_order_is_the_same_whatever_the_answers() -> None:
    """grpc-go answers in random order."""
    entries = [xds.generic(message) for message in xds.world()]
    forward = await poll_of(xds.client(entries))
    backward = await poll_of(xds.client(reversed(entries)))
    assert list(forward.resources) == list(backward.resources)
    assert [key.type for key in forward.resources] == [LDS, RDS, CDS, CDS, EDS, EDS]


async def test_a_key_that_comes_twice_keeps_its_last_value() -> None:
    twice = [xds.generic(xds.cluster("v1"), version="1"), xds.generic(xds.cluster("v1", tls=False), version="2")]
    async with serving(xds.answer(xds.client(twice)).SerializeToString()) as server, attached(server.address) as source:
        (first,) = (await source.poll()).resources.values()
        (second,) = (await source.poll()).resources.values()
    assert first.version == "2"
    assert second is first


async def test_a_type_nobody_knows_is_kept() -> None:
    entry = xds.generic(xds.cluster("v1"))
    entry.type_url = entry.xds_config.type_url = "type.googleapis.com/acme.v1.Gadget"
    (resource,) = (await poll_of(xds.client([entry]))).resources.values()
    assert resource.key.type == "Gadget"
    assert isinstance(resource.body, Opaque)
    assert resource.status is Status.ACKED


async def test_secrets_in_the_node_are_not_even_kept() -> None:
    config = xds.client([])
    config.node.metadata["API_TOKEN"] = "do-not-show"
    snapshot = await poll_of(config)
    assert "do-not-show" not in repr(snapshot.node)


async def test_an_answer_without_any_client() -> None:
    snapshot = await poll_of()
    assert (dict(snapshot.resources), snapshot.problems) == ({}, ())


# hostile and broken answers


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field; the content has 128 to 16383 bytes or fewer than 128."""
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([size & 0x7F | 0x80, size >> 7])
    return bytes([number << 3 | 2]) + length + content


async def test_bytes_that_are_nothing_are_an_error_in_words() -> None:
    async with serving(b"\x00\xff garbage") as server, attached(server.address) as source:
        with pytest.raises(BadAnswer, match="no ClientStatusResponse"):
            await source.poll()
        server.reply = xds.canary_answer().SerializeToString()
        assert len((await source.poll()).resources) == 6


async def test_an_entry_that_cannot_be_read_is_counted() -> None:
    good = xds.generic(xds.cluster("v1")).SerializeToString()
    bad = b"\x12\x02\xff\xfe"  # a name that is no UTF-8
    data = field(1, field(3, bad) + field(3, good))
    async with serving(data) as server, attached(server.address) as source:
        snapshot = await source.poll()
    assert [key.type for key in snapshot.resources] == [CDS]
    assert snapshot.problems == ("1 entry of the answer cannot be read and is left out.",)


async def test_an_answer_that_breaks_off_shows_what_came_before() -> None:
    whole = xds.answer(
        xds.client([xds.generic(xds.cluster("v1"))], "a"), xds.client([xds.generic(xds.cluster("v2"))], "b")
    ).SerializeToString()
    async with serving(whole[:-20]) as server, attached(server.address) as source:
        snapshot = await source.poll()
    assert [key.scope for key in snapshot.resources] == ["a"]
    assert "breaks off" in snapshot.problems[0]


async def test_a_corrupt_config_costs_itself_only() -> None:
    message = xds.canary_answer()
    message.config[0].generic_xds_configs[1].xds_config.value = b"\xff\xff\xff"
    async with serving(message.SerializeToString()) as server, attached(server.address) as source:
        snapshot = await source.poll()
        (routes,) = by_type(snapshot, RDS)
        assert isinstance(routes.body, Opaque)
        assert "RouteConfiguration" in routes.body.reason
        (listener,) = by_type(snapshot, LDS)
        assert isinstance(listener.body, Listener)
        assert '"@size": 3' in source.as_json(routes)


async def test_an_answer_above_the_default_limit_of_4_mib() -> None:
    entries = [xds.generic(xds.endpoints(f"s{i}", ("10.0.0.1", 1)), version="x" * 1000) for i in range(4_500)]
    data = xds.answer(xds.client(entries)).SerializeToString()
    assert len(data) > 4 * 2**20
    async with serving(data) as server, attached(server.address) as source:
        assert len((await source.poll()).resources) == 4_500


async def test_the_event_loop_gets_its_turn_during_a_big_answer() -> None:
    entries = [xds.generic(xds.routes(xds.route({"v1": 1}), host=f"h{i}")) for i in range(3_000)]
    data = xds.answer(xds.client(entries)).SerializeToString()
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with serving(data) as server, attached(server.address) as source:
        answer = await source._ask()
        task = asyncio.create_task(other_work())
        await asyncio.sleep(0)
        before = turns
        await source._read(answer, datetime.now(UTC))
        assert turns - before >= 3
        task.cancel()


async def test_a_unix_socket(tmp_path: Path) -> None:
    where = f"unix:{tmp_path}/admin socket.sock".replace(" ", "-")
    async with serving(xds.canary_answer().SerializeToString(), host=where), attached(where) as source:
        assert len((await source.poll()).resources) == 6


async def test_config_is_said_as_json() -> None:
    async with serving(xds.canary_answer().SerializeToString()) as server, attached(server.address) as source:
        snapshot = await source.poll()
        (routes,) = by_type(snapshot, RDS)
        assert isinstance(routes.body, RouteConfiguration)
        assert '"weight": 80' in source.as_json(routes)


@pytest.mark.mesh
async def test_the_real_mesh(shifted_mesh: Any) -> None:
    async with attached(shifted_mesh.admin("client")) as source:
        snapshot = await source.poll()
        assert all(resource.status is Status.ACKED for resource in snapshot.resources.values())
        (root,) = build(snapshot).roots
        assert root.worst is Health.OK
        (routes,) = root.children
        assert [(node.label, node.share) for node in routes.children] == [("v1", 0.2), ("v2", 0.8)]
        assert [[leaf.label for leaf in node.children] for node in routes.children] == [
            [shifted_mesh.pods["echo-v1"]["echo"]],
            [shifted_mesh.pods["echo-v2"]["echo"]],
        ]
        again = await source.poll()
        assert [key for key in again.resources if again.resources[key] is not snapshot.resources[key]] == []


@pytest.mark.mesh
async def test_the_real_servers_side(shifted_mesh: Any) -> None:
    async with attached(shifted_mesh.admin("echo-v1")) as source:
        snapshot = await source.poll()
    assert not snapshot.has_outbound
    (resource,) = snapshot.resources.values()
    assert resource.key.scope == "#server"
    assert isinstance(resource.body, Listener)
    assert resource.body.address == shifted_mesh.pods["echo-v1"]["echo"]
