"""Reads VirtualService, by what istiod makes of it for proxyless gRPC."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block, ManifestError
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import (
    Destination,
    Fault,
    HttpMatch,
    HttpRoute,
    Origin,
    TextMatch,
    Unsupported,
    VirtualService,
    full_host,
)

_CODES = """
    OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
    RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE
    DATA_LOSS UNAUTHENTICATED
"""

GRPC_STATUS_CODES = _CODES.split()
"""The codes in their numeric order, as ``abort.grpcStatus`` names them."""

_IGNORED = "istiod sends it and gRPC ignores it"


def read_virtual_service(document: Block, origin: Origin, notes: Notes) -> VirtualService:
    """A VirtualService: its hosts and its HTTP routes."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a VirtualService", ("hosts", "http", "gateways", "exportTo", "tcp", "tls"))
    notes.drop_if_set(spec, ("tcp", "tls"), "only http routes reach a proxyless gRPC client")
    notes.drop_if_set(spec, ("exportTo",), "the demo mesh shows every route to every pod")
    gateways = fields.texts(spec, "gateways")
    hosts = tuple(full_host(host, origin.namespace) for host in fields.texts(spec, "hosts"))
    if not hosts:
        raise spec.fail("hosts", "a VirtualService needs at least one host")
    if gateways and "mesh" not in gateways:
        reason = "routes bound only to a gateway do not reach pods"
        notes.add("dropped", spec.line_of("gateways"), reason)
        hosts = ()
    routes = tuple(_route(item, origin, notes) for item in fields.blocks(spec, "http"))
    return VirtualService(origin, hosts, routes)


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
    for key in ("redirect", "directResponse", "delegate"):
        if item.get(key) is not None:
            raise item.fail(key, f"{key} has no meaning for a gRPC client")
    notes.drop_if_set(item, ("mirrors", "mirrorPercentage"), "gRPC never mirrors")
    return HttpRoute(
        name=fields.text(item, "name", ""),
        matches=tuple(_match(match, notes) for match in fields.blocks(item, "match")),
        destinations=_destinations(item, origin, notes),
        timeout_seconds=fields.duration(item, "timeout"),
        fault=_fault(item),
        retries=_retries(item, notes),
        unsupported=_unsupported(item, origin, notes),
    )


def _match(match: Block, notes: Notes) -> HttpMatch:
    known = ("uri", "headers", "withoutHeaders", "ignoreUriCase", "name")
    fields.only(match, "a match", known)
    uri = match.get("uri")
    if match.get("ignoreUriCase") not in (None, True, False):
        raise match.fail("ignoreUriCase", "ignoreUriCase must be true or false")
    return HttpMatch(
        uri=_string_match(match, "uri") if uri is not None else None,
        headers=_header_matches(match, "headers"),
        without_headers=_header_matches(match, "withoutHeaders"),
        ignore_case=bool(match.get("ignoreUriCase")),
    )


def _header_matches(match: Block, key: str) -> tuple[tuple[str, TextMatch], ...]:
    headers = fields.block(match, key)
    return tuple((name.lower(), _string_match(headers, name)) for name in headers)


def _string_match(parent: Block, key: str) -> TextMatch:
    condition = fields.block(parent, key)
    if not condition:
        return TextMatch("present", "")
    how = next(iter(condition))
    if len(condition) > 1 or how not in ("exact", "prefix", "regex"):
        raise parent.fail(key, f"{key:.80} must have exactly one of exact, prefix or regex")
    return TextMatch(how, fields.text(condition, how))


def _destinations(item: Block, origin: Origin, notes: Notes) -> tuple[Destination, ...]:
    routes = fields.blocks(item, "route")
    if not routes:
        raise item.fail("route", "an http route needs at least one destination under route")
    destinations = []
    for route in routes:
        fields.only(route, "a route destination", ("destination", "weight", "headers"))
        notes.drop_if_set(route, ("headers",), _IGNORED)
        weight = fields.integer(route, "weight", 0, 2**31 - 1, default=0)
        destinations.append(_destination(route, "destination", origin, weight))
    if len(destinations) == 1:
        only = destinations[0]
        return (Destination(only.host, only.subset, only.port, only.weight or 100),)
    if not 0 < sum(destination.weight for destination in destinations) <= 2**32 - 1:
        raise item.fail("route", "the weights of several destinations must add up to more than 0")
    return tuple(destination for destination in destinations if destination.weight)


def _destination(parent: Block, key: str, origin: Origin, weight: int) -> Destination:
    destination = fields.block(parent, key)
    fields.only(destination, "a destination", ("host", "subset", "port"))
    port: int | None = None
    if destination.get("port") is not None:
        port = fields.integer(fields.block(destination, "port"), "number", 1, 65535)
    host = full_host(fields.text(destination, "host"), origin.namespace)
    return Destination(host, fields.text(destination, "subset", ""), port, weight)


def _fault(item: Block) -> Fault | None:
    if item.get("fault") is None:
        return None
    fault = fields.block(item, "fault")
    fields.only(fault, "a fault", ("delay", "abort"))
    delay, abort = fields.block(fault, "delay"), fields.block(fault, "abort")
    fields.only(delay, "a delay", ("percentage", "fixedDelay"))
    fields.only(abort, "an abort", ("percentage", "httpStatus", "grpcStatus"))
    http_status, grpc_status = 0, None
    if abort and abort.get("grpcStatus") is not None:
        word = fields.one_of(abort, "grpcStatus", GRPC_STATUS_CODES, "")
        grpc_status = GRPC_STATUS_CODES.index(word)
    elif abort:
        http_status = fields.integer(abort, "httpStatus", 200, 599)
    seconds = fields.duration(delay, "fixedDelay")
    if delay and not seconds:
        raise delay.fail("fixedDelay", "a delay needs a fixedDelay of more than 0s")
    return Fault(
        delay_percent=fields.percent(delay, "percentage") if delay else 0.0,
        delay_seconds=seconds,
        abort_percent=fields.percent(abort, "percentage") if abort else 0.0,
        abort_http_status=http_status,
        abort_grpc_status=grpc_status,
    )


def _retries(item: Block, notes: Notes) -> int | None:
    if item.get("retries") is None:
        return None
    retries = fields.block(item, "retries")
    notes.drop_if_set(retries, ("perTryTimeout", "retryRemoteLocalities"), "gRPC does not implement it")
    return fields.integer(retries, "attempts", 0, 100)


def _unsupported(item: Block, origin: Origin, notes: Notes) -> Unsupported:
    rewrite, cors = fields.block(item, "rewrite"), fields.block(item, "corsPolicy")
    notes.drop_if_set(item, ("rewrite", "headers", "mirror"), _IGNORED)
    origins = []
    for allowed in fields.blocks(cors, "allowOrigins"):
        if "exact" not in allowed:
            raise ManifestError(allowed.line, "the demo mesh knows only exact origins")
        origins.append(fields.text(allowed, "exact"))
    if cors:
        reason = "gRPC refuses the whole route configuration because it has a CORS filter"
        notes.add("refused", item.line_of("corsPolicy"), reason)
    request = fields.block(fields.block(item, "headers"), "request")
    mirror = item.get("mirror") is not None
    return Unsupported(
        cors_origins=tuple(origins) or (("*",) if cors else ()),
        prefix_rewrite=fields.text(rewrite, "uri", ""),
        authority_rewrite=fields.text(rewrite, "authority", ""),
        request_headers=fields.labels(request, "set"),
        mirror=_destination(item, "mirror", origin, 100) if mirror else None,
    )
