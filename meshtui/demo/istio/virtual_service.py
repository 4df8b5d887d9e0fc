"""Reads VirtualService, by what istiod makes of it for proxyless gRPC."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block, ManifestError
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.origin import Origin, full_host
from meshtui.demo.istio.routing import (
    CorsPolicy,
    Destination,
    DirectResponse,
    Fault,
    HttpMatch,
    HttpRoute,
    Redirect,
    Retries,
    TextMatch,
    Unsupported,
    VirtualService,
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
    if item.get("delegate") is not None:
        raise item.fail("delegate", "the demo mesh does not know delegate")
    notes.drop_if_set(item, ("mirrors",), "gRPC never mirrors")
    instead = _instead(item, notes)
    return HttpRoute(
        name=fields.text(item, "name", ""),
        matches=tuple(_match(match, notes) for match in fields.blocks(item, "match")),
        destinations=() if instead else _destinations(item, origin, notes),
        weighted=len(fields.blocks(item, "route")) > 1,
        instead=instead,
        timeout_seconds=fields.duration(item, "timeout"),
        fault=_fault(item),
        retries=_retries(item, notes),
        unsupported=_unsupported(item, origin, notes),
    )


def _instead(item: Block, notes: Notes) -> DirectResponse | Redirect | None:
    """What a proxy would do instead of a call; redirect wins, as in istiod."""
    for key in ("redirect", "directResponse"):
        if item.get(key) is not None:
            reason = f"{key} is sent, and gRPC fails every call of this route (Java refuses the route configuration)"
            notes.add("refused", item.line_of(key), reason)
    if item.get("redirect") is not None:
        redirect = fields.block(item, "redirect")
        fields.only(redirect, "redirect", ("uri", "authority"))
        return Redirect(fields.text(redirect, "authority", ""), fields.text(redirect, "uri", ""))
    if item.get("directResponse") is not None:
        response = fields.block(item, "directResponse")
        fields.only(response, "directResponse", ("status", "body"))
        body = fields.text(fields.block(response, "body"), "string", "")
        return DirectResponse(fields.integer(response, "status", 100, 599), body)
    return None


_PSEUDO_HEADERS = ("method", "authority", "scheme")


def _match(match: Block, notes: Notes) -> HttpMatch:
    known = ("uri", "headers", "withoutHeaders", "ignoreUriCase", "name", "queryParams", *_PSEUDO_HEADERS)
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
    )


def _named_matches(match: Block, key: str) -> tuple[tuple[str, TextMatch], ...]:
    conditions = fields.block(match, key)
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


def _retries(item: Block, notes: Notes) -> Retries | None:
    if item.get("retries") is None:
        return None
    retries = fields.block(item, "retries")
    fields.only(retries, "retries", ("attempts", "retryOn", "perTryTimeout", "retryRemoteLocalities"))
    notes.drop_if_set(retries, ("perTryTimeout", "retryRemoteLocalities"), "gRPC does not implement it")
    per_try = fields.duration(retries, "perTryTimeout") if retries.get("perTryTimeout") is not None else None
    return Retries(fields.integer(retries, "attempts", 0, 100), fields.text(retries, "retryOn", ""), per_try)


def _unsupported(item: Block, origin: Origin, notes: Notes) -> Unsupported:
    rewrite = fields.block(item, "rewrite")
    notes.drop_if_set(item, ("rewrite", "headers", "mirror"), _IGNORED)
    request = fields.block(fields.block(item, "headers"), "request")
    mirror = item.get("mirror") is not None
    return Unsupported(
        cors=_cors(item, notes),
        prefix_rewrite=fields.text(rewrite, "uri", ""),
        authority_rewrite=fields.text(rewrite, "authority", ""),
        request_headers=fields.labels(request, "set"),
        mirror=_destination(item, "mirror", origin, 100) if mirror else None,
        mirror_percent=fields.percent(item, "mirrorPercentage") if item.get("mirrorPercentage") is not None else None,
    )


def _cors(item: Block, notes: Notes) -> CorsPolicy | None:
    if item.get("corsPolicy") is None:
        return None
    cors = fields.block(item, "corsPolicy")
    known = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge", "allowCredentials")
    fields.only(cors, "a corsPolicy", known)
    reason = "gRPC refuses the whole route configuration because it has a CORS filter"
    notes.add("refused", item.line_of("corsPolicy"), reason)
    return CorsPolicy(
        origins=tuple(_origin(allowed) for allowed in fields.blocks(cors, "allowOrigins")),
        methods=fields.texts(cors, "allowMethods"),
        headers=fields.texts(cors, "allowHeaders"),
        exposed=fields.texts(cors, "exposeHeaders"),
        max_age_seconds=fields.duration(cors, "maxAge") if cors.get("maxAge") is not None else None,
        credentials=fields.boolean(cors, "allowCredentials", default=False)
        if cors.get("allowCredentials") is not None
        else None,
    )


def _origin(allowed: Block) -> TextMatch:
    for how in ("exact", "prefix", "regex"):
        if how in allowed:
            return TextMatch(how, fields.text(allowed, how))
    raise ManifestError(allowed.line, "an origin must have one of exact, prefix or regex")
