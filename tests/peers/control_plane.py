"""A control plane that serves tables of routes, each to the channel of its own listener, and the backends behind them.

Unlike the demo's it serves what no Istio would write: the table is the test's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import meshtui.sources  # noqa: F401  (sets gRPC's environment before gRPC is imported)

import grpc  # isort: skip
import grpc.aio  # isort: skip
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.clusters.aggregate.v3 import cluster_pb2 as aggregate_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.service.discovery.v3 import discovery_pb2

from tests.xds_messages import packed

HOLLOW = "hollow"
"""A cluster whose EDS resource is not there; also with a space and more after it, as :data:`ODD`."""

SHUT = "shut"
"""A cluster whose circuit breaker lets no request be in flight; it has a backend if it is among the clusters."""

ODD = "odd"
"""A cluster of a type that every gRPC refuses."""

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"


class TableServer:
    """Aggregated discovery for some listeners; ``refusals`` is why a client refused what, by the listener's name."""

    def __init__(self, clusters: Mapping[str, int]) -> None:
        self._clusters = clusters
        self._tables: dict[str, tuple[Any, bool, tuple[Any, ...]]] = {}
        self._aggregates: dict[str, tuple[str, ...]] = {}
        self.refusals: dict[str, str] = {}
        self.port = 0

    def put(self, name: str, table: Any, *, inline: bool, filters: tuple[Any, ...] = ()) -> None:
        """Serve a route configuration to channels of this name, inside their listener or beside it.

        ``filters`` are the HTTP filters of the listener before its router.
        """
        self._tables[name] = (table, inline, filters)

    def put_aggregate(self, name: str, members: tuple[str, ...]) -> None:
        """Serve an aggregate of these clusters, which may be :data:`HOLLOW` or :data:`ODD`."""
        self._aggregates[name] = members

    @property
    def bootstrap(self) -> dict[str, Any]:
        """The bootstrap of a client."""
        server = {"server_uri": f"127.0.0.1:{self.port}", "channel_creds": [{"type": "insecure"}]}
        return {"xds_servers": [{**server, "server_features": ["xds_v3"]}], "node": {"id": "tables"}}

    async def start(self, server: grpc.aio.Server) -> None:
        """Begin to serve."""
        handler: Any = grpc.stream_stream_rpc_method_handler(
            self._stream, discovery_pb2.DiscoveryRequest.FromString, lambda message: message.SerializeToString()
        )
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, {"StreamAggregatedResources": handler}),)
        )
        self.port = server.add_insecure_port("127.0.0.1:0")
        await server.start()

    async def _stream(self, requests: AsyncIterator[Any], _: Any) -> AsyncIterator[Any]:
        known: dict[str, list[str]] = {}
        sent = 0
        async for request in requests:
            kind, names = request.type_url, sorted(request.resource_names)
            if request.HasField("error_detail"):
                self.refusals.update(dict.fromkeys(names, request.error_detail.message))
            if not names or (request.response_nonce and known.get(kind) == names):
                known[kind] = names
                continue
            known[kind] = names
            sent += 1
            resources = [packed(found) for name in names if (found := self._resource(kind.rpartition(".")[2], name))]
            yield discovery_pb2.DiscoveryResponse(version_info="1", nonce=str(sent), type_url=kind, resources=resources)

    def _resource(self, kind: str, name: str) -> Any:
        if kind == "Listener" and name in self._tables:
            return _listener(name, *self._tables[name])
        if kind == "RouteConfiguration" and name in self._tables:
            return self._tables[name][0]
        if kind == "Cluster" and name in self._aggregates:
            return _aggregate(name, self._aggregates[name])
        manner = name.partition(" ")[0]
        if kind == "Cluster" and manner == ODD:
            return cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.STATIC)
        if kind == "Cluster" and manner == HOLLOW:
            return _cluster(name)
        if name not in self._clusters:
            return None
        return _cluster(name) if kind == "Cluster" else _endpoints(name, self._clusters[name])


def _listener(name: str, table: Any, inline: bool, filters: tuple[Any, ...]) -> Any:
    manager = http_connection_manager_pb2.HttpConnectionManager()
    if inline:
        manager.route_config.CopyFrom(table)
    else:
        manager.rds.config_source.ads.SetInParent()
        manager.rds.route_config_name = name
    manager.http_filters.extend(filters)
    manager.http_filters.add(name="router").typed_config.CopyFrom(packed(router_pb2.Router()))
    message = listener_pb2.Listener(name=name)
    message.api_listener.api_listener.CopyFrom(packed(manager))
    return message


def _cluster(name: str) -> Any:
    message = cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.EDS)
    message.eds_cluster_config.eds_config.ads.SetInParent()
    if name.partition(" ")[0] == SHUT:
        message.circuit_breakers.thresholds.add().max_requests.value = 0
    return message


def _aggregate(name: str, members: tuple[str, ...]) -> Any:
    message = cluster_pb2.Cluster(name=name)
    message.cluster_type.name = "envoy.clusters.aggregate"
    message.cluster_type.typed_config.CopyFrom(packed(aggregate_pb2.ClusterConfig(clusters=members)))
    return message


def _endpoints(name: str, port: int) -> Any:
    message = endpoint_pb2.ClusterLoadAssignment(cluster_name=name)
    locality = message.endpoints.add()
    locality.load_balancing_weight.value = 1
    locality.locality.region = "here"
    address = locality.lb_endpoints.add().endpoint.address.socket_address
    address.address, address.port_value = "127.0.0.1", port
    return message


class _SaysItsName(grpc.GenericRpcHandler):
    """Answers each method with a name."""

    def __init__(self, name: str) -> None:
        self._name = name.encode()

    def service(self, _: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, _request: bytes, _context: Any) -> bytes:
        return self._name


@asynccontextmanager
async def table_server(clusters: tuple[str, ...]) -> AsyncIterator[TableServer]:
    """A control plane, and a backend for each cluster that answers with the cluster's name."""
    servers = list(_servers(len(clusters) + 1))
    ports = {}
    try:
        for name, server in zip(clusters, servers, strict=False):
            server.add_generic_rpc_handlers((_SaysItsName(name),))
            ports[name] = server.add_insecure_port("127.0.0.1:0")
            await server.start()
        plane = TableServer(ports)
        await plane.start(servers[-1])
        yield plane
    finally:
        for server in servers:
            await server.stop(None)


def _servers(count: int) -> Iterator[grpc.aio.Server]:
    for _ in range(count):
        yield grpc.aio.server(options=[("grpc.so_reuseport", 0)])
