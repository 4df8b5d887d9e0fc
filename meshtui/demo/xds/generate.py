"""The resources of one type for one client: names asked for → resources there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf import any_pb2, message

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.workload import MeshWorkload
from meshtui.demo.xds import clusters, endpoints, listeners, routes
from meshtui.demo.xds.names import INBOUND_PREFIX
from meshtui.model.node_id import parse_node_id

_PREFIX = "type.googleapis.com/envoy.config."

LISTENER = f"{_PREFIX}listener.v3.Listener"
ROUTE = f"{_PREFIX}route.v3.RouteConfiguration"
CLUSTER = f"{_PREFIX}cluster.v3.Cluster"
ENDPOINTS = f"{_PREFIX}endpoint.v3.ClusterLoadAssignment"

PUSH_ORDER = (CLUSTER, ENDPOINTS, LISTENER, ROUTE)
"""Make before break: a route is sent after the clusters it names, as istiod does."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: its namespace decides what short names mean, its workload what it serves."""

    namespace: str
    workload: MeshWorkload | None


def identify(config: MeshConfig, node_id: str, default_namespace: str) -> Client:
    """The client with a node id of Istio's form."""
    node = parse_node_id(node_id)
    pod = node.pod if node is not None else ""
    namespace = (node.namespace if node is not None else "") or default_namespace
    found = (workload for workload in config.workloads if (workload.name, workload.namespace) == (pod, namespace))
    return Client(namespace, next(found, None))


def generate(config: MeshConfig, client: Client, type_url: str, names: Iterable[str]) -> list[any_pb2.Any]:
    """The resources that exist among the names, packed, in the order of names; duplicates once."""
    out = []
    seen = config.seen_by(client.namespace, client.workload)
    for name in sorted(set(names)):
        resource = _one(config, seen, client, type_url, name)
        if resource is not None:
            packed = any_pb2.Any()
            # Maps are serialised in random order otherwise: equal configuration must be equal bytes.
            packed.Pack(resource, deterministic=True)
            out.append(packed)
    return out


def _one(config: MeshConfig, seen: MeshConfig, client: Client, type_url: str, name: str) -> message.Message | None:
    """``seen``: what is for this client of the whole configuration, which decides what it serves itself."""
    found: message.Message | None = None
    if type_url == LISTENER and name.startswith(INBOUND_PREFIX):
        found = listeners.inbound(config, client.workload, name)
    elif type_url == LISTENER:
        found = listeners.outbound(seen, client.namespace, name)
    elif type_url == ROUTE:
        found = routes.route_configuration(seen, name)
    elif type_url == CLUSTER:
        found = clusters.cluster(seen, name)
    elif type_url == ENDPOINTS:
        found = endpoints.endpoints(seen, client.workload, name)
    return found
