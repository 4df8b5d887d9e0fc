"""The small parts: Go's texts, echo's answer, the bootstrap, addresses, readiness, the CA, metrics, HTTP, events."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from meshtui.demo import addresses, agent_http, bootstrap, ca, go_text, temporary
from meshtui.demo.agent_metrics import CSR, Metrics
from meshtui.demo.echo_reply import Call, Server, peer_ip, reply
from meshtui.demo.events import DemoEventKind, describe, parse
from meshtui.demo.lifeline import child_environment
from meshtui.demo.pods import CALLED, IstiodPlan, Listening, Order, Pod, PodPlan, announced
from meshtui.demo.ports import wait_for_port
from meshtui.demo.readiness import Readiness

PLAN = PodPlan(
    name="echo-v1",
    service_account="echo",
    version="v1",
    locality="eu-west/eu-west-1a/rack1",
    listening=Listening("127.0.1.11", 17070, 17171, 15020),
    directory="/tmp/x/pods/echo-v1",
    istiod="127.0.1.10:15010",
    certificate_seconds=240.0,
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1e-9, "1ns"),
        (512.3e-6, "512.3µs"),
        (0.00123, "1.23ms"),
        (0.9, "900ms"),
        (1, "1s"),
        (5, "5s"),
        (62.3, "1m2.3s"),
        (3600, "1h0m0s"),
        (-1.5, "-1.5s"),
    ],
)
def test_durations_as_go_prints_them(seconds: float, text: str) -> None:
    assert go_text.duration(seconds) == text


def test_status_codes_as_go_prints_them() -> None:
    assert go_text.rpc_error("DEADLINE_EXCEEDED", "x") == "rpc error: code = DeadlineExceeded desc = x"
    assert go_text.code_name("CANCELLED") == "Canceled"


def test_an_echo_keeps_to_one_fact_a_line() -> None:
    headers: list[tuple[str, str | bytes]] = [
        ("x-user", "jane\nStatusCode=500"),
        ("trace-bin", b"\x00"),
        ("x-raw", b"\xff"),
    ]
    server = Server(
        hostname="echo-v1",
        version="v1",
        port=17070,
    )
    lines = reply(server, Call("hello", "echo:7070", headers, "ipv4:127.0.0.1:4242")).splitlines()
    assert lines[:2] == ["Host=echo:7070", "RequestHeader=:authority:echo:7070"]
    assert "RequestHeader=x-user:jane StatusCode=500" in lines
    assert not any("trace-bin" in line for line in lines)
    assert "IP=127.0.0.1" in lines


@pytest.mark.parametrize(
    ("peer", "ip"),
    [("ipv4:127.0.0.1:1", "127.0.0.1"), ("ipv6:%5B::1%5D:1", "::1"), ("unix:/x", "0.0.0.0"), ("", "0.0.0.0")],
)
def test_the_peer_address_is_read(peer: str, ip: str) -> None:
    assert peer_ip(peer) == ip


def test_the_bootstrap_tells_of_its_pod() -> None:
    written = bootstrap.bootstrap(PLAN)
    (server,) = written["xds_servers"]
    assert server["server_uri"] == "unix:///tmp/x/pods/echo-v1/XDS"
    assert server["channel_creds"] == [{"type": "insecure"}]
    assert server["server_features"] == ["xds_v3"]
    assert written["node"]["id"] == "sidecar~127.0.1.11~echo-v1.echo-grpc~echo-grpc.svc.cluster.local"
    metadata = written["node"]["metadata"]
    assert metadata["GENERATOR"] == "grpc"
    provider = written["certificate_providers"]["default"]
    assert provider["plugin_name"] == "file_watcher"
    assert provider["config"]["private_key_file"] == "/tmp/x/pods/echo-v1/certs/key.pem"
    assert written["server_listener_resource_name_template"] == "xds.istio.io/grpc/lds/inbound/%s"


def test_plans_survive_their_journey() -> None:
    caller = replace(PLAN, calls=(CALLED,), called=(PLAN.listening, PLAN.listening))
    for plan in (PLAN, caller):
        assert PodPlan.from_json(plan.to_json()) == plan
    istiod = IstiodPlan("127.0.1.10:15010", "/m", "/d", (PLAN, PLAN))
    assert IstiodPlan.from_json(istiod.to_json()) == istiod
    assert Order.from_json(Order("/m", True, 4.0).to_json()) == Order("/m", True, 4.0)
    pod = announced(PLAN)
    assert Pod.from_json(pod.to_json()) == pod


def test_a_port_is_waited_for_until_somebody_listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        ip, port = server.getsockname()
        assert not wait_for_port(ip, port, 0.0)
        server.listen()
        assert wait_for_port(ip, port)


def test_two_meshes_get_different_addresses() -> None:
    first, second = addresses.choose(3), addresses.choose(3)
    try:
        ends = [
            {(pod.ip, port) for pod in parts.pods for port in (pod.grpc, pod.admin, pod.agent)}
            for parts in (first, second)
        ]
        assert len(ends[0]) == len(ends[1]) == 9
        assert not ends[0] & ends[1]
        assert all(ipaddress.ip_address(pod.ip).is_loopback for pod in (*first.pods, *second.pods))
        assert first.istiod != second.istiod
    finally:
        for parts in (first, second):
            if parts.claim:
                parts.claim.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_a_port_that_is_taken_everywhere_is_replaced() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not addresses._free("127.0.1.11", port)
    with pytest.raises(OSError, match=r"."):
        addresses._free("192.0.2.1", 17070)


def test_one_address_is_enough_elsewhere() -> None:
    found = addresses._on_one_address(3)
    ends = {found.istiod, *(f"{pod.ip}:{port}" for pod in found.pods for port in (pod.grpc, pod.admin, pod.agent))}
    assert len(ends) == 10


class TestReadiness:
    """When a mesh is ready."""

    EVERYTHING = frozenset({("client", "app"), ("echo-v1", "app")})

    def test_all_serving_and_traffic_flowing(self) -> None:
        readiness = Readiness(set(self.EVERYTHING))
        readiness.heard("client", "app", DemoEventKind.SERVING, {}, 1)
        readiness.heard("client", "app", DemoEventKind.TRAFFIC, {"state": "flowing"}, 1)
        assert readiness.outcome(100) is None, "echo-v1 is not even listening"
        readiness.heard("echo-v1", "app", DemoEventKind.SERVING, {}, 101)
        outcome = readiness.outcome(101)
        assert outcome is not None
        assert outcome.traffic == "flowing"
        assert readiness.outcome(102) is None, "told once"

    def test_failing_for_a_while_is_an_outcome_too(self) -> None:
        readiness = Readiness(set(self.EVERYTHING))
        for pod, process in self.EVERYTHING:
            readiness.heard(pod, process, DemoEventKind.LISTENING, {}, 1)
        readiness.heard("client", "app", DemoEventKind.TRAFFIC, {"state": "failing", "reason": "x"}, 2)
        assert readiness.outcome(2.5) is None
        outcome = readiness.outcome(3.5)
        assert outcome is not None
        assert (outcome.traffic, outcome.reason) == ("failing", "x")

    def test_a_process_that_died_is_waited_for(self) -> None:
        readiness = Readiness(set(self.EVERYTHING))
        for pod, process in self.EVERYTHING:
            readiness.heard(pod, process, DemoEventKind.SERVING, {}, 1)
        readiness.ended("echo-v1", "app")
        readiness.heard("client", "app", DemoEventKind.TRAFFIC, {"state": "flowing"}, 2)
        assert readiness.outcome(100) is None


class TestAuthority:
    """The certificate authority."""

    NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def test_it_survives_a_restart(self, tmp_path: Path) -> None:
        first, second = ca.load_or_create(tmp_path, self.NOW), ca.load_or_create(tmp_path, self.NOW)
        assert first.root_pem == second.root_pem
        assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
            "ca-key.pem": 0o600,
            "root-cert.pem": 0o600,
        }

    def test_a_leaf_is_what_was_ordered(self, tmp_path: Path) -> None:
        authority = ca.load_or_create(tmp_path, self.NOW)
        key = ca.new_key()
        request = ca.certificate_request(key, "spiffe://cluster.local/ns/a/sa/wish")
        chain = authority.sign(request, "spiffe://cluster.local/ns/a/sa/b", timedelta(minutes=4), self.NOW)
        leaf, root = (x509.load_pem_x509_certificate(pem.encode()) for pem in chain)
        leaf.verify_directly_issued_by(root)
        root.verify_directly_issued_by(root)
        assert leaf.not_valid_before_utc == self.NOW - timedelta(minutes=2), "as istiod's CA backdates"
        assert leaf.not_valid_after_utc == self.NOW + timedelta(minutes=4)
        assert leaf.public_key() == key.public_key()
        san = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert san.critical
        assert san.value.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://cluster.local/ns/a/sa/b"]
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca

    @given(st.binary(max_size=200))
    def test_anything_else_is_refused(self, data: bytes) -> None:
        authority = ca.CertificateAuthority(_KEY, _ROOT)
        with pytest.raises(ValueError, match=r".*"):
            authority.sign(data, "spiffe://x", timedelta(minutes=1), self.NOW)


def _root() -> x509.Certificate:
    with tempfile.TemporaryDirectory() as directory:
        authority = ca.load_or_create(Path(directory), TestAuthority.NOW)
    return x509.load_pem_x509_certificate(authority.root_pem.encode())


_ROOT = _root()
_KEY = ca.new_key()


def test_metrics_have_istios_names_and_values() -> None:
    metrics = Metrics()
    metrics.count("num_outgoing_requests", CSR)
    metrics.count("num_outgoing_requests", CSR)
    metrics.count("outgoing_latency", CSR, 1.5)
    metrics.count("outgoing_latency", CSR, 2.25)
    metrics.show("cert_expiry_seconds", lambda: -1.5, (("resource_name", "default"),))
    lines = metrics.text().splitlines()
    assert 'istio_agent_outgoing_latency{request_type="csr"} 3.75' in lines
    helps = [line for line in lines if line.startswith("# HELP")]
    assert helps == sorted(helps)
    assert 'istio_agent_num_outgoing_requests{request_type="csr"} 2' in lines
    assert 'istio_agent_cert_expiry_seconds{resource_name="default"} -1.5' in lines
    assert "# TYPE istio_agent_cert_expiry_seconds gauge" in lines
    assert not any("xds_proxy" in line for line in lines), "what was never counted is not there"


async def test_the_agents_http_port() -> None:
    server = await agent_http.serve("127.0.0.1", 0, {"/x": lambda: (HTTPStatus.OK, "text/plain", "fine")})
    host, port = server.sockets[0].getsockname()

    async def ask(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    async with server:
        assert (await ask(b"GET /x?y HTTP/1.1\r\nHost: z\r\n\r\n")).endswith(b"\r\n\r\nfine")
        assert (await ask(b"HEAD /x HTTP/1.1\r\n\r\n")).endswith(b"\r\n\r\n")
        assert b" 405 " in await ask(b"POST /x HTTP/1.1\r\n\r\n")
        assert b" 404 " in await ask(b"GET /quitquitquit HTTP/1.1\r\n\r\n")
        assert b" 404 " in await ask(b"\xff\r\n\r\n")
        assert await ask(b"x" * 100_000) == b"", "an endless request is cut off"


@pytest.mark.parametrize("line", [b"", b"x", b"[]", b'{"a": 1}', b'{"event": 1}', b"\xff"])
def test_a_line_that_is_no_event_is_none(line: bytes) -> None:
    assert parse(line) is None


def test_events_are_told_in_plain_words() -> None:
    line = {"event": "manifest-error", "time": "t", "pod": "istiod", "file": "a.yaml", "line": 3, "reason": "x is y"}
    for held, instead in ((True, "its last good content stays in force"), (False, "nothing in it is in force")):
        event = parse(json.dumps({**line, "held": held}).encode())
        assert event is not None
        assert describe(event) == f"a.yaml:3 cannot be used, {instead}: x is y."
    silent = parse(b'{"event": "listening"}')
    assert silent is not None
    assert describe(silent) == ""


def test_children_get_no_proxy_and_no_foreign_bootstrap() -> None:
    environment = {"http_proxy": "x", "HTTPS_PROXY": "x", "GRPC_XDS_BOOTSTRAP": "x", "PATH": "/bin"}
    assert child_environment(environment) == {
        "PATH": "/bin",
        "GRPC_VERBOSITY": "NONE",
        "GRPC_ENABLE_FORK_SUPPORT": "0",
    }


class TestTemporary:
    """The mesh's directory."""

    def test_only_what_nobody_holds_is_swept(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(temporary, "_parent", lambda: str(tmp_path))
        held = temporary.Directory()
        left, young, old = (tmp_path / f"meshtui-demo-{name}" for name in ("left", "young", "old"))
        for path in (left, young, old):
            path.mkdir()
        (left / "lock").touch()
        os.utime(old, (time.time() - 3600,) * 2)
        (tmp_path / "other").mkdir()
        temporary.sweep()
        assert sorted(os.listdir(tmp_path)) == sorted([held.path.name, young.name, "other"])
        held.remove()
        assert sorted(os.listdir(tmp_path)) == [young.name, "other"]

    def test_a_path_too_long_for_a_socket_is_avoided(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tempfile.tempdir", "/tmp/" + "x" * 80)
        assert temporary._parent() == "/tmp"


def test_starting_a_mesh_loads_no_grpc() -> None:
    """First paint must not wait for it: only the children need it."""
    program = """if True:
        import sys, meshtui.demo.mesh, meshtui.demo.headless
        print([name for name in ("grpc", "google", "yaml", "cryptography", "envoy") if name in sys.modules])
    """
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
