"""The API server itself: who asks, what is asked, whether it is allowed, and the answer."""

from __future__ import annotations

import asyncio
import json
import re
import time
from contextlib import suppress
from ssl import cert_time_to_seconds
from typing import Any

from aiohttp import web

from tests.kubernetes.double import discovery, protobuf, reviews, streams
from tests.kubernetes.double.access import ANONYMOUS, REVIEWS, Asked, User, forbidden
from tests.kubernetes.double.cluster import Breaks, Cluster, Endless, Frames, Held, Odd
from tests.kubernetes.double.kinds import KINDS, Kind
from tests.kubernetes.double.lists import Lists
from tests.kubernetes.double.logs import serve_log
from tests.kubernetes.double.said import JSON, Says, no_such_path, not_found, refusal, unauthorized
from tests.kubernetes.double.watches import Watches

GZIP_FROM = 128 * 1024
"""Answers of so many bytes are compressed for who takes that, as the real one does."""

_NO_JSON = "the body of the request was in an unknown format - accepted media types include: application/json"

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class ApiServer:
    """Serves one cluster. All of it runs in one event loop."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.lists = Lists(cluster)
        self.watches = Watches(cluster)
        self.streams = streams.Streams(cluster)

    def app(self) -> web.Application:
        """The application for aiohttp."""
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        user = self._who(request)
        asked = asked_by(request, user.name if user else "")
        self.cluster.log.append(asked)
        odd = self.cluster.odd_answer(asked)
        if isinstance(odd, Held):
            await until_set(odd)
        elif isinstance(odd, Says):
            return _answer(request, odd)
        elif isinstance(odd, Endless):
            return await _without_end(request, odd)
        if user is None:
            return _answer(request, unauthorized())
        if not user.may(asked):
            return _answer(request, forbidden(asked))
        response = await self._allowed(request, asked, user, odd)
        if isinstance(odd, Breaks) and isinstance(response, web.Response):
            return await _broken(request, response, odd.after)
        return response

    async def _allowed(self, request: web.Request, asked: Asked, user: User, odd: Odd | None) -> web.StreamResponse:
        if asked.verb == "create" and asked.resource in REVIEWS:
            if request.content_type == protobuf.CONTENT_TYPE:
                body = protobuf.review(await request.read())
            elif request.content_type == JSON:
                body = await request.json()
            else:
                return _answer(request, refusal(415, "UnsupportedMediaType", _NO_JSON, {}))
            return _answer(request, reviews.answer(asked, user, body))
        kind = _kind(asked)
        if kind is None:
            document = discovery.document(asked.path) if asked.verb == "get" and not asked.resource else None
            return _answer(request, Says(200, _indented(document)) if document else no_such_path())
        if asked.subresource in ("portforward", "exec"):
            return await self.streams.serve(request, asked, user, odd if isinstance(odd, Frames) else None)
        if asked.subresource == "log":
            return await serve_log(self.cluster, request, asked)
        if asked.verb == "watch":
            return await self.watches.serve(request, asked, kind)
        if asked.verb not in ("get", "list") or asked.subresource:
            return _answer(request, refusal(405, "MethodNotAllowed", "the server does not allow this method", {}))
        return _answer(request, self._read(request, asked, kind))

    def _read(self, request: web.Request, asked: Asked, kind: Kind) -> Says:
        accept = request.headers.get("Accept", "")
        if asked.verb == "list":
            return self.lists.page(asked, kind, accept)
        document = self.cluster.store.get(kind, asked.namespace if kind.namespaced else "", asked.name)
        if document is None:
            return not_found(kind.full, asked.name)
        return self.lists.single(asked, kind, document, accept)

    def _who(self, request: web.Request) -> User | None:
        """Who asks: by token or by client certificate; None if that is no good."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme:
            return self.cluster.users.get(token) if scheme.lower() == "bearer" else None
        transport = request.transport
        peer = transport.get_extra_info("peercert") if transport is not None else None
        return self._by_certificate(peer) if peer else ANONYMOUS

    def _by_certificate(self, peer: dict[str, Any]) -> User | None:
        subject, issuer = ({key: value for part in peer[name] for key, value in part} for name in ("subject", "issuer"))
        known = issuer["commonName"] == "kubernetes" and cert_time_to_seconds(peer["notAfter"]) > time.time()
        return self.cluster.users.get(subject["commonName"]) if known else None


def asked_by(request: web.Request, user: str) -> Asked:
    """The request as the API server reads it."""
    path, query = request.path, tuple((key, str(value)) for key, value in request.query.items())
    parts = path.strip("/").split("/")
    verb = _VERBS.get(request.method, "get")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return Asked(verb, path, user=user, query=query)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2:
            rest = rest[2:]
    resource, name, subresource = [*rest, "", ""][:3]
    if verb == "get" and not subresource:
        watches = request.query.get("watch") in ("1", "true")
        verb = "watch" if watches else "get" if name else "list"
        # One that is meant by its name is named in what is allowed and refused, as with a rule's resourceNames.
        named = re.search(r"(?:^|,)metadata\.name=([^,]+)", request.query.get("fieldSelector", ""))
        name = name or (named[1] if named else "")
    return Asked(verb, path, group, version, resource, subresource, namespace, name, user, query)


async def until_set(held: Held) -> None:
    """Wait until a test releases it."""
    while not held.released.is_set():
        await asyncio.sleep(0.01)


def _kind(asked: Asked) -> Kind | None:
    for kind in KINDS:
        if (kind.group, kind.plural) == (asked.group, asked.resource) and asked.version in kind.versions:
            return kind
    return None


def _answer(request: web.Request, says: Says) -> web.Response:
    response = web.Response(status=says.status, body=says.body, headers=dict(says.headers))
    if says.content_type is not None:
        response.headers["Content-Type"] = says.content_type
    if says.content_type == JSON:
        response.headers["Cache-Control"] = "no-cache, private"
        if len(says.body) >= GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
    return response


async def _broken(request: web.Request, response: web.Response, after: int) -> web.StreamResponse:
    """Announce all of it, send a part, and close the connection."""
    body = response.body
    assert isinstance(body, bytes)
    begun = web.StreamResponse(status=response.status, headers={"Content-Type": JSON})
    begun.content_length = len(body)
    await begun.prepare(request)
    await begun.write(body[:after])
    if request.transport is not None:
        request.transport.close()
    return begun


async def _without_end(request: web.Request, odd: Endless) -> web.StreamResponse:
    """Go on until whoever asked has had enough."""
    says = odd.begins
    response = web.StreamResponse(status=says.status, headers={"Content-Type": says.content_type or JSON})
    with suppress(ConnectionError):
        await response.prepare(request)
        await response.write(says.body)
        while request.transport is not None:
            if odd.more:
                await response.write(odd.more)
            await asyncio.sleep(odd.every_s or 0.01 * (not odd.more))
    return response


def _indented(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode()
