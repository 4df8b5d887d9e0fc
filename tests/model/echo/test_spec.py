"""The probe's bounds and its sentence of intent."""

from __future__ import annotations

import pytest

from meshtui.model.echo.spec import (
    MOST_PER_SECOND,
    MOST_REQUESTS,
    MOST_UNTHROTTLED,
    EchoRequestSpec,
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
    assert intent_sentence(EchoRequestSpec(URL, count=100, qps=50), "echo-v1") == (
        f"echo-v1 will send 100 requests to {URL} at 50 a second."
    )
    continuous = EchoRequestSpec(URL, count=None, qps=50, headers=(("a", "b"),), authority="c")
    assert "until you stop it" in intent_sentence(continuous, "echo-v1")
    assert "with 2 headers" in intent_sentence(continuous, "echo-v1")
    assert "as fast as 40 at a time" in intent_sentence(EchoRequestSpec(URL, count=5), "echo-v1")
