"""Objects as a real kube-apiserver 1.37 served them, shortened to what matters; and anything else JSON can say."""

from __future__ import annotations

from hypothesis import strategies as st

NAMESPACE = "echo-grpc"

SERVICE: dict[str, object] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "echo", "namespace": NAMESPACE, "labels": {"app": "echo"}},
    "spec": {
        "clusterIP": "10.96.104.152",
        "ports": [
            {"name": "grpc", "port": 7070, "protocol": "TCP", "targetPort": 17070},
            {"name": "grpc-admin", "port": 17171, "protocol": "TCP", "targetPort": "grpc-admin"},
        ],
        "selector": {"app": "echo"},
        "type": "ClusterIP",
    },
    "status": {"loadBalancer": {}},
}

ENDPOINT_SLICE: dict[str, object] = {
    "addressType": "IPv4",
    "apiVersion": "discovery.k8s.io/v1",
    "endpoints": [
        {
            "addresses": ["10.244.0.3"],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "nodeName": "rig-node",
            "targetRef": {
                "kind": "Pod",
                "name": "echo-v1",
                "namespace": NAMESPACE,
                "uid": "4d3f1fc7-4e37-410d-855e-a2f172fbb13d",
            },
            "zone": "rig-a",
        },
        {
            "addresses": ["10.244.0.4"],
            "conditions": {"ready": False, "serving": True, "terminating": True},
            "nodeName": "rig-node",
            "targetRef": {
                "kind": "Pod",
                "name": "echo-v2",
                "namespace": NAMESPACE,
                "uid": "24f1515e-119e-4d71-bdb9-14b27f833df4",
            },
            "zone": "rig-a",
        },
    ],
    "kind": "EndpointSlice",
    "metadata": {
        "name": "echo-5fm2t",
        "namespace": NAMESPACE,
        "labels": {"app": "echo", "kubernetes.io/service-name": "echo"},
    },
    "ports": [
        {"name": "grpc-admin", "port": 17171, "protocol": "TCP"},
        {"name": "grpc", "port": 17070, "protocol": "TCP"},
    ],
}

POD: dict[str, object] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "echo-v2",
        "namespace": NAMESPACE,
        "uid": "24f1515e-119e-4d71-bdb9-14b27f833df4",
        "labels": {"app": "echo", "version": "v2"},
        "deletionTimestamp": "2026-11-28T18:05:30Z",
        "deletionGracePeriodSeconds": 30,
    },
    "spec": {"containers": [{"name": "app"}], "nodeName": "rig-node"},
    "status": {"phase": "Running", "podIP": "10.244.0.4", "podIPs": [{"ip": "10.244.0.4"}, {"ip": "fd00:0:0::4"}]},
}

EVENT: dict[str, object] = {
    "apiVersion": "v1",
    "count": 3,
    "eventTime": None,
    "firstTimestamp": "2026-11-28T18:01:50Z",
    "involvedObject": {
        "apiVersion": "v1",
        "fieldPath": "spec.containers{app}",
        "kind": "Pod",
        "name": "echo-v2",
        "namespace": NAMESPACE,
        "uid": "24f1515e-119e-4d71-bdb9-14b27f833df4",
    },
    "kind": "Event",
    "lastTimestamp": "2026-11-28T18:02:50Z",
    "message": "Readiness probe failed: timeout: failed to connect service",
    "metadata": {
        "name": "echo-v2.18ec4772db012cbc",
        "namespace": NAMESPACE,
        "uid": "76cbec8e",
        "resourceVersion": "420",
    },
    "reason": "Unhealthy",
    "reportingComponent": "",
    "source": {"component": "kubelet", "host": "rig-node"},
    "type": "Warning",
}

SCHEDULING_EVENT: dict[str, object] = {
    "action": "Scheduling",
    "apiVersion": "v1",
    "eventTime": "2026-11-28T18:01:49.999683Z",
    "firstTimestamp": None,
    "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "unscheduled", "namespace": NAMESPACE, "uid": "6161"},
    "kind": "Event",
    "lastTimestamp": None,
    "message": "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    "metadata": {"name": "unscheduled.18ec4772d8984178", "namespace": NAMESPACE, "uid": "d4a4c034"},
    "reason": "FailedScheduling",
    "reportingComponent": "default-scheduler",
    "reportingInstance": "default-scheduler-vm",
    "source": {},
    "type": "Warning",
}
"""A scheduler's, by the newer way of reporting: no count, no first or last time."""

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def broken(draw: st.DrawFn, document: object) -> object:
    """The document with one of its values, at any depth, replaced by anything at all."""
    if isinstance(document, dict) and document and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(document)))
        return {**document, name: draw(broken(document[name]))}
    if isinstance(document, list) and document and draw(st.booleans()):
        index = draw(st.integers(0, len(document) - 1))
        return [draw(broken(entry)) if at == index else entry for at, entry in enumerate(document)]
    return draw(ANY_JSON)
