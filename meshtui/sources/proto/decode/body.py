"""One resource's bytes → what they say. Never raises: what cannot be read becomes :class:`Opaque` with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from meshtui.model.xds.config import Body, Opaque
from meshtui.sources.proto.decode.cluster import cluster
from meshtui.sources.proto.decode.endpoint import cluster_load_assignment
from meshtui.sources.proto.decode.listener import listener
from meshtui.sources.proto.decode.route import route_configuration
from meshtui.sources.proto.type_names import short_name, type_name
from meshtui.sources.proto.unpack import UnreadableError, parse

_DECODERS: Final[Mapping[str, Callable[[Any], Body]]] = MappingProxyType(
    {
        "envoy.config.listener.v3.Listener": listener,
        "envoy.config.route.v3.RouteConfiguration": route_configuration,
        "envoy.config.cluster.v3.Cluster": cluster,
        "envoy.config.endpoint.v3.ClusterLoadAssignment": cluster_load_assignment,
    }
)

URLS_REMEMBERED: Final = 64
"""Type URLs whose decoder is kept; a client uses four, a hostile one must not fill the memory."""

LARGEST_BODY: Final = 8 << 20
"""Bytes of one resource that are taken apart: 10 000 endpoints are 2 MiB, and an empty one of two bytes becomes an
object of hundreds."""


def decode(type_url: str, value: bytes) -> Body:
    """What the bytes of a resource say."""
    decoder = _decoder(type_url)
    if decoder is None:
        return Opaque(
            type_url, f"meshtui does not interpret {short_name(type_url) or 'a config without type'}", len(value)
        )
    if len(value) > LARGEST_BODY:
        return Opaque(type_url, f"it is larger than {LARGEST_BODY >> 20} MiB and is not taken apart", len(value))
    try:
        return decoder(parse(type_url, value))
    except UnreadableError as error:
        return Opaque(type_url, str(error), len(value))


@lru_cache(URLS_REMEMBERED)
def _decoder(type_url: str) -> Callable[[Any], Body] | None:
    return _DECODERS.get(type_name(type_url))
