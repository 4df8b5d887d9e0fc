"""Outputs and error texts of the echo server, of old and new releases and of none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meshtui.model.durations import parse_go_duration
from meshtui.model.echo.output import (
    LONGEST_RAW,
    LONGEST_VALUE,
    MOST_FIELDS,
    BatchError,
    parse_batch_error,
    parse_output,
)
from meshtui.model.echo.spec import Answer


def values(answer: Answer, key: str) -> tuple[str, ...]:
    """All values of a key, in order."""
    return tuple(value for name, value in answer.fields if name == key)


NEW = """[3] Latency=1.23ms
[3] ActiveRequests=5
[3 body] Host=echo:7070
[3 body] RequestHeader=x-request-id:3
[3 body] RequestHeader=x-canary:1
[3 body] StatusCode=200
[3 body] ServiceVersion=v2
[3 body] ServicePort=17070
[3 body] Cluster=cluster-1
[3 body] Namespace=echo-grpc
[3 body] SourceIP=10.9.9.9
[3 body] IP=10.0.0.7
[3 body] IstioVersion=1.27.0
[3 body] Proto=GRPC
[3 body] Echo=hello
[3 body] Hostname=echo-v2-7cf5b76586-bgn6t
[3] ResponseHeader=content-type:application/grpc
"""

OLD = """[0] grpcecho.Echo(&{xds:///echo:7070 map[] 0 5s false })
[0 body] x-request-id=0
[0 body] Host=echo:7070
[0 body] content-type=application/grpc
[0 body] user-agent=grpc-go/1.39.1
[0 body] StatusCode=200
[0 body] ServiceVersion=v1
[0 body] ServicePort=17070
[0 body] Cluster=
[0 body] IP=10.52.0.1
[0 body] IstioVersion=
[0 body] Echo=
[0 body] Hostname=echo-v1-5c9ff8b9c6-abcde
"""


def test_a_present_release() -> None:
    answer = parse_output(NEW)
    assert (answer.index, answer.version, answer.hostname) == (3, "v2", "echo-v2-7cf5b76586-bgn6t")
    assert answer.status_code == 200
    assert (values(answer, "Cluster"), values(answer, "IP")) == (("cluster-1",), ("10.0.0.7",))
    assert answer.latency_s == pytest.approx(0.00123)
    assert values(answer, "RequestHeader") == ("x-request-id:3", "x-canary:1")
    assert values(answer, "SourceIP") == ("10.9.9.9",)
    assert values(answer, "ResponseHeader") == ("content-type:application/grpc",)
    assert answer.raw == NEW


def test_the_release_of_the_seed() -> None:
    answer = parse_output(OLD)
    assert (answer.index, answer.version, answer.hostname) == (0, "v1", "echo-v1-5c9ff8b9c6-abcde")
    assert values(answer, "IP") == ("10.52.0.1",)
    assert answer.latency_s is None
    assert values(answer, "user-agent") == ("grpc-go/1.39.1",)
    assert not any("grpcecho" in key for key, _ in answer.fields)


def test_keys_are_compared_whole() -> None:
    answer = parse_output("[0 body] XServiceVersion=no\n[0 body] serviceversion=no\n[0 body] hostname=x\n")
    assert (answer.version, answer.hostname) == (None, None)


def test_an_echoed_message_does_not_choose_its_version() -> None:
    text = (
        "[0 body] ServiceVersion=v1\n[0 body] Echo=a\n[0 body] ServiceVersion=v9\n[0 body] Hostname=fake\n"
        "[0 body] Hostname=real\n"
    )
    answer = parse_output(text)
    assert (answer.version, answer.hostname) == ("v1", "real")


def test_a_header_that_the_request_sent_is_not_taken_for_the_servers_word() -> None:
    answer = parse_output("[0] RequestHeader=ServiceVersion=v9\n[0 body] RequestHeader=ServiceVersion:v9\n")
    assert answer.version is None


def test_what_has_no_prefix_or_windows_line_ends_is_read_too() -> None:
    answer = parse_output("ServiceVersion=v1\r\nHostname=pod\r\n", position=7)
    assert answer == Answer(
        index=7,
        version="v1",
        hostname="pod",
        fields=(("ServiceVersion", "v1"), ("Hostname", "pod")),
        raw="ServiceVersion=v1\r\nHostname=pod\r\n",
    )


def test_all_fields_in_one_line() -> None:
    text = "[7 body] Hostname=producer-v1-abc ServiceVersion=v1 Namespace=shop IP=10.1.1.1 ServicePort=17070"
    answer = parse_output(text)
    assert (answer.index, answer.version, answer.hostname) == (7, "v1", "producer-v1-abc")
    assert values(answer, "IP") == ("10.1.1.1",)
    injected = parse_output("[0 body] Echo=hello ServiceVersion=v9\n[0 body] ServiceVersion=v1\n")
    assert injected.version == "v1"
    assert values(injected, "Echo") == ("hello ServiceVersion=v9",)


def test_a_line_of_the_forwarder_that_is_an_error() -> None:
    text = "[3] Error: rpc error: code = Unavailable desc = connection error"
    assert parse_output(text).error == "Error: rpc error: code = Unavailable desc = connection error"
    assert parse_output("rpc error: code = Unavailable desc = x=y").error
    assert not parse_output("[3 body] Error: of the app\n[3 body] ServiceVersion=v1").error


def test_errors_within_an_output() -> None:
    assert parse_output("[2 error] connection reset\n[2 error] again\n").error == "connection reset\nagain"


@given(st.text(max_size=400) | st.text("[]0123 body=ServiceVersion\nLatency", max_size=200))
@example("[" * 500)
@example("\x00=\x00")
@example("[99999999999999999999] a=b")
@example("[0 body] StatusCode=²")
def test_any_text_is_an_answer(text: str) -> None:
    answer = parse_output(text, position=4)
    assert answer.raw == text
    assert all(key for key, _ in answer.fields)


@given(st.dictionaries(st.from_regex(r"[A-Z][A-Za-z-]{0,10}", fullmatch=True), st.text("abc =:[]", max_size=10)))
def test_every_body_key_is_kept(pairs: dict[str, str]) -> None:
    text = "".join(f"[0 body] {key}={value}\n" for key, value in pairs.items())
    assert dict(parse_output(text).fields) == pairs


def test_a_huge_output_is_cut() -> None:
    answer = parse_output("[0 body] ServiceVersion=v1\n" + "[0 body] k=v\n" * 100_000)
    assert answer.version == "v1"
    assert len(answer.raw) == LONGEST_RAW
    assert len(answer.fields) == MOST_FIELDS
    long = parse_output(f"[0 body] ServiceVersion={'v' * 50_000}\n[0 body] Hostname={'h' * 50_000}\n")
    assert long.version == "v" * LONGEST_VALUE
    assert long.hostname == "h" * LONGEST_VALUE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("512.3µs", 512.3e-6),
        ("512.3μs", 512.3e-6),
        ("3us", 3e-6),
        ("1.5ms", 1.5e-3),
        ("2s", 2.0),
        ("1m2.3s", 62.3),
        ("1h0m0s", 3600.0),
        ("0s", 0.0),
        ("0", 0.0),
        ("17ns", 17e-9),
        ("-1.5s", -1.5),
        (" 1ms ", 1e-3),
    ],
)
def test_go_durations(text: str, seconds: float) -> None:
    assert parse_go_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "s", "1", "1.5", "1x", "1ms2", "1 ms", "٣s", "1ms\x00", "1e3s", "9" * 80 + "s", "--1s"]
)
def test_what_is_no_go_duration(text: str) -> None:
    assert parse_go_duration(text) is None


@given(st.integers(0, 10**15))
def test_go_durations_as_go_prints_them(nanoseconds: int) -> None:
    seconds, rest = divmod(nanoseconds, 10**9)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    fraction = f"{seconds % 60}.{rest:09d}".rstrip("0").rstrip(".")
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{fraction}s"
    assert parse_go_duration(text) == pytest.approx(nanoseconds / 1e9)


FIRST = "rpc error: code = Unavailable desc = connection refused"


@pytest.mark.parametrize(
    ("text", "sent", "expected"),
    [
        (f"3/20 requests had errors; first error: {FIRST}", 20, BatchError(3, FIRST)),
        (f"wrapped: 1/1 requests had errors; first error: {FIRST}", 1, BatchError(1, FIRST)),
        ("2/2 requests had errors; first error: a\nb", 2, BatchError(2, "a\nb")),
        (
            "request set timed out after 5s and only 7/20 requests completed (1.5ms avg)",
            20,
            BatchError(13, "no answer within 5s"),
        ),
        (FIRST, 1, BatchError(1, FIRST)),
        (FIRST, 20, BatchError(1, FIRST, counted=False)),
        ("", 1, BatchError(1, "the server gave no reason")),
        # Numbers that contradict what was sent are not believed.
        (f"3/50 requests had errors; first error: {FIRST}", 20, BatchError(1, FIRST, counted=False)),
        (f"30/20 requests had errors; first error: {FIRST}", 20, BatchError(1, FIRST, counted=False)),
        (f"0/20 requests had errors; first error: {FIRST}", 20, BatchError(1, FIRST, counted=False)),
        (
            "request set timed out after 5s and only 20/20 requests completed (1ms avg)",
            20,
            BatchError(1, "no answer within 5s", counted=False),
        ),
    ],
)
def test_the_error_of_a_set(text: str, sent: int, expected: BatchError) -> None:
    assert parse_batch_error(text, sent) == expected
