"""The port with the admin services is looked for, in a pod of which none serves them: what each of them is, is said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.echo_server import serving
from tests.kubernetes.double.access import FORWARD, Rule, User
from tests.kubernetes.double.pods import container, pod
from tests.kubernetes.double.running import Double
from tests.loopback import listening
from tests.meshes import RunningMesh
from tests.program import meshtui
from tests.sources.grpc.tls_files import TlsFiles
from tests.waiting import until

import grpc  # isort: skip

HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes a connection and says nothing."""
    await reader.read()


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers in HTTP/1, whatever is asked."""
    await reader.read(1)
    writer.write(HTTP)


async def status(double: Double, *more: str) -> str:
    """What is said of the pod ``odd``, which declares two ports."""
    app = container("app", [("grpc-admin", 9999), ("http", 8080)])
    double.cluster.store.put(pod("odd", containers=[app]))
    done = await meshtui("xds", "status", "pod/odd", "--kubeconfig", str(double.kubeconfig()), *more)
    assert done.code == 3, done
    await until(lambda: not double.streams("odd"), "the node has let go of the pod")
    return done.err


async def test_each_port_is_said_with_its_reason(double: Double) -> None:
    async with listening(silent) as nine, listening(http) as eight:
        double.cluster.targets["echo-grpc", "odd", 9999] = nine
        double.cluster.targets["echo-grpc", "odd", 8080] = eight
        said = await status(double, "--timeout", "3")
    assert "No port of pod/odd (echo-grpc) serves CSDS; asked were 9999, 17171, 8080. Of 9999: " in said
    assert "not a byte has come from it. Of 17171: Nothing in the pod listens on localhost:17171" in said
    assert "Of 8080: pod/odd (echo-grpc) speaks HTTP/1, not gRPC." in said


async def test_an_annotation_is_not_advised_to_who_may_not_read_it(double: Double) -> None:
    double.cluster.users["reach"] = User("reach", (Rule(("get", "create"), (FORWARD,)),))
    done = await meshtui("xds", "status", "pod/echo-v1", "--kubeconfig", str(double.kubeconfig("reach")))
    assert (done.code, "only 17171 was asked" in done.err) == (3, True), done
    assert "try: Which ports it has is not known, as the pod may not be read: --port names the right one." in done.err
    assert "annotation" not in done.err


async def test_an_echo_run_needs_a_port_that_serves_no_csds(double: Double) -> None:
    run = ("echo", "pod/echo-v1", "--url", "xds:///a", "--count", "20", "--kubeconfig", str(double.kubeconfig()))
    async with serving() as server:
        double.cluster.targets["echo-grpc", "echo-v1", 17171] = str(server.address)
        done = await meshtui(*run, "-o", "json")
        config = await meshtui(*run, "--expect", "config")
    assert (done.code, done.json["completed"], done.err) == (0, 20, "")
    assert (config.code, "CSDS" in config.err) == (3, True), config


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[str]:
    """A gRPC server that speaks TLS."""
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("127.0.0.1:0", TlsFiles.made_in(tmp_path).server())
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


async def test_a_port_that_speaks_tls(double: Double, tls_port: str, tmp_path: Path) -> None:
    double.cluster.targets["echo-grpc", "odd", 9999] = tls_port
    said = await status(double)
    assert "Of 9999: The pod's side closed the connection to port 9999 before anything came." in said
    said = await status(double, "--port", "9999")
    assert "try: It may want TLS (--tls), or speak something else than gRPC" in said
    said = await status(
        double, "--port", "9999", "--tls", "--ca", str(tmp_path / "ca.pem"), "--server-name", "localhost"
    )
    assert "pod/odd (echo-grpc) has a certificate for another name." in said


@pytest.mark.mesh
async def test_ports_that_hang_hold_up_no_other(shifted_mesh: RunningMesh, cluster_of_mesh: Double) -> None:
    """They are asked beside each other: one after the other's time has passed, the right one were never reached."""
    names = [(f"admin-{number}", 9000 + number) for number in range(4)]
    cluster_of_mesh.cluster.store.put(pod("odd", containers=[container("app", [*names, ("last", 9100)])]))
    async with listening(silent) as hangs:
        for _, port in (*names, ("", 17171)):
            cluster_of_mesh.cluster.targets["echo-grpc", "odd", port] = hangs
        cluster_of_mesh.cluster.targets["echo-grpc", "odd", 9100] = shifted_mesh.admin("client")
        config = str(cluster_of_mesh.kubeconfig())
        done = await meshtui("xds", "status", "pod/odd", "--kubeconfig", config, "--timeout", "60", "-o", "json")
        await until(lambda: not cluster_of_mesh.streams("odd"), "the node has let go of the pod")
    assert done.code == 0, done.err
    assert len(done.json["resources"]) == 6
