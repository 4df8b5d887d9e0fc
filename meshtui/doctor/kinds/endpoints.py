"""Findings about endpoints behind which the cluster has no pod that is to serve."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

_SEEN: Final = (
    "the endpoints of the config that this client accepted (EDS), held against the EndpointSlices of the Service and "
    "the pods that it selects. Only endpoints that gRPC sends calls to are looked at, and only once it has been so for "
    "15 s: the kubelet and istiod need some time too."
)

ENDING: Final = Kind(
    code="endpoint-pod-ending",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="Calls to {service} still go to {pods}, {which_is} ending",
    why=(
        "The cluster was asked to end {pods}{marked}, and the endpoints that this client accepted still have "
        "{addresses}. Calls go on being sent there, and fail once the pod takes no more.{unready}"
    ),
    fix="{fix}",
    page=(
        "A pod was asked to end (it has a `deletionTimestamp`), and the client still sends calls to it. istiod takes "
        "the endpoint of such a pod out at once, or marks it DRAINING where the Service keeps sessions; so either the "
        "newest endpoints did not reach this client, or the Service has `publishNotReadyAddresses: true`, with which "
        "Kubernetes calls the endpoint ready for as long as the pod is there. Calls that are sent there are served "
        "until the app stops listening."
    ),
    seen=_SEEN,
    page_fix=(
        "where the Service publishes addresses that are not ready, take `publishNotReadyAddresses` out unless its "
        "clients need it. Otherwise see why no newer endpoints came: is istiod up and does it see the API server, and "
        "is the way from istiod to this client open (Channels, `istioctl proxy-status`)."
    ),
)

GONE: Final = Kind(
    code="endpoint-pod-gone",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="Calls to {service} still go to {pods}, {which_is} gone",
    why=(
        "{fate}, and the endpoints that this client accepted still have {addresses}. gRPC leaves an endpoint out for "
        "as long as it cannot connect to it; calls fail where none is left, and wait where the address answers "
        "nothing."
    ),
    fix="{fix}",
    page=(
        "The pod behind an endpoint was deleted, or has ended (`Succeeded`, `Failed`, evicted), and the client still "
        "has the endpoint. gRPC leaves an endpoint out for as long as it cannot connect to it, so that calls fail only "
        "where none is left; but the client goes by endpoints from before, and learns of no new one either."
    ),
    seen=_SEEN,
    page_fix=(
        "see why no newer endpoints came: is istiod up and does it see the API server, and is the way from istiod to "
        "this client open (Channels, `istioctl proxy-status`)."
    ),
)

ANOTHERS: Final = Kind(
    code="endpoint-of-another-pod",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="Calls to {service} go to {pods}, {which_is} not behind it",
    why=(
        "{addresses} in the endpoints that this client accepted now belongs to {pods}, which the Service does not "
        "select and none of its EndpointSlices has. Kubernetes gives the address of a pod that is gone to another one: "
        "calls that are sent there fail, or reach another app where neither TLS nor the port keeps them out."
    ),
    fix="{fix}",
    page=(
        "The address of an endpoint belongs to a pod that the Service does not select. Kubernetes gives the address of "
        "a pod that is gone to a new one, so that endpoints from before lead to another app. With mutual TLS the "
        "client refuses it for its SPIFFE identity if that is another service account's; in plain text nothing does."
    ),
    seen=_SEEN,
    page_fix=(
        "see why no newer endpoints came: is istiod up and does it see the API server, and is the way from istiod to "
        "this client open (Channels, `istioctl proxy-status`)."
    ),
)

UNKNOWN: Final = Kind(
    code="endpoint-unknown",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    title="Calls to {service} go to {addresses}, which no pod of {namespace} has",
    why=(
        "The endpoints that this client accepted have {addresses} as of this cluster; none of the Service's "
        "EndpointSlices has it, and neither has a pod nor a WorkloadEntry of {namespace}. Either the pod is gone, or a "
        "ServiceEntry with the same host names the address."
    ),
    fix="{fix}",
    page=(
        "The client has an endpoint that the control plane calls one of this cluster, and nothing in the Service's "
        "namespace has its address: no EndpointSlice of the Service, no pod, no WorkloadEntry. Mostly its pod is gone "
        "since before meshtui looked; a ServiceEntry with the same host may also name the address. Endpoints of other "
        "clusters of the mesh are not meant: their metadata names another cluster."
    ),
    seen=_SEEN,
    page_fix=(
        "look for a ServiceEntry with this host. Without one see why no newer endpoints came: is istiod up and does it "
        "see the API server, and is the way from istiod to this client open (Channels, `istioctl proxy-status`)."
    ),
)
