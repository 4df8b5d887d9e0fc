"""A gRPC client of a mesh written with C-core: it serves the admin services, and does what lines of JSON on its
standard input say. ``tests/peers/conversation.py`` says what they are.

It is a process of its own, since C-core reads the bootstrap once for the whole process.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc_csds
from grpc_channelz.v1 import channelz
from grpc_health.v1 import health, health_pb2_grpc


def opened(order: dict[str, Any]) -> grpc.Channel:
    """A channel to what the order names."""
    options = [("grpc.default_authority", order["authority"])] if order["authority"] else []
    return grpc.insecure_channel(order["target"], options)


def asked(channel: grpc.Channel, call: dict[str, Any], patience: float) -> dict[str, str]:
    """What came of one call."""
    method: Any = channel.unary_unary(call["path"])
    headers = [(name, value.encode() if name.endswith("-bin") else value) for name, value in call["headers"]]
    try:
        return {"text": method(b"", patience, headers).decode(), "status": "OK"}
    except grpc.RpcError as error:
        return {"text": error.details() or "", "status": error.code().name}


def main() -> None:
    """Serve and obey until standard input ends."""
    server = grpc.server(ThreadPoolExecutor(4))
    grpc_csds.add_csds_servicer(server)
    channelz.add_channelz_servicer(server)
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"127.0.0.1:{port}\n")
    sys.stdout.flush()
    channel = None
    for line in sys.stdin:
        order = json.loads(line)
        if channel is not None:
            channel.close()
        channel = opened(order)
        if not order["calls"]:
            channel.subscribe(lambda _: None, try_to_connect=True)
        answers = [asked(channel, call, order["patience"]) for call in order["calls"]]
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()
    if channel is not None:
        channel.close()
    server.stop(None).wait()


if __name__ == "__main__":
    main()
