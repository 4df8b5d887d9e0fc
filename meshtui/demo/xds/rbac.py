"""AuthorizationPolicy as RBAC filters."""

from __future__ import annotations

from collections.abc import Iterable

from envoy.config.rbac.v3 import rbac_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2 as rbac_filter_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm_pb2,
)
from envoy.type.matcher.v3 import path_pb2, string_pb2

from meshtui.demo.istio.objects import AuthorizationPolicy, AuthorizationRule, MeshConfig
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
        rules.policies[name].CopyFrom(rbac_pb2.Policy(principals=_principals(rule), permissions=_permissions(rule)))


def _principals(rule: AuthorizationRule) -> list[rbac_pb2.Principal]:
    if not rule.sources:
        return [rbac_pb2.Principal(any=True)]
    out = []
    for source in rule.sources:
        parts = []
        for attribute, values, negated in source:
            ids = [_principal(_identity(attribute, value)) for value in values]
            either = rbac_pb2.Principal(or_ids=rbac_pb2.Principal.Set(ids=ids))
            parts.append(rbac_pb2.Principal(not_id=either) if negated else either)
        out.append(rbac_pb2.Principal(and_ids=rbac_pb2.Principal.Set(ids=parts)))
    return out


def _principal(matcher: string_pb2.StringMatcher) -> rbac_pb2.Principal:
    return rbac_pb2.Principal(authenticated=rbac_pb2.Principal.Authenticated(principal_name=matcher))


def _identity(attribute: str, value: str) -> string_pb2.StringMatcher:
    """How a principal or namespace of a policy is found in a peer's SPIFFE id, by Istio's rules."""
    if attribute == "namespaces":
        return _regex(f".*/ns/{_wildcard(value)}/.*")
    if value == "*":
        return _regex(".+")
    if value.startswith("*"):
        return _regex(f"spiffe://.*{_quote(value[1:])}")
    if value.endswith("*"):
        return string_pb2.StringMatcher(prefix=f"spiffe://{value[:-1]}")
    return string_pb2.StringMatcher(exact=f"spiffe://{value}")


def _permissions(rule: AuthorizationRule) -> list[rbac_pb2.Permission]:
    if not rule.operations:
        return [rbac_pb2.Permission(any=True)]
    out = []
    for operation in rule.operations:
        parts = []
        for _, values, negated in operation:
            paths = [rbac_pb2.Permission(url_path=path_pb2.PathMatcher(path=_path(value))) for value in values]
            either = rbac_pb2.Permission(or_rules=rbac_pb2.Permission.Set(rules=paths))
            parts.append(rbac_pb2.Permission(not_rule=either) if negated else either)
        out.append(rbac_pb2.Permission(and_rules=rbac_pb2.Permission.Set(rules=parts)))
    return out


def _path(value: str) -> string_pb2.StringMatcher:
    if value == "*":
        return _regex(".+")
    if value.startswith("*"):
        return string_pb2.StringMatcher(suffix=value[1:])
    if value.endswith("*"):
        return string_pb2.StringMatcher(prefix=value[:-1])
    return string_pb2.StringMatcher(exact=value)


def _regex(pattern: str) -> string_pb2.StringMatcher:
    matcher = string_pb2.StringMatcher()
    matcher.safe_regex.regex = pattern
    return matcher


def _wildcard(value: str) -> str:
    return ".*".join(_quote(part) for part in value.split("*"))


_SPECIAL: Iterable[str] = frozenset("\\.+*?()|[]{}^$")


def _quote(text: str) -> str:
    """The text with everything escaped that means something to RE2."""
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in text)
