"""Which proxy, as Go's httpproxy decides it: its own table of cases (x/net/http/httpproxy/proxy_test.go), and ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import BadInput
from meshtui.model.kubernetes.proxy import Proxy, goes_direct, proxy_for

NO_PROXY = "foobar.com, .barbaz.net, *.quux.dev, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64"  # noqa: E501

CASES = [
    # (host, port, whether it goes directly)
    ("localhost", 80, True),
    ("127.0.0.1", 80, True),
    ("127.0.0.2", 80, True),
    ("::1", 80, True),
    ("::2", 80, False),
    ("192.168.1.1", 80, True),
    ("192.168.1.2", 80, False),
    ("192.168.1.3", 80, True),
    ("192.168.1.4", 80, False),
    ("10.0.0.2", 80, True),
    ("10.0.0.4", 80, False),
    ("2001:db8::52:0:1", 80, True),
    ("2001:db8::52:0:2", 80, False),
    ("2001:db8::52:0:2", 443, True),
    ("2001:db8::52:0:3", 80, True),
    ("2002:db8:a::123", 80, True),
    ("fe80::424b:c8be:1643:a1b6", 80, False),
    ("barbaz.net", 80, False),
    ("www.barbaz.net", 80, True),
    ("quux.dev", 80, False),
    ("www.quux.dev", 80, True),
    ("foobar.com", 80, True),
    ("www.foobar.com", 80, True),
    ("foofoobar.com", 80, False),
    ("baz.com", 80, False),
    ("FOOBAR.com", 80, True),
]


@pytest.mark.parametrize(("host", "port", "direct"), CASES)
def test_no_proxy_takes_out_what_go_takes_out(host: str, port: int, direct: bool) -> None:
    assert goes_direct(host, port, NO_PROXY) is direct


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("a.example", "*.example", True),
        ("example", "*.example", False),
        ("a.example", "*example", False),
        ("fd00::1", "[fd00::1]", False),
        ("fd00::1", "[fd00::1]:443", True),
        ("fd00::1", "fd00::1", True),
        ("fd00::1", "fd00::/8", True),
        ("10.1.2.3", "10.1.0.0/16", True),
        ("10.1.2.3", "10.1.0.0/16:443", False),
        ("10.1.2.3", "10.1.2.*", False),
        ("::ffff:10.1.2.3", "10.1.2.3", True),
        ("example.", "example", False),
        ("example.", "example.", True),
        ("example.", "*.", True),
    ],
)
def test_as_kubectl_was_seen_to_decide(host: str, no_proxy: str, direct: bool) -> None:
    """kubectl 1.37 with a proxy that counts who comes; of 332 pairs these are the ones that are easily got wrong."""
    assert goes_direct(host, 443, no_proxy) is direct


def test_a_star_takes_everything_out() -> None:
    assert goes_direct("anything.example", 443, "a, *")


ENVIRONMENT = {"HTTPS_PROXY": "http://user:s3cret@proxy:3128", "NO_PROXY": "inside.example"}


def test_the_environment_names_a_proxy_and_who_goes_without() -> None:
    proxy = proxy_for("https://api.example:6443", "", ENVIRONMENT)
    assert proxy == Proxy("http://user:s3cret@proxy:3128", "HTTPS_PROXY")
    assert proxy.heeds_no_proxy
    assert proxy.shown == "http://proxy:3128"
    assert "s3cret" not in repr(proxy)
    assert proxy_for("https://api.inside.example", "", ENVIRONMENT) is None
    assert proxy_for("http://api.example", "", ENVIRONMENT) is None


def test_the_clusters_own_proxy_counts_before_the_environment_and_whatever_no_proxy_says() -> None:
    proxy = proxy_for("https://api.inside.example", "socks5://localhost", ENVIRONMENT)
    assert proxy is not None
    assert not proxy.heeds_no_proxy
    assert (proxy.scheme, proxy.shown, proxy.with_port) == (
        "socks5",
        "socks5://localhost:1080",
        "socks5://localhost:1080",
    )


def test_a_proxy_of_the_environment_may_leave_the_scheme_out() -> None:
    proxy = proxy_for("https://api.example", "", {"https_proxy": "proxy:3128"})
    assert proxy is not None
    assert proxy.shown == "http://proxy:3128"


@pytest.mark.parametrize("url", ["ftp://user:s3cret@p", "http://", "http://user:s3cret@p:notaport", "user:s3cret@p:1"])
def test_what_is_no_proxy_is_said_without_its_password(url: str) -> None:
    with pytest.raises(BadInput) as raised:
        proxy_for("https://api.example", url, {})
    assert "s3cret" not in str(raised.value)


@given(st.text(max_size=40), st.text(max_size=60))
def test_no_text_is_a_defect(host: str, no_proxy: str) -> None:
    assert goes_direct(host, 443, no_proxy) in (True, False)
