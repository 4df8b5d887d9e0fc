"""Who asks, what was asked, and whether that is allowed: RBAC as far as this API is concerned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.kubernetes.double.said import Says, refusal

READ: Final = ("get", "list", "watch")
FORWARD: Final = "pods/portforward"
EXEC: Final = "pods/exec"


READS: Final = frozenset({"get", "list", "watch"})

CREATED: Final = frozenset({"pods/portforward", "pods/exec", "selfsubjectaccessreviews", "selfsubjectrulesreviews"})
"""What is created: connections and questions about one's own rights, of which nothing stays."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a role; in every namespace, or in one."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    group: str = ""
    namespace: str | None = None

    def allows(self, asked: Asked, verb: str) -> bool:
        """Whether the rule allows it."""
        return (
            ("*" in self.verbs or verb in self.verbs)
            and ("*" in self.resources or asked.full_resource in self.resources)
            and self.group in ("*", asked.group)
            and self.namespace in (None, asked.namespace)
        )


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with rights. Reviews of one's own access are allowed to everyone who is logged in."""

    name: str
    rules: tuple[Rule, ...] = ()
    may_review: bool = True

    def may(self, asked: Asked, verb: str = "") -> bool:
        """Whether the user may do what is asked, or the same with another verb."""
        if asked.resource in REVIEWS:
            return self.may_review and (verb or asked.verb) == "create"
        if not asked.resource:
            return asked.path in PUBLIC or (self.name != ANONYMOUS.name and asked.path.startswith(DISCOVERY))
        return any(rule.allows(asked, verb or asked.verb) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the API server reads it. ``verb`` is Kubernetes' own: get, list, watch, create and so on."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    user: str = ""
    query: tuple[tuple[str, str], ...] = ()

    @property
    def full_resource(self) -> str:
        """``pods`` or ``pods/exec``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    @property
    def may_be_sent(self) -> bool:
        """Whether meshtui may ask for this: nothing that changes what stays, and no private key."""
        changes = self.verb not in READS and not (self.verb == "create" and self.full_resource in CREATED)
        return not changes and not any("key.pem" in word for word in self.all_of("command"))

    def all_of(self, key: str) -> list[str]:
        """Every value of a parameter of the query."""
        return [value for name, value in self.query if name == key]

    def one(self, key: str) -> str:
        """The first value of a parameter of the query, empty if there is none."""
        return next(iter(self.all_of(key)), "")


REVIEWS: Final = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")
PUBLIC: Final = ("/version", "/version/", "/healthz", "/livez", "/readyz")
DISCOVERY: Final = ("/api", "/openapi")
ANONYMOUS: Final = User("system:anonymous", may_review=False)

_PODS = Rule(READ, ("pods", "namespaces"))
_FORWARD = Rule(("get", "create"), (FORWARD,))
_BOTH = Rule(("get", "create"), (FORWARD, EXEC))
_HERE = "echo-grpc"


def _account(name: str, *rules: Rule) -> User:
    return User(f"system:serviceaccount:users:{name}", rules)


USERS: Final = {
    "full": _account(
        "full",
        Rule(READ, ("pods", "namespaces", "services", "events", "nodes", "pods/log")),
        _BOTH,
        *(
            Rule(READ, ("*",), group)
            for group in (
                "apps",
                "batch",
                "discovery.k8s.io",
                "networking.istio.io",
                "security.istio.io",
                "telemetry.istio.io",
            )
        ),
    ),
    "readonly": _account("readonly", _PODS),
    "forward": _account("forward", _PODS, _FORWARD),
    # What kubectl's SPDY needs, and most roles have.
    "forward-create": _account("forward-create", _PODS, Rule(("create",), (FORWARD,))),
    # Enough before 1.35.
    "forward-get": _account("forward-get", _PODS, Rule(("get",), (FORWARD, EXEC))),
    "onens": _account("onens", Rule(READ, ("pods",), namespace=_HERE), Rule(_BOTH.verbs, _BOTH.resources, "", _HERE)),
    "getonly": _account(
        "getonly", Rule(("get",), ("pods",), namespace=_HERE), Rule(_BOTH.verbs, _BOTH.resources, "", _HERE)
    ),
    "nowatch": _account("nowatch", Rule(("get", "list"), ("pods", "namespaces")), _BOTH),
    "nothing": _account("nothing"),
}
"""Users by the token that they log in with: those that real clusters have."""


def forbidden(asked: Asked, verb: str = "") -> Says:
    """403, with the verb, the resource and where."""
    if not asked.resource:
        return refusal(403, "Forbidden", f'forbidden: User "{asked.user}" cannot {asked.verb} path "{asked.path}"', {})
    kind = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    head = f'{kind} "{asked.name}" is forbidden' if asked.name else f"{kind} is forbidden"
    words = f'cannot {verb or asked.verb} resource "{asked.full_resource}" in API group "{asked.group}" {where}'
    return refusal(403, "Forbidden", f'{head}: User "{asked.user}" {words}', _details(asked))


def forbidden_without_a_reason(asked: Asked) -> Says:
    """403 of the second check, of ``create``, of a websocket: nothing stands behind the colon."""
    return refusal(403, "Forbidden", f'pods "{asked.name}" is forbidden: ', _details(asked))


def _details(asked: Asked) -> dict[str, str]:
    pairs: Iterable[tuple[str, str]] = (("name", asked.name), ("group", asked.group), ("kind", asked.resource))
    return {key: value for key, value in pairs if value}
