"""Istio's objects out of the API's JSON; the fields are those of istio.io/api."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypedDict

from meshtui.model.kubernetes import fields as read
from meshtui.model.kubernetes.istio import (
    EXTENSIONS,
    NETWORKING,
    SECURITY,
    TELEMETRY,
    AuthorizationPolicy,
    Destination,
    DestinationRule,
    EnvoyFilter,
    HttpRoute,
    IstioObject,
    Patch,
    PeerAuthentication,
    Sidecar,
    Subset,
    Telemetry,
    TrafficPolicy,
    VirtualService,
    WorkloadEntry,
)
from meshtui.model.kubernetes.objects import ObjectName, name_of

REVISION_LABEL: Final = "istio.io/rev"
"""Says which control plane an object is for (istio.io/api/label, ``IoIstioRev``)."""


class _Common(TypedDict):
    name: ObjectName
    version: str
    created: datetime | None
    selector: Mapping[str, str]
    targets: tuple[ObjectName, ...]
    exported_to: tuple[str, ...]
    revision: str
    spec: Mapping[str, object]


def istio_object_of(document: object, group: str = "", kind: str = "", version: str = "") -> IstioObject:
    """One of Istio's objects; a kind that has no class of its own is an :class:`IstioObject`.

    ``group``, ``kind`` and ``version`` are for entries of a list that do not say theirs. Never raises: what is not as
    the API has it reads as absent.
    """
    name = name_of(document, kind, group)
    said = read.text(document, "apiVersion").rpartition("/")[2] or version
    reader = READERS.get((name.group, name.kind), _plain)
    return reader(read.mapping(document, "spec"), _common(document, name, said))


def _common(document: object, name: ObjectName, version: str) -> _Common:
    spec, metadata = read.mapping(document, "spec"), read.mapping(document, "metadata")
    one = read.mapping(spec, "targetRef")
    references = tuple(read.objects(spec, "targetRefs")) or ((one,) if one else ())
    # Sidecar and EnvoyFilter call the same `workloadSelector.labels` (networking), the others `selector.matchLabels`.
    selector = read.texts(spec, "selector", "matchLabels") or read.texts(spec, "workloadSelector", "labels")
    return {
        "name": name,
        "version": version,
        "created": read.moment(metadata, "creationTimestamp"),
        "selector": MappingProxyType(selector or read.texts(spec, "workloadSelector", "matchLabels")),
        "targets": tuple([_target(reference, name.namespace) for reference in references]),
        "exported_to": read.words(spec, "exportTo"),
        "revision": read.text(metadata, "labels", REVISION_LABEL),
        "spec": spec,
    }


def _target(reference: object, namespace: str) -> ObjectName:
    return ObjectName(
        read.text(reference, "kind"),
        read.text(reference, "namespace") or namespace,
        read.text(reference, "name"),
        read.text(reference, "group"),
    )


def _plain(spec: Mapping[str, object], common: _Common) -> IstioObject:
    return IstioObject(**common)


def _virtual_service(spec: Mapping[str, object], common: _Common) -> IstioObject:
    return VirtualService(
        **common,
        hosts=read.words(spec, "hosts"),
        gateways=read.words(spec, "gateways"),
        http=tuple([_http_route(route) for route in read.objects(spec, "http")]),
    )


def _http_route(route: object) -> HttpRoute:
    own = ("name", "match", "route")
    return HttpRoute(
        name=read.text(route, "name"),
        conditions=len(tuple(read.objects(route, "match"))),
        destinations=tuple([_destination(entry) for entry in read.objects(route, "route")]),
        asks=tuple([name for name in read.mapping(route) if name not in own]),
        written=read.mapping(route),
    )


def _destination(entry: object) -> Destination:
    return Destination(
        host=read.text(entry, "destination", "host"),
        subset=read.text(entry, "destination", "subset"),
        port=read.number(entry, "destination", "port", "number") or None,
        weight=read.number(entry, "weight"),
    )


def _destination_rule(spec: Mapping[str, object], common: _Common) -> IstioObject:
    # A DestinationRule's workloadSelector (since Istio 1.14) is of the clients, and is spelt `matchLabels`.
    return DestinationRule(
        **common,
        host=read.text(spec, "host"),
        policy=_policy_of(spec),
        subsets=tuple([_subset(entry) for entry in read.objects(spec, "subsets")]),
    )


def _subset(entry: object) -> Subset:
    labels = MappingProxyType(read.texts(entry, "labels"))
    return Subset(name=read.text(entry, "name"), labels=labels, policy=_policy_of(entry))


def _policy_of(holder: object) -> TrafficPolicy | None:
    if read.at(holder, "trafficPolicy") is None:
        return None
    written = read.mapping(holder, "trafficPolicy")
    ports = read.objects(written, "portLevelSettings")
    return _policy(written, tuple([(read.number(port, "port", "number"), _policy(port)) for port in ports]))


def _policy(written: object, ports: tuple[tuple[int, TrafficPolicy], ...] = ()) -> TrafficPolicy:
    balancer = read.mapping(written, "loadBalancer")
    hashed = "consistentHash" if "consistentHash" in balancer else ""
    return TrafficPolicy(
        tls_mode=read.text(written, "tls", "mode"),
        balancer=read.text(balancer, "simple") or hashed,
        asks=tuple([name for name in read.mapping(written) if name != "port"]),
        ports=ports,
        written=read.mapping(written),
    )


def _peer_authentication(spec: Mapping[str, object], common: _Common) -> IstioObject:
    ports = read.mapping(spec, "portLevelMtls")
    modes = [(int(port), read.text(said, "mode")) for port, said in ports.items() if port.isascii() and port.isdigit()]
    return PeerAuthentication(**common, mode=read.text(spec, "mtls", "mode"), port_modes=tuple(modes))


def _authorization_policy(spec: Mapping[str, object], common: _Common) -> IstioObject:
    return AuthorizationPolicy(
        **common,
        action=read.text(spec, "action") or "ALLOW",
        rules=tuple(read.objects(spec, "rules")),
        provider=read.text(spec, "provider", "name"),
    )


def _sidecar(spec: Mapping[str, object], common: _Common) -> IstioObject:
    entries = read.objects(spec, "egress")
    return Sidecar(
        **common,
        egress=tuple([(read.number(each, "port", "number") or None, read.words(each, "hosts")) for each in entries]),
    )


def _envoy_filter(spec: Mapping[str, object], common: _Common) -> IstioObject:
    return EnvoyFilter(
        **common,
        patches=tuple(
            [
                Patch(
                    applies_to=read.text(entry, "applyTo"),
                    context=read.text(entry, "match", "context") or "ANY",
                    operation=read.text(entry, "patch", "operation"),
                )
                for entry in read.objects(spec, "configPatches")
            ]
        ),
    )


def _telemetry(spec: Mapping[str, object], common: _Common) -> IstioObject:
    parts = [part for part in ("metrics", "tracing", "accessLogging") if any(True for _ in read.objects(spec, part))]
    return Telemetry(**common, parts=tuple(parts))


def _workload_entry(spec: Mapping[str, object], common: _Common) -> IstioObject:
    labels = MappingProxyType(read.texts(spec, "labels"))
    return WorkloadEntry(**common, address=read.text(spec, "address"), labels=labels)


READERS: Final[Mapping[tuple[str, str], Callable[[Mapping[str, object], _Common], IstioObject]]] = MappingProxyType(
    {
        (NETWORKING, "VirtualService"): _virtual_service,
        (NETWORKING, "DestinationRule"): _destination_rule,
        (NETWORKING, "Sidecar"): _sidecar,
        (NETWORKING, "EnvoyFilter"): _envoy_filter,
        (NETWORKING, "WorkloadEntry"): _workload_entry,
        (NETWORKING, "ServiceEntry"): _plain,
        (SECURITY, "PeerAuthentication"): _peer_authentication,
        (SECURITY, "AuthorizationPolicy"): _authorization_policy,
        (SECURITY, "RequestAuthentication"): _plain,
        (TELEMETRY, "Telemetry"): _telemetry,
        (EXTENSIONS, "WasmPlugin"): _plain,
    }
)
"""The kinds that are read, by API group and kind."""
