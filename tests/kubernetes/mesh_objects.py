"""Services, slices and Istio's objects for the double."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.kubernetes.double.store import Document

NAMESPACE = "echo-grpc"


def service(name: str = "echo", selector: Mapping[str, str] | None = None, **spec: Any) -> Document:
    """A Service for the pods with ``app: echo``."""
    chosen = {"app": "echo"} if selector is None else dict(selector)
    ports = [{"name": "grpc", "port": 7070, "targetPort": 17070}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": chosen, "ports": ports, **spec},
    }


def endpoint(address: str, pod: str, *, terminating: bool = False) -> Document:
    """An endpoint as the slice controller writes it."""
    return {
        "addresses": [address],
        "conditions": {"ready": not terminating, "serving": True, "terminating": terminating},
        "targetRef": {"kind": "Pod", "name": pod, "namespace": NAMESPACE, "uid": f"uid-{pod}"},
    }


def endpoint_slice(endpoints: Iterable[Document], of: str = "echo") -> Document:
    """The one slice of a Service."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {"name": f"{of}-5fm2t", "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": of}},
        "endpoints": list(endpoints),
        "ports": [{"name": "grpc", "port": 17070, "protocol": "TCP"}],
    }


def istio(
    kind: str, name: str, spec: Document, *, api: str = "networking.istio.io/v1", at: str = NAMESPACE
) -> Document:
    """One of Istio's objects."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": at}, "spec": spec}
