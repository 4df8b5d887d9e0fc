"""The access ladder: what each right, port or source would show, whether it is there, and the line that unlocks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from meshtui.model.kubernetes.rights import NEEDS, Answer, Need, Right, Rights, rules_yaml


class Access(Enum):
    """Whether something can be had."""

    HAD = "yes"
    MISSING = "no"
    UNKNOWN = "unknown"
    """Nobody could say; it is tried when it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. ``unlocks`` is what it gives; of one that is missing, ``instead`` is what is used without it, ``why``
    who says so, and ``paste`` the lines that would give it, as they are to be pasted; empty where nothing is known."""

    name: str
    access: Access
    unlocks: str
    instead: str = ""
    why: str = ""
    paste: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLadder:
    """All steps, the one that gives most first. ``about`` says whose they are: a user in a namespace."""

    about: str
    steps: tuple[Step, ...]
    paste: str = ""
    """What would give all that is missing, as it is to be pasted; empty when nothing is."""

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that are not there, for certain."""
        return tuple(step for step in self.steps if step.access is Access.MISSING)


_ACCESS = {Answer.YES: Access.HAD, Answer.NO: Access.MISSING, Answer.UNKNOWN: Access.UNKNOWN}


NAME: Final = "meshtui-more"
"""What the role is called that is pasted: another name than those of our pages, since ``kubectl apply`` of a role of
the same name takes away what it gave before."""


def ladder_of(rights: Rights) -> AccessLadder:
    """The ladder of a user's rights in a namespace, or with an empty one in all of them."""
    steps = tuple(_step(rights, need) for need in NEEDS)
    missing = tuple(dict.fromkeys(right for need in NEEDS for right in rights.missing(need)))
    about = f"namespace {rights.namespace}" if rights.namespace else "all namespaces"
    return AccessLadder(about=about, steps=steps, paste=roles_yaml(missing, rights.namespace))


def roles_yaml(rights: Sequence[Right], namespace: str) -> str:
    """A Role with these rights, and a ClusterRole with those that no Role can give, as YAML for ``kubectl apply``.

    Whoever may grant them also has to say to whom: that is in a comment.
    """
    own = [right for right in rights if namespace and not right.cluster_wide]
    wide = [right for right in rights if right not in own]
    documents = []
    if own:
        metadata = f"{{name: {NAME}, namespace: {namespace}}}"
        bind = f"kubectl create rolebinding {NAME} --role={NAME} --user=NAME -n {namespace}"
        documents.append(_role("Role", metadata, own, bind))
    if wide:
        bind = f"kubectl create clusterrolebinding {NAME} --clusterrole={NAME} --user=NAME"
        documents.append(_role("ClusterRole", f"{{name: {NAME}}}", wide, bind))
    return "---\n".join(documents)


def _role(kind: str, metadata: str, rights: Sequence[Right], bind: str) -> str:
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {metadata}\n"
    return f"# {bind}\n{head}rules:\n{rules_yaml(rights)}"


def _step(rights: Rights, need: Need) -> Step:
    access = _ACCESS[rights.allows(need)]
    missing = rights.missing(need)
    said = next((verdict.why for verdict in rights.verdicts if verdict.right in need.rights and verdict.why), "")
    words = " and ".join(right.words for right in missing)
    return Step(
        name=need.name,
        access=access,
        unlocks=need.unlocks,
        instead="" if access is Access.HAD else need.without,
        why=f"may not {words}{f': {said}' if said else ''}" if missing else said,
        paste=rights.rule_for(need) if missing else "",
    )
