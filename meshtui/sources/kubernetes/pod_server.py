"""What a forward and a command need of an API server, and how both know that the pod is still the one meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection

from meshtui.model.errors import BadAnswer, TargetUnreachable
from meshtui.model.kubernetes.fields import text
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.paths import api_path


class PodServer(Protocol):
    """What of an API server is asked here: ``sources.kubernetes.api.Api``."""

    async def get(self, path: str) -> Any:
        """The object at ``path``. Raises ``MeshtuiError``."""
        ...

    async def websocket(
        self, path: str, query: Sequence[tuple[str, str]], subprotocols: Sequence[str]
    ) -> ClientConnection:
        """An open websocket to ``path``. Raises ``MeshtuiError`` for what keeps it from coming about."""
        ...


class PodReplaced(TargetUnreachable):
    """The pod that was meant is gone, and one of the same name is in its place."""


def pod_path(namespace: str, pod: str) -> str:
    """The path of a pod."""
    return api_path("", "v1", "pods", pod, namespace=namespace)


async def open_to_pod(
    api: PodServer,
    namespace: str,
    pod: str,
    uid: str,
    subresource: str,
    query: Sequence[tuple[str, str]],
    subprotocols: Sequence[str],
) -> ClientConnection:
    """A websocket to a pod: to the one with ``uid``, where that is known. The caller closes it.

    Raises ``MeshtuiError`` for what keeps it from coming about, ``PodReplaced`` if it may lead to another pod.
    """
    path = pod_path(namespace, pod)
    try:
        socket = await api.websocket(f"{path}/{subresource}", query, subprotocols)
    except ApiRefused as error:
        if error.code == 403 and not error.message:  # a missing right always has a message, this never
            raise _other_protocol(subresource, subprotocols) from None
        raise
    try:
        if socket.subprotocol not in subprotocols:
            raise _other_protocol(subresource, subprotocols)
        if uid:
            await _check_same_pod(api, path, pod, uid)
    except BaseException:
        socket.transport.abort()
        raise
    return socket


def _other_protocol(subresource: str, subprotocols: Sequence[str]) -> BadAnswer:
    return BadAnswer(
        f"The node, or a proxy before it, speaks none of {subresource}'s protocols: {', '.join(subprotocols)}.",
        "A proxy in between may leave out the header Sec-WebSocket-Protocol.",
    )


async def _check_same_pod(api: PodServer, path: str, pod: str, uid: str) -> None:
    """Asked after the stream came about: a pod that is there before and after it was there all the time.

    Who may not read the pod gets the stream all the same.
    """
    try:
        document = await api.get(path)
    except ApiRefused as error:
        if error.code == 403:
            return
        raise
    if (found := text(document, "metadata", "uid")) and found != uid:
        raise PodReplaced(
            f"pod/{pod} is not the pod it was: it was deleted, and another one has its name.",
            "Attach to the new one if that is meant.",
        )
