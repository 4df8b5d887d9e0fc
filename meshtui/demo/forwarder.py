"""ForwardEcho with the semantics of Istio's echo app: a set of calls on one new channel, all or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.experimental

from meshtui.demo import go_text
from meshtui.demo.echo_reply import CONTENT_TYPE
from meshtui.protos import echo_pb2

ECHO = "/proto.EchoTestService/Echo"
"""The method that is called for each request."""

DEFAULT_TIMEOUT_SECONDS = 5.0
"""Istio's default, for the whole set of requests."""

CONCURRENCY = 20
"""Requests of one set that are under way at the same time, at most: fixed in Istio."""

MOST_REQUESTS = 100_000
"""Requests of one set at most. Istio sets no bound; here anyone on this machine reaches the port (docs/demo.md)."""

_LOOK_SECONDS = 0.1
"""How often a waiting set looks whether its caller is still there."""

_OTHERS = frozenset({"http", "https", "tcp", "tls", "udp", "dns", "ws", "wss"})
"""Schemes that Istio's echo app knows besides."""

CHANNEL_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
)
"""C-core's own backoff grows to two minutes, far longer than a demo waits for a fix to show."""


class ForwardError(Exception):
    """The set failed; the text is what the caller gets, with status UNKNOWN."""


def connect(url: str, authority: str, *, alone: bool) -> grpc.Channel:
    """A channel for an ``xds`` or ``grpc`` URL. Raises ForwardError for another scheme.

    With ``alone`` it shares no connection with other channels of the process, as Go's channels never do.
    """
    options: list[tuple[str, str | int]] = list(CHANNEL_OPTIONS)
    if alone:
        options.append(("grpc.use_local_subchannel_pool", 1))
    if authority:
        options.append(("grpc.default_authority", authority))
    scheme, colon, _ = url.partition(":")
    if not (scheme and colon):
        raise ForwardError(f"missing protocol scheme in the request URL: {url}")
    if scheme.lower() == "xds":
        insecure = grpc.experimental.insecure_channel_credentials
        fallback = insecure()  # type: ignore[no-untyped-call]  # gRPC's types leave out its experimental module
        credentials = grpc.xds_channel_credentials(fallback)
        return grpc.secure_channel(url, credentials, options=options)
    if scheme.lower() == "grpc":
        return grpc.insecure_channel(url[len("grpc://") :], options=options)
    # Istio's has more protocols, none of which the mesh of the demo speaks.
    but = ": the demo's echo app has xds and grpc alone" if scheme.lower() in _OTHERS else ""
    raise ForwardError(f"no protocol handler found for scheme {scheme.lower()}{but}")


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One batch of requests while it runs. ``lock`` guards all that the calls' callbacks touch."""

    count: int
    outputs: dict[int, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    spent_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    places: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(CONCURRENCY))
    finished: threading.Event = field(default_factory=threading.Event)
    running: dict[int, Any] = field(default_factory=dict)

    def timed_out(self, timeout: float) -> ForwardError:
        with self.lock:
            completed = len(self.outputs)
            average = self.spent_seconds / completed if completed else 0.0
        return ForwardError(
            f"request set timed out after {go_text.duration(timeout)} and only {completed}/{self.count} "
            f"requests completed ({go_text.duration(average)} avg)"
        )


class Forwarder:
    """Sends batches of requests. Many may run at once, in as many threads."""

    def __init__(self) -> None:
        self._active = 0
        self._lock = threading.Lock()

    def forward(self, request: Any, gone: threading.Event) -> list[str]:
        """Send a ForwardEchoRequest's batch and return one output per request.

        Blocks until all are answered. Raises ForwardError when one fails, when time is up, for more requests than
        the demo's bound, or when ``gone`` is set because nobody waits for the answer any longer.
        """
        if request.count > MOST_REQUESTS:
            raise ForwardError(
                f"a set of {request.count} requests is more than the demo's bound of {MOST_REQUESTS}: send several sets"
            )
        timeout = request.timeout_micros / 1e6 if request.timeout_micros > 0 else DEFAULT_TIMEOUT_SECONDS
        deadline = time.monotonic() + timeout
        headers = [(header.key, header.value) for header in request.headers]
        authority = next((value for key, value in headers if key.lower() == "host"), "")
        sent = [(key.lower(), value) for key, value in headers if key.lower() != "host"]
        work = _Batch(count=max(1, request.count))
        channels: list[grpc.Channel] = []

        def channel(index: int) -> grpc.Channel:
            if not channels or request.newConnectionPerRequest:
                channels.append(connect(request.url, authority, alone=True))
            return channels[-1]

        try:
            self._send(work, request, sent, channel, deadline, gone)
            while not gone.is_set() and time.monotonic() < deadline:
                if work.finished.wait(min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
                    break
            if gone.is_set():
                raise ForwardError("the caller went away")
            if not work.finished.is_set() or time.monotonic() >= deadline:
                raise work.timed_out(timeout)
            if work.errors:
                failed = f"{len(work.errors)}/{work.count} requests had errors"
                raise ForwardError(f"{failed}; first error: {work.errors[0]}")
            return [work.outputs[index] for index in range(work.count)]
        finally:
            self._abandon(work, channels)

    def _send(
        self,
        work: _Batch,
        request: Any,
        headers: Iterable[tuple[str, str]],
        channel: Callable[[int], grpc.Channel],
        deadline: float,
        gone: threading.Event,
    ) -> None:
        """Start every request, as fast as places and the ticker allow, until time is up."""
        tick = 1.0 / request.qps if request.qps > 0 else 0.0
        next_tick = time.monotonic() + tick
        for index in range(work.count):
            if tick:
                # A ticker's first tick comes after one period; late ones are not made up for.
                if gone.wait(max(0.0, min(next_tick, deadline) - time.monotonic())):
                    break
                next_tick = max(next_tick + tick, time.monotonic())
            if not self._place(work, deadline, gone):
                break
            self._start(work, index, channel(index), request.message, headers, deadline)

    def _place(self, work: _Batch, deadline: float, gone: threading.Event) -> bool:
        """Wait for one of the places; False when time is up or nobody waits."""
        left = deadline - time.monotonic()
        return left > 0 and not gone.is_set() and work.places.acquire(timeout=left)

    def _start(
        self,
        work: _Batch,
        index: int,
        channel: grpc.Channel,
        message: str,
        headers: Iterable[tuple[str, str]],
        deadline: float,
    ) -> None:
        call = channel.unary_unary(
            ECHO,
            request_serializer=echo_pb2.EchoRequest.SerializeToString,
            response_deserializer=echo_pb2.EchoResponse.FromString,
        )
        started = time.monotonic()
        with self._lock:
            self._active += 1
        try:
            future: Any = call.future(
                echo_pb2.EchoRequest(message=message), timeout=max(0.001, deadline - started), metadata=tuple(headers)
            )
        except ValueError as error:  # metadata that cannot be sent
            self._ended(work, index, started, None, f"rpc error: code = Internal desc = {error}")
            return
        with work.lock:
            work.running[index] = future
        future.add_done_callback(lambda done: self._done(work, index, started, done))

    def _done(self, work: _Batch, index: int, started: float, call: Any) -> None:
        code = call.code()
        if code is grpc.StatusCode.OK:
            self._ended(work, index, started, call, "")
        else:
            self._ended(work, index, started, None, go_text.rpc_error(code.name, call.details() or ""))

    def _ended(self, work: _Batch, index: int, started: float, call: Any, error: str) -> None:
        took = time.monotonic() - started
        with self._lock:
            active = self._active
            self._active -= 1
        output = _output(index, took, active, call) if call is not None else ""
        with work.lock:
            work.running.pop(index, None)
            if error:
                work.errors.append(error)
            else:
                work.outputs[index] = output
                work.spent_seconds += took
            all_ended = len(work.errors) + len(work.outputs) == work.count
        work.places.release()
        if all_ended:
            work.finished.set()

    def _abandon(self, work: _Batch, channels: list[grpc.Channel]) -> None:
        with work.lock:
            running = list(work.running.values())
        for call in running:
            call.cancel()
        for channel in channels:
            channel.close()


def _output(index: int, took: float, active: int, call: Any) -> str:
    """One request's output, as Istio's echo app writes it from release 1.26 on."""
    lines = [f"[{index}] Latency={go_text.duration(took)}", f"[{index}] ActiveRequests={active}"]
    lines += [f"[{index} body] {line}" for line in call.result().message.split("\n") if line]
    for key, value in (CONTENT_TYPE, *(call.initial_metadata() or ())):
        text = value if isinstance(value, str) else value.decode("latin-1")
        lines.append(f"[{index}] ResponseHeader={key}:{text}")
    return "\n".join(lines) + "\n"
