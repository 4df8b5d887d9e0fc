"""Services, EndpointSlices and the pods behind them, as far as the mesh's endpoints are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from meshtui.model.ip import plain_address
from meshtui.model.kubernetes import fields as read

VERSION_LABEL: Final = "version"
"""The label by which Istio's subsets tell versions apart, and which Istio's echo app answers as its ``ServiceVersion``
(istio ``pkg/test/framework/components/echo/kube``: the template gives both from one value)."""

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
"""Names the Service an EndpointSlice belongs to (``k8s.io/api/discovery/v1``, ``LabelServiceName``)."""


def _no_labels() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """Names one object of a cluster. ``group`` is empty for the core group."""

    kind: str
    namespace: str
    name: str
    group: str = ""

    @property
    def words(self) -> str:
        """For people: ``DestinationRule echo in echo-grpc``."""
        return f"{self.kind} {self.name} in {self.namespace}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """``target`` is a port's number or the name of a container's port; equal to ``port`` where nothing is said.

    ``app_protocol`` is empty where nothing is said.
    """

    port: int
    name: str = ""
    target: int | str = 0
    app_protocol: str = ""
    protocol: str = "TCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A Service. Without a selector somebody else writes its endpoints; ``takes_unready`` is
    ``publishNotReadyAddresses``."""

    name: ObjectName
    selector: Mapping[str, str] = field(default_factory=_no_labels)
    ports: tuple[ServicePort, ...] = ()
    type: str = "ClusterIP"
    headless: bool = False
    external_name: str = ""
    takes_unready: bool = False
    annotations: Mapping[str, str] = field(default_factory=_no_labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceEndpoint:
    """One endpoint of an EndpointSlice. What is not said is ready and not terminating, and serves if it is ready
    (``k8s.io/api/discovery/v1``, ``EndpointConditions``).

    ``pod`` is ``None`` where it is no pod's; ``pod_uid`` then empty.
    """

    addresses: tuple[str, ...]
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    pod: ObjectName | None = None
    pod_uid: str = ""
    node: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSlice:
    """A part of a Service's endpoints; ``service`` is that of its label, empty for a slice of no Service.

    ``ports`` are pairs of name and number; no number means all ports.
    """

    name: ObjectName
    service: str = ""
    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[tuple[str, int | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPod:
    """A pod as the mesh's endpoints need it. ``addresses`` are its IPs in the form of ``plain_address``.

    ``deleted_at`` is when it was asked to end (``deletionTimestamp`` is that plus the grace it was given, API
    conventions, "Metadata"); ``None`` while it is to run. ``phase`` is the API's word.
    """

    name: ObjectName
    uid: str = ""
    addresses: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=_no_labels)
    phase: str = ""
    reason: str = ""
    on_host_network: bool = False
    deleted_at: datetime | None = None

    @property
    def version(self) -> str:
        """Its version label; empty where it has none."""
        return self.labels.get(VERSION_LABEL, "")

    @property
    def ended(self) -> bool:
        """Whether its containers have stopped for good: nothing listens at its address, which others may get."""
        return self.phase in ("Succeeded", "Failed")

    def is_selected(self, selector: Mapping[str, str]) -> bool:
        """Whether it has every label that a selector asks for; an empty selector selects nothing."""
        return bool(selector) and all(self.labels.get(name) == wanted for name, wanted in selector.items())


def name_of(document: object, kind: str = "", group: str = "") -> ObjectName:
    """The name of an object. The entries of a list do not say their kind: it is then given."""
    said_group = read.text(document, "apiVersion").rpartition("/")[0]
    metadata = read.mapping(document, "metadata")
    return ObjectName(
        read.text(document, "kind") or kind,
        read.text(metadata, "namespace"),
        read.text(metadata, "name"),
        said_group or group,
    )


def service_of(document: object) -> Service:
    """A Service from the API's JSON (``v1``)."""
    spec = read.mapping(document, "spec")
    return Service(
        name=name_of(document, "Service"),
        selector=read.texts(spec, "selector"),
        ports=tuple([_port_of(port) for port in read.objects(spec, "ports")]),
        type=read.text(spec, "type") or "ClusterIP",
        headless=read.text(spec, "clusterIP") == "None",
        external_name=read.text(spec, "externalName"),
        takes_unready=read.truth(spec, "publishNotReadyAddresses"),
        annotations=read.texts(document, "metadata", "annotations"),
    )


def _port_of(port: object) -> ServicePort:
    number = read.number(port, "port")
    return ServicePort(
        port=number,
        name=read.text(port, "name"),
        target=read.number(port, "targetPort") or read.text(port, "targetPort") or number,
        app_protocol=read.text(port, "appProtocol"),
        protocol=read.text(port, "protocol") or "TCP",
    )


def endpoint_slice_of(document: object) -> EndpointSlice:
    """An EndpointSlice from the API's JSON (``discovery.k8s.io/v1``)."""
    metadata = read.mapping(document, "metadata")
    return EndpointSlice(
        name=name_of(document, "EndpointSlice", "discovery.k8s.io"),
        service=read.text(metadata, "labels", SERVICE_NAME_LABEL),
        endpoints=tuple(
            [_endpoint_of(entry, read.text(metadata, "namespace")) for entry in read.objects(document, "endpoints")]
        ),
        ports=tuple(
            [(read.text(port, "name"), read.number(port, "port") or None) for port in read.objects(document, "ports")]
        ),
    )


def _endpoint_of(entry: object, namespace: str) -> SliceEndpoint:
    conditions, target = read.mapping(entry, "conditions"), read.mapping(entry, "targetRef")
    is_pod = read.text(target, "kind") == "Pod" and bool(read.text(target, "name"))
    ready = read.at(conditions, "ready") is not False
    serving = read.at(conditions, "serving")
    return SliceEndpoint(
        addresses=tuple([plain_address(address) for address in read.words(entry, "addresses")]),
        ready=ready,
        serving=serving if isinstance(serving, bool) else ready,
        terminating=read.truth(conditions, "terminating"),
        pod=ObjectName("Pod", read.text(target, "namespace") or namespace, read.text(target, "name"))
        if is_pod
        else None,
        pod_uid=read.text(target, "uid") if is_pod else "",
        node=read.text(entry, "nodeName"),
        zone=read.text(entry, "zone"),
    )


def endpoint_pod_of(document: object) -> EndpointPod:
    """A pod from the API's JSON (``v1``)."""
    metadata, status = read.mapping(document, "metadata"), read.mapping(document, "status")
    listed = [read.text(entry, "ip") for entry in read.objects(status, "podIPs")] or [read.text(status, "podIP")]
    return EndpointPod(
        name=name_of(document, "Pod"),
        uid=read.text(metadata, "uid"),
        addresses=tuple([plain_address(address) for address in listed if address]),
        labels=read.texts(metadata, "labels"),
        phase=read.text(status, "phase"),
        reason=read.text(status, "reason"),
        on_host_network=read.truth(document, "spec", "hostNetwork"),
        deleted_at=_deleted_at(metadata),
    )


def _deleted_at(metadata: object) -> datetime | None:
    ends = read.moment(metadata, "deletionTimestamp")
    grace = read.number(metadata, "deletionGracePeriodSeconds")
    try:
        return ends - timedelta(seconds=grace) if ends is not None else None
    except OverflowError:
        return ends
