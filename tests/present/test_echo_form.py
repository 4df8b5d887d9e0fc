"""What is typed into the form is meant as a person means it, or refused with a sentence."""

from __future__ import annotations

import pytest

from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import ALPHA, MARGIN
from meshtui.present.echo_form import EchoForm

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def test_the_defaults_can_be_sent() -> None:
    form = EchoForm(URL)
    spec = form.spec()
    assert (spec.url, spec.count, spec.qps, spec.headers) == (URL, 500, 50, ())
    assert form.judging() == (ALPHA, MARGIN)
    assert form.expectation() is None


@pytest.mark.parametrize("count", ["∞", "", " inf ", "Continuous"])
def test_no_count_is_until_stopped(count: str) -> None:
    assert EchoForm(URL, count=count).spec().count is None


@pytest.mark.parametrize(
    ("typed", "pairs"),
    [
        ("", ()),
        ("x-canary: 1", (("x-canary", "1"),)),
        ("x-canary:1,x-user:ann", (("x-canary", "1"), ("x-user", "ann"))),
        ("accept: a, b, x-user: ann", (("accept", "a, b"), ("x-user", "ann"))),
        (":authority: echo", ((":authority", "echo"),)),
    ],
)
def test_headers(typed: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert EchoForm(URL, headers=typed).spec().headers == pairs


def test_a_host_and_port_is_dialled_as_a_proxyless_client_does() -> None:
    assert EchoForm("echo:7070").spec().url == "xds:///echo:7070"
    assert EchoForm("http://echo:80").spec().url == "http://echo:80"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("count", "many", "'many' is no count"),
        ("count", "9" * 5_000, "^.{0,100} is no count"),
        ("count", "1_0", "'1_0' is no count"),
        ("timeout", "nan", "'nan' is no timeout"),
        ("timeout", "1e-320", "is not between 0.001 and 300"),
        ("authority", "a\nb", "cannot be sent as the authority"),
        ("url", "xds:///" + "x" * 5_000, "^The URL has 5007 characters, more than .{0,200}$"),
        ("qps", "-1", "makes no run"),
        ("timeout", "x", "'x' is no timeout"),
        ("headers", "x-canary", "Cannot read 'x-canary' as a header"),
        ("url", "", "is not a URL"),
    ],
)
def test_what_cannot_be_sent(name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EchoForm(URL).with_field(name, value).spec()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", "0"),
        ("alpha", "2"),
        ("alpha", "1e-320"),
        ("margin", "0"),
        ("margin", "nan"),
        ("margin", "1e-320"),
        ("margin", "100"),
    ],
)
def test_what_cannot_be_judged_by(name: str, value: str) -> None:
    with pytest.raises(UsageError):
        EchoForm(URL).with_field(name, value).judging()


def test_bounds_are_lifted_on_purpose() -> None:
    form = EchoForm(URL, qps="5000")
    with pytest.raises(UsageError, match="bound"):
        form.spec()
    assert form.with_field("lift_limits", True).spec().qps == 5000


def test_there_are_no_other_fields() -> None:
    with pytest.raises(KeyError):
        EchoForm(URL).with_field("port", "1")
