"""Listeners, outbound and inbound, and what their filters say."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2
from envoy.extensions.filters.http.stateful_session.v3 import stateful_session_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.http.stateful_session.cookie.v3 import cookie_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf import any_pb2

from meshtui.model.xds.config import PLAINTEXT, ActionKind, Listener, Opaque, TlsContext, TlsMode
from meshtui.sources.csds.memory import resource_type
from meshtui.sources.proto.decode.body import decode
from tests import xds_messages as xds

INBOUND = "xds.istio.io/grpc/lds/inbound/10.0.0.1:17070"


def decoded(message: Any) -> Listener:
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, Listener)
    return body


def manager(**fields: Any) -> Any:
    message = http_connection_manager_pb2.HttpConnectionManager(**fields)
    if not fields:
        routes = message.route_config
        routes.name = "inbound"
        route = routes.virtual_hosts.add(domains=["*"]).routes.add()
        route.match.prefix = "/"
        route.non_forwarding_action.SetInParent()
    return message


def inbound(context: Any | None = None, content: Any | None = None) -> Any:
    message = listener_pb2.Listener(name=INBOUND)
    message.address.socket_address.address = "10.0.0.1"
    message.address.socket_address.port_value = 17070
    chain = message.filter_chains.add(name="inbound-mtls" if context else "inbound-plaintext")
    chain.filters.add(name="hcm").typed_config.CopyFrom(xds.packed(content or manager()))
    if context is not None:
        chain.transport_socket.typed_config.CopyFrom(xds.packed(context))
    return message


def strict() -> Any:
    context = tls_pb2.DownstreamTlsContext()
    context.require_client_certificate.value = True
    common = context.common_tls_context
    common.tls_certificate_provider_instance.instance_name = "default"
    common.combined_validation_context.default_validation_context.ca_certificate_provider_instance.instance_name = "ca"
    return context


def test_outbound() -> None:
    body = decoded(xds.listener())
    assert (body.inbound, body.route_name, body.inline_routes) == (False, xds.cluster_name(""), None)
    assert [(http_filter.kind, http_filter.summary) for http_filter in body.filters] == [
        ("HTTPFault", ""),
        ("Router", ""),
    ]


def test_outbound_with_inline_routes() -> None:
    content = manager(route_config=xds.routes(xds.route({"v1": 1})))
    message = listener_pb2.Listener(name="a")
    message.api_listener.api_listener.CopyFrom(xds.packed(content))
    body = decoded(message)
    assert body.route_name == ""
    assert body.inline_routes is not None
    assert body.inline_routes.virtual_hosts[0].routes[0].action.clusters[0].share == 1


def test_inbound_plaintext() -> None:
    body = decoded(inbound())
    assert (body.inbound, body.address) == (True, "10.0.0.1:17070")
    (chain,) = body.chains
    assert (chain.name, chain.tls, chain.problem) == ("inbound-plaintext", PLAINTEXT, "")
    assert chain.inline_routes is not None
    assert chain.inline_routes.virtual_hosts[0].routes[0].action.kind is ActionKind.NON_FORWARDING


def test_inbound_strict() -> None:
    (chain,) = decoded(inbound(strict())).chains
    assert chain.tls == TlsContext(TlsMode.MTLS, identity="default", roots="ca", require_client_certificate=True)


def test_inbound_tls_with_an_optional_client_certificate() -> None:
    context = strict()
    context.require_client_certificate.value = False
    (chain,) = decoded(inbound(context)).chains
    assert chain.tls.mode is TlsMode.TLS


def test_the_default_chain_comes_last() -> None:
    message = inbound()
    message.default_filter_chain.CopyFrom(message.filter_chains[0])
    message.default_filter_chain.name = ""
    assert [chain.name for chain in decoded(message).chains] == ["inbound-plaintext", "default"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (None, ""),
        ({"action": 0, "policies": {"a": {}, "b": {}}}, "RBAC: ALLOW 2 rules"),
        ({"action": 1, "policies": {"a": {}}}, "RBAC: DENY 1 rule"),
        ({"action": 0}, "RBAC: ALLOW without rules, so nothing is allowed"),
        ({"action": 1}, "RBAC: DENY 0 rules"),
        ({"action": 9, "policies": {"a": {}}}, "RBAC: action 9 1 rule"),
    ],
)
def test_authorization_in_words(rules: dict[str, Any] | None, words: str) -> None:
    content = manager()
    content.http_filters.add(name="rbac").typed_config.CopyFrom(
        xds.packed(rbac_pb2.RBAC(rules=rules) if rules is not None else rbac_pb2.RBAC())
    )
    (chain,) = decoded(inbound(content=content)).chains
    assert [(http_filter.kind, http_filter.summary) for http_filter in chain.filters] == [("RBAC", words)]


def test_a_filter_that_is_off_and_one_nobody_knows() -> None:
    content = manager()
    content.http_filters.add(name="rbac", disabled=True).typed_config.CopyFrom(xds.packed(rbac_pb2.RBAC()))
    content.http_filters.add(name="mine").typed_config.type_url = "type.googleapis.com/acme.Mine"
    (chain,) = decoded(inbound(content=content)).chains
    assert [(http_filter.kind, http_filter.off) for http_filter in chain.filters] == [("RBAC", True), ("Mine", False)]


def test_a_session_cookie() -> None:
    """gRFC A55."""
    state = stateful_session_pb2.StatefulSession()
    cookie = cookie_pb2.CookieBasedSessionState(cookie={"name": "istio-session"})
    state.session_state.typed_config.CopyFrom(xds.packed(cookie))
    content = manager()
    content.http_filters.add(name="session").typed_config.CopyFrom(xds.packed(state))
    (chain,) = decoded(inbound(content=content)).chains
    assert [found.summary for found in chain.filters] == ["sessions by cookie istio-session"]


def test_a_chain_of_which_one_part_cannot_be_read_shows_the_other() -> None:
    message = inbound(strict())
    message.filter_chains[0].transport_socket.typed_config.value = b"\xff"
    (chain,) = decoded(message).chains
    assert chain.tls.mode is TlsMode.UNREADABLE
    assert "its TLS cannot be read" in chain.problem
    assert chain.inline_routes is not None
    message = inbound(strict())
    message.filter_chains[0].filters[0].typed_config.type_url = "type.googleapis.com/acme.Proxy"
    (chain,) = decoded(message).chains
    assert chain.tls.require_client_certificate
    assert "a acme.Proxy where gRPC needs a HttpConnectionManager" in chain.problem
    del message.filter_chains[0].filters[:]
    assert "no filter" in decoded(message).chains[0].problem


def test_an_api_listener_that_cannot_be_read_says_why() -> None:
    message = listener_pb2.Listener(name="a")
    message.api_listener.api_listener.CopyFrom(any_pb2.Any(type_url="type.googleapis.com/acme.Proxy", value=b"123"))
    body = decode(xds.packed(message).type_url, message.SerializeToString())
    assert isinstance(body, Opaque)
    assert "acme.Proxy" in body.reason
    assert body.size == len(message.SerializeToString())


@pytest.mark.parametrize(
    ("type_url", "short"),
    [
        ("type.googleapis.com/envoy.config.listener.v3.Listener", "LDS"),
        ("envoy.config.cluster.v3.Cluster", "CDS"),
        ("type.googleapis.com/acme.v1.Gadget", "Gadget"),
        ("", "(no type)"),
        ("///", "(no type)"),
    ],
)
def test_short_type_names(type_url: str, short: str) -> None:
    assert resource_type(type_url) == short
