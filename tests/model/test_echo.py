"""The probe's bounds, its sentence of intent, and the grpcurl line."""

from __future__ import annotations

import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.echo import (
    MOST_PER_SECOND,
    MOST_REQUESTS,
    MOST_UNTHROTTLED,
    EchoRequestSpec,
    grpcurl_line,
    intent_sentence,
    validate,
)
from meshtui.model.errors import UsageError

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


@pytest.mark.parametrize(
    "spec",
    [
        EchoRequestSpec(URL),
        EchoRequestSpec("grpc://127.0.0.1:7070", count=1),
        EchoRequestSpec(URL, count=None, qps=50),
        EchoRequestSpec(URL, count=MOST_REQUESTS, qps=MOST_PER_SECOND),
        EchoRequestSpec(URL, count=MOST_UNTHROTTLED),
        EchoRequestSpec(URL, count=MOST_REQUESTS + 1, qps=MOST_PER_SECOND + 1, lift_limits=True),
        EchoRequestSpec(URL, headers=(("x-canary", "1"),), authority="echo.example"),
    ],
)
def test_what_can_be_asked(spec: EchoRequestSpec) -> None:
    assert validate(spec) is spec


@pytest.mark.parametrize(
    "spec",
    [
        EchoRequestSpec(""),
        EchoRequestSpec("echo:7070"),
        EchoRequestSpec("xds:///a b"),
        EchoRequestSpec("xds:///a\n"),
        EchoRequestSpec(URL, count=0),
        EchoRequestSpec(URL, qps=-1),
        EchoRequestSpec(URL, count=2**31, lift_limits=True),
        EchoRequestSpec(URL, timeout_s=0),
        EchoRequestSpec(URL, timeout_s=1e9),
        EchoRequestSpec(URL, count=None),
        EchoRequestSpec(URL, count=MOST_REQUESTS + 1, qps=10),
        EchoRequestSpec(URL, count=MOST_UNTHROTTLED + 1),
        EchoRequestSpec(URL, qps=MOST_PER_SECOND + 1),
        EchoRequestSpec(URL, headers=(("bad name", "1"),)),
        EchoRequestSpec(URL, headers=(("x", "a\nb"),)),
        EchoRequestSpec(URL, authority="a\rb"),
        EchoRequestSpec(URL, message="\udc80"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence(spec: EchoRequestSpec) -> None:
    with pytest.raises(UsageError) as caught:
        validate(spec)
    assert str(caught.value).endswith(".")


def test_the_intent_names_from_where_to_where_and_how_much() -> None:
    assert intent_sentence(EchoRequestSpec(URL, 100, 50), "echo-v1") == (
        f"echo-v1 will send 100 requests to {URL} at 50 a second."
    )
    continuous = EchoRequestSpec(URL, None, 50, headers=(("a", "b"),), authority="c")
    assert "until you stop it" in intent_sentence(continuous, "echo-v1")
    assert "with 2 headers" in intent_sentence(continuous, "echo-v1")
    assert "as fast as 40 at a time" in intent_sentence(EchoRequestSpec(URL, 5), "echo-v1")


def body_of(line: str) -> dict[str, object]:
    words = shlex.split(line)
    body = json.loads(words[words.index("-d") + 1])
    assert isinstance(body, dict)
    return body


def test_the_grpcurl_line_asks_the_same() -> None:
    spec = EchoRequestSpec(URL, 50, 10, (("x-canary", "1"),), "hi", "GET", 2.0, True, "echo")
    line = grpcurl_line(spec, "127.0.0.1:17171")
    assert shlex.split(line)[:2] == ["grpcurl", "-plaintext"]
    assert line.endswith("127.0.0.1:17171 proto.EchoTestService/ForwardEcho")
    assert body_of(line) == {
        "url": URL,
        "count": 50,
        "qps": 10,
        "timeout_micros": 7_100_000,
        "headers": [{"key": "x-canary", "value": "1"}, {"key": "Host", "value": "echo"}],
        "message": "hi",
        "method": "GET",
        "newConnectionPerRequest": True,
    }


def test_the_grpcurl_line_for_a_unix_socket_and_a_continuous_run() -> None:
    line = grpcurl_line(EchoRequestSpec(URL, None, 50), "unix:///run/my echo.sock")
    words = shlex.split(line)
    assert words[2] == "-unix"
    assert words[-2] == "/run/my echo.sock"
    assert body_of(line)["count"] == 100


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_the_grpcurl_line_is_one_safe_shell_line_whatever_the_texts_hold(url: str, value: str, message: str) -> None:
    line = grpcurl_line(EchoRequestSpec(url, headers=(("x", value),), message=message), "127.0.0.1:1")
    body = body_of(line)
    assert body["url"] == url
    assert body["headers"] == [{"key": "x", "value": value}]
    assert len(shlex.split(line)) == 6
    assert line.isascii()
    assert line.isprintable()
