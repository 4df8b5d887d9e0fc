"""What the accepted config, or the lack of it, does to a call."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError

PERMISSION_DENIED: Final = KnownError(
    code="permission-denied",
    core=("Unauthorized RPC rejected", "PERMISSION_DENIED"),
    go=(
        "code = PermissionDenied",
        "RBAC: access denied",
        "incoming RPC (matched a deny|did not match an allow)",
    ),
    title="An AuthorizationPolicy refused the call",
    explanation=(
        "The server's inbound RBAC filter did not allow this caller, by its SPIFFE id, method, or header. In "
        "plaintext there is no identity, so rules with principals never match."
    ),
    fix="Compare the AuthorizationPolicy of the server with the caller's SPIFFE id; is the connection mTLS?",
    of_istio=True,
)

FAULT_INJECTED: Final = KnownError(
    code="fault-injected",
    core=("Fault injected",),
    go=("RPC terminated due to fault injection",),
    envoy=("fault filter abort",),
    title="The route injects this fault on purpose",
    explanation=(
        "The accepted route has fault.abort (VirtualService), and the client's fault filter ended the call. "
        "Nothing is broken."
    ),
    fix="Remove fault from the VirtualService when the experiment is over.",
    of_istio=True,
)

DROPPED_BY_CONFIG: Final = KnownError(
    code="dropped-by-config",
    core=("EDS-configured drop",),
    go=("RPC is dropped",),
    java=(r"UNAVAILABLE: Dropped: \S",),
    node=(r"dropped by load balancing policy\. Category",),
    other=("drop.*throttle", "dropped by LB"),
    title="The config tells the client to drop this share of calls",
    explanation=(
        "The accepted endpoint assignment has drop_overloads, so the client itself ends that part of the calls."
    ),
    fix="Look at the cluster's endpoints in Config for drop categories.",
)

CIRCUIT_BREAKER: Final = KnownError(
    code="circuit-breaker",
    core=("circuit breaker drop",),
    go=(r"max requests \d+ exceeded on service",),
    java=(r"Cluster max concurrent requests limit of \d+ exceeded",),
    node=(r"Call dropped by load balancing policy",),  # with a category it is a drop
    other=("max_concurrent_requests",),
    title="More calls at once than the cluster allows",
    explanation="The cluster's circuit breaker (http2MaxRequests in the DestinationRule) ended calls beyond its bound.",
    fix="Raise connectionPool.http.http2MaxRequests, or send with less concurrency.",
)

CLUSTER_MISSING: Final = KnownError(
    code="cluster-missing",
    core=(r"CDS resource \S+:? does not exist", "CDS resource .*does not exist"),
    go=(r"cluster \S+ not found", r'of type "ClusterResource" (has been removed|not found)'),
    java=(r"Error retrieving CDS resource .*(does not exist|deleted from server)",),
    node=(r"Cluster resource \S+ does not exist",),
    title="The route names a cluster that does not exist",
    explanation=(
        "The control plane has no cluster of that name, mostly a subset that no DestinationRule defines. gRPC "
        "accepts such a route, waits 15 s, and then fails that share of calls."
    ),
    fix="Define the subset in the DestinationRule, or correct its name in the VirtualService.",
    of_istio=True,
)

RESOURCE_REFUSED: Final = KnownError(
    code="resource-refused",
    core=("invalid resource: errors validating", r"errors? (validating|parsing) \w+ resource"),
    go=(r'error parsing "\w+" response',),
    java=(r"[LRCE]DS response \w+ .* validation error",),
    other=("received invalid .* resource",),
    title="The client refused the config it was sent (NACK)",
    explanation=(
        "The resource has something this gRPC version cannot use. With an earlier version of it in force, that "
        "stays; without, calls fail."
    ),
    fix="Read the reason in Config; change what the Istio resource asks for, or upgrade gRPC.",
)

NO_ENDPOINTS: Final = KnownError(
    code="no-endpoints",
    core=("no children in weighted_target policy", r"EDS resource \S+:? (does not exist|contains no)", "no localities"),
    go=(
        "last resolver error: produced zero addresses",
        "no SubConns",
        r'of type "EndpointsResource" has been removed',
        "no priority is provided, all priorities are removed",
        "no targets to pick from",
    ),
    java=("No usable endpoint from cluster:",),
    envoy=("no healthy (upstream|endpoints)",),
    title="The cluster has no endpoint to send to",
    explanation=(
        "The accepted endpoint assignment is empty or holds only unhealthy ones: no ready pod has the subset's labels."
    ),
    fix="Compare the labels of the subset with those of the pods; are the pods ready?",
)

LISTENER_MISSING: Final = KnownError(
    code="listener-missing",
    core=(r"LDS resource \S+:? does not exist",),
    go=("listener .* not found", r'of type "ListenerResource" (has been removed|not found)'),
    java=(r"Error retrieving LDS resource .*(does not exist|deleted from server)",),
    node=(r"Listener \S+ does not exist",),
    title="The control plane knows no such host and port",
    explanation=(
        "The client asked for a listener of exactly this name and got none: the host is not a service of the "
        "mesh, the port is not one of its ports, or the namespace does not see it (Sidecar, exportTo)."
    ),
    fix="Check host and port in the URL: xds:///service.namespace.svc.cluster.local:port.",
)

VIRTUAL_HOST_MISSING: Final = KnownError(
    code="virtual-host-missing",
    core=("could not find VirtualHost for",),
    go=("no matching virtual host",),
    java=("Failed to find virtual host matching hostname",),
    node=(r"RouteConfiguration \S+: No matching route found for",),
    title="The route configuration has no virtual host for this authority",
    explanation=(
        "The accepted route does not list the name that was dialled. An authority override or a short name is not "
        "among its domains."
    ),
    fix="Look at the domains of the route in Config, and at the authority that is sent.",
)

CHANNEL_PANIC: Final = KnownError(
    code="java-channel-panic",
    java=("Panic! This is a bug!",),
    title="grpc-java's channel broke down",
    explanation=(
        "An exception inside grpc-java ended the channel: each call of it fails from now on, and its config is gone "
        "from CSDS. One cause is known: istiod (1.29, for one) adds a domain that ends with a dot to every virtual "
        "host, and grpc-java breaks down at the first that it meets before its own domain, so for every service of "
        "the port but the first."
    ),
    fix=(
        'The app\'s log has the exception. If it is "Invalid pattern/domain name", set '
        "PILOT_ENABLE_ABSOLUTE_FQDN_VHOST_DOMAIN=false in istiod and start the app anew."
    ),
    of_istio=True,
)
"""grpc-java 1.85.1 as run on istiod's own routes (docs/matching.md); ``RoutingUtils.matchHostName``. The variable is
istiod's, ``pilot/pkg/features``."""

NO_ROUTE: Final = KnownError(
    code="no-route",
    core=("No matching route found",),
    go=("no matching route", "no matched route was found"),
    java=("Could not find xDS route matching RPC", "No child policy provided for cluster_manager"),
    title="No route matches the request",
    explanation="The virtual host was found, but no route's path and headers fit, and there is no default route.",
    fix="Add a route without match at the end of the VirtualService's list.",
    of_istio=True,
)

ROUTES_MISSING: Final = KnownError(
    code="route-configuration-missing",
    core=(r"RDS resource \S+:? does not exist",),
    go=(r'of type "RouteConfigResource" (has been removed|not found)',),
    java=(r"Error retrieving RDS resource .*(does not exist|deleted from server)",),
    node=(r"RouteConfiguration \S+ does not exist",),
    title="The listener names a route configuration that does not exist",
    explanation="The control plane has no route configuration of the name that its own listener gives.",
    fix="Compare listener and routes in Config; this is mostly a moment of a change, or a fault of the control plane.",
)

# grpc-go: xds_resolver.go; C-core: xds_resolver.cc
ROUTE_ACTION: Final = KnownError(
    code="route-action",
    core=("Matching route has inappropriate action",),
    go=("matched route does not have a supported route action type",),
    java=("Could not route RPC to Route with non-forwarding action",),
    title="The route that matches does not forward",
    explanation="It has a direct response or a redirect, and gRPC has routes that forward and no others.",
    fix="Take directResponse or redirect out of the VirtualService, or let it match no gRPC call.",
    of_istio=True,
)

# pickfirst.go, which is given the addresses where there is no cluster to balance over, or a cluster of DNS
NO_ADDRESSES: Final = KnownError(
    code="no-addresses",
    go=("name resolver error: produced zero addresses", "produced zero addresses"),
    title="The client was left without an address",
    explanation=(
        "grpc-go says so when no virtual host of the accepted routes has the name that was dialled (a port that the "
        "mesh takes for TCP has none), when a cluster has no endpoints, or when a name has no address in DNS. The "
        "text does not say which."
    ),
    fix="Look at Config: is there a virtual host for this name, and has its cluster endpoints?",
)

# grpc-go: xdsclient/authority.go
STREAM_ENDED: Final = KnownError(
    code="control-plane-stream-ended",
    go=("error received from xDS stream",),
    java=("ADS stream closed with OK before receiving a response",),
    title="The stream to the control plane ended before the config came",
    explanation=(
        "The client has nothing to send by. EOF says that the stream was closed without an error: Istio's agent serves "
        "one stream, and a further one of the same pod takes its place (gRPC 1.66 and later open one for each target "
        "and one for the server; istio/istio#53532). Or the agent itself is cut off from istiod."
    ),
    fix=(
        "Look at Channels: ADS channels whose calls all ended well evict each other; one whose calls failed is cut off."
    ),
)

CONTROL_PLANE_UNREACHABLE: Final = KnownError(
    code="control-plane-unreachable",
    core=(
        "xDS channel for server ",
        "xDS channel in TRANSIENT_FAILURE",
        "xDS (channel|server|stream).*(unavailable|error|closed)",
        r"unix:\S*XDS.*(refused|No such file)",
    ),
    go=("ADS stream",),
    node=("No connection established to xDS server",),
    title="The client cannot reach its control plane",
    explanation=(
        "The gRPC library has no connection to its control plane, which on Istio is the agent's socket, so it gets no "
        "config. What it already has stays in force."
    ),
    fix="Look at the agent: readiness, connection failures to istiod, and the socket's path in the bootstrap.",
    of_istio=True,
)
