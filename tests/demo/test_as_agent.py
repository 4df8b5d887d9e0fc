"""What the demo's agent and echo app say beside what pilot-agent and Istio's echo app 1.29.1 said.

The captures are in tests/data/istio (SOURCES.md there).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from meshtui.demo import bootstrap, ca
from meshtui.demo.agent_metrics import Metrics
from meshtui.demo.echo_reply import CONTENT_TYPE, Call, Server, reply
from meshtui.demo.pods import Listening, PodPlan

CAPTURES = Path(__file__).parents[1] / "data" / "istio"
RUNTIME = ("istio_agent_go_", "istio_agent_process_")
"""Of the agent's Go runtime, which has no like here."""


@pytest.mark.parametrize("file", sorted(path.name for path in CAPTURES.glob("agent-metrics-*.prom")))
def test_metrics_are_written_as_pilot_agent_writes_them(file: str) -> None:
    """Fed with a capture's values they give its text again: names, labels, types, help, order and numbers."""
    lines = [line for line in (CAPTURES / file).read_text().splitlines() if "istio_agent_" in line]
    own = [line for line in lines if not any(name in line for name in RUNTIME)]
    gauges = {line.split()[2] for line in own if line.startswith("# TYPE") and line.endswith("gauge")}
    metrics = Metrics()
    for line in own:
        if not line.startswith("#"):
            series, _, value = line.partition(" ")
            name, _, inside = series.removesuffix("}").partition("{")
            labels = tuple((key, text.strip('"')) for key, _, text in (inside.partition("="),) if key)
            short = name.removeprefix("istio_agent_")
            if name in gauges:
                metrics.show(short, partial(float, value), labels)
            else:
                metrics.count(short, labels, float(value))
    assert metrics.text().splitlines() == own


def requests(file: str) -> Iterator[list[str]]:
    """The lines of each output of a ForwardEcho answer, without their number."""
    for output in (CAPTURES / file).read_text().split("---- output ----"):
        yield [line.partition("] ")[2] for line in output.splitlines() if "body] " in line]


@pytest.mark.parametrize(
    ("file", "port"),
    [
        ("forwardecho-plain.txt", 17070),
        ("forwardecho-header.txt", 17070),
        ("forwardecho-names.txt", 17070),
        ("forwarded-plain-grpc.txt", 17171),
        ("forwardecho-xds-plain.txt", 17070),
        ("fe-short1.txt", 17070),
        ("fe-short2.txt", 17070),
        ("fe-short3.txt", 17070),
    ],
)
def test_an_echo_says_what_istios_says(file: str, port: int) -> None:
    """Of both ports of a pod. Istio's has the headers in no order of its own; what follows them has one."""
    for lines in requests(file):
        told = [line.partition("=")[::2] for line in lines]
        said = dict(told)
        written = [value.partition(":")[::2] for key, value in told if key == "RequestHeader"]
        assert CONTENT_TYPE in written
        headers = [header for header in written if header[0] and header != CONTENT_TYPE]
        server = Server(hostname=said["Hostname"], version=said["ServiceVersion"], port=port)
        peer = f"ipv4:{said['IP']}:40000"
        call = Call(said["Echo"], said["Host"], headers, peer)
        made = reply(server, call).splitlines()
        assert sorted(made) == sorted(lines)
        assert made[-7:] == lines[-7:]


def shape(value: Any) -> Any:
    """Which fields there are and of which type; lists by their first entry."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("calls", [(), ("xds:///echo:7070",)])
def test_the_bootstrap_has_the_fields_of_pilot_agents(calls: tuple[str, ...]) -> None:
    """In both kinds of pod."""
    plan = PodPlan(
        name="echo-v1",
        service_account="echo",
        version="v1",
        locality="",
        listening=Listening("127.0.1.11", 17070, 17171, 15020),
        directory="/pod",
        istiod="127.0.1.10:15010",
        certificate_seconds=240,
        calls=calls,
    )
    real, made = (
        json.loads((CAPTURES / "grpc-bootstrap.json").read_text()),
        json.loads(json.dumps(bootstrap.bootstrap(plan))),
    )
    assert shape(made) == shape(real)


def test_a_chain_is_what_istiods_own_authority_issues(tmp_path: Path) -> None:
    """Field by field; names, times, serials and keys are its own."""
    now = datetime(2026, 11, 27, 22, 32, 45, tzinfo=UTC)
    (root_capture,) = x509.load_pem_x509_certificates((CAPTURES / "root-cert-selfsigned-ca.pem").read_bytes())
    captured = x509.load_pem_x509_certificates((CAPTURES / "cert-chain-selfsigned-ca.pem").read_bytes())
    authority = ca.load_or_create(tmp_path, now)
    identity = "spiffe://cluster.local/ns/echo-grpc/sa/default"
    request = ca.certificate_request(ca.new_key(), identity)
    chain = authority.sign(request, identity, timedelta(days=1), now)
    made = [x509.load_pem_x509_certificate(pem.encode()) for pem in chain]
    assert captured[-1] == root_capture
    assert [described(certificate) for certificate in made] == [described(certificate) for certificate in captured]
    assert (made[0].not_valid_before_utc, made[0].not_valid_after_utc) == (
        captured[0].not_valid_before_utc,
        captured[0].not_valid_after_utc,
    )


def described(certificate: x509.Certificate) -> dict[str, Any]:
    """A certificate but for its times, serial and keys."""
    by_key = (x509.AuthorityKeyIdentifier, x509.SubjectKeyIdentifier)
    key: Any = certificate.public_key()
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "key": (type(key).__name__, key.key_size),
        "signature": certificate.signature_algorithm_oid,
        "extensions": {
            extension.oid.dotted_string: (
                extension.critical,
                None if isinstance(extension.value, by_key) else extension.value,
            )
            for extension in certificate.extensions
        },
    }
