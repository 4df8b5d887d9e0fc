"""Starting the double: TLS on a free port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import asyncio
import base64
import ssl
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from aiohttp import web

from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.server import ApiServer
from tests.pki import Issued, issue, root
from tests.waiting import PATIENCE_S

T = TypeVar("T")

_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME: a certificate that has expired is refused after TLS as well."""

NAMES = ("IP:127.0.0.1", "DNS:localhost", "DNS:kubernetes.default.svc")
"""What the server's certificate is for."""


@cache
def stranger() -> Issued:
    """A CA that signs clients of another cluster. Go takes any client certificate in TLS and refuses it afterwards."""
    return root("CN=stranger", begins=datetime.now(UTC) - timedelta(hours=1))


@cache
def authority() -> Issued:
    """The cluster's CA, made once for a run of the tests."""
    return root("CN=kubernetes", begins=datetime.now(UTC) - timedelta(hours=1))


def client_certificate(user: str, signer: Issued | None = None, *, before: timedelta = timedelta(0)) -> Issued:
    """A certificate of a day by which ``user`` (a key of :attr:`Cluster.users`) logs in, begun so long before now."""
    begins = datetime.now(UTC) - timedelta(minutes=5) - before
    return issue(f"CN={user},O=testers", signer or authority(), begins=begins)


@dataclass
class Double:
    """A server that runs. Everything here may be called from any thread."""

    cluster: Cluster
    server: ApiServer
    folder: Path
    """Where kubeconfigs are written."""
    port: int
    _loop: asyncio.AbstractEventLoop
    _runner: web.AppRunner
    _tls: ssl.SSLContext
    _plain: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://127.0.0.1:{self.port}"

    def kubeconfig(self, token: str = "full", *, namespace: str = "echo-grpc", name: str = "", **more: Any) -> Path:
        """A kubeconfig of one context, ``test``, for a token; ``user`` and ``cluster`` replace what is inside."""
        cluster = {"server": self.url, "certificate-authority-data": _base64(authority().pem)}
        cluster = {key: value for key, value in (cluster | more.get("cluster", {})).items() if value is not None}
        user = more.get("user", {"token": token} if token else {})
        context = {"cluster": "double", "user": "tester", **({"namespace": namespace} if namespace else {})}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "double", "cluster": cluster}],
            "users": [{"name": "tester", "user": user}],
            "contexts": [{"name": "test", "context": context}],
        }
        path = self.folder / f"{name or token or 'anonymous'}.yaml"
        path.write_text(yaml.safe_dump(document))
        path.chmod(0o600)
        return path

    def verbs(self) -> set[tuple[str, str]]:
        """(verb, resource) of everything that was asked so far; the resource is empty for a path of no resource."""
        return {(asked.verb, asked.full_resource) for asked in self.cluster.log}

    def streams(self, pod: str, namespace: str = "echo-grpc") -> int:
        """How many websockets into a pod are open."""
        return len(list(self.server.streams.of_pod(namespace, pod)))

    def watches(self) -> int:
        """How many watches are open."""
        return len(self.server.watches.live)

    def bookmark(self) -> None:
        """Send a bookmark to every watch that wants them."""
        self._loop.call_soon_threadsafe(self.server.watches.bookmark)

    def cut_watches(self, part: bytes = b"") -> None:
        """Cut every watch; in the middle of a line, if one is given."""
        self.run(self.server.watches.cut(part))

    def cut(self, pod: str, namespace: str = "echo-grpc", *, part: bytes = b"") -> int:
        """Cut every websocket into a pod without a close frame, after these raw bytes; returns how many."""
        return self.run(self._cut(pod, namespace, part))

    async def _cut(self, pod: str, namespace: str, part: bytes) -> int:
        cut = 0
        for live in self.server.streams.of_pod(namespace, pod):
            if live.request.transport is not None:
                if part:
                    live.request.transport.write(part)
                live.request.transport.close()
                cut += 1
        return cut

    def freeze(self, pod: str, namespace: str = "echo-grpc", *, frozen: bool = True) -> None:
        """Let nothing through, in no direction, not even pongs: connections that are half open. Or thaw them."""

        async def freeze() -> None:
            for live in self.server.streams.of_pod(namespace, pod):
                if live.forward is not None:
                    (live.forward.flows.clear if frozen else live.forward.flows.set)()

        self.run(freeze())

    def plain_http(self) -> str:
        """A port without TLS that says what Go's server says to one who forgot it; ``http://…`` of it."""

        async def say(request: web.Request) -> web.Response:
            return web.Response(status=400, text="Client sent an HTTP request to an HTTPS server.\n")

        async def listen() -> int:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", say)
            self._plain = web.AppRunner(app, access_log=None)
            await self._plain.setup()
            await web.TCPSite(self._plain, "127.0.0.1", 0).start()
            return int(self._plain.addresses[0][1])

        return f"http://127.0.0.1:{self.run(listen())}"

    def stop(self) -> None:
        """The API server goes: every connection is closed and the port refuses."""
        self.run(self._runner.cleanup())
        if self._plain is not None:
            self.run(self._plain.cleanup())

    def start_again(self) -> None:
        """It is back at the same port."""
        self._runner = self.run(_listen(self.server, self._tls, self.port))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)


@contextmanager
def running_double(cluster: Cluster | None = None, *, certificate: Issued | None = None) -> Iterator[Double]:
    """A double for the length of the block. Whatever was asked of it there is held to changing nothing."""
    cluster = cluster if cluster is not None else Cluster()
    server = ApiServer(cluster)
    with tempfile.TemporaryDirectory(prefix="double-") as folder, _loop_in_a_thread() as loop:
        tls = _tls(Path(folder), certificate or server_certificate())
        cluster.store.changed = _wake(loop, server)
        runner = asyncio.run_coroutine_threadsafe(_listen(server, tls, 0), loop).result(PATIENCE_S)
        double = Double(cluster, server, Path(folder), runner.addresses[0][1], loop, runner, tls)
        try:
            yield double
        finally:
            cluster.store.changed = lambda: None
            double.stop()
    assert not [asked for asked in cluster.log if not asked.may_be_sent], "something in the cluster was to be changed"


def server_certificate(sans: tuple[str, ...] = NAMES, **more: Any) -> Issued:
    """A certificate of the server, by the cluster's CA unless another signs it."""
    options: dict[str, Any] = {"begins": datetime.now(UTC) - timedelta(minutes=5), **more}
    return issue("CN=kube-apiserver", options.pop("issuer", authority()), sans=sans, **options)


def _wake(loop: asyncio.AbstractEventLoop, server: ApiServer) -> Callable[[], None]:
    def wake() -> None:
        loop.call_soon_threadsafe(server.watches.wake)

    return wake


async def _listen(server: ApiServer, tls: ssl.SSLContext, port: int) -> web.AppRunner:
    # What is in flight is cut at once when it stops, as by a process that is killed; 0 would be no limit.
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls, reuse_address=True).start()
    return runner


def _tls(folder: Path, certificate: Issued) -> ssl.SSLContext:
    (folder / "server.pem").write_bytes(certificate.pem)
    (folder / "server.key").write_bytes(certificate.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(cadata=authority().pem.decode() + stranger().pem.decode())
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= _NO_CHECK_TIME
    return context


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@contextmanager
def _loop_in_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="double")
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
