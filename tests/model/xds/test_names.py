"""Istio's names taken apart and shortened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.phrases import shorten
from meshtui.model.xds.names import inbound_address, is_inbound_listener, parse_service_name, short_host

INBOUND = "xds.istio.io/grpc/lds/inbound/10.0.0.1:17070"


def test_service_names() -> None:
    name = parse_service_name("outbound|7070|v1|echo.echo-grpc.svc.cluster.local")
    assert name is not None
    assert (name.direction, name.port, name.subset, name.host) == (
        "outbound",
        "7070",
        "v1",
        "echo.echo-grpc.svc.cluster.local",
    )
    assert name.service == "echo"
    external = parse_service_name("outbound|443||api.example.com")
    assert external is not None
    assert (external.subset, external.service) == ("", "api")


@pytest.mark.parametrize("name", ["", "a", "a|b|c", "a|b|c|d|e", "|1||h", "outbound|1||"])
def test_names_of_another_shape(name: str) -> None:
    assert parse_service_name(name) is None


def test_inbound_listeners() -> None:
    assert is_inbound_listener(INBOUND)
    assert inbound_address(INBOUND) == "10.0.0.1:17070"
    assert not is_inbound_listener("echo:7070")
    assert inbound_address("echo:7070") == "echo:7070"


@pytest.mark.parametrize(
    ("host", "short"),
    [
        ("echo.echo-grpc.svc.cluster.local:7070", "echo.echo-grpc:7070"),
        ("echo.echo-grpc.svc.cluster.local", "echo.echo-grpc"),
        ("api.example.com:443", "api.example.com:443"),
        ("", ""),
    ],
)
def test_short_hosts(host: str, short: str) -> None:
    assert short_host(host) == short


@given(st.text(max_size=50), st.integers(0, 60))
def test_a_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = shorten(text, width)
    assert len(short) <= width or short == text
    if len(text) > width >= 3:
        assert short[0] == text[0]
        assert short[-1] == text[-1]
        assert len(short) == width
