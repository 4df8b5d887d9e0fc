"""Reads PeerAuthentication and AuthorizationPolicy, by what istiod makes of them for proxyless gRPC."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import AuthorizationPolicy, AuthorizationRule, PeerAuthentication
from meshtui.demo.istio.origin import Origin
from meshtui.demo.istio.workload import Labels

MODES = ("UNSET", "DISABLE", "PERMISSIVE", "STRICT")
"""Istio's modes of mutual TLS."""

_Conditions = tuple[tuple[tuple[str, tuple[str, ...], bool], ...], ...]


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


def _rule(rule: Block) -> AuthorizationRule:
    fields.only(rule, "a rule", ("from", "to"))
    sources = ("principals", "notPrincipals", "namespaces", "notNamespaces")
    operations = ("paths", "notPaths")
    return AuthorizationRule(
        _conditions(rule, "from", "source", sources), _conditions(rule, "to", "operation", operations)
    )


def _conditions(rule: Block, key: str, inner: str, known: tuple[str, ...]) -> _Conditions:
    """Alternatives, each a conjunction of (attribute, values, negated)."""
    out = []
    for item in fields.blocks(rule, key):
        fields.only(item, key, (inner,))
        parts = fields.block(item, inner)
        fields.only(parts, inner, known)
        conditions = []
        for attribute in parts:
            values = fields.texts(parts, attribute)
            if not values:
                raise parts.fail(attribute, f"{attribute} must not be empty")
            negated = attribute.startswith("not")
            name = attribute[3].lower() + attribute[4:] if negated else attribute
            conditions.append((name, values, negated))
        if not conditions:
            raise item.fail(inner, f"{inner} must not be empty")
        out.append(tuple(conditions))
    return tuple(out)
