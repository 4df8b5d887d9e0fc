"""``Listener`` (LDS): outbound API listeners and inbound socket listeners (gRFC A27, A36)."""

from __future__ import annotations

from typing import Any, Final

from meshtui.model.xds.config import ChainMatch, FilterChain, Listener, TlsContext, TlsMode
from meshtui.sources.proto.decode.filters import http_filters
from meshtui.sources.proto.decode.route import route_configuration
from meshtui.sources.proto.decode.tls import downstream_tls
from meshtui.sources.proto.unpack import UnreadableError, seconds, socket_address, unpack

HTTP_MANAGER: Final = "HttpConnectionManager"


def listener(message: Any) -> Listener:
    """An LDS resource. Raises :class:`UnreadableError` when an API listener's content cannot be read."""
    if message.HasField("api_listener"):
        manager = unpack(message.api_listener.api_listener, HTTP_MANAGER)
        return Listener(
            name=message.name,
            inbound=False,
            route_name=_route_name(manager),
            inline_routes=_inline_routes(manager),
            filters=http_filters(manager.http_filters),
            timeout=seconds(manager.common_http_protocol_options.max_stream_duration),
        )
    chains = [_chain(filter_chain, filter_chain.name) for filter_chain in message.filter_chains]
    if message.HasField("default_filter_chain"):
        default = message.default_filter_chain
        chains.append(_chain(default, default.name or "default"))
    return Listener(
        name=message.name,
        inbound=True,
        address=socket_address(message.address),
        chains=tuple(chains),
    )


def _chain(message: Any, name: str) -> FilterChain:
    """A chain of which one part cannot be read says so and shows the other."""
    problems: list[str] = []
    try:
        tls = downstream_tls(message)
    except UnreadableError as error:
        tls = TlsContext(TlsMode.UNREADABLE)
        problems.append(f"its TLS cannot be read: {error}")
    try:
        manager = _manager(message)
    except UnreadableError as error:
        problems.append(f"its HTTP connection manager cannot be read: {error}")
        manager = None
    return FilterChain(
        name=name,
        tls=tls,
        match=_match(message.filter_chain_match),
        route_name=_route_name(manager) if manager is not None else "",
        inline_routes=_inline_routes(manager) if manager is not None else None,
        filters=http_filters(manager.http_filters) if manager is not None else (),
        problem="; ".join(problems),
    )


SOURCE_TYPES: Final = {1: "SAME_IP_OR_LOOPBACK", 2: "EXTERNAL"}
"""``FilterChainMatch.ConnectionSourceType`` by number; 0 is any."""


def _match(message: Any) -> ChainMatch:
    """gRFC A36: grpc-go ``internal/xds/xdsclient/xdsresource/filter_chain.go`` drops chains that ask for a destination
    port, server names, application protocols, or a transport protocol other than ``raw_buffer``.
    """
    unknown = (
        ("a destination port", message.HasField("destination_port")),
        ("server names", bool(message.server_names)),
        ("application protocols", bool(message.application_protocols)),
        (f"the transport {message.transport_protocol}", message.transport_protocol not in ("", "raw_buffer")),
    )
    return ChainMatch(
        sources=_networks(message.source_prefix_ranges),
        source_type=SOURCE_TYPES.get(message.source_type, ""),
        source_ports=tuple(message.source_ports),
        destinations=_networks(message.prefix_ranges),
        ignored_for=", ".join(words for words, asked in unknown if asked),
    )


def _networks(ranges: Any) -> tuple[str, ...]:
    return tuple(f"{network.address_prefix}/{network.prefix_len.value}" for network in ranges)


def _manager(chain: Any) -> Any:
    """gRPC takes exactly one network filter, the connection manager; Envoy's listeners may have others before it."""
    if not chain.filters:
        raise UnreadableError("the chain has no filter")
    return unpack(chain.filters[-1].typed_config, HTTP_MANAGER)


def _route_name(manager: Any) -> str:
    return str(manager.rds.route_config_name) if manager.WhichOneof("route_specifier") == "rds" else ""


def _inline_routes(manager: Any) -> Any:
    if manager.WhichOneof("route_specifier") != "route_config":
        return None
    return route_configuration(manager.route_config)
