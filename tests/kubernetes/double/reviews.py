"""What one may do oneself: SelfSubjectAccessReview and SelfSubjectRulesReview."""

from __future__ import annotations

import json
from typing import Any

from tests.kubernetes.double.access import Asked, User
from tests.kubernetes.double.said import Says


def answer(asked: Asked, user: User, body: dict[str, Any]) -> Says:
    """The review with its status filled in."""
    spec = body.get("spec", {})
    if asked.resource == "selfsubjectaccessreviews":
        status: dict[str, Any] = _access(user, spec.get("resourceAttributes", {}))
    elif asked.resource == "selfsubjectrulesreviews":
        status = {"resourceRules": _rules(user, spec.get("namespace", "")), "nonResourceRules": [], "incomplete": False}
    else:
        status = {"userInfo": {"username": user.name}}
    document = {"kind": body.get("kind"), "apiVersion": body.get("apiVersion"), "metadata": {}, "spec": spec}
    return Says(201, json.dumps({**document, "status": status}, separators=(",", ":")).encode() + b"\n")


def _access(user: User, wanted: dict[str, str]) -> dict[str, Any]:
    asked = Asked(
        wanted.get("verb", ""),
        "",
        group=wanted.get("group", ""),
        resource=wanted.get("resource", ""),
        subresource=wanted.get("subresource", ""),
        namespace=wanted.get("namespace", ""),
        name=wanted.get("name", ""),
    )
    if user.may(asked):
        return {"allowed": True, "reason": f'RBAC: allowed by ClusterRoleBinding "test" to "{user.name}"'}
    return {"allowed": False}


def _rules(user: User, namespace: str) -> list[dict[str, Any]]:
    return [
        {"verbs": list(rule.verbs), "apiGroups": [rule.group], "resources": list(rule.resources)}
        for rule in user.rules
        if rule.namespace in (None, namespace)
    ]
