"""Websockets as they are opened at a real API server and at the double: what comes must be the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

FORWARD: Final = ("v4.channel.k8s.io",)

EXEC: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")

_CAT: Final = "exec?stdout=1&stderr=1&container=app&command=cat&command=/nope"


@dataclass(frozen=True, slots=True)
class Stream:
    """A websocket to a pod of ``echo-grpc``; ``name`` and what follows in the path."""

    rest: str
    protocols: tuple[str, ...]
    user: str = "full"
    ends: bool = True
    """Whether the server ends it by itself; else the first messages are taken, two for each port."""

    @property
    def path(self) -> str:
        """Where it is opened."""
        return f"/api/v1/namespaces/echo-grpc/pods/{self.rest}"


STREAMS: Final = (
    Stream("echo-v1/portforward?ports=9", FORWARD),
    Stream("echo-v1/portforward?ports=15020", FORWARD, ends=False),
    Stream("echo-v1/portforward?ports=15020&ports=17171", FORWARD, ends=False),
    Stream("echo-v1/portforward", FORWARD),
    Stream("echo-v1/portforward?ports=x", FORWARD),
    Stream("echo-v1/portforward?ports=15020", ("nope",)),
    Stream("nope/portforward?ports=15020", FORWARD),
    Stream("sad-pending/portforward?ports=15020", FORWARD),
    Stream("sad-completed/portforward?ports=15020", FORWARD),
    Stream("unscheduled/portforward?ports=15020", FORWARD),
    *(
        Stream("echo-v1/portforward?ports=15020", FORWARD, user)
        for user in ("readonly", "forward-get", "forward-create", "nothing", "badtoken")
    ),
    Stream(f"echo-v1/{_CAT}", EXEC),
    Stream(f"echo-v1/{_CAT}", EXEC[1:]),
    Stream(f"distroless/{_CAT}", EXEC),
    Stream(f"distroless/{_CAT}", EXEC[1:]),
    Stream(f"echo-v1/{_CAT}", ("nope",)),
    Stream("echo-v1/exec?stdout=1&container=app&command=true", EXEC),
    Stream("echo-v1/exec?stdout=1&container=app&command=true", EXEC[1:]),
    Stream("echo-v1/exec?stdout=1&container=app&command=sh&command=-c&command=exit%207", EXEC),
    Stream("echo-v1/exec?stdout=1&container=nope&command=true", EXEC),
    Stream("echo-v1/exec?stdout=1&command=true", EXEC),
    Stream("echo-v1/exec?container=app&command=true", EXEC),
    *(
        Stream(f"{pod}/exec?stdout=1&container=app&command=true", EXEC)
        for pod in ("sad-imagepull", "sad-crashloop", "sad-pending", "sad-completed", "unscheduled", "nope")
    ),
    *(Stream("echo-v1/exec?stdout=1&container=app&command=true", EXEC, user) for user in ("forward", "forward-get")),
)


async def outcome(session: ClientSession, stream: Stream, token: str) -> dict[str, Any]:
    """What comes of it: the refusal with its body, or the sub-protocol, the messages and how it was closed."""
    headers = {"Authorization": f"Bearer {token}"}
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": ", ".join(stream.protocols),
    }
    async with session.get(stream.path, headers={**headers, **upgrade}) as response:
        if response.status != 101:
            kind, body = response.headers.get("Content-Type", ""), await response.read()
            return {"status": response.status, "type": kind, "body": neutral(body.decode())}
        response.close()
    async with session.ws_connect(stream.path, headers=headers, protocols=stream.protocols) as socket:
        return {"protocol": socket.protocol, "messages": await _messages(socket, stream)}


async def _messages(socket: ClientWebSocketResponse, stream: Stream) -> list[str]:
    """Each message as text, channel and contents apart; the last is how it was closed."""
    found: list[str] = []
    wanted = None if stream.ends else 2 * stream.path.count("ports=")
    while wanted is None or len(found) < wanted:
        message = await socket.receive()
        if message.type is not WSMsgType.BINARY:
            return [*found, f"{message.type.name} {message.data}"]
        found.append(neutral(f"{message.data[0]}: {message.data[1:].decode('latin-1')}"))
    return found


def neutral(text: str) -> str:
    """Without the numbers of a sandbox, which are each pod's own."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "SANDBOX", text)
    return re.sub(r"cni-[0-9a-f]{8}", "cni-NETNS", text)
