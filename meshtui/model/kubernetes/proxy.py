"""Through which proxy a server is reached, as Go's HTTP client decides it and so kubectl.

Source: golang.org/x/net/http/httpproxy (config.go), and client-go's ``proxy-url``, which no ``NO_PROXY`` takes back.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from meshtui.model.address import host_port
from meshtui.model.errors import BadInput

SCHEMES: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""Kinds of proxies with the port each has when none is named. By SOCKS the proxy looks the name up, as in Go."""


OF_THE_CLUSTER: Final = "the cluster's proxy-url"
"""The ``source`` of a proxy that the kubeconfig names."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. ``url`` may hold a password: only ``shown`` is for people. ``source`` is what named it."""

    url: str = field(repr=False)
    source: str

    @property
    def heeds_no_proxy(self) -> bool:
        """Whether ``NO_PROXY`` takes hosts out of it: of the environment's proxies, not of the kubeconfig's own."""
        return self.source != OF_THE_CLUSTER

    @property
    def scheme(self) -> str:
        """``http``, ``https`` or ``socks5``."""
        return urlsplit(self.url).scheme.removesuffix("h")

    @property
    def shown(self) -> str:
        """Scheme, host and port, without what comes before an ``@``."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{host_port(parts.hostname or '', parts.port or SCHEMES[parts.scheme])}"

    @property
    def with_port(self) -> str:
        """The URL with its port, which not every library knows by the scheme; it may hold a password."""
        parts = urlsplit(self.url)
        login, at, _ = parts.netloc.rpartition("@")
        return f"{parts.scheme}://{login}{at}{self.shown.partition('://')[2]}"


def proxy_for(server: str, proxy_url: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for the API server at ``server`` (a URL): the cluster's ``proxy-url``, else that of the environment.

    Raises ``BadInput`` for a proxy that is none.
    """
    if proxy_url:
        return _proxy(proxy_url, OF_THE_CLUSTER)
    parts = urlsplit(server)
    names = ("HTTPS_PROXY", "https_proxy") if parts.scheme == "https" else ("HTTP_PROXY", "http_proxy")
    name = next((name for name in names if environ.get(name)), "")
    if not name:
        return None
    no_proxy = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if goes_direct(parts.hostname or "", port, no_proxy):
        return None
    url = environ[name]
    return _proxy(url if "://" in url else f"http://{url}", name)


def _proxy(url: str, source: str) -> Proxy:
    parts = _split(url.strip(), source)
    if parts.scheme not in SCHEMES:
        kinds = "http, https and socks5"
        raise BadInput(f"The proxy of {source} has the scheme {parts.scheme!r}; there are {kinds}.", "Mend its URL.")
    if not parts.hostname:
        raise BadInput(f"The proxy of {source} names no host.", "Write it as http://HOST:PORT.")
    return Proxy(url.strip(), source)


def _split(url: str, source: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # Without the URL: it may hold a password.
        raise BadInput(f"The proxy of {source} is no URL.", "Write it as http://HOST:PORT.") from None
    return parts


def goes_direct(host: str, port: int, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` takes this host out: by name (with what is below it), address, network, or ``*``.

    This machine itself is never asked for through a proxy.
    """
    host = host.lower().strip()
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    rules = (rule.strip().lower() for rule in no_proxy.split(","))
    return any(_takes_out(rule, host, port, address) for rule in rules if rule)


def _takes_out(rule: str, host: str, port: int, address: _IP | None) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        return address is not None and _in_network(address, rule)
    name, named_port = _name_and_port(rule)
    if named_port and named_port != str(port):
        return False
    fixed = _address(name)
    if fixed is not None:
        return fixed == address
    below = name[1:] if name.startswith("*.") else name  # a star elsewhere is a star
    if below.startswith("."):
        return host.endswith(below)
    return bool(below) and (host == below or host.endswith(f".{below}"))


_IP = ipaddress.IPv4Address | ipaddress.IPv6Address


def _in_network(address: _IP, text: str) -> bool:
    try:
        return address in ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False


def _name_and_port(rule: str) -> tuple[str, str]:
    name, bracket, port = rule[1:].partition("]:")
    if rule.startswith("[") and bracket:  # without a port the brackets are part of a name that nothing has
        return name, port
    if rule.count(":") == 1:
        name, _, port = rule.partition(":")
        return name, port
    return rule, ""


def _address(text: str) -> _IP | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
