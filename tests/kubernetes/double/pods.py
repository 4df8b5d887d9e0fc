"""Pods as documents of the API: proxyless ones by Istio's grpc-agent template, and others."""

from __future__ import annotations

from typing import Any

from tests.kubernetes.double.store import Document

ANNOTATIONS = {
    "inject.istio.io/templates": "grpc-agent",
    "istio.io/rev": "default",
    "kubectl.kubernetes.io/default-container": "app",
    "kubectl.kubernetes.io/default-logs-container": "app",
    "prometheus.io/path": "/stats/prometheus",
    "prometheus.io/port": "15020",
    "prometheus.io/scrape": "true",
}

BOOTSTRAP = "/etc/istio/proxy/grpc-bootstrap.json"
CERTIFICATES = "/var/lib/istio/data"
NODE = "node-1"
STARTED = "2026-11-22T11:00:00Z"


def namespace(name: str) -> Document:
    """A namespace."""
    metadata = {"name": name, "labels": {"kubernetes.io/metadata.name": name}, "creationTimestamp": STARTED}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}}


def pod(
    name: str,
    *,
    where: str = "echo-grpc",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    containers: list[Document] | None = None,
    node: str = NODE,
    phase: str = "Running",
    ip: str = "10.244.0.3",
    **metadata: Any,
) -> Document:
    """A pod whose containers all run and are ready, if its phase is Running."""
    containers = containers if containers is not None else [container("app")]
    runs = phase == "Running"
    spec: dict[str, Any] = {"containers": containers, "serviceAccountName": "default", "restartPolicy": "Always"}
    if node:
        spec["nodeName"] = node
    status: dict[str, Any] = {"phase": phase, "conditions": _conditions(runs)}
    if runs:
        status |= {"podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "10.0.0.1", "startTime": STARTED}
        status["containerStatuses"] = [running(one["name"]) for one in containers]
    head = {"name": name, "namespace": where, "creationTimestamp": STARTED, **metadata}
    head |= {"labels": labels or {}, "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": head, "spec": spec, "status": status}


def proxyless(name: str, *, version: str = "v1", app: str = "echo", ports: bool = True, **more: Any) -> Document:
    """A pod that Istio's injector made proxyless: the app and an ``istio-proxy`` that is an agent only."""
    declared = [("grpc", 17070), ("grpc-admin", 17171)] if ports else []
    server = container("app", declared, GRPC_XDS_BOOTSTRAP=BOOTSTRAP, EXPOSE_GRPC_ADMIN="true")
    agent = container("istio-proxy", [("mesh-metrics", 15020)], ISTIO_META_GENERATOR="grpc", DISABLE_ENVOY="true")
    labels = {"app": app, "version": version, **more.pop("labels", {})}
    annotations = {**ANNOTATIONS, **more.pop("annotations", {})}
    return pod(name, labels=labels, annotations=annotations, containers=[server, agent], **more)


def container(name: str, ports: list[tuple[str, int]] | None = None, **env: str) -> Document:
    """A container of a pod's spec."""
    document: Document = {"name": name, "image": f"registry.example/{name}:1.0"}
    if ports:
        document["ports"] = [{"name": word, "containerPort": port, "protocol": "TCP"} for word, port in ports]
    if env:
        document["env"] = [{"name": key, "value": value} for key, value in env.items()]
    return document


def running(name: str, *, ready: bool = True, restarts: int = 0) -> Document:
    """The status of a container that runs."""
    state = {"running": {"startedAt": STARTED}}
    counted = {"ready": ready, "started": True, "restartCount": restarts}
    return {"name": name, "state": state, "lastState": {}, **counted, **_image(name)}


def waiting(name: str, reason: str, *, restarts: int = 0, last: Document | None = None) -> Document:
    """The status of a container that waits; ``last`` is how it ended before."""
    state, before = {"waiting": {"reason": reason}}, {"terminated": last} if last else {}
    return {"name": name, "state": state, "lastState": before, "ready": False, "restartCount": restarts, **_image(name)}


def _image(name: str) -> Document:
    """Fields that every status of a container has."""
    return {"image": f"registry.example/{name}:1.0", "imageID": f"registry.example/{name}@sha256:{'0' * 64}"}


def _conditions(ready: bool) -> list[Document]:
    word = "True" if ready else "False"
    return [{"type": kind, "status": word} for kind in ("Initialized", "Ready", "ContainersReady")] + [
        {"type": "PodScheduled", "status": "True"}
    ]
