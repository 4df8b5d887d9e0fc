"""Websockets into pods: the handshake with all its refusals, and what a test may do to those that live."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from tests.kubernetes.double import exec_frames, forward_frames
from tests.kubernetes.double.access import Asked, User, forbidden_without_a_reason
from tests.kubernetes.double.cluster import Cluster, Frames
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.logs import wrong_container
from tests.kubernetes.double.said import Says, bad_request, not_found, plain, refusal
from tests.kubernetes.double.store import Document


@dataclass(eq=False)
class Live:
    """A websocket that is open."""

    asked: Asked
    request: web.Request
    forward: forward_frames.Forward | None = None


class Streams:
    """Every websocket."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.live: set[Live] = set()

    async def serve(
        self, request: web.Request, asked: Asked, user: User, odd: Frames | None = None
    ) -> web.StreamResponse:
        """The handshake, then the frames; ``odd`` is what comes in their place."""
        pod = self._cluster.store.get(PODS, asked.namespace, asked.name)
        wrong = self._refused(request, asked, user, pod)
        if wrong is not None:
            kind = {} if wrong.content_type is None else {"Content-Type": wrong.content_type}
            return web.Response(status=wrong.status, body=wrong.body, headers={**kind, **wrong.headers})
        assert pod is not None
        known = forward_frames.PROTOCOLS if asked.subresource == "portforward" else exec_frames.PROTOCOLS
        chosen = [name for name in _offered(request) if name in known][:1]
        if odd is not None and not odd.protocol:
            chosen = []
        # No limit: what a frame may hold is for the one who reads it to say.
        socket = web.WebSocketResponse(protocols=chosen, compress=False, max_msg_size=0)
        await socket.prepare(request)
        live = Live(asked, request)
        self.live.add(live)
        try:
            if odd is not None:
                await _odd(odd, request, socket)
            elif asked.subresource == "portforward":
                live.forward = forward_frames.Forward(self._cluster, asked, pod["metadata"]["uid"], socket)
                await live.forward.serve([int(port) for port in asked.all_of("ports")])
            elif not _runs(pod, asked.one("container") or _default(pod)):
                await exec_frames.say_not_found(socket, asked.one("container") or _default(pod))
            else:
                await exec_frames.serve(self._cluster, asked, socket)
        except ConnectionError:
            pass  # cut
        finally:
            self.live.discard(live)
        return socket

    def _refused(self, request: web.Request, asked: Asked, user: User, pod: Document | None) -> Says | None:
        """Why there is no 101, in the order in which the real one checks."""
        upgrade = request.headers.get("Upgrade", "").lower()
        if upgrade == "websocket" and self._cluster.asks_for_create and not user.may(asked, "create"):
            return forbidden_without_a_reason(asked)
        if pod is None:
            return not_found("pods", asked.name)
        wrong = wrong_container(pod, asked) if asked.subresource == "exec" else None
        if wrong is not None:
            return wrong
        node = pod["spec"].get("nodeName")
        if not node:
            return bad_request(f"pod {asked.name} does not have a host assigned")
        if upgrade not in ("websocket", "spdy/3.1"):
            return bad_request("Upgrade request required")
        if node in self._cluster.gone_nodes:
            words = "error dialing backend: dial tcp 127.0.0.1:10250: connect: connection refused"
            return refusal(500, "InternalError", words, {"causes": [{"message": words}]})
        return self._refused_by_node(request, asked, pod)

    def _refused_by_node(self, request: web.Request, asked: Asked, pod: Document) -> Says | None:
        if asked.subresource == "portforward":
            ports = asked.all_of("ports")
            if not ports:
                return plain(400, 'query parameter "port" is required')
            wrong = next((port for port in ports if not port.isdecimal()), None)
            if wrong is not None:
                parsed = f'cannot convert to []int32: strconv.ParseUint: parsing "{wrong}": invalid syntax'
                return bad_request(parsed)
            if not any(_running(pod)):
                return plain(500, f'pod not found ("{asked.name}_{asked.namespace}")')
            known: tuple[str, ...] = forward_frames.PROTOCOLS
        else:
            if not any(asked.one(name) in ("1", "true") for name in ("stdin", "stdout", "stderr")):
                return plain(400, "you must specify at least 1 of stdin, stdout, stderr")
            container = asked.one("container") or _default(pod)
            if not self._cluster.old_nodes and not _runs(pod, container):
                return plain(500, f'container not found ("{container}")')
            known = exec_frames.PROTOCOLS
        if request.method != "GET":
            return plain(501, "the double speaks no SPDY")
        offered = _offered(request)
        if offered and not set(offered) & set(known):
            return Says(403, b"", None, {"Connection": "close"})
        return None

    def of_pod(self, namespace: str, pod: str) -> Iterator[Live]:
        """The websockets into a pod."""
        return (live for live in list(self.live) if (live.asked.namespace, live.asked.name) == (namespace, pod))


async def _odd(odd: Frames, request: web.Request, socket: web.WebSocketResponse) -> None:
    for message in odd.messages:
        await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))
    if request.transport is not None and odd.raw:
        request.transport.write(odd.raw)
    match odd.end:
        case "hold":
            while not socket.closed:
                await socket.receive()
        case "cut":
            if request.transport is not None:
                request.transport.close()
        case "close":
            await socket.close()


def _offered(request: web.Request) -> list[str]:
    values = request.headers.getall("Sec-WebSocket-Protocol", [])
    return [name.strip() for value in values for name in value.split(",") if name.strip()]


def _default(pod: Document) -> str:
    name = pod["spec"]["containers"][0]["name"]
    assert isinstance(name, str)
    return name


def _running(pod: Document) -> Iterator[str]:
    status = pod.get("status", {})
    for part in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for one in status.get(part, []):
            if one.get("state", {}).get("running") is not None:
                yield one["name"]


def _runs(pod: Document, container: str) -> bool:
    return container in _running(pod)
