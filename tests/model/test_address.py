"""Addresses as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.address import DEFAULT_PORT, AddressKind, parse_address
from meshtui.model.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "target", "host", "port"),
    [
        ("localhost:17171", "dns:///localhost:17171", "localhost", 17171),
        ("127.0.1.13:17171", "dns:///127.0.1.13:17171", "127.0.1.13", 17171),
        ("echo-v1.echo-grpc.svc:80", "dns:///echo-v1.echo-grpc.svc:80", "echo-v1.echo-grpc.svc", 80),
        ("[::1]:17171", "ipv6:[::1]:17171", "::1", 17171),
        ("[fe80::1%eth0]:1", "ipv6:[fe80::1%25eth0]:1", "fe80::1%eth0", 1),
        ("localhost", f"dns:///localhost:{DEFAULT_PORT}", "localhost", DEFAULT_PORT),
        ("dns:///h:1", "dns:///h:1", "h", 1),
        ("  h:1 ", "dns:///h:1", "h", 1),
    ],
)
def test_tcp(typed: str, target: str, host: str, port: int) -> None:
    address = parse_address(typed)
    assert (address.kind, address.target, address.host, address.port) == (AddressKind.TCP, target, host, port)
    assert str(address) == typed.strip()


@pytest.mark.parametrize(
    ("typed", "target", "path"),
    [
        ("unix:///run/a.sock", "unix:/run/a.sock", "/run/a.sock"),
        ("unix:/run/a.sock", "unix:/run/a.sock", "/run/a.sock"),
        ("unix:a.sock", "unix:a.sock", "a.sock"),
        ("unix:/run/50%#?.sock", "unix:/run/50%25%23%3F.sock", "/run/50%#?.sock"),
    ],
)
def test_unix(typed: str, target: str, path: str) -> None:
    address = parse_address(typed)
    assert (address.kind, address.target, address.path) == (AddressKind.UNIX, target, path)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("a b:1", "spaces"),
        ("a\x1b:1", "control"),
        ("17171", "localhost:17171"),
        ("echo", "echo:17171"),
        (":80", "':80' names no host"),
        (":80", "localhost:80"),
        (":", "localhost:17171"),
        ("dns:///:80", "names no host"),
        ("dns:///", "names no host"),
        ("h:", "port ''"),
        ("h:0", "1 to 65535"),
        ("h:65536", "1 to 65535"),
        ("h:http", "port 'http'"),
        ("h:٣", "1 to 65535"),
        ("::1:17171", "brackets"),
        ("[::1]", "[::1]:17171"),
        ("[::1]x", "after its brackets"),
        ("[::1", "brackets"),
        ("[]:1", "brackets"),
        ("-h:1", "no host name"),
        ("pod/echo:1", "no host name"),
        ("http://localhost:15020", "Type localhost:15020."),
        ("https://localhost:1/", "Type localhost:1 --tls."),
        ("xds:///echo:7070", "service of the mesh"),
        ("ftp://x", "'ftp'"),
        ("unix:", "no socket"),
        ("unix://run/a.sock", "unix:///run/a.sock"),
        ("unix:/" + "a" * 107, "108 bytes"),
    ],
)
def test_what_is_no_address_is_refused_in_words(typed: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(typed)
    assert says in str(caught.value)
    assert caught.value.hint


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused_in_words(typed: str) -> None:
    try:
        target = parse_address(typed).target
    except UsageError as error:
        target = error.hint
    assert target
    assert target.isprintable()
