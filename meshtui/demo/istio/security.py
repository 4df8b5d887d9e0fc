"""Reads PeerAuthentication and AuthorizationPolicy, by what istiod makes of them for proxyless gRPC."""

from __future__ import annotations

import ipaddress

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block, ManifestError
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import AuthorizationPolicy, AuthorizationRule, Condition, PeerAuthentication
from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.workload import Labels

MODES = ("UNSET", "DISABLE", "PERMISSIVE", "STRICT")
"""Istio's modes of mutual TLS."""


def read_peer_authentication(document: Block, origin: Origin, notes: Notes) -> PeerAuthentication:
    """A PeerAuthentication; what PERMISSIVE becomes is decided per workload, when it is applied."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a PeerAuthentication", ("selector", "mtls", "portLevelMtls"))
    mtls = fields.block(spec, "mtls")
    mode = fields.one_of(mtls, "mode", MODES, "UNSET")
    if mode == "PERMISSIVE":
        notes.add(
            "changed",
            mtls.line_of("mode"),
            "PERMISSIVE becomes plaintext, or STRICT for pods labelled security.istio.io/tlsMode=istio",
        )
    ports = fields.block(spec, "portLevelMtls")
    port_modes = []
    for key in ports:
        if not key.isascii() or not key.isdigit() or not 1 <= int(key[:6]) <= 65535:
            raise ports.fail(key, f"portLevelMtls names ports by number, not {key!r:.80}")
        port_modes.append((int(key), fields.one_of(fields.block(ports, key), "mode", MODES, "UNSET")))
    return PeerAuthentication(origin, _selector(spec), mode, tuple(port_modes))


def _selector(spec: Block) -> Labels:
    selector = fields.block(spec, "selector")
    fields.only(selector, "a selector", ("matchLabels",))
    return fields.labels(selector, "matchLabels")


def read_authorization_policy(document: Block, origin: Origin, notes: Notes) -> AuthorizationPolicy:
    """An AuthorizationPolicy. AUDIT and CUSTOM are dropped as istiod drops them."""
    spec = fields.block(document, "spec")
    fields.only(spec, "an AuthorizationPolicy", ("selector", "action", "rules"))
    action = fields.one_of(spec, "action", ("ALLOW", "DENY", "AUDIT", "CUSTOM"), "ALLOW")
    if action in ("AUDIT", "CUSTOM"):
        reason = f"action {action} is dropped: gRPC knows only ALLOW and DENY"
        notes.add("dropped", spec.line_of("action"), reason)
    rules = tuple(_rule(rule) for rule in fields.blocks(spec, "rules"))
    if action == "ALLOW" and not rules:
        reason = "a policy without rules is dropped: it denies everything to a sidecar, nothing to proxyless gRPC"
        notes.add("dropped", spec.line_of("rules"), reason)
    return AuthorizationPolicy(origin, _selector(spec), action, rules)


_SOURCES = {
    "principals": "source.principal",
    "serviceAccounts": "source.serviceAccount",
    "namespaces": "source.namespace",
    "remoteIpBlocks": "remote.ip",
    "ipBlocks": "source.ip",
}
_OPERATIONS = {name: name for name in ("hosts", "methods", "paths", "ports")}
"""What a source or operation says, in the order in which istiod sends it, and the attribute it is about."""

_WHEN = (*_SOURCES.values(), "destination.ip", "destination.port", "connection.sni")
_IN_BRACKETS = "request.headers["
_JWT = ("requestPrincipals", "notRequestPrincipals", "request.auth.")


def _rule(rule: Block) -> AuthorizationRule:
    fields.only(rule, "a rule", ("from", "to", "when"))
    return AuthorizationRule(
        tuple(_alternative(item, "source", _SOURCES) for item in _alternatives(rule, "from", "source")),
        tuple(_alternative(item, "operation", _OPERATIONS) for item in _alternatives(rule, "to", "operation")),
        tuple(_when(item) for item in fields.blocks(rule, "when")),
    )


def _alternatives(rule: Block, key: str, inner: str) -> list[Block]:
    items = fields.blocks(rule, key)
    for item in items:
        fields.only(item, key, (inner,))
    return items


def _alternative(item: Block, inner: str, attributes: dict[str, str]) -> tuple[Condition, ...]:
    """One source or operation: its conditions, all of which have to hold."""
    parts = fields.block(item, inner)
    _refuse_jwt(parts, *parts)
    negated = {_negated(name): name for name in attributes}
    fields.only(parts, inner, (*attributes, *negated))
    if not parts:
        raise item.fail(inner, f"{inner} must not be empty")
    found = [
        _condition(attribute, _values(parts, name), _values(parts, _negated(name)), parts)
        for name, attribute in attributes.items()
        if name in parts or _negated(name) in parts
    ]
    return tuple(found)


def _negated(name: str) -> str:
    return f"not{name[0].upper()}{name[1:]}"


def _values(parts: Block, name: str) -> tuple[str, ...]:
    values = fields.texts(parts, name)
    if name in parts and not values:
        raise parts.fail(name, f"{name} must not be empty")
    return values


def _when(item: Block) -> Condition:
    fields.only(item, "when", ("key", "values", "notValues"))
    key = fields.text(item, "key")
    _refuse_jwt(item, key)
    if key not in _WHEN and not (key.startswith(_IN_BRACKETS) and key.endswith("]")):
        raise item.fail("key", f"when knows no key {key!r:.80} that reaches gRPC")
    values, excluded = _values(item, "values"), _values(item, "notValues")
    if not (values or excluded):
        raise item.fail("key", "when must have values or notValues")
    return _condition(key, values, excluded, item)


def _refuse_jwt(parts: Block, *names: str) -> None:
    for name in names:
        if name.startswith(_JWT):
            raise parts.fail(name, f"{name:.80} needs a token that proxyless gRPC does not check")


def _condition(attribute: str, values: tuple[str, ...], excluded: tuple[str, ...], parts: Block) -> Condition:
    for value in (*values, *excluded):
        if attribute in ("ports", "destination.port") and not (value.isascii() and value.isdigit()):
            raise ManifestError(parts.line, f"{value!r:.80} is no port")
        if attribute.endswith(".ip"):
            _check_block(value, parts)
        if attribute == "paths" and "{" in value:
            raise ManifestError(parts.line, "a path template is sent, and gRPC refuses the listener")
    return Condition(attribute, values, excluded)


def _check_block(value: str, parts: Block) -> None:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        raise ManifestError(parts.line, f"{value!r:.80} is no IP address and no block of them") from None
