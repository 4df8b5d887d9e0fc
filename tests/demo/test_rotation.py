"""Certificates: who they are for, and their rotation as it is seen on the wire."""

from __future__ import annotations

import asyncio
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from cryptography import x509
from prometheus_client.parser import text_string_to_metric_families

from meshtui.demo.ca import BACKDATED
from meshtui.demo.events import DemoEvent, DemoEventKind
from meshtui.demo.mesh import Mesh
from meshtui.demo.pods import Pod
from tests.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.demo.conftest import Lab

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

LIFETIME = timedelta(seconds=40)
"""Half of it is what a very busy machine may be late with a rotation."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lab(make_lab: Callable[[Mesh], Lab]) -> AsyncIterator[Lab]:
    """A STRICT mesh whose certificates live seconds."""
    async with Mesh("mtls-strict", certificate_lifetime=LIFETIME) as mesh:
        yield make_lab(mesh)


async def served_certificate(server: Pod, client: Pod) -> x509.Certificate | None:
    """The certificate that an xDS server presents to one of the mesh; None when the handshake met a rotation
    of the client's files, which are replaced one by one."""
    try:
        context = ssl.create_default_context(cafile=str(client.certs / "root-cert.pem"))
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(client.certs / "cert-chain.pem", client.certs / "key.pem")
        host, _, port = (server.echo or "").rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    except (ssl.SSLError, OSError):
        return None
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der)


def told(events: Iterable[DemoEvent]) -> str:
    """A line an event, with all that is known of it."""
    return "\n".join(f"{event.time} {event.kind} {event.pod} {event.process} {event.details}" for event in events)


async def test_rotation_reaches_the_wire_while_traffic_flows(lab: Lab) -> None:
    pods = lab.mesh.pods
    serials: set[int] = set()
    answers = 0
    seen_before = len(lab.mesh.history)

    async def rotated() -> bool | None:
        nonlocal answers
        certificate = await served_certificate(pods["echo-v1"], pods["client"])
        if certificate is not None:
            serials.add(certificate.serial_number)
        answers += (await lab.versions(count=5, newConnectionPerRequest=True, timeout_micros=20_000_000)).total()
        return len(serials) >= 2 or None

    await lab.eventually("a rotation is seen on the wire", rotated)
    assert answers >= 10
    since = list(lab.mesh.history)[seen_before:]
    failing = [event for event in since if event.kind is DemoEventKind.TRAFFIC and event.text("state") == "failing"]
    assert not failing, f"the real caller failed; what happened since:\n{told(since)}"
    rotations = [
        event for event in lab.mesh.history if event.kind is DemoEventKind.CERTIFICATE and event.pod == "echo-v1"
    ]
    assert {int(event.text("serial"), 16) for event in rotations} >= serials


async def test_a_leaf_names_its_workload_and_chains_to_the_root(lab: Lab) -> None:
    for name, account in (("echo-v1", "echo"), ("echo-v2", "echo"), ("client", "client")):
        directory = lab.mesh.pods[name].certs
        leaf, root = x509.load_pem_x509_certificates((directory / "cert-chain.pem").read_bytes())
        assert [root] == x509.load_pem_x509_certificates((directory / "root-cert.pem").read_bytes())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        wanted = [f"spiffe://cluster.local/ns/echo-grpc/sa/{account}"]
        assert names.get_values_for_type(x509.UniformResourceIdentifier) == wanted
        leaf.verify_directly_issued_by(root)
        assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == LIFETIME + BACKDATED
        assert {path.stat().st_mode & 0o777 for path in directory.glob("*.pem")} == {0o600}


async def fetch(url: str) -> tuple[int, str]:
    def read() -> tuple[int, str]:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            return response.status, response.read().decode()

    return await asyncio.to_thread(read)


async def test_the_agent_tells_the_truth_about_itself(lab: Lab) -> None:
    pod = lab.mesh.pods["client"]
    assert await fetch(f"{pod.agent}/healthz/ready") == (200, "")
    _, text = await fetch(f"{pod.agent}/stats/prometheus")
    samples = {
        (family.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    left = samples["istio_agent_cert_expiry_seconds", (("resource_name", "default"),)]
    assert 0 < left <= LIFETIME.total_seconds()
    csr = (("request_type", "csr"),)
    succeeded = samples["istio_agent_num_outgoing_requests", csr] - samples.get(
        ("istio_agent_num_failed_outgoing_requests", csr), 0
    )
    issued = [event for event in lab.mesh.history if event.kind is DemoEventKind.CERTIFICATE and event.pod == "client"]
    assert abs(succeeded - len(issued)) <= 1, "one request for each certificate; one may be under way"
    assert samples["istio_agent_xds_proxy_requests", ()] >= 4
    assert samples["istio_agent_xds_proxy_responses", ()] >= 4
    assert samples["istio_agent_outgoing_latency", csr] > 0
    assert samples["istio_agent_pilot_xds_recv_max", ()] > 0
    assert "\nistio_agent_scrapes_total " in text
    never = ("startup_duration_seconds", "istiod_connection_failures")
    assert not any(name in key for key in text.split() for name in never), "nothing that a proxyless agent has"


async def test_readiness_follows_the_files(lab: Lab) -> None:
    pod = lab.mesh.pods["echo-v2"]
    root = pod.certs / "root-cert.pem"
    hidden = pod.certs / ".hidden"
    root.rename(hidden)
    status = 200
    try:
        await fetch(f"{pod.agent}/healthz/ready")
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    finally:
        hidden.rename(root)
    assert status == 503


async def test_the_ca_knows_who_asks_by_the_token(lab: Lab) -> None:
    import grpc.aio

    from meshtui.demo import ca
    from meshtui.demo.ca_messages import CREATE_CERTIFICATE, CertificateRequest, CertificateResponse

    key = ca.new_key()
    wish = "spiffe://cluster.local/ns/echo-grpc/sa/echo"
    request = CertificateRequest(csr=ca.certificate_request(key, wish).decode(), validity_duration=60)
    (started,) = [event for event in lab.mesh.history if event.kind is DemoEventKind.STARTING]
    async with grpc.aio.insecure_channel(started.text("istiod")) as channel:
        create: Any = channel.unary_unary(
            CREATE_CERTIFICATE,
            request_serializer=CertificateRequest.SerializeToString,
            response_deserializer=CertificateResponse.FromString,
        )
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await create(request, timeout=PATIENCE_S, metadata=(("authorization", "Bearer wrong"),))
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        token = (lab.mesh.pods["client"].bootstrap.parent / "token").read_text()
        response = await create(request, timeout=PATIENCE_S, metadata=(("authorization", f"Bearer {token}"),))
        bad = CertificateRequest(csr="no request", validity_duration=60)
        with pytest.raises(grpc.aio.AioRpcError) as invalid:
            await create(bad, timeout=PATIENCE_S, metadata=(("authorization", f"Bearer {token}"),))
        assert invalid.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    leaf = x509.load_pem_x509_certificate(response.cert_chain[0].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [
        "spiffe://cluster.local/ns/echo-grpc/sa/client"
    ], "the request's wish does not count"
