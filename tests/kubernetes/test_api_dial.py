"""How an API server is dialled: TLS, names, proxies; and the sentence when it cannot be."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from meshtui.model.errors import BadAnswer, BadInput, MeshtuiError
from meshtui.model.kubernetes.kubeconfig import Cluster
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import REVIEWS, Api, open_api
from meshtui.sources.kubernetes.failures import ApiRefused, ApiUnreachable, Cause
from meshtui.sources.kubernetes.tls import tls_context
from tests.kubernetes.double.running import Double, running_double, server_certificate
from tests.kubernetes.double.said import Says
from tests.kubernetes.proxies import PASSWORD, USER, http_proxy, socks_proxy
from tests.pki import issue, root
from tests.waiting import PATIENCE_S

PODS = "/api/v1/namespaces/echo-grpc/pods"
FORWARD = f"{PODS}/echo-v1/portforward"
AWAY = "https://api.example:6443"
"""A server that only a proxy can find."""

NAME = {"tls-server-name": "kubernetes.default.svc"}


@asynccontextmanager
async def api_of(
    path: Path, environ: Mapping[str, str] | None = None, timeout: float = PATIENCE_S
) -> AsyncIterator[Api]:
    async with open_api(ClusterOptions(kubeconfig=str(path)), timeout, environ=environ or {}) as api:
        yield api


async def works(api: Api) -> bool:
    """Whether questions and websockets come through."""
    pods = await api.get(PODS)
    connection = await api.websocket(FORWARD, [("ports", "9")], ["v4.channel.k8s.io"])
    await connection.close()
    return len(pods["items"]) == 2 and connection.subprotocol == "v4.channel.k8s.io"


async def failure_of(path: Path, environ: Mapping[str, str] | None = None, timeout: float = PATIENCE_S) -> MeshtuiError:
    """What a question and a websocket raise alike."""
    async with api_of(path, environ, timeout) as api:
        with pytest.raises(MeshtuiError) as asked:
            await api.get(PODS)
        with pytest.raises(MeshtuiError) as dialled:
            await api.websocket(FORWARD, [("ports", "9")], ["v4.channel.k8s.io"])
    assert type(dialled.value) is type(asked.value)
    if isinstance(asked.value, ApiUnreachable):
        # A websocket has a part of the time, which is no number that anybody gave.
        said = re.sub(r"does not answer within [0-9.]+ s", "has not opened a websocket in time", asked.value.what)
        assert dialled.value.what == said
    return asked.value


def unreachable(error: MeshtuiError) -> tuple[Cause, str]:
    assert isinstance(error, ApiUnreachable)
    return error.cause, error.what


# proxies


async def test_through_an_http_proxy_with_a_login_that_is_never_shown(double: Double) -> None:
    async with http_proxy(double.port, login=True) as proxy:
        url = f"http://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        path = double.kubeconfig(cluster={"server": AWAY, "proxy-url": url, **NAME})
        async with api_of(path, {"NO_PROXY": "*"}) as api:
            assert await works(api)
            assert PASSWORD not in repr(api.context)
    assert set(proxy.asked) == {"CONNECT api.example:6443"}


async def test_through_an_https_proxy(double: Double) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(double.folder / "server.pem", double.folder / "server.key")
    async with http_proxy(double.port, tls=tls) as proxy:
        url = f"https://localhost:{proxy.port}"
        path = double.kubeconfig(cluster={"server": "https://kubernetes.default.svc", "proxy-url": url})
        async with api_of(path) as api:
            assert await works(api)
    assert set(proxy.asked) == {"CONNECT kubernetes.default.svc:443"}


async def test_through_a_socks_proxy_that_looks_the_name_up(double: Double) -> None:
    async with socks_proxy(double.port) as proxy:
        url = f"socks5://{USER}:{PASSWORD}@127.0.0.1:{proxy.port}"
        path = double.kubeconfig(cluster={"server": AWAY, "proxy-url": url, **NAME})
        async with api_of(path) as api:
            assert await works(api)
    assert set(proxy.asked) == {"api.example:6443"}


async def test_through_the_environments_proxy_except_where_no_proxy_says(double: Double) -> None:
    async with http_proxy(double.port) as proxy:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        async with api_of(double.kubeconfig(cluster={"server": AWAY, **NAME}), environ) as api:
            assert await works(api)
        asked = len(proxy.asked)
        # This machine itself is never asked for through a proxy.
        async with api_of(double.kubeconfig(name="direct"), environ) as api:
            assert await works(api)
        assert len(proxy.asked) == asked


async def test_a_proxy_that_wants_a_login(double: Double) -> None:
    async with http_proxy(double.port, login=True) as proxy:
        url = f"http://{USER}:wr0ng@127.0.0.1:{proxy.port}"
        error = await failure_of(double.kubeconfig(cluster={"server": AWAY, "proxy-url": url}))
    cause, said = unreachable(error)
    assert cause is Cause.PROXY
    assert said.startswith(f"The proxy http://127.0.0.1:{proxy.port} (the cluster's proxy-url) wants a login")
    assert "wr0ng" not in str(error)


async def test_a_proxy_that_does_not_connect(double: Double) -> None:
    async with http_proxy(double.port, refuses=503) as proxy:
        environ = {"HTTPS_PROXY": f"127.0.0.1:{proxy.port}"}
        cause, said = unreachable(await failure_of(double.kubeconfig(cluster={"server": AWAY}), environ))
    assert cause is Cause.PROXY
    assert said == f"The proxy http://127.0.0.1:{proxy.port} (HTTPS_PROXY) does not connect to {AWAY}: it answers 503."


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_not_there(double: Double, scheme: str) -> None:
    with free_port() as port:
        url = f"{scheme}://{USER}:{PASSWORD}@127.0.0.1:{port}"
        path = double.kubeconfig(cluster={"server": AWAY, "proxy-url": url})
        async with api_of(path) as api:
            with pytest.raises(ApiUnreachable) as asked:
                await api.get(PODS)
            with pytest.raises(ApiUnreachable) as dialled:
                await api.websocket(FORWARD, [("ports", "9")], ["v4.channel.k8s.io"])
    for error in (asked.value, dialled.value):
        assert error.cause is Cause.PROXY
        assert f"127.0.0.1:{port} (the cluster's proxy-url) cannot be reached: " in error.what
        assert "refused" in error.what
        assert PASSWORD not in str(error)


async def test_a_socks_proxy_that_refuses_the_login(double: Double) -> None:
    async with socks_proxy(double.port) as proxy:
        url = f"socks5://{USER}:wr0ng@127.0.0.1:{proxy.port}"
        async with api_of(double.kubeconfig(cluster={"server": AWAY, "proxy-url": url})) as api:
            with pytest.raises(ApiUnreachable) as raised:
                await api.get(PODS)
    assert raised.value.cause is Cause.PROXY
    assert "wr0ng" not in str(raised.value)


# TLS


async def test_a_server_by_another_name(double: Double) -> None:
    async with api_of(double.kubeconfig(cluster=NAME)) as api:
        assert await works(api)
    cause, said = unreachable(await failure_of(double.kubeconfig(cluster={"tls-server-name": "other.example"})))
    assert cause is Cause.CERTIFICATE
    assert said.startswith(f"The certificate of {double.url} is not for other.example, but for ")
    assert NAME["tls-server-name"] in said
    assert "127.0.0.1" in said


async def test_a_ca_of_another_cluster(double: Double, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(root("CN=other").pem)
    other = {"certificate-authority": str(tmp_path / "ca.crt"), "certificate-authority-data": None}
    cause, said = unreachable(await failure_of(double.kubeconfig(cluster=other)))
    assert cause is Cause.CERTIFICATE
    assert "signed by a CA that the kubeconfig does not trust" in said


async def test_no_ca_is_the_systems(double: Double) -> None:
    cause, _ = unreachable(await failure_of(double.kubeconfig(cluster={"certificate-authority-data": None})))
    assert cause is Cause.CERTIFICATE


async def test_not_verified_where_the_kubeconfig_says_so(double: Double) -> None:
    careless = {"certificate-authority-data": None, "insecure-skip-tls-verify": True}
    async with api_of(double.kubeconfig(cluster=careless)) as api:
        assert await works(api)


async def test_a_certificate_that_has_expired() -> None:
    old = server_certificate(begins=datetime.now(UTC) - timedelta(days=2), lives=timedelta(days=1))
    with running_double(certificate=old) as double:
        cause, said = unreachable(await failure_of(double.kubeconfig()))
    assert cause is Cause.CERTIFICATE
    assert "has expired" in said


async def test_a_certificate_of_the_user(double: Double, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("no certificate")
    for cluster in (
        {"certificate-authority": str(tmp_path / "nope"), "certificate-authority-data": None},
        {"certificate-authority": str(tmp_path / "ca.crt"), "certificate-authority-data": None},
    ):
        assert isinstance(await failure_of(double.kubeconfig(cluster=cluster)), BadInput)
    pair = {"client-certificate-data": "bm8=", "client-key-data": "bm8="}
    assert isinstance(await failure_of(double.kubeconfig(user=pair)), BadInput)


# what does not answer


@contextmanager
def free_port() -> Any:
    """A port at which nothing listens, and nothing else will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


async def test_nothing_listens(double: Double) -> None:
    with free_port() as port:
        path = double.kubeconfig(cluster={"server": f"https://127.0.0.1:{port}"})
        cause, said = unreachable(await failure_of(path))
    assert cause is Cause.REFUSED
    assert said == f"Nothing listens at https://127.0.0.1:{port} (connection refused)."


async def test_no_such_host(double: Double) -> None:
    error = await failure_of(double.kubeconfig(cluster={"server": "https://no-such-host.invalid:6443"}))
    assert unreachable(error)[0] is Cause.NO_SUCH_HOST
    assert "no-such-host.invalid" in error.what


async def test_silence(double: Double) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        path = double.kubeconfig(cluster={"server": f"https://127.0.0.1:{deaf.getsockname()[1]}"})
        cause, said = unreachable(await failure_of(path, timeout=0.2))
    assert cause is Cause.SILENT
    assert said.endswith("does not answer within 0.2 s.")


@asynccontextmanager
async def saying(words: bytes) -> AsyncIterator[int]:
    """A server that says this to whoever comes, then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(words)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_something_that_speaks_no_tls(double: Double) -> None:
    async with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        cause, said = unreachable(await failure_of(double.kubeconfig(cluster={"server": f"https://127.0.0.1:{port}"})))
    assert cause is Cause.TLS
    assert said == f"https://127.0.0.1:{port} answers, but not in TLS."


async def test_something_that_speaks_no_http(double: Double) -> None:
    async with saying(b"220 mail.example ESMTP\r\n") as port:
        path = double.kubeconfig(cluster={"server": f"http://127.0.0.1:{port}", "certificate-authority-data": None})
        _, said = unreachable(await failure_of(path))
    assert "not in HTTP" in said


async def test_one_that_hangs_up(double: Double) -> None:
    async with saying(b"") as port:
        cause, said = unreachable(await failure_of(double.kubeconfig(cluster={"server": f"https://127.0.0.1:{port}"})))
    assert cause is Cause.CUT, said


async def test_a_server_that_was_away_is_asked_as_before(double: Double) -> None:
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "echo-grpc"}}}
    async with api_of(double.kubeconfig()) as api:
        for _ in range(2):
            assert (await api.create(sorted(REVIEWS)[0], review))["status"]["allowed"]
            assert len((await api.get(PODS))["items"]) == 2
            double.stop()
            double.start_again()


async def test_a_ca_in_the_middle_is_trusted_as_go_trusts_it() -> None:
    above = root("CN=above", begins=datetime.now(UTC) - timedelta(hours=1))
    middle = issue("CN=middle", above, ca=True, begins=datetime.now(UTC) - timedelta(minutes=30))
    with running_double(certificate=server_certificate(issuer=middle)) as double:
        data = base64.b64encode(middle.pem).decode()
        async with api_of(double.kubeconfig(cluster={"certificate-authority-data": data})) as api:
            assert (await api.get(PODS))["items"] == []


def test_old_cas_are_taken_as_go_takes_them() -> None:
    # Python 3.13 sets this flag by default, and with it refuses CAs without key usage or identifiers.
    assert not tls_context(Cluster()).verify_flags & ssl.VERIFY_X509_STRICT


# answers that are none


async def test_a_web_page_is_no_answer(double: Double) -> None:
    double.cluster.instead(Says(200, b"<html>Sign in</html>", "text/html"))
    async with api_of(double.kubeconfig()) as api:
        with pytest.raises(BadAnswer, match="is no JSON, but text/html"):
            await api.get(PODS)


async def test_a_redirect_is_not_followed(double: Double) -> None:
    double.cluster.instead(Says(302, b"", "text/html", {"Location": "https://127.0.0.1:1/login"}))
    error = await failure_of(double.kubeconfig())
    assert isinstance(error, ApiRefused)
    assert "no API server is there" in error.what


async def test_a_busy_server_is_asked_again_after_the_pause_it_wants(double: Double) -> None:
    double.cluster.instead(Says(429, b"Too many requests", "text/plain", {"Retry-After": "0"}), times=2)
    async with api_of(double.kubeconfig()) as api:
        assert len((await api.get(PODS))["items"]) == 2


async def test_a_busy_server_that_wants_a_long_pause_is_said_to_be_busy(double: Double) -> None:
    double.cluster.instead(Says(429, b"Too many requests", "text/plain", {"Retry-After": "600"}))
    error = await failure_of(double.kubeconfig())
    assert isinstance(error, ApiRefused)
    assert (error.code, error.message) == (429, "Too many requests")
