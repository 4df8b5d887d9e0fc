"""Reads VirtualService, by what istiod makes of it for proxyless gRPC."""

from __future__ import annotations

from meshtui.demo.istio import fields, route_fields
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.origin import Origin, full_host
from meshtui.demo.istio.routing import (
    MESH_GATEWAY,
    Destination,
    HttpMatch,
    HttpRoute,
    Mirror,
    TextMatch,
    VirtualService,
)


def read_virtual_service(document: Block, origin: Origin, notes: Notes) -> VirtualService:
    """A VirtualService: its hosts and its HTTP routes."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a VirtualService", ("hosts", "http", "gateways", "exportTo", "tcp", "tls"))
    notes.drop_if_set(spec, ("tcp", "tls"), "only http routes reach a proxyless gRPC client")
    gateways = fields.texts(spec, "gateways")
    hosts = tuple(full_host(host, origin.namespace) for host in fields.texts(spec, "hosts"))
    in_mesh = not gateways or MESH_GATEWAY in gateways
    if not in_mesh:
        reason = "routes bound only to a gateway do not reach pods"
        notes.add("dropped", spec.line_of("gateways"), reason)
    routes = tuple(_route(item, origin, notes) for item in fields.blocks(spec, "http"))
    if not hosts and any(route.delegate for route in routes):
        raise spec.fail("hosts", "a VirtualService that delegates needs at least one host")
    return VirtualService(origin, hosts, routes, in_mesh)


_ROUTE_FIELDS = (
    "name",
    "match",
    "route",
    "timeout",
    "fault",
    "retries",
    "corsPolicy",
    "rewrite",
    "headers",
    "mirror",
    "mirrors",
    "mirrorPercentage",
    "redirect",
    "directResponse",
    "delegate",
)


def _route(item: Block, origin: Origin, notes: Notes) -> HttpRoute:
    fields.only(item, "an http route", _ROUTE_FIELDS)
    instead, delegate = route_fields.read_instead(item, notes), _delegate(item, origin)
    return HttpRoute(
        name=fields.text(item, "name", ""),
        matches=tuple(_match(match, notes) for match in fields.blocks(item, "match")),
        destinations=() if instead or delegate else _destinations(item, origin, notes),
        weighted=len(fields.blocks(item, "route")) > 1,
        instead=instead,
        delegate=delegate,
        timeout_seconds=fields.duration(item, "timeout") if item.get("timeout") is not None else None,
        fault=route_fields.read_fault(item, notes),
        retries=route_fields.read_retries(item, notes),
        cors=route_fields.read_cors(item, notes),
        rewrite=route_fields.read_rewrite(item, notes),
        headers=route_fields.read_headers(item, notes),
        mirrors=_mirrors(item, origin, notes),
    )


def _delegate(item: Block, origin: Origin) -> tuple[str, str] | None:
    if item.get("delegate") is None:
        return None
    if item.get("route") is not None:
        raise item.fail("delegate", "an http route cannot have both route and delegate")
    delegate = fields.block(item, "delegate")
    fields.only(delegate, "a delegate", ("name", "namespace"))
    return fields.text(delegate, "namespace", origin.namespace), fields.text(delegate, "name")


_PSEUDO_HEADERS = ("method", "authority", "scheme")
_SOURCE = ("port", "sourceLabels", "sourceNamespace", "gateways", "statPrefix")


def _match(match: Block, notes: Notes) -> HttpMatch:
    known = ("uri", "headers", "withoutHeaders", "ignoreUriCase", "name", "queryParams", *_PSEUDO_HEADERS, *_SOURCE)
    fields.only(match, "a match", known)
    if match.get("queryParams") is not None:
        reason = "queryParams is sent, and gRPC leaves a route out that matches on it (gRFC A28)"
        notes.add("dropped", match.line_of("queryParams"), reason)
    return HttpMatch(
        name=fields.text(match, "name", ""),
        uri=_string_match(match, "uri") if match.get("uri") is not None else None,
        headers=_named_matches(match, "headers"),
        without_headers=_named_matches(match, "withoutHeaders"),
        pseudo_headers=tuple(
            (f":{key}", _string_match(match, key)) for key in _PSEUDO_HEADERS if match.get(key) is not None
        ),
        query=_named_matches(match, "queryParams"),
        ignore_case=fields.boolean(match, "ignoreUriCase", default=False),
        port=fields.integer(match, "port", 0, 65535, default=0),
        source_labels=fields.labels(match, "sourceLabels"),
        source_namespace=fields.text(match, "sourceNamespace", ""),
        gateways=fields.texts(match, "gateways"),
        stat_prefix=fields.text(match, "statPrefix", ""),
    )


def _named_matches(match: Block, key: str) -> tuple[tuple[str, TextMatch], ...]:
    conditions = fields.block(match, key)
    for name in conditions:
        if name.startswith("@request.auth.claims"):
            raise conditions.fail(name, f"{name:.80} needs a token that proxyless gRPC does not check")
    return tuple((name, _string_match(conditions, name)) for name in conditions)


def _string_match(parent: Block, key: str) -> TextMatch:
    condition = fields.block(parent, key)
    if not condition:
        return TextMatch("present", "")
    how = next(iter(condition))
    if len(condition) > 1 or how not in ("exact", "prefix", "regex"):
        raise parent.fail(key, f"{key:.80} must have exactly one of exact, prefix or regex")
    value = fields.text(condition, how)
    # "*" is no RE2, and means any value (istio core/route/route.go, canBeConvertedToPresentMatch).
    return TextMatch("present", "") if (how, value) == ("regex", "*") and key != "uri" else TextMatch(how, value)


def _destinations(item: Block, origin: Origin, notes: Notes) -> tuple[Destination, ...]:
    routes = fields.blocks(item, "route")
    if not routes:
        raise item.fail("route", "an http route needs at least one destination under route")
    destinations = []
    for route in routes:
        fields.only(route, "a route destination", ("destination", "weight", "headers"))
        weight = fields.integer(route, "weight", 0, 2**31 - 1, default=0)
        destination = _destination(route, "destination", origin)
        headers = route_fields.read_headers(route, notes)
        destinations.append(Destination(destination.host, destination.subset, destination.port, weight, headers))
    if len(destinations) > 1 and not 0 < sum(destination.weight for destination in destinations) <= 2**32 - 1:
        raise item.fail("route", "the weights of several destinations must add up to more than 0")
    return tuple(destination for destination in destinations if destination.weight or len(destinations) == 1)


def _destination(parent: Block, key: str, origin: Origin) -> Destination:
    destination = fields.block(parent, key)
    fields.only(destination, "a destination", ("host", "subset", "port"))
    port: int | None = None
    if destination.get("port") is not None:
        port = fields.integer(fields.block(destination, "port"), "number", 1, 65535)
    host = full_host(fields.text(destination, "host"), origin.namespace)
    return Destination(host, fields.text(destination, "subset", ""), port, 0)


def _mirrors(item: Block, origin: Origin, notes: Notes) -> tuple[Mirror, ...]:
    """Where calls are copied to; one with an explicit share of 0 is no mirror."""
    notes.drop_if_set(item, ("mirror", "mirrors"), route_fields.IGNORED)
    found = []
    if item.get("mirror") is not None:
        found.append(Mirror(_destination(item, "mirror", origin), fields.percent(item, "mirrorPercentage")))
    for mirror in fields.blocks(item, "mirrors"):
        fields.only(mirror, "a mirror", ("destination", "percentage"))
        found.append(Mirror(_destination(mirror, "destination", origin), fields.percent(mirror, "percentage")))
    return tuple(mirror for mirror in found if mirror.percent != 0)
