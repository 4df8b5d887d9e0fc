"""Reads what an HTTP route of a VirtualService says beside its matches and destinations."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block, ManifestError
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.routing import (
    CorsPolicy,
    DirectResponse,
    Fault,
    HeaderChanges,
    Headers,
    Redirect,
    Retries,
    Rewrite,
    TextMatch,
)

_CODES = """
    OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
    RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE
    DATA_LOSS UNAUTHENTICATED
"""

GRPC_STATUS_CODES = _CODES.split()
"""The codes in their numeric order, as ``abort.grpcStatus`` names them."""

IGNORED = "istiod sends it and gRPC ignores it"


def read_instead(item: Block, notes: Notes) -> DirectResponse | Redirect | None:
    """What a proxy would do instead of a call; redirect wins, as in istiod."""
    for key in ("redirect", "directResponse"):
        if item.get(key) is not None:
            reason = f"{key} is sent, and gRPC fails every call of this route (Java refuses the route configuration)"
            notes.add("refused", item.line_of(key), reason)
    if item.get("redirect") is not None:
        return _redirect(fields.block(item, "redirect"))
    if item.get("directResponse") is not None:
        response = fields.block(item, "directResponse")
        fields.only(response, "directResponse", ("status", "body"))
        body = fields.block(response, "body")
        fields.only(body, "a body", ("string",))
        return DirectResponse(fields.integer(response, "status", 100, 599), fields.text(body, "string", ""))
    return None


def _redirect(redirect: Block) -> Redirect:
    known = ("uri", "authority", "scheme", "port", "derivePort", "redirectCode")
    fields.only(redirect, "redirect", known)
    port: int | None = None
    if redirect.get("port") is not None:
        port = fields.integer(redirect, "port", 1, 65535)
    elif fields.one_of(redirect, "derivePort", ("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"), "FROM_PROTOCOL_DEFAULT"):
        port = 0 if redirect.get("derivePort") == "FROM_REQUEST_PORT" else None
    code = fields.integer(redirect, "redirectCode", 301, 308, default=301)
    if code not in (301, 302, 303, 307, 308):
        raise redirect.fail("redirectCode", "redirectCode must be 301, 302, 303, 307 or 308")
    authority, scheme = fields.text(redirect, "authority", ""), fields.text(redirect, "scheme", "")
    return Redirect(authority, fields.text(redirect, "uri", ""), scheme, port, code)


def read_fault(item: Block, notes: Notes) -> Fault | None:
    """``fault``. One without a percentage does nothing: istiod sends 0 of 100 for a delay and none for an abort."""
    if item.get("fault") is None:
        return None
    fault = fields.block(item, "fault")
    fields.only(fault, "a fault", ("delay", "abort"))
    delay, abort = fields.block(fault, "delay"), fields.block(fault, "abort")
    fields.only(delay, "a delay", ("percentage", "fixedDelay"))
    fields.only(abort, "an abort", ("percentage", "httpStatus", "grpcStatus"))
    seconds = fields.duration(delay, "fixedDelay") if delay else None
    if seconds == 0:
        raise delay.fail("fixedDelay", "a delay needs a fixedDelay of more than 0s")
    http_status, grpc_status = None, None
    if abort and abort.get("grpcStatus") is not None:
        grpc_status = GRPC_STATUS_CODES.index(fields.one_of(abort, "grpcStatus", GRPC_STATUS_CODES, ""))
    elif abort:
        http_status = fields.integer(abort, "httpStatus", 200, 599)
    for what, written in (("delay", delay), ("abort", abort)):
        if written and written.get("percentage") is None:
            reason = f"{what} without a percentage is sent as one of no request"
            notes.add("changed", fault.line_of(what), reason)
    return Fault(
        seconds, fields.percent(delay, "percentage"), fields.percent(abort, "percentage"), http_status, grpc_status
    )


def read_retries(item: Block, notes: Notes) -> Retries | None:
    """``retries``."""
    if item.get("retries") is None:
        return None
    retries = fields.block(item, "retries")
    ignored = ("perTryTimeout", "retryRemoteLocalities", "retryIgnorePreviousHosts")
    fields.only(retries, "retries", ("attempts", "retryOn", "backoff", *ignored))
    notes.drop_if_set(retries, ignored, "gRPC does not implement it")
    elsewhere = "retryIgnorePreviousHosts"
    return Retries(
        fields.integer(retries, "attempts", 0, 100),
        fields.text(retries, "retryOn", ""),
        fields.duration(retries, "perTryTimeout") if retries.get("perTryTimeout") is not None else None,
        fields.duration(retries, "backoff") if retries.get("backoff") is not None else None,
        fields.boolean(retries, elsewhere, default=True) if retries.get(elsewhere) is not None else None,
        fields.boolean(retries, "retryRemoteLocalities", default=False),
    )


def read_rewrite(item: Block, notes: Notes) -> Rewrite | None:
    """``rewrite``."""
    if item.get("rewrite") is None:
        return None
    notes.drop_if_set(item, ("rewrite",), IGNORED)
    rewrite = fields.block(item, "rewrite")
    fields.only(rewrite, "rewrite", ("uri", "authority", "uriRegexRewrite"))
    regex = fields.block(rewrite, "uriRegexRewrite")
    fields.only(regex, "uriRegexRewrite", ("match", "rewrite"))
    pair = (fields.text(regex, "match", ""), fields.text(regex, "rewrite", "")) if regex else None
    return Rewrite(fields.text(rewrite, "uri", ""), fields.text(rewrite, "authority", ""), pair)


def read_headers(item: Block, notes: Notes) -> Headers | None:
    """``headers``, of a route or of a destination."""
    if item.get("headers") is None:
        return None
    notes.drop_if_set(item, ("headers",), IGNORED)
    headers = fields.block(item, "headers")
    fields.only(headers, "headers", ("request", "response"))
    return Headers(_changes(headers, "request"), _changes(headers, "response"))


def _changes(headers: Block, key: str) -> HeaderChanges:
    changes = fields.block(headers, key)
    fields.only(changes, key, ("set", "add", "remove"))
    return HeaderChanges(fields.labels(changes, "set"), fields.labels(changes, "add"), fields.texts(changes, "remove"))


def read_cors(item: Block, notes: Notes) -> CorsPolicy | None:
    """``corsPolicy``."""
    if item.get("corsPolicy") is None:
        return None
    cors = fields.block(item, "corsPolicy")
    lists = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders")
    fields.only(cors, "a corsPolicy", (*lists, "maxAge", "allowCredentials", "unmatchedPreflights"))
    reason = "gRPC refuses the whole route configuration because it has a CORS filter"
    notes.add("refused", item.line_of("corsPolicy"), reason)
    credentials = "allowCredentials"
    unmatched = fields.one_of(cors, "unmatchedPreflights", ("UNSPECIFIED", "FORWARD", "IGNORE"), "UNSPECIFIED")
    return CorsPolicy(
        origins=tuple(_origin(allowed) for allowed in fields.blocks(cors, "allowOrigins")),
        methods=fields.texts(cors, "allowMethods"),
        headers=fields.texts(cors, "allowHeaders"),
        exposed=fields.texts(cors, "exposeHeaders"),
        max_age_seconds=fields.duration(cors, "maxAge") if cors.get("maxAge") is not None else None,
        credentials=fields.boolean(cors, credentials, default=False) if cors.get(credentials) is not None else None,
        forwards_unmatched=unmatched != "IGNORE",
    )


def _origin(allowed: Block) -> TextMatch:
    for how in ("exact", "prefix", "regex"):
        if how in allowed:
            return TextMatch(how, fields.text(allowed, how))
    raise ManifestError(allowed.line, "an origin must have one of exact, prefix or regex")
