"""What to do about config, by the kind of control plane that makes it: istiod, Traffic Director, or another one."""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.explain.known_error import KnownError
from meshtui.doctor.rules.config_words import type_word
from meshtui.model.control_plane_kind import ControlPlaneKind, kind_by_client, kind_by_name
from meshtui.model.xds.names import is_inbound, parse_service_name, short_host
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Resource, ResourceKey

ISTIO, GOOGLE, OTHER = ControlPlaneKind.ISTIO, ControlPlaneKind.GOOGLE, ControlPlaneKind.OTHER

INBOUND: Final = "inbound"
"""Stands in the place of a type for the listener of the app's own server."""

DEFINED_BY: Final = MappingProxyType(
    {
        (ISTIO, LDS): "a Kubernetes Service with this host and port",
        (ISTIO, INBOUND): "a Service that has this port as its targetPort",
        (ISTIO, RDS): "a Service or VirtualService for this host and port",
        (ISTIO, CDS): "a Service, or a DestinationRule that defines this subset",
        (ISTIO, EDS): "running pods behind this Service",
        (GOOGLE, LDS): (
            "a GRPCRoute with this host name on the mesh that the client's bootstrap names, or a URL map with this "
            "host, behind a target gRPC proxy and a forwarding rule of this network and port (80 where the URL has "
            "none)"
        ),
        (
            GOOGLE,
            INBOUND,
        ): "an endpoint policy (or EndpointPolicy) for gRPC servers that selects this workload and port",
        (GOOGLE, RDS): "a GRPCRoute or a URL map",
        (GOOGLE, CDS): "a backend service that is self-managed (INTERNAL_SELF_MANAGED) and of the protocol GRPC",
        (GOOGLE, EDS): "the network endpoint groups or instance groups of a backend service",
    }
)
"""What makes a control plane generate a resource of each type (Istio ``pilot/pkg/networking/grpcgen``; Google's pages
on Traffic Director with proxyless gRPC, "How Traffic Director works with gRPC applications")."""

CHANGED_BY: Final = MappingProxyType(
    {
        (ISTIO, LDS): "the AuthorizationPolicies, PeerAuthentication or EnvoyFilters",
        (ISTIO, RDS): "the VirtualService",
        (ISTIO, CDS): "the DestinationRule",
        (ISTIO, EDS): "the Service and its pods",
        (GOOGLE, LDS): "the GRPCRoute, URL map or endpoint policy",
        (GOOGLE, RDS): "the GRPCRoute or URL map",
        (GOOGLE, CDS): "the backend service",
        (GOOGLE, EDS): "the network endpoint groups of the backend service",
    }
)
"""What a person changes so that a control plane generates another resource of each type."""

NO_ENDPOINTS: Final = MappingProxyType(
    {
        GOOGLE: (
            "see that the network endpoint groups of this backend service have endpoints, and that its health check "
            "reaches them and finds them healthy (a firewall rule has to let it in)"
        ),
        OTHER: "see that the control plane knows healthy endpoints of this cluster, and that they run",
    }
)
NO_ROUTE_OF_GRPC: Final = MappingProxyType(
    {
        GOOGLE: "take the redirect or direct response out of the GRPCRoute or URL map, or let it match no gRPC call",
        OTHER: "take that action out of the route where the control plane has it from, or let it match no gRPC call",
    }
)
NO_HOST: Final = MappingProxyType(
    {
        GOOGLE: "see that the GRPCRoute or URL map has this host, with the port where the URL has one",
        OTHER: "see that the control plane puts this name among the domains of a virtual host",
    }
)
NO_CHAIN: Final = MappingProxyType(
    {
        GOOGLE: "look at the endpoint policy of this workload, and at its server TLS and authorization policies",
        OTHER: "look at the listener that the control plane makes for this server",
    }
)
REQUEST_LIMIT: Final = MappingProxyType(
    {
        GOOGLE: "give maxRequests of the backend service's circuitBreakers a number of requests, or take it out",
        OTHER: "give max_requests of the cluster's circuit breaker a number of requests, or take it out",
    }
)
UNREACHABLE: Final = MappingProxyType(
    {
        GOOGLE: (
            "see that the servers run and answer (a probe from this pod gives the text of the failure), and compare "
            "the client TLS policy of the backend service with the endpoint policy of the servers"
        ),
        OTHER: (
            "see that the servers run and answer (a probe from this pod gives the text of the failure), and that TLS "
            "is set alike in the clusters of the client and the listeners of the servers"
        ),
    }
)
FOR_ENVOY: Final = MappingProxyType(
    {
        GOOGLE: (
            "see that the bootstrap is the one that Google's generator writes for gRPC, and that the client's node is "
            "no Envoy's"
        ),
        OTHER: "let the control plane make gRPC's config for the node id of this client: Envoy's differs from it",
    }
)
"""What to do where the kind of the finding says it of Istio's objects."""


class Advice:
    """What to do about resources of one look; who makes them is found out when it is first asked for."""

    def __init__(self, seen: ConfigEvidence) -> None:
        self._seen = seen

    @cached_property
    def _of_client(self) -> ControlPlaneKind:
        seen = self._seen
        names = (key.name for key in seen.snapshot.resources)
        return kind_by_client(seen.snapshot.node.id, seen.server_uris, names)

    def maker(self, key: ResourceKey | None) -> ControlPlaneKind:
        """Who makes a resource: by its own name (a client may have several control planes, gRFC A47), else the one of
        this client."""
        return (kind_by_name(key.name) if key is not None else None) or self._of_client

    def instead(self, key: ResourceKey | None, advice: MappingProxyType[ControlPlaneKind, str]) -> str:
        """The advice in the place of a kind's own, which is that for Istio; empty where that one holds."""
        return advice.get(self.maker(key), "")

    def if_it_holds(self, key: ResourceKey | None, known: KnownError) -> str:
        """A known way out, where it is one on this control plane; else empty."""
        return "" if known.of_istio and self.maker(key) is not ISTIO else known.fix

    def changed_by(self, resource: Resource) -> str:
        """What a person changes so that this resource changes."""
        maker = self.maker(resource.key)
        service = parse_service_name(resource.key.name)
        host = f" for {short_host(service.host)}" if service else ""
        source = CHANGED_BY.get((maker, resource.key.type))
        return f"{source}{host}" if source else f"what {OTHER} makes this {type_word(resource)} of, and what that"

    def how_to_define(self, resource: Resource) -> str:
        """What a person does so that this resource comes to be."""
        key = resource.key
        maker = self.maker(key)
        service = parse_service_name(key.name)
        if key.type == CDS and service and service.subset:
            return (
                f"define subset {service.subset} in the DestinationRule of {short_host(service.host)}, or take it out "
                "of the VirtualService that names it"
            )
        made_of = DEFINED_BY.get((maker, INBOUND if key.type == LDS and is_inbound(key) else key.type))
        if made_of is None:
            return f"see that {OTHER} has a {type_word(resource)} of exactly this name for the node id of this client"
        return f"{maker} makes it from {made_of}: see that it exists"
