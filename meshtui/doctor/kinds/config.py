"""Findings about the config a client holds."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

REFUSED: Final = Kind(
    code="resource-refused",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="The client refused the newest {names}",
    why="{reason_known}{kept} Its own words: {reason}",
    fix="change what {origin} asks for; the words above name the part",
    page=(
        "The client refused (NACK) the newest version of a resource. The version before it stays in force: "
        "requests are served by the *old* config, and no later change to this resource arrives until the cause is "
        "mended."
    ),
    seen="CSDS status NACKED, with the refused version and the client's own reason in `error_state.details`.",
    page_fix=(
        "the reason names the field. What gRPC does not take usually comes from a VirtualService or "
        "DestinationRule field that only Envoy knows, or from an EnvoyFilter. Change that object; the next push "
        "is judged anew."
    ),
)

ENVOY_CONFIG: Final = Kind(
    code="envoy-config",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="The control plane sends Envoy's config, not gRPC's",
    why="The client refused {names}: {first_reason}. {title_known}.{generator}{absent}",
    fix="{fix_known}",
    page=(
        "The client refused listeners or clusters that have what only Envoy knows: listener filters, network filters "
        "such as istio.stats, several transport sockets. istiod makes such config for every client whose node does "
        "not say that it is gRPC."
    ),
    seen="CSDS status NACKED of these resources, with what the client says of them, and GENERATOR of its node.",
    page_fix=(
        "the bootstrap's `node.metadata` has `GENERATOR: grpc` where Istio's template `grpc-agent` made it "
        "(annotation `inject.istio.io/templates: grpc-agent`). gRPC reads the bootstrap once per process: restart "
        "the app after mending it."
    ),
)

RECEIVED_ERROR: Final = Kind(
    code="control-plane-error",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    graded="a warning while the config before it is in force, or no call needs it",
    title="The control plane has an error for the {type} {short_name}",
    why=(
        "Asked for the {type} {name}, the control plane answered with an error; the client had nothing to refuse. "
        "{in_force} The control plane's own words: {reason}"
    ),
    fix="look at the control plane: may this client read the resource, and is what it gets its data from healthy",
    page=(
        "The control plane answered with an error for this resource instead of a config (xRFC TP3). The client "
        "refused nothing, and nothing is wrong with a DestinationRule or a pod. A config that the client had before "
        "goes on serving; without one, requests that need it fail."
    ),
    seen="CSDS status RECEIVED_ERROR (gRFC A88), with the error in `error_state.details`.",
)

DELETED_IN_USE: Final = Kind(
    code="resource-deleted-in-use",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="The {type} {short_name} was deleted and is still served from cache",
    why=(
        "The control plane has no {type} {name} any more. The client goes on using what it had{as_asked}, and requests "
        "go by it; a new pod would not get it, and this one gets no change to it."
    ),
    fix="{how_to_define}",
    page=(
        "The control plane deleted a resource and the client goes on using the config it had (gRFC A88; grpc-java and "
        "grpc-go with `GRPC_EXPERIMENTAL_XDS_DATA_ERROR_HANDLING`). Nothing fails yet. What tells this from a missing "
        "resource is that the entry still holds a config."
    ),
    seen="CSDS status DOES_NOT_EXIST, with a config in the entry.",
    page_fix="the same as for [resource-missing](resource-missing.md).",
)

TIMED_OUT: Final = Kind(
    code="resource-timeout",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    graded="a warning while a config from before is in force, or no call needs it",
    title="The control plane did not send the {type} {short_name} in time",
    why=(
        "{reached}the control plane has not answered for the {type} {name} in time{consequence}. Whether it exists is "
        "not known."
    ),
    fix="look at the control plane: is it up, reachable and fast enough; only then at whether it has this resource",
    page=(
        "The client asked for a resource and its timer ran out. Where the bootstrap has "
        "`resource_timer_is_transient_error` (gRFC A88) this is said as TIMEOUT: the control plane is too slow, and "
        "nothing is said of whether the resource exists. Requests that need it fail until it comes."
    ),
    seen="CSDS status TIMEOUT; the title says which share of which host's calls goes there.",
)

MISSING: Final = Kind(
    code="resource-missing",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="The {type} {short_name} does not exist",
    graded="a warning while no call needs it: its weight is 0, or another cluster of its aggregate serves",
    why="{reached}the control plane has no {type} {name}, or did not send it in time{consequence}.",
    fix="{how_to_define}",
    page=(
        "The control plane does not have a resource the client asked for, or did not send it within the 15 s that gRPC "
        "waits for a first answer: both are reported as DOES_NOT_EXIST. Requests that are routed to it fail "
        "with UNAVAILABLE; a weighted cluster that is missing fails exactly its share."
    ),
    seen=(
        "CSDS status DOES_NOT_EXIST, without a config in the entry; the title says which share of which host's calls "
        "goes there."
    ),
    page_fix=(
        "define what istiod would make it from: a subset in a DestinationRule, a Service and its port, or take "
        "the name out of the VirtualService that mentions it."
    ),
)

WAITING: Final = Kind(
    code="resource-waiting",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="The {type} {short_name} has not arrived",
    why=(
        "{reached}the client has asked for the {type} {name} and has no answer. Until it comes, {meanwhile}; gRPC "
        "gives up after {timeout} s, and what needs it fails then."
    ),
    graded=(
        "an error once it took longer than gRPC waits: it counts only while it is connected to the control plane, so "
        "that is to be looked at first"
    ),
    fix="{how_to_define}",
    page=(
        "The client has asked for a resource and has no answer yet. A route that names a cluster still missing is "
        "ACKED at once, but traffic keeps the old split until the cluster comes. After 15 seconds gRPC gives up "
        "and that share of requests fails."
    ),
    seen="CSDS status REQUESTED, and since when. The first two seconds are not reported.",
    page_fix="the same as for [resource-missing](resource-missing.md), before the time is over.",
)

WITHOUT_ENDPOINTS: Final = Kind(
    code="cluster-without-endpoints",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    graded="a warning while endpoints that drain still serve the calls of their sessions",
    title="Cluster {label} has nowhere to send requests",
    why="{reached}cluster {name} exists, but {problem}.",
    fix=(
        "see that pods with the labels of this Service and subset run and are ready: kubectl get pods "
        "--show-labels, kubectl get endpointslices"
    ),
    page=(
        "A cluster exists, but no address a request could go to: EDS names none, or only unhealthy ones. Its "
        "share of requests fails with UNAVAILABLE."
    ),
    seen="the EDS resource of the cluster.",
)

UNREADABLE: Final = Kind(
    code="config-unreadable",
    area=Area.CONFIG,
    severity=Severity.INFO,
    title="The config of {short_name} cannot be read here",
    why="{type_url} of {size}: {reason}. The client may understand it; meshtui shows its status, but not what it says.",
    fix="nothing to mend in the mesh; a newer meshtui may know this type",
    page=(
        "meshtui cannot read this config: its type is not known here, or its bytes are none of that type. The "
        "client may well understand it. Status, version and size are still shown; everything else on screen is "
        "unaffected."
    ),
    seen="the type, and why it cannot be read.",
)

FILTER_CHAIN_UNUSABLE: Final = Kind(
    code="filter-chain-unusable",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="Inbound filter chain {chain} cannot be used",
    why="{problem}. Connections that match this chain are refused.",
    fix="look at the PeerAuthentication and the AuthorizationPolicies of this workload",
    page="An inbound listener has a filter chain gRPC cannot use. Connections that match it are refused.",
    seen="what is wrong with the chain, beside it in the tree.",
)

ROUTE_FAILS: Final = Kind(
    code="route-fails",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="{calls} fail in the client",
    why="The route is in force, but {problem}. Envoy would answer; gRPC has routes that forward, and no others.",
    fix="take directResponse or redirect out of the VirtualService, or let it match no gRPC call",
    page=(
        "A route in force has an action that gRPC does not have: a direct response or a redirect. gRPC keeps the "
        "route in its table, and every call that matches it fails with UNAVAILABLE (grpc-go: *matched route does "
        "not have a supported route action type*; C-core: *Matching route has inappropriate action*). grpc-java "
        "and grpc-js refuse the whole route configuration instead."
    ),
    seen="the route configuration in force, and the virtual host that fits the channel's authority.",
)

SERVER_ROUTE_FAILS: Final = Kind(
    code="server-route-fails",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="{calls} fail at the server",
    why="The route is in force, but {problem}. Envoy would act on it; a gRPC server serves what comes in itself.",
    fix="have the control plane send non_forwarding_action in the routes of this server's listener",
    page=(
        "A server's listener, or the route configuration that it names, has a route that forwards, redirects or "
        "answers directly. gRFC A36: on a server only `non_forwarding_action` serves; every call that matches another "
        "route fails with UNAVAILABLE at the server, whatever the client's config says (grpc-go: *the incoming RPC "
        "matched to a route that was not of action type non forwarding*; C-core: *Matching route has inappropriate "
        "action*; grpc-java: *only Route.non_forwarding_action should be allowed*; grpc-js: *Routing error*)."
    ),
    seen="the routes of each inbound filter chain, its own or those of the route configuration it names.",
)

NO_VIRTUAL_HOST: Final = Kind(
    code="no-virtual-host",
    area=Area.CONFIG,
    severity=Severity.INFO,
    title="No virtual host is for {authority}",
    why=(
        "None of the domains in {name} fits {authority}, the authority of the channel, so that its calls fail with "
        "UNAVAILABLE, unless the app sets another authority for it: config does not show that."
    ),
    fix="see that the Service has this name and port, and that a VirtualService of this host is seen by this namespace",
    page=(
        "gRPC takes the one virtual host whose domains fit the channel's authority best, and no other (gRFC A27). "
        "Where none fits, every call fails (*could not find VirtualHost*). The authority is the name in the channel's "
        "URL; an app may override it, which no config shows, so that this is no error by itself."
    ),
    seen="the domains of the route configuration in force, and the name of the channel's listener.",
)

NO_ROUTE: Final = Kind(
    code="no-route",
    area=Area.CONFIG,
    severity=Severity.ERROR,
    title="All calls to {host} fail: there is no route for them",
    why="{name}: {problem}, whatever its path.",
    fix=(
        "see that the port of the Service is one of gRPC or HTTP (appProtocol, or a name such as grpc-echo: istiod "
        "makes no routes for TCP), and that a VirtualService matches by what gRPC reads: path and headers"
    ),
    page=(
        "A route configuration is in force, and no call finds a route in it: it has no virtual host at all, or the one "
        "for this channel has no route, or gRPC leaves each of them out (gRFC A28: by query parameters, by CONNECT, a "
        "cluster picked by a header). Every call fails with UNAVAILABLE in the client (*could not find VirtualHost*, "
        "*no matched route was found*, *No matching route found in xDS route config*)."
    ),
    seen="the route configuration in force, and the virtual host that fits the channel's authority.",
)

CALLS_DROPPED: Final = Kind(
    code="calls-dropped",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="Cluster {label} drops {share} of its calls",
    why=("{cause}: the client itself fails {share} of the calls with UNAVAILABLE, however well its endpoints are."),
    fix="{how}",
    page=(
        "The endpoints of a cluster come with drop_overloads, or its circuit breaker lets no request be in flight: the "
        "client itself fails the calls with UNAVAILABLE (gRFC A32), however well its endpoints are."
    ),
    seen="the drop categories in the policy of the EDS resource, and max_requests of the cluster (gRFC A32).",
    page_fix=(
        "load shedding by drop_overloads is set in the control plane, for this backend service; max_requests comes "
        "from http2MaxRequests of a DestinationRule."
    ),
    graded="an error when all calls of the cluster are dropped.",
)

FAILED_OVER: Final = Kind(
    code="failed-over",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="Cluster {label} failed over to {place}",
    why="{problem}. Calls are served, by what was meant to stand by.",
    fix="see why the endpoints that come first are not healthy: kubectl get pods, kubectl get endpointslices",
    page=(
        "Of what a cluster names first no endpoint can serve, so gRPC sends all its calls to what comes next: a later "
        "priority of its EDS resource, or the next member of an aggregate cluster (gRFC A37). Nothing fails for it."
    ),
    seen="the health of the endpoints in EDS, priority by priority and member by member.",
)
