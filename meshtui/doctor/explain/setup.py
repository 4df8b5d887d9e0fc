"""What is wrong before config decides about a call, or with the whole of it.

Read in grpc-go ``internal/xds/resolver``, ``xdsdepmgr``, ``server`` and ``balancer``, grpc-java
``XdsDependencyManager``, ``XdsNameResolver``, ``XdsServerWrapper``, ``XdsClientImpl`` and ``BootstrapperImpl``,
grpc-js-xds ``xds-dependency-manager`` and ``xds-bootstrap``, C-core ``xds_dependency_manager.cc`` and its end-to-end
tests.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError

AUTHORITY_UNKNOWN: Final = KnownError(
    code="authority-unknown",
    core=("authority .* not present in bootstrap config",),
    go=("authority .* is not found in the bootstrap file",),
    java=("target authority not found in the bootstrap", "xds server does not exist for resource"),
    node=("Authority .* not found in bootstrap",),
    title="The bootstrap does not define the authority that is asked for",
    explanation=(
        "xds://AUTHORITY/NAME and xdstp: names belong to an authority, which says by which control plane they are "
        "looked up (gRFC A47). The bootstrap of this client does not list it."
    ),
    fix="Add the authority to authorities in the bootstrap, or use xds:///NAME; then restart the app.",
)

BOOTSTRAP_UNUSABLE: Final = KnownError(
    code="bootstrap-unusable",
    core=("Failed to create XdsClient",),
    go=(
        "failed to create xds-client",
        "bootstrap environment variables .* not defined",
        "bootstrap configuration is empty",
    ),
    java=("Failed to initialize xDS", "Cannot find bootstrap configuration", "Invalid bootstrap: "),
    node=("Failed to (read|parse) xDS bootstrap file",),
    title="The client has no bootstrap that it can use",
    explanation=(
        "GRPC_XDS_BOOTSTRAP names no file that gRPC can read, is not set, or what is in it is refused: then every xds: "
        "channel of the process fails. The text says what, where it says more than this."
    ),
    fix="Check the file with meshtui bootstrap FILE, mend it and restart the app: it is read once per process.",
)

NOT_API_LISTENER: Final = KnownError(
    code="not-an-api-listener",
    core=("not an API listener",),
    go=("does not contain API listener configuration",),
    java=("Not an API listener",),
    title="The listener of this name is one for servers",
    explanation=(
        "The control plane has a listener of this name, and it has no api_listener, which is what a client needs "
        "(gRFC A27): it is meant for a server, or made for Envoy."
    ),
    fix="Check the name in the URL, and that the control plane makes gRPC's config for this client.",
)

AGGREGATE: Final = KnownError(
    code="aggregate-cluster",
    core=("aggregate cluster graph (has no leaf clusters|exceeds max depth)",),
    java=("Aggregate cluster cycle detected", "Recursion limit reached"),
    title="An aggregate cluster leads to no cluster with endpoints",
    explanation="Its list of clusters goes round in a circle, nests too deep, or names no cluster that has endpoints.",
    fix="Mend the list of clusters where the aggregate cluster is made (gRFC A37); Istio makes none.",
)

PROVIDER_UNKNOWN: Final = KnownError(
    code="certificate-provider-unknown",
    go=("certificate provider instance .* not found in bootstrap file",),
    title="The config asks for a certificate provider that the bootstrap does not define",
    explanation="The cluster's or listener's TLS names an instance that is not in certificate_providers (gRFC A29).",
    fix="Define the instance in the bootstrap and restart the app, or turn mTLS off.",
)

SERVER_ROUTES: Final = KnownError(
    code="server-routes",
    go=(
        "the incoming RPC (did not match a configured|matched to a route that was not of action type non forwarding)",
        "error from xDS configuration for matched route configuration",
    ),
    java=("Could not find xDS virtual host matching RPC", r"only Route\.non_forwarding_action should be allowed"),
    node=("UNAVAILABLE: Routing error",),
    title="The server's own routes do not take the call",
    explanation=(
        "The call came to the server, and the routes of its inbound listener have no virtual host or route for it, "
        "have another action there than the one for servers (gRFC A36), or have not come."
    ),
    fix="Look at the inbound listener and its routes in the server's own config: attach to the pod that answered.",
)

RESOURCE_LATE: Final = KnownError(
    code="resource-late",
    core=("timeout obtaining resource from xDS server",),
    java=("Timed out waiting for resource",),
    title="The control plane did not send a resource in time",
    explanation="The client asked for it and its timer ran out. Whether the resource exists is not known.",
    fix="Is the control plane up, reachable and fast enough? Only then: does it have this resource?",
)

RESOURCE_MISSING: Final = KnownError(
    code="resource-missing",
    java=(r"Resource \S+ (does not exist|deleted from server)",),
    title="The control plane does not have a resource that the client asks for",
    explanation="The text names the resource, but not of which type it is.",
    fix="Look for it in Config: it is marked there as missing, with what makes it.",
)

CLUSTER_UNBALANCED: Final = KnownError(
    code="cluster-unbalanced",
    core=("cluster manager picker: unknown cluster",),
    go=("unknown cluster selected for RPC",),
    java=("unable to find available subchannel for cluster",),
    node=(r"Requested cluster \S+ not found",),
    title="The client chose a cluster that it balances no calls over",
    explanation=(
        "Within the client the route and the list of clusters did not fit together, as may happen for a moment while "
        "one config follows another. It does not say that the cluster does not exist."
    ),
    fix="Try again; if it stays so, see in Config whether the cluster is there, and update gRPC.",
)

MESSAGE_TOO_LARGE: Final = KnownError(
    code="message-too-large",
    core=(r"(received|sent) message larger than max",),
    go=(r"(received|trying to send) message larger than max",),
    java=("gRPC message exceeds maximum size",),
    title="A message is larger than one side takes",
    explanation="The size limit of gRPC (4 MiB for received messages, unless set) ended the call; the way is fine.",
    fix="Send less at once, or raise the limit on the side that refuses it.",
)

UNIMPLEMENTED: Final = KnownError(
    code="unimplemented",
    core=("Method not found!",),
    go=("unknown (service|method) \\S+",),
    java=("UNIMPLEMENTED: Method not found",),
    node=("The server does not implement the method",),
    title="The server does not have this service or method",
    explanation="The call came to a gRPC server, and that serves something else: another port, or another version.",
    fix="Check the port of the endpoint and the version of the app that runs there.",
)
