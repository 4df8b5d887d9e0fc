"""Reads ServiceEntry: a Service by another name, of pods or of addresses that it lists.

By istio's ``pilot/pkg/serviceregistry/serviceentry/conversion.go``.
"""

from __future__ import annotations

from ipaddress import ip_address

from meshtui.demo.istio import fields
from meshtui.demo.istio.destinations import OTHER_PROTOCOLS, cluster_ip
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.services import Service, ServicePort
from meshtui.demo.istio.workload import MeshWorkload

_FIELDS = ("hosts", "addresses", "ports", "location", "resolution", "workloadSelector", "endpoints", "exportTo")
_ENDPOINT_FIELDS = ("address", "ports", "labels", "locality", "weight", "serviceAccount", "network")

_RESOLUTIONS = ("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN")

_NO_DNS = "istiod sends proxyless gRPC no endpoints of it, so every call to it fails"


def read_service_entry(document: Block, origin: Origin, notes: Notes) -> Service:
    """A ServiceEntry of one host."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a ServiceEntry", _FIELDS)
    hosts = fields.texts(spec, "hosts")
    if len(hosts) != 1:
        raise spec.fail("hosts", "the demo mesh knows only a ServiceEntry with one host")
    selector = fields.block(spec, "workloadSelector")
    fields.only(selector, "a workloadSelector", ("labels",))
    listed = fields.blocks(spec, "endpoints")
    if listed and selector:
        raise spec.fail("endpoints", "a ServiceEntry has either endpoints or a workloadSelector")
    ports = fields.blocks(spec, "ports")
    addresses = fields.texts(spec, "addresses")
    labels = fields.labels(selector, "labels")
    endpoints = tuple(found for item in listed if (found := _endpoint(item, ports, origin, notes)))
    # gRPC asks by EDS whatever the resolution (istio pilot/pkg/xds/endpoints/endpoint_builder.go, IsDNSCluster).
    if fields.one_of(spec, "resolution", _RESOLUTIONS, "NONE").startswith("DNS"):
        notes.add("dropped", spec.line_of("resolution"), f"the resolution DNS is dropped: {_NO_DNS}")
        labels, endpoints = (), ()
    return Service(
        origin,
        hosts[0],
        labels,
        tuple(_port(port) for port in ports),
        addresses[0] if addresses else cluster_ip(origin),
        endpoints=endpoints,
    )


def _port(port: Block) -> ServicePort:
    number = fields.integer(port, "number", 1, 65535)
    protocol = fields.text(port, "protocol", "")
    return ServicePort(number, _target(port), protocol.lower() not in OTHER_PROTOCOLS)


def _target(port: Block) -> int:
    return fields.integer(port, "targetPort", 1, 65535, default=fields.integer(port, "number", 1, 65535))


def _endpoint(item: Block, ports: list[Block], origin: Origin, notes: Notes) -> MeshWorkload | None:
    """An address as a workload without a name; None for one that istiod leaves out.

    Its ports are by the names of the ServiceEntry's (istio, convertEndpoint).
    """
    fields.only(item, "an endpoint", _ENDPOINT_FIELDS)
    address = fields.text(item, "address")
    try:
        ip_address(address)
    except ValueError:
        reason = f"endpoint {address!r:.80} is dropped: istiod sends gRPC no address that is not an IP"
        notes.add("dropped", item.line_of("address"), reason)
        return None
    own = fields.block(item, "ports")
    real: dict[int, int] = {}
    for port in ports:
        name, target = fields.text(port, "name", ""), _target(port)
        meant = fields.integer(own, name, 1, 65535, default=target)
        if real.setdefault(target, meant) != meant:
            raise own.fail(name, f"the demo mesh knows one port behind each target port, and {target} has two")
    return MeshWorkload(
        name="",
        namespace=origin.namespace,
        service_account=fields.text(item, "serviceAccount", ""),
        labels=fields.labels(item, "labels"),
        ip=address,
        locality=fields.text(item, "locality", ""),
        ports=tuple(sorted(real.items())),
        is_pod=False,
        weight=fields.integer(item, "weight", 0, 2**32 - 1, default=0) or 1,
    )
