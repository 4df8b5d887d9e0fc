"""Istio's names for xDS resources, taken apart and shortened for reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from meshtui.model.xds.resource import SERVER_SCOPE, ResourceKey

INBOUND_MARKS: Final = ("/lds/inbound/", "?xds.resource.listening_address=")
"""In the listener names that the ``server_listener_resource_name_template`` of Istio and of Traffic Director make
(GoogleCloudPlatform/traffic-director-grpc-bootstrap ``main.go``); their address stands behind it."""


@dataclass(frozen=True, slots=True)
class ServiceName:
    """``outbound|7070|v1|echo.echo-grpc.svc.cluster.local`` taken apart (Istio's BuildSubsetKey)."""

    direction: str
    port: str
    subset: str
    host: str

    @property
    def service(self) -> str:
        """The host's first label, as people call the service."""
        return self.host.partition(".")[0]


def parse_service_name(name: str) -> ServiceName | None:
    """The parts of an Istio cluster or route name, or ``None`` for a name of another shape."""
    parts = name.split("|")
    if len(parts) != 4 or not parts[0] or not parts[3]:
        return None
    return ServiceName(*parts)


def cluster_label(name: str) -> str:
    """The subset of an Istio cluster name, else its service, else the name, of which an ``xdstp:`` one ends in it."""
    service = parse_service_name(name)
    return (service.subset or service.service) if service else last_part(name)


def split_target(url: str) -> tuple[str, str]:
    """Authority and name of an ``xds:`` URL: ``xds://AUTHORITY/echo:7070``. Two empty ones for other schemes.

    A slash before the path is none of the name: C-core writes the target of a scope as ``xds:/echo:7070``.
    """
    if not is_xds(url):
        return "", ""
    authority, rest = "", url.partition(":")[2]
    if rest.startswith("//"):
        authority, _, rest = rest[2:].partition("/")
    return authority, unquote(rest.removeprefix("/").split("?", 1)[0])


def is_xds(url: str) -> bool:
    """Whether a channel to this URL goes by xDS config."""
    return url.partition(":")[0].lower() == "xds" and ":" in url


def listener_name(url: str) -> str:
    """What an ``xds:`` URL asks for: ``xds:///echo:7070`` → ``echo:7070``. Empty for other schemes.

    Without a template in the bootstrap it is the listener's name; always it is the authority of the calls (gRFC A47).
    """
    return split_target(url)[1]


def last_part(name: str) -> str:
    """The end of an ``xdstp://AUTHORITY/TYPE/ID`` name, by which people tell such names apart; other names whole."""
    return unquote(name.rpartition("/")[2]) if name.startswith("xdstp:") else name


def is_inbound_listener(name: str) -> bool:
    """Whether this LDS name asks for the app's own server side."""
    istio, traffic_director = INBOUND_MARKS
    return istio in name or traffic_director in name


def is_inbound(listener: ResourceKey) -> bool:
    """Whether a listener is the app's own server side, by its client or by its name."""
    return listener.scope == SERVER_SCOPE or is_inbound_listener(listener.name)


def inbound_address(name: str) -> str:
    """The ``ip:port`` at the end of an inbound listener's name; the name itself for other names."""
    addresses = (name.partition(mark)[2] for mark in INBOUND_MARKS)
    return next((address for address in addresses if address), name)


def short_host(host: str) -> str:
    """``echo.echo-grpc.svc.cluster.local`` as ``echo.echo-grpc``; other hosts unchanged. A port stays."""
    name, colon, port = host.partition(":")
    head, svc, _ = name.partition(".svc.")
    return f"{head}{colon}{port}" if svc else host


def short_target(target: str) -> str:
    """What a channel was dialled with, for a sentence: ``xds:///echo.echo-grpc.svc.cluster.local:7070`` as
    ``echo.echo-grpc:7070``."""
    authority, name = split_target(target)
    return short_host(f"{authority}/{name}" if authority else name or target)
