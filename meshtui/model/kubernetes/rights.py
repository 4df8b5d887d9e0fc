"""Rights in a cluster: what each is needed for, whether the user has it, and the exact rule that grants it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from meshtui.model.phrases import and_words


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Right:
    """A verb on a resource, as RBAC names it: ``group`` is empty for the core group."""

    verb: str
    resource: str
    subresource: str = ""
    group: str = ""
    cluster_wide: bool = False

    @property
    def target(self) -> str:
        """The resource as a rule names it: ``pods/portforward``."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    @property
    def words(self) -> str:
        """As in "may not create pods/portforward"."""
        of = f"{self.target}.{self.group}" if self.group else self.target
        return f"{self.verb} {of}"


GET_POD: Final = Right(verb="get", resource="pods")
LIST_PODS: Final = Right(verb="list", resource="pods")
WATCH_PODS: Final = Right(verb="watch", resource="pods")
GET_FORWARD: Final = Right(verb="get", resource="pods", subresource="portforward")
CREATE_FORWARD: Final = Right(verb="create", resource="pods", subresource="portforward")
GET_EXEC: Final = Right(verb="get", resource="pods", subresource="exec")
CREATE_EXEC: Final = Right(verb="create", resource="pods", subresource="exec")
GET_LOG: Final = Right(verb="get", resource="pods", subresource="log")
LIST_NAMESPACES: Final = Right(verb="list", resource="namespaces", cluster_wide=True)
LIST_EVENTS: Final = Right(verb="list", resource="events")
GET_SERVICE: Final = Right(verb="get", resource="services")
LIST_SERVICES: Final = Right(verb="list", resource="services")
LIST_SLICES: Final = Right(verb="list", resource="endpointslices", group="discovery.k8s.io")
GET_DEPLOYMENT: Final = Right(verb="get", resource="deployments", group="apps")
GET_STATEFUL_SET: Final = Right(verb="get", resource="statefulsets", group="apps")
GET_DAEMON_SET: Final = Right(verb="get", resource="daemonsets", group="apps")
GET_REPLICA_SET: Final = Right(verb="get", resource="replicasets", group="apps")
LIST_REPLICA_SETS: Final = Right(verb="list", resource="replicasets", group="apps")
GET_JOB: Final = Right(verb="get", resource="jobs", group="batch")
LIST_ENTRIES: Final = Right(verb="list", resource="workloadentries", group="networking.istio.io")


CREATE_SINCE: Final = (1, 35)
"""The version from which a websocket into a pod needs ``create`` beside ``get`` (the feature gate
AuthorizePodWebsocketUpgradeCreatePermission, on by default)."""

UPGRADES: Final = frozenset({CREATE_FORWARD, CREATE_EXEC})
"""The rights that are asked for since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something meshtui does in a cluster and the rights for it; ``without`` says what is missing then, and what is
    used instead. With ``piecemeal`` each right gives a part of it."""

    name: str
    rights: tuple[Right, ...]
    unlocks: str
    without: str
    piecemeal: bool = False


FORWARD: Final = Need(
    name="forward",
    rights=(GET_FORWARD, CREATE_FORWARD),
    unlocks="config, channels, echo runs, the agent: everything of the pod itself",
    without="somebody else's kubectl port-forward, with its address as the target",
)
"""A port-forward by websocket: ``get`` by the HTTP verb, and ``create`` as well since Kubernetes 1.35."""

EXEC: Final = Need(
    name="exec",
    rights=(GET_EXEC, CREATE_EXEC),
    unlocks="the bootstrap and the certificate files",
    without="the agent's metrics and the certificates on live connections",
)
"""The same for exec, by which files are read."""

SEE_POD: Final = Need(
    name="pod",
    rights=(GET_POD,),
    unlocks="the pod's state, ports and containers; whether it is still the same",
    without="port 17171, or the one of --port",
)
FOLLOW: Final = Need(
    name="follow",
    rights=(LIST_PODS, WATCH_PODS),
    unlocks="the list to pick from, labels, deploy/ and svc/; a pod's end and its successor",
    without="pod/NAME is typed; without watch alone, lists are asked for again every few seconds",
)
ENDPOINTS: Final = Need(
    name="endpoints",
    rights=(LIST_SERVICES, LIST_SLICES, LIST_PODS),
    unlocks="whether an endpoint's pod is ending, gone or another's; the versions of a split",
    without="what istiod says of versions, or the names of subsets",
)
"""What is behind the Services that a client holds."""

ENTRIES: Final = Need(
    name="entries",
    rights=(LIST_ENTRIES,),
    unlocks="whether an address that no pod has is a virtual machine's",
    without="such an address is no finding",
)
ISTIO: Final = Need(
    name="istio",
    rights=tuple(
        Right(verb="list", resource=resource, group=f"{group}.istio.io")
        for group, resources in (
            ("networking", ("virtualservices", "destinationrules", "sidecars", "envoyfilters", "serviceentries")),
            ("security", ("peerauthentications", "authorizationpolicies", "requestauthentications")),
            ("telemetry", ("telemetries",)),
            ("extensions", ("wasmplugins",)),
        )
        for resource in resources
    ),
    unlocks="Istio's objects: which VirtualService and DestinationRule name a host",
    without="the config alone",
    piecemeal=True,
)
SERVICE: Final = Need(
    name="service",
    rights=(GET_SERVICE,),
    unlocks="svc/NAME, with the Service's ports",
    without="pod/NAME, or a label of its pods",
)
OWNERS: Final = Need(
    name="owners",
    rights=(GET_DEPLOYMENT, GET_STATEFUL_SET, GET_DAEMON_SET, GET_REPLICA_SET, LIST_REPLICA_SETS, GET_JOB),
    unlocks="deploy/NAME and the like by the object's own selector",
    without="the owners' names that stand in the pods",
)
NAMESPACES: Final = Need(
    name="namespaces",
    rights=(LIST_NAMESPACES,),
    unlocks="the choice of namespaces",
    without="the context's namespace, or a typed one",
)
LOG: Final = Need(name="log", rights=(GET_LOG,), unlocks="the log of istio-proxy", without="no log")
EVENTS: Final = Need(name="events", rights=(LIST_EVENTS,), unlocks="the pod's events", without="no events")
COMPLETION: Final = Need(
    name="completion",
    rights=tuple(
        Right(verb="list", resource=right.resource, group=right.group)
        for right in (GET_SERVICE, GET_DEPLOYMENT, GET_STATEFUL_SET, GET_DAEMON_SET, GET_REPLICA_SET, GET_JOB)
    ),
    unlocks="names of Services, Deployments and the like with the tab key of the shell",
    without="names are typed",
)

NEEDS: Final = (
    FORWARD,
    EXEC,
    SEE_POD,
    FOLLOW,
    ENDPOINTS,
    ENTRIES,
    ISTIO,
    SERVICE,
    OWNERS,
    LOG,
    EVENTS,
    NAMESPACES,
    COMPLETION,
)
"""All that meshtui does in a cluster, in the order of what is lost without it: the access ladder, the whole Role of the
docs and the table below it are made of this list."""


class Answer(Enum):
    """What is known of a right."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """The review itself was refused or failed: whoever needs the right tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer for one right in one namespace; ``why`` is the authorizer's reason, or why nothing is known."""

    right: Right
    answer: Answer
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What was found for one user in one namespace, or for one pod there if ``pod`` names it.

    ``server`` is the API server's version (major, minor), if known: older ones ask for fewer rights.
    """

    namespace: str
    verdicts: tuple[Verdict, ...]
    pod: str = ""
    server: tuple[int, int] | None = None

    def answer(self, right: Right) -> Answer:
        """The answer for a right; unknown if nobody asked."""
        return next((each.answer for each in self.verdicts if each.right == right), Answer.UNKNOWN)

    def missing(self, need: Need) -> tuple[Right, ...]:
        """The rights of a need that the user does not have, for certain."""
        return tuple(right for right in self.needed(need) if self.answer(right) is Answer.NO)

    def needed(self, need: Need) -> tuple[Right, ...]:
        """The rights that this server asks for."""
        if self.server is None or self.server >= CREATE_SINCE:
            return need.rights
        return tuple(right for right in need.rights if right not in UPGRADES)

    def allows(self, need: Need) -> Answer:
        """Whether everything for a need is there: no, if one right is missing for certain."""
        answers = {self.answer(right) for right in self.needed(need)}
        if Answer.NO in answers:
            return Answer.NO
        return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.YES

    def rule_for(self, need: Need) -> str:
        """The rule that grants what is missing for a need, as lines of YAML for a Role; empty if nothing is."""
        return rules_yaml(self.missing(need))


def rules_yaml(rights: Iterable[Right]) -> str:
    """The rules that grant these rights and no others, as the items of a Role's ``rules``, in YAML.

    Verbs of the same resource are one rule, and so are resources with the same verbs.
    """
    return "".join(
        f"- apiGroups: [{_quoted([group])}]\n  resources: [{_quoted(targets)}]\n  verbs: [{_quoted(each)}]\n"
        for (group, each), targets in _together(rights).items()
    )


def rights_words(rights: Iterable[Right]) -> str:
    """``get and create pods/portforward``, ``list services, list endpointslices.discovery.k8s.io``."""
    return ", ".join(
        f"{and_words(verbs)} {and_words([f'{target}.{group}' if group else target for target in targets])}"
        for (group, verbs), targets in _together(rights).items()
    )


def _together(rights: Iterable[Right]) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """The resources by group and verbs."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for right in rights:
        of = verbs.setdefault((right.group, right.target), [])
        if right.verb not in of:
            of.append(right.verb)
    resources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, target), each in verbs.items():
        resources.setdefault((group, tuple(each)), []).append(target)
    return resources


def rule_line(rights: Iterable[Right]) -> str:
    """The same rules on one line, as a YAML flow sequence that can stand behind ``rules:``."""
    rules = rules_yaml(rights).rstrip("\n").split("\n- ")
    return ", ".join(
        "{" + ", ".join(part.strip() for part in rule.removeprefix("- ").splitlines()) + "}" for rule in rules if rule
    )


def role_words(rights: Sequence[Right], namespace: str = "") -> str:
    """What to ask a cluster's administrator for, as a sentence: the rule, and of which kind the role has to be; in
    which namespace, where that is not said beside it."""
    wide = [right for right in rights if right.cluster_wide]
    kind = "ClusterRole" if wide else f"Role in {namespace}" if namespace else "Role"
    what = "these rules grants" if rules_yaml(rights).count("- apiGroups") > 1 else "this rule grants"
    return f"A {kind} with {what} it: {rule_line(rights)}." if rights else ""


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
