"""The client pod's own work: it keeps calling echo, as a real caller does, and says how it goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import grpc

from meshtui.demo import go_text
from meshtui.demo.events import DemoEventKind
from meshtui.demo.forwarder import ECHO, connect
from meshtui.demo.lifeline import emit
from meshtui.demo.pods import Listening
from meshtui.demo.ports import wait_for_port
from meshtui.protos import echo_pb2

PERIOD_SECONDS = 0.2
"""Five calls a second: enough that a change shows at once, too few to be load."""

DEADLINE_SECONDS = 3.0
"""Deadline of one call."""

LISTENER_SECONDS = 5.0
"""How long after its app a called pod may take to open the port that its listener opens. One without a listener
never does, and calls then fail as they should."""


def call_for_ever(url: str, called: Sequence[Listening], *, tells: bool) -> None:
    """Call, one call after the other, on one channel for the life of the process. One that ``tells`` tells its first
    outcome and every change between success and failure.

    Begins when the pods behind the URL listen, as Kubernetes lists none before. A connection that was refused is
    tried again after up to two seconds; until then calls would fail in a mesh whose pods all serve.
    """
    for pod in called:
        wait_for_port(pod.ip, pod.admin)
        wait_for_port(pod.ip, pod.grpc, LISTENER_SECONDS)
    channel = connect(url, "", alone=False)
    echo: Any = channel.unary_unary(
        ECHO,
        request_serializer=echo_pb2.EchoRequest.SerializeToString,
        response_deserializer=echo_pb2.EchoResponse.FromString,
    )
    told: str | None = None
    while True:
        started = time.monotonic()
        state, reason = _call(echo)
        if state != told:
            told = state
            if tells:
                emit(DemoEventKind.TRAFFIC, state=state, reason=reason)
        pause = PERIOD_SECONDS if told == "flowing" else PERIOD_SECONDS / 4
        time.sleep(max(0.0, pause - (time.monotonic() - started)))


def _call(echo: Any) -> tuple[str, str]:
    try:
        echo(echo_pb2.EchoRequest(message="hello"), timeout=DEADLINE_SECONDS)
    except grpc.RpcError as error:
        call: Any = error
        return "failing", go_text.rpc_error(call.code().name, call.details() or "")
    return "flowing", ""


def start(urls: Sequence[str], called: Sequence[Listening]) -> None:
    """Call each URL in a thread of its own. The first one is what the mesh's traffic is known by."""
    for url in urls:
        arguments = {"tells": url == urls[0]}
        threading.Thread(target=call_for_ever, args=(url, called), kwargs=arguments, name="caller", daemon=True).start()
