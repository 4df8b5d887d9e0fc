"""Which policy refused a call, and where, as far as the refusal names them.

grpc-go's RBAC engine quotes the policy (``internal/xds/rbac/rbac_engine.go``), behind the id of the node that refused;
istiod names each rule after its object (``pilot/pkg/networking/grpcgen/lds.go``, counted from 0). C-core says neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from meshtui.doctor.explain.config import PERMISSION_DENIED
from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.node_id import parse_node_id

DENIED: Final = re.compile(
    r"(?:\[xDS node id: ([^\]\s]{1,500})\]: )?(?:Incoming RPC is not allowed: )?"
    r"(?:rpc error: code = PermissionDenied desc = )?"
    r'incoming RPC (?:matched a deny policy "([^"]{1,500})"|did not match an allow policy)'
)

RULE: Final = re.compile(r"(.+)-(\d+)", re.DOTALL)
"""``NAMESPACE-NAME-RULE``, as istiod's generator for gRPC calls the rules of an AuthorizationPolicy."""

ROOT_NAMESPACE: Final = "istio-system"
"""Where a policy for all namespaces stands, unless the mesh is told otherwise."""

IN_PLAINTEXT: Final = "In plaintext there is no identity, so rules with principals never match."


@dataclass(frozen=True, slots=True)
class Denial:
    """``policy`` is empty where no ALLOW policy fitted, ``pod`` and ``namespace`` where the text names no node."""

    policy: str
    pod: str = ""
    namespace: str = ""

    @property
    def policy_words(self) -> str:
        """``rules[1] of AuthorizationPolicy deny-all in shop``; a name that is not Istio's as it is.

        Namespace and name are only told apart where the namespace is one that a policy for this pod can be in.
        """
        rule = RULE.fullmatch(self.policy)
        for namespace in (self.namespace, ROOT_NAMESPACE):
            if rule and namespace and rule[1].startswith(f"{namespace}-"):
                name = rule[1].removeprefix(f"{namespace}-")
                return f"rules[{rule[2]}] of AuthorizationPolicy {name} in {namespace}"
        return f"policy {self.policy}"


def denial_in(text: str) -> Denial | None:
    """What refused the call; ``None`` where the text is no such refusal or says nothing of it."""
    found = DENIED.search(text)
    if found is None:
        return None
    node = parse_node_id(found[1] or "")
    return Denial(found[2] or "", node.pod, node.namespace) if node is not None else Denial(found[2] or "")


def explained(denial: Denial) -> KnownError:
    """The refusal with its policy and pod."""
    at = f" at {denial.pod}.{denial.namespace}" if denial.namespace else ""
    if denial.policy:
        return replace(
            PERMISSION_DENIED,
            title=f"Denied by {denial.policy_words}",
            explanation=f"The server's RBAC filter{at} found that this rule with action DENY fits the call.",
            fix="Change the rule, or call with what it does not deny (identity, method, headers).",
        )
    return replace(
        PERMISSION_DENIED,
        title="No AuthorizationPolicy with action ALLOW fits the call",
        explanation=(
            f"The server's RBAC filter{at} has ALLOW policies, and none of them allows this caller and method. "
            f"{IN_PLAINTEXT}"
        ),
    )
