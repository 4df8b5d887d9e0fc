"""AuthorizationPolicy as RBAC filters (istio ``pilot/pkg/security/authz/model``)."""

from __future__ import annotations

import ipaddress

from envoy.config.core.v3 import address_pb2
from envoy.config.rbac.v3 import rbac_pb2
from envoy.config.route.v3 import route_components_pb2 as components
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2 as rbac_filter_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm_pb2,
)
from envoy.type.matcher.v3 import path_pb2, string_pb2
from google.protobuf import wrappers_pb2

from meshtui.demo.istio.objects import AuthorizationPolicy, AuthorizationRule, Condition, MeshConfig
from meshtui.demo.istio.origin import ROOT_NAMESPACE, selects
from meshtui.demo.istio.workload import MeshWorkload

_FILTERS = (
    ("DENY", rbac_pb2.RBAC.DENY, "envoy.filters.http.rbac.DENY"),
    ("ALLOW", rbac_pb2.RBAC.ALLOW, "envoy.filters.http.rbac"),
)
"""In the order of evaluation: what is denied stays denied."""


def filters(config: MeshConfig, workload: MeshWorkload) -> list[hcm_pb2.HttpFilter]:
    """The RBAC filters for a workload's inbound listener; none if no policy selects it."""
    policies = [
        policy
        for policy in config.authorization_policies
        if policy.origin.namespace in (workload.namespace, ROOT_NAMESPACE) and selects(policy.selector, workload.labels)
    ]
    out = []
    for word, action, name in _FILTERS:
        rules = rbac_pb2.RBAC(action=action)
        for policy in policies:
            if policy.action == word:
                _add(rules, policy)
        if rules.policies:
            http_filter = hcm_pb2.HttpFilter(name=name)
            http_filter.typed_config.Pack(rbac_filter_pb2.RBAC(rules=rules))
            out.append(http_filter)
    return out


def _add(rules: rbac_pb2.RBAC, policy: AuthorizationPolicy) -> None:
    for index, rule in enumerate(policy.rules):
        name = f"{policy.origin.namespace}-{policy.origin.name}-{index}"
        principals = _principals(rule, policy.origin.namespace)
        rules.policies[name].CopyFrom(rbac_pb2.Policy(principals=principals, permissions=_permissions(rule)))


def _principals(rule: AuthorizationRule, namespace: str) -> list[rbac_pb2.Principal]:
    """One for each source; what ``when`` says of who calls is added to each of them."""
    common = [condition for condition in rule.when if not _is_of_operation(condition)]
    out = []
    for source in rule.sources or ((),):
        parts = []
        for condition in (*source, *common):
            ids = [_principal(condition.attribute, value, namespace) for value in condition.values]
            excluded = [_principal(condition.attribute, value, namespace) for value in condition.excluded]
            if ids:
                parts.append(rbac_pb2.Principal(or_ids=rbac_pb2.Principal.Set(ids=ids)))
            if excluded:
                either = rbac_pb2.Principal(or_ids=rbac_pb2.Principal.Set(ids=excluded))
                parts.append(rbac_pb2.Principal(not_id=either))
        out.append(rbac_pb2.Principal(and_ids=rbac_pb2.Principal.Set(ids=parts or [rbac_pb2.Principal(any=True)])))
    return out


def _permissions(rule: AuthorizationRule) -> list[rbac_pb2.Permission]:
    """One for each operation; what ``when`` says of what is called is added to each of them."""
    common = [condition for condition in rule.when if _is_of_operation(condition)]
    out = []
    for operation in rule.operations or ((),):
        parts = []
        for condition in (*operation, *common):
            rules = [_permission(condition.attribute, value) for value in condition.values]
            excluded = [_permission(condition.attribute, value) for value in condition.excluded]
            if rules:
                parts.append(rbac_pb2.Permission(or_rules=rbac_pb2.Permission.Set(rules=rules)))
            if excluded:
                either = rbac_pb2.Permission(or_rules=rbac_pb2.Permission.Set(rules=excluded))
                parts.append(rbac_pb2.Permission(not_rule=either))
        parts = parts or [rbac_pb2.Permission(any=True)]
        out.append(rbac_pb2.Permission(and_rules=rbac_pb2.Permission.Set(rules=parts)))
    return out


def _is_of_operation(condition: Condition) -> bool:
    return condition.attribute.startswith(("destination.", "connection."))


def _principal(attribute: str, value: str, namespace: str) -> rbac_pb2.Principal:
    if attribute == "source.ip":
        return rbac_pb2.Principal(direct_remote_ip=_block(value))
    if attribute == "remote.ip":
        return rbac_pb2.Principal(remote_ip=_block(value))
    if attribute.startswith("request.headers["):
        name = attribute.removeprefix("request.headers[").removesuffix("]")
        return rbac_pb2.Principal(header=_header(name, value))
    identity = _identity(attribute, value, namespace)
    return rbac_pb2.Principal(authenticated=rbac_pb2.Principal.Authenticated(principal_name=identity))


def _identity(attribute: str, value: str, namespace: str) -> string_pb2.StringMatcher:
    """How a principal, an account or a namespace of a policy is found in a peer's SPIFFE id."""
    if attribute == "source.namespace":
        return _regex(f".*/ns/{value.replace('*', '.*')}/.*")
    if attribute == "source.serviceAccount":
        place, slash, account = value.rpartition("/")
        return _regex(f"spiffe://.+/ns/{place if slash else namespace}/(.+/|)sa/{account}(/.+)?")
    return _text(value, "spiffe://")


def _permission(attribute: str, value: str) -> rbac_pb2.Permission:
    if attribute == "paths":
        return rbac_pb2.Permission(url_path=path_pb2.PathMatcher(path=_text(value)))
    if attribute == "methods":
        return rbac_pb2.Permission(header=_header(":method", value))
    if attribute == "hosts":
        return rbac_pb2.Permission(header=_header(":authority", value, ignore_case=True))
    if attribute == "destination.ip":
        return rbac_pb2.Permission(destination_ip=_block(value))
    if attribute == "connection.sni":
        return rbac_pb2.Permission(requested_server_name=_text(value))
    return rbac_pb2.Permission(destination_port=int(value))


def _header(name: str, value: str, *, ignore_case: bool = False) -> components.HeaderMatcher:
    """``*`` alone means that there is one."""
    if value == "*":
        return components.HeaderMatcher(name=name, present_match=True)
    matcher = _text(value)
    matcher.ignore_case = ignore_case
    return components.HeaderMatcher(name=name, string_match=matcher)


def _text(value: str, before: str = "") -> string_pb2.StringMatcher:
    """A value with a ``*`` at one end, or with none (istio ``authz/matcher/string.go``, StringMatcherWithPrefix)."""
    if value == "*":
        return _regex(".+")
    if value.startswith("*"):
        return _regex(f"{before}.*{value[1:]}") if before else string_pb2.StringMatcher(suffix=value[1:])
    if value.endswith("*"):
        return string_pb2.StringMatcher(prefix=f"{before}{value[:-1]}")
    return string_pb2.StringMatcher(exact=f"{before}{value}")


def _block(value: str) -> address_pb2.CidrRange:
    block = ipaddress.ip_interface(value)
    length = wrappers_pb2.UInt32Value(value=block.network.prefixlen)
    return address_pb2.CidrRange(address_prefix=str(block.ip), prefix_len=length)


def _regex(pattern: str) -> string_pb2.StringMatcher:
    matcher = string_pb2.StringMatcher()
    matcher.safe_regex.regex = pattern
    return matcher
