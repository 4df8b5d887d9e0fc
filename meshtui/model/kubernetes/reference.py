"""What somebody types to name a pod of a cluster: ``pod/NAME``, ``deploy/NAME``, ``svc/NAME``, or a label selector."""

from __future__ import annotations

import re
import shlex
from enum import Enum
from typing import Final, NamedTuple

from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError

FORMS: Final = "Type pod/NAME, deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME or svc/NAME, or -l KEY=VALUE."
"""The forms of a reference, as a hint."""

LONGEST_NAME: Final = 253
"""Characters of an object's name (Kubernetes, Object Names and IDs: DNS subdomain names)."""

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
"""Both are compiled when a name is looked at: every command loads this module, and few are of a cluster."""


class Kind(Enum):
    """A kind of object that leads to pods. The value is its resource, as the API's paths have it."""

    POD = "pods"
    DEPLOYMENT = "deployments"
    REPLICA_SET = "replicasets"
    STATEFUL_SET = "statefulsets"
    DAEMON_SET = "daemonsets"
    JOB = "jobs"
    SERVICE = "services"

    @property
    def word(self) -> str:
        """The kind in a sentence and before the slash: ``pod``, ``deployment``."""
        return self.value.removesuffix("s")

    @property
    def group(self) -> str:
        """The API group, empty for the core one."""
        match self:
            case Kind.POD | Kind.SERVICE:
                return ""
            case Kind.JOB:
                return "batch"
            case _:
                return "apps"


SHORT_NAMES: Final = {
    "po": Kind.POD,
    "deploy": Kind.DEPLOYMENT,
    "rs": Kind.REPLICA_SET,
    "sts": Kind.STATEFUL_SET,
    "ds": Kind.DAEMON_SET,
    "svc": Kind.SERVICE,
}
"""The short names that ``kubectl api-resources`` lists; a job has none."""

_KINDS: Final = {
    **SHORT_NAMES,
    **{kind.value: kind for kind in Kind},
    **{kind.word: kind for kind in Kind},
}


class Reference(NamedTuple):
    """One object by kind and name, or, with ``kind`` None, the pods that a label selector matches."""

    kind: Kind | None = None
    name: str = ""
    selector: str = ""

    def __str__(self) -> str:
        return f"{self.kind.word}/{self.name}" if self.kind is not None else f"-l {shlex.quote(self.selector)}"


class ClusterOptions(NamedTuple):
    """Which cluster, and what of it. None means what the kubeconfig or the pod says.

    ``kubeconfig`` is a path, ``port`` the pod's admin port; ``read_only`` forbids exec.
    """

    context: str | None = None
    kubeconfig: str | None = None
    namespace: str | None = None
    selector: str | None = None
    container: str | None = None
    port: int | None = None
    read_only: bool = False

    @property
    def given(self) -> bool:
        """Whether anything was said that only a target in a cluster can use."""
        return self != ClusterOptions()


def parse_reference(text: str, *, selector: str | None = None) -> Reference | None:
    """The reference that was typed; None when it is none, but an address or a path.

    Raises ``UsageError`` for a kind of Kubernetes with a name that no object can have, and for both a name and a
    selector, which kubectl refuses too.
    """
    typed = text.strip()
    if not typed:
        return Reference(selector=_checked_selector(selector)) if selector is not None else None
    word, slash, name = typed.partition("/")
    kind = kind_of(word) if slash else None
    if kind is None:
        return None
    if selector is not None:
        raise UsageError(f"{as_typed(typed)} names one object, and -l asks for others.", "Give one of the two.")
    return Reference(kind, _checked_name(typed, kind, name))


def kind_of(word: str) -> Kind | None:
    """The kind for ``pod``, ``deploy``, ``Deployments``, ``deployments.apps`` or ``deployments.v1.apps``."""
    short, dot, group = word.lower().partition(".")
    kind = _KINDS.get(short)
    if kind is None or not dot:
        return kind
    return kind if kind.group and group in (kind.group, f"v1.{kind.group}") else None


def _checked_name(typed: str, kind: Kind, name: str) -> str:
    if not name:
        raise UsageError(f"{as_typed(typed)} names no {kind.word}.", FORMS)
    if not is_object_name(name):
        raise UsageError(
            f"{as_typed(typed)} cannot be: {as_typed(name)} is no name of a {kind.word}.",
            "Names in Kubernetes have lower-case letters, digits, '-' and '.', and no '/'.",
        )
    return name


def is_object_name(name: str) -> bool:
    """Whether an object of the cluster can have this name (a DNS subdomain, RFC 1123)."""
    return len(name) <= LONGEST_NAME and re.fullmatch(_NAME, name) is not None


def checked_namespace(namespace: str) -> str:
    """A namespace that was typed or is in a kubeconfig.

    Raises ``UsageError`` for what is no DNS label (RFC 1123): it stands in paths.
    """
    if not re.fullmatch(_LABEL, namespace):
        raise UsageError(
            f"{as_typed(namespace)} is no name of a namespace.",
            "They have lower-case letters, digits and '-', 63 characters at most.",
        )
    return namespace


def _checked_selector(selector: str) -> str:
    text = selector.strip()
    if not text:
        raise UsageError("The label selector is empty.", "Type -l KEY=VALUE, such as -l app=echo.")
    if not text.isprintable():
        raise UsageError(f"{as_typed(text)} is no label selector: it contains control characters.", FORMS)
    return text
