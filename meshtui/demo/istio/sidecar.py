"""Reads Sidecar: for a proxyless pod it decides which Services and routes there are."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import Egress, Sidecar
from meshtui.demo.istio.origin import Origin

_EVERYTHING = (Egress((("*", "*"),)),)

_OF_PROXIES = ("ingress", "inboundConnectionPool", "outboundTrafficPolicy")


def read_sidecar(document: Block, origin: Origin, notes: Notes) -> Sidecar:
    """A Sidecar by its egress; one without it leaves everything."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a Sidecar", ("workloadSelector", "egress", *_OF_PROXIES))
    notes.drop_if_set(spec, _OF_PROXIES, "it has no effect on proxyless gRPC")
    selector = fields.block(spec, "workloadSelector")
    fields.only(selector, "a workloadSelector", ("labels",))
    egress = [_egress(item) for item in fields.blocks(spec, "egress")]
    ports = [entry.port for entry in egress]
    if len(set(ports)) < len(ports):
        raise spec.fail("egress", "two egress have the same port, or none")
    if None in ports[:-1]:
        raise spec.fail("egress", "an egress without a port must be the last one")
    return Sidecar(origin, fields.labels(selector, "labels"), tuple(egress) or _EVERYTHING)


def _egress(item: Block) -> Egress:
    """Where it binds and what it captures are a proxy's; who is told of what is not."""
    fields.only(item, "an egress", ("hosts", "port", "bind", "captureMode"))
    hosts = []
    for written in fields.texts(item, "hosts"):
        namespace, slash, host = written.partition("/")
        if not slash or not host:
            raise item.fail("hosts", f"{written!r:.80} must be a namespace, a slash and a host")
        hosts.append((namespace, host))
    if not hosts:
        raise item.fail("hosts", "an egress needs at least one host")
    if item.get("port") is None:
        return Egress(tuple(hosts))
    port = fields.block(item, "port")
    fields.only(port, "the port of an egress", ("number", "protocol", "name"))
    if fields.text(port, "protocol").upper() == "HTTP_PROXY":
        raise port.fail(
            "protocol", "the demo mesh does not know HTTP_PROXY: it makes a port of the proxy, not of a host"
        )
    return Egress(tuple(hosts), fields.integer(port, "number", 1, 65535))
