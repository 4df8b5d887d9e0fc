"""Every error text of the field has its cause, and quoting one text inside another does not mislead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.doctor.explain import answers, config, connecting, probe, setup, tls
from meshtui.doctor.explain.at_target import ANSWERING, CONNECTING
from meshtui.doctor.explain.catalogue import (
    IN_A_CALL,
    UNKNOWN,
    group_code,
    known_error,
    known_refusal,
    signature,
)
from meshtui.doctor.explain.known_error import KnownError
from meshtui.doctor.explain.refusals import clusters, endpoints, listeners, routes, tls_settings, wire
from meshtui.doctor.explain.refusals.catalogue import REFUSALS
from meshtui.model.xds.resource import CDS, EDS, KNOWN_TYPES, RDS

NODE = " (xDS node ID:sidecar~127.0.1.13~client.echo-grpc~echo-grpc.svc.cluster.local)"

SEEN = [
    (
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.1.11:17070: Ssl handshake failed "
        "(TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER",
        "tls-to-plaintext",
    ),
    (
        'connection error: desc = "transport: authentication handshake failed: tls:'
        ' first record does not look like a TLS handshake"',
        "tls-to-plaintext",
    ),
    (
        "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.1.11:17070: Socket closed",
        "plaintext-to-tls",
    ),
    ("SANs from certificate did not match SANs from xDS control plane", "san-mismatch"),
    ("SSL_ERROR_SSL: certificate verify failed: unable to get local issuer certificate", "unknown-issuer"),
    ("x509: certificate signed by unknown authority", "unknown-issuer"),
    ("SSL_ERROR_SSL: CERTIFICATE_VERIFY_FAILED: certificate has expired", "certificate-expired"),
    ("UNKNOWN: ipv4:127.0.1.11:17070: Handshake read failed (Socket closed)", "handshake-closed"),
    (
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.1.11:17070: Failed to connect to"
        " remote host: "
        "connect: Connection refused (111)",
        "connection-refused",
    ),
    ("rpc error: code = PermissionDenied desc = Unauthorized RPC rejected", "permission-denied"),
    ("CDS resource outbound|7070|v9|echo.echo-grpc.svc.cluster.local: does not exist", "cluster-missing"),
    (
        "CDS resource outbound|7070||echo: INVALID_ARGUMENT: invalid resource: errors validating Cluster"
        " resource: [field:x]",
        "resource-refused",
    ),
    (
        "no children in weighted_target policy (EDS resource outbound|7070|v2|echo: contains no localities)",
        "no-endpoints",
    ),
    ("empty address list (LDS resource echo:7071: does not exist)", "listener-missing"),
    ("could not find VirtualHost for echo:7070", "virtual-host-missing"),
    ("No matching route found in xDS route config", "no-route"),
    ("Failed to find virtual host matching hostname: echo:7070", "virtual-host-missing"),
    ("Could not find xDS route matching RPC", "no-route"),
    ("No child policy provided for cluster_manager LB policy: {childPolicy={}}", "no-route"),
    ("rpc error: code = Unavailable desc = no matched route was found", "no-route"),
    ("Could not route RPC to Route with non-forwarding action", "route-action"),
    ("Panic! This is a bug!", "java-channel-panic"),
    ("Fault injected", "fault-injected"),
    ("EDS-configured drop: throttle", "dropped-by-config"),
    ("rpc error: code = Unavailable desc = RPC is dropped", "dropped-by-config"),
    ("UNAVAILABLE: Dropped: throttle", "dropped-by-config"),
    ("UNAVAILABLE: No usable endpoint from cluster: outbound|7070|v1|echo", "no-endpoints"),
    ("circuit breaker drop", "circuit-breaker"),
    ("rpc error: code = Unavailable desc = max requests 5 exceeded on service outbound|7070||echo", "circuit-breaker"),
    ("UNAVAILABLE: Cluster max concurrent requests limit of 5 exceeded", "circuit-breaker"),
    ("rpc error: code = Unavailable desc = all SubConns are in TransientFailure", "transient-failure"),
    ("no answer within 5s", "deadline"),
    (
        "connections to all backends failing; last error: UNKNOWN: ipv4:10.0.0.1:17070: Failed to connect to remote "
        "host: connect: No route to host (113)",
        "no-way",
    ),
    ('connection error: desc = "transport: Error while dialing: dial tcp 10.1.2.3:80: i/o timeout"', "no-way"),
    ('connection error: desc = "keepalive ping failed to receive ACK within timeout"', "no-keepalive"),
    ("connections to all backends failing; last error: UNKNOWN: ipv4:10.0.0.1:17070: odd", "transient-failure"),
    (
        "rpc error: code = Unavailable desc = errors resolving echo.test:80: [field:hostname lookup error:address "
        "lookup failed for echo.test:80: Domain name not found]",
        "name-resolution",
    ),
    (
        "rpc error: code = Unavailable desc = dns: A record lookup error: lookup echo.test",
        "name-resolution",
    ),
    ("127.0.0.1:1 closed the connection in the middle of the call to ForwardEcho.", "probe-lost"),
    ("127.0.0.1:1 broke off the call before ForwardEcho was answered (RST_STREAM, CANCEL).", "probe-lost"),
    ('127.0.0.1:1 answers ForwardEcho with UNAVAILABLE: "Cancelling all calls".', "probe-lost"),
    (
        "127.0.0.1:1 answers ForwardEcho with UNAVAILABLE: upstream connect error or disconnect/reset before headers.",
        "probe-unavailable",
    ),
    ("The echo server did not answer within 7 s (127.0.0.1:1).", "probe-silent"),
    ("The answer of ForwardEcho at 127.0.0.1:1 is larger than this program takes (…).", "echo-too-large"),
    ("127.0.0.1:1 answers with 20 bytes that cannot be read as a ForwardEchoResponse.", "echo-garbage"),
    ("the echo server returned fewer outputs than requests", "echo-short"),
    ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", "deadline"),
]


@pytest.mark.parametrize(("text", "code"), SEEN)
@pytest.mark.parametrize("frame", ["{}", "{}" + NODE, "3/20 requests had errors; first error: {}"])
def test_texts_of_the_field(text: str, code: str, frame: str) -> None:
    assert known_error(frame.format(text)).code == code


@pytest.mark.parametrize("error", IN_A_CALL, ids=lambda error: str(error.code))
def test_every_error_of_a_call_is_whole(error: KnownError) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert error.title
    assert not error.title.endswith(".")
    assert error.explanation.endswith(".")
    assert error.fix.endswith((".", "?"))
    assert error.forms
    for form in error.forms:
        re.compile(form)


@pytest.mark.parametrize("error", [*CONNECTING, *ANSWERING], ids=lambda error: str(error.code))
def test_every_error_of_a_call_to_the_target_can_be_said_after_its_address(error: KnownError) -> None:
    assert error.at_target
    for said in error.at_target:
        assert said.texts
        assert said.phrase[0].islower()
        assert not said.phrase.endswith(".")
        assert said.hint.endswith((".", "?"))


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: str(error.code))
def test_every_refusal_says_why_and_for_which_resources(error: KnownError) -> None:
    assert error.title[0].islower(), "it follows the word because"
    assert error.types <= set(KNOWN_TYPES)
    assert error.types
    assert error.fix
    for form in error.forms:
        re.compile(form)


def test_whatever_is_written_down_is_looked_for_somewhere_and_once() -> None:
    of_resources = (clusters, endpoints, listeners, routes, tls_settings, wire)
    modules = (probe, tls, config, connecting, setup, answers, *of_resources)
    written = [value for module in modules for value in vars(module).values() if isinstance(value, KnownError)]
    looked_for = {error.code for error in (*IN_A_CALL, *CONNECTING, *ANSWERING, *REFUSALS)}
    assert sorted(error.code for error in written) == sorted(looked_for)


def test_a_refusal_is_looked_for_among_those_of_the_resources_type() -> None:
    reason = "field:virtual_hosts[0].routes[0].route.weighted_clusters error:no valid clusters specified"
    assert known_refusal(reason, EDS) is None
    known = known_refusal(reason, RDS)
    assert known is not None
    assert known.code == "nack-weights"
    assert known_refusal("something nobody has seen", CDS) is None


def test_what_is_not_known_is_said_and_grouped_by_its_words() -> None:
    first, second = "weird failure 17 at 0xdeadbeef", "weird failure 4711 at 0xcafe"
    assert known_error(first) is UNKNOWN
    assert group_code(first) == group_code(second)
    assert group_code(first) != group_code("another failure 17")
    assert signature("x" + NODE) == "x"


def test_of_several_errors_in_one_text_the_most_specific_is_named() -> None:
    text = "failed to connect to all addresses; last error: WRONG_VERSION_NUMBER"
    assert known_error(text).code == "tls-to-plaintext"


@given(st.text(max_size=300))
def test_any_text_has_a_cause_and_a_short_group(text: str) -> None:
    assert known_error(text).title
    assert len(group_code(text)) < 200


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (
            "connections to all backends failing; last error: UNAVAILABLE: ipv4:127.0.1.12:17070: connection attempt "
            "timed out before receiving SETTINGS frame",
            "no-settings",
        ),
        (
            "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:80: connection attempt timed out "
            "before receiving SETTINGS frame",
            "no-settings",
        ),
        (
            'connection error: desc = "error reading server preface: read tcp 10.0.0.1:4->10.0.0.2:5: i/o timeout"',
            "no-settings",
        ),
        ('connection error: desc = "error reading server preface: context deadline exceeded"', "no-settings"),
        (
            "4 DEADLINE_EXCEEDED: Deadline exceeded after 1.496s,name resolution: 0.024s,metadata filters: 0.001s,"
            "time to current attempt start: 0.003s,Waiting for LB pick",
            "still-connecting",
        ),
        ("http2 exception: First received frame was not SETTINGS. Hex dump for first 5 bytes: 4854", "not-http"),
        ('connection error: desc = "error reading server preface: http2: frame too large"', "not-http"),
        ('connection error: desc = "error reading server preface: EOF"', "plaintext-to-tls"),
        ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", "deadline"),
    ],
)
def test_a_peer_that_accepts_and_does_not_speak_http_2_is_told_from_one_that_closes(text: str, code: str) -> None:
    assert known_error(text).code == code
