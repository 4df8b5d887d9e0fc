"""AuthorizationPolicies as RBAC (istio 1.29.1 ``pilot/pkg/security/authz/model``)."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.listener.v3 import listener_pb2
from envoy.config.rbac.v3 import rbac_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2 as rbac_filter_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm_pb2
from google.protobuf import json_format

from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.manifests import read_text
from meshtui.demo.xds.generate import LISTENER
from tests.demo.generated import INBOUND, config_of, one


def policy(rule: str, action: str = "ALLOW") -> str:
    return f"""
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: p, namespace: echo-grpc}}
spec: {{action: {action}, rules: [{rule}]}}
"""


def sent(rule: str) -> tuple[Any, Any]:
    """The principals and permissions of a rule."""
    found = one(config_of("discovery", policy(rule)), LISTENER, INBOUND, listener_pb2.Listener)
    manager, rbac = hcm_pb2.HttpConnectionManager(), rbac_filter_pb2.RBAC()
    assert found.filter_chains[0].filters[0].typed_config.Unpack(manager)
    assert manager.http_filters[0].name == "envoy.filters.http.rbac"
    assert manager.http_filters[0].typed_config.Unpack(rbac)
    assert rbac.rules.action == rbac_pb2.RBAC.ALLOW
    (made,) = (json_format.MessageToDict(found) for found in rbac.rules.policies.values())
    return made["principals"], made["permissions"]


ANY_PRINCIPAL = [{"andIds": {"ids": [{"any": True}]}}]
ANY_PERMISSION = [{"andRules": {"rules": [{"any": True}]}}]


def test_what_is_not_written_is_any() -> None:
    assert sent("{}") == (ANY_PRINCIPAL, ANY_PERMISSION)


@pytest.mark.parametrize(
    ("source", "identifier"),
    [
        ("principals: ['td/ns/a/sa/b']", {"authenticated": {"principalName": {"exact": "spiffe://td/ns/a/sa/b"}}}),
        ("principals: ['td/*']", {"authenticated": {"principalName": {"prefix": "spiffe://td/"}}}),
        ("principals: ['*']", {"authenticated": {"principalName": {"safeRegex": {"regex": ".+"}}}}),
        ("principals: ['*/b']", {"authenticated": {"principalName": {"safeRegex": {"regex": "spiffe://.*/b"}}}}),
        ("namespaces: ['a-*']", {"authenticated": {"principalName": {"safeRegex": {"regex": ".*/ns/a-.*/.*"}}}}),
        (
            "serviceAccounts: [b]",
            {"authenticated": {"principalName": {"safeRegex": {"regex": "spiffe://.+/ns/echo-grpc/(.+/|)sa/b(/.+)?"}}}},
        ),
        ("ipBlocks: [10.1.0.0/16]", {"directRemoteIp": {"addressPrefix": "10.1.0.0", "prefixLen": 16}}),
        ("remoteIpBlocks: ['::1']", {"remoteIp": {"addressPrefix": "::1", "prefixLen": 128}}),
    ],
)
def test_who_calls(source: str, identifier: dict[str, Any]) -> None:
    principals, permissions = sent(f"{{from: [{{source: {{{source}}}}}]}}")
    assert principals == [{"andIds": {"ids": [{"orIds": {"ids": [identifier]}}]}}]
    assert permissions == ANY_PERMISSION


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        ("paths: ['/proto.E/*']", {"urlPath": {"path": {"prefix": "/proto.E/"}}}),
        ("paths: ['*/Echo']", {"urlPath": {"path": {"suffix": "/Echo"}}}),
        ("methods: [POST]", {"header": {"name": ":method", "stringMatch": {"exact": "POST"}}}),
        ("methods: ['*']", {"header": {"name": ":method", "presentMatch": True}}),
        ("hosts: [Echo]", {"header": {"name": ":authority", "stringMatch": {"exact": "Echo", "ignoreCase": True}}}),
        ("ports: ['17070']", {"destinationPort": 17070}),
    ],
)
def test_what_is_called(operation: str, rule: dict[str, Any]) -> None:
    principals, permissions = sent(f"{{to: [{{operation: {{{operation}}}}}]}}")
    assert permissions == [{"andRules": {"rules": [{"orRules": {"rules": [rule]}}]}}]
    assert principals == ANY_PRINCIPAL


def test_parts_come_in_istiods_order_and_what_is_excluded_after_its_like() -> None:
    source = "ipBlocks: [1.2.3.4], notPrincipals: [a], principals: ['*']"
    principals, permissions = sent(
        f"{{from: [{{source: {{{source}}}}}], to: [{{operation: {{ports: ['1'], notHosts: [h], paths: [/p]}}}}]}}"
    )
    (ids,), (rules,) = (principals[0]["andIds"].values(), permissions[0]["andRules"].values())
    assert [next(iter(part)) for part in ids] == ["orIds", "notId", "orIds"]
    assert "directRemoteIp" in ids[2]["orIds"]["ids"][0]
    assert [next(iter(part)) for part in rules] == ["notRule", "orRules", "orRules"]
    assert "destinationPort" in rules[2]["orRules"]["rules"][0]


def test_conditions_are_added_to_every_source_and_operation() -> None:
    header = "{key: 'request.headers[x-user]', values: ['jane*'], notValues: [janet]}"
    port = "{key: destination.port, values: ['17070']}"
    source = "[{source: {namespaces: [a]}}, {source: {namespaces: [b]}}]"
    principals, permissions = sent(f"{{from: {source}, when: [{header}, {port}]}}")
    for principal in principals:
        assert principal["andIds"]["ids"][1:] == [
            {"orIds": {"ids": [{"header": {"name": "x-user", "stringMatch": {"prefix": "jane"}}}]}},
            {"notId": {"orIds": {"ids": [{"header": {"name": "x-user", "stringMatch": {"exact": "janet"}}}]}}},
        ]
    assert len(principals) == 2
    assert permissions == [{"andRules": {"rules": [{"orRules": {"rules": [{"destinationPort": 17070}]}}]}}]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{from: [{source: {requestPrincipals: ['*']}}]}", "a token that proxyless gRPC does not check"),
        ("{when: [{key: 'request.auth.claims[iss]', values: [a]}]}", "a token that proxyless gRPC does not check"),
        ("{when: [{key: nonsense, values: [a]}]}", "when knows no key 'nonsense'"),
        ("{when: [{key: source.ip}]}", "must have values or notValues"),
        ("{to: [{operation: {ports: [http]}}]}", "'http' is no port"),
        ("{to: [{operation: {paths: ['/a/{*}']}}]}", "path template"),
        ("{from: [{source: {ipBlocks: [here]}}]}", "'here' is no IP address"),
        ("{to: [{operation: {hosts: []}}]}", "hosts must not be empty"),
        ("{to: [{operation: {}}]}", "operation must not be empty"),
        ("{from: [{source: {people: [a]}}]}", "source has no field 'people'"),
    ],
)
def test_what_cannot_be_used_is_refused(rule: str, words: str) -> None:
    with pytest.raises(ManifestError, match=words.replace("[", r"\[")):
        read_text(policy(rule), "p.yaml")
