"""Reads Sidecar: for a proxyless pod it decides which Services and routes there are."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import Sidecar
from meshtui.demo.istio.origin import Origin

_EVERYTHING = (("*", "*"),)

_OF_PROXIES = ("ingress", "inboundConnectionPool", "outboundTrafficPolicy")


def read_sidecar(document: Block, origin: Origin, notes: Notes) -> Sidecar:
    """A Sidecar by its egress; one without it leaves everything."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a Sidecar", ("workloadSelector", "egress", *_OF_PROXIES))
    notes.drop_if_set(spec, _OF_PROXIES, "it has no effect on proxyless gRPC")
    selector = fields.block(spec, "workloadSelector")
    fields.only(selector, "a workloadSelector", ("labels",))
    egress: list[tuple[str, str]] = []
    for item in fields.blocks(spec, "egress"):
        fields.only(item, "an egress", ("hosts", "port", "bind", "captureMode"))
        if item.get("port") is not None:
            raise item.fail("port", "the demo mesh knows an egress without a port only")
        for written in fields.texts(item, "hosts"):
            namespace, slash, host = written.partition("/")
            if not slash or not host:
                raise item.fail("hosts", f"{written!r:.80} must be a namespace, a slash and a host")
            egress.append((namespace, host))
    return Sidecar(origin, fields.labels(selector, "labels"), tuple(egress) or _EVERYTHING)
