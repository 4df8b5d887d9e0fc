"""Names as istiod gives them to proxyless gRPC clients."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.demo.istio.workload import DOMAIN

INBOUND_PREFIX = "xds.istio.io/grpc/lds/inbound/"
"""What an xDS server's listener is called before its ``ip:port``; the bootstrap's template says the same."""


STREAM = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
"""The method of state-of-the-world ADS."""


@dataclass(frozen=True, slots=True)
class ClusterName:
    """``outbound|7070|v1|echo.echo-grpc.svc.cluster.local`` in its parts; subset empty for the whole service."""

    host: str
    port: int
    subset: str = ""

    def __str__(self) -> str:
        return f"outbound|{self.port}|{self.subset}|{self.host}"


def parse_cluster(name: str) -> ClusterName | None:
    """The parts of a cluster's or route configuration's name, or None if it is not of istiod's form."""
    parts = name.split("|")
    if len(parts) != 4 or parts[0] != "outbound" or not parts[1].isascii() or not parts[1].isdigit():
        return None
    return ClusterName(parts[3], int(parts[1][:6]), parts[2])


def split_host_port(name: str) -> tuple[str, int] | None:
    """``host:port`` taken apart, or None."""
    host, colon, port = name.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or len(port) > 5:
        return None
    return host, int(port)


def qualified(host: str, namespace: str) -> str:
    """The full name a client in a namespace means: ``echo``, ``echo.ns`` and ``echo.ns.svc`` are expanded."""
    dns_domain = f"{namespace}.svc.{DOMAIN}"
    if "." not in host:
        return f"{host}.{dns_domain}"
    for suffix in (f".{namespace}.svc", f".{namespace}"):
        if host.endswith(suffix) and host != suffix:
            return f"{host.removesuffix(suffix)}.{dns_domain}"
    return host


def aliases(host: str, namespace: str) -> tuple[str, ...]:
    """Every name a client in a namespace can call a host by, in istiod's order (istio ``core/httproute.go``)."""
    own, service = f".{namespace}.svc.{DOMAIN}", f".svc.{DOMAIN}"
    if host.endswith(own):
        short = host.removesuffix(own)
        return (host, f"{host}.", short, f"{short}.{namespace}.svc", f"{short}.{namespace}")
    if host.endswith(service):
        short = host.removesuffix(service)
        return (host, f"{host}.", short, f"{short}.svc")
    return (host, f"{host}.")
