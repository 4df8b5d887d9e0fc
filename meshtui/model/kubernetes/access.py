"""The access ladder: what each right, port or source would show, whether it is there, and the line that unlocks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from zlib import crc32

from meshtui.model.kubernetes.rights import NEEDS, Answer, Need, Right, Rights, rights_words, rules_yaml


class Access(Enum):
    """Whether something can be had."""

    HAD = "yes"
    PARTLY = "partly"
    MISSING = "no"
    UNKNOWN = "unknown"
    """Nobody could say; it is tried when it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. ``unlocks`` is what it gives; of one that is missing, ``instead`` is what is used without it, ``why``
    who says so, ``hint`` what to try, and ``paste`` the lines that would give it, whole, as they are to be pasted;
    empty where nothing is known. ``rights`` are those that are missing for certain."""

    name: str
    access: Access
    unlocks: str
    instead: str = ""
    why: str = ""
    hint: str = ""
    paste: str = ""
    rights: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLadder:
    """All steps, the one that gives most first. ``about`` says whose they are: a user in a namespace."""

    about: str
    steps: tuple[Step, ...]
    paste: str = ""
    """What would give all rights that are missing, as it is to be pasted; empty when none is."""

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that are not there, or not whole, for certain."""
        return tuple(step for step in self.steps if step.access in LACKING)


LACKING: Final = frozenset({Access.MISSING, Access.PARTLY})
"""What something can be done about."""

_ACCESS = {Answer.YES: Access.HAD, Answer.NO: Access.MISSING, Answer.UNKNOWN: Access.UNKNOWN}


NAME: Final = "meshtui-more"
"""What a role is called that is pasted, before the letters that stand for its rights."""


def ladder_of(rights: Rights) -> AccessLadder:
    """The ladder of a user's rights in a namespace, or with an empty one in all of them."""
    steps = tuple(_step(rights, need) for need in NEEDS)
    missing = tuple(dict.fromkeys(right for step in steps for right in step.rights))
    about = f"namespace {rights.namespace}" if rights.namespace else "all namespaces"
    return AccessLadder(about=about, steps=steps, paste=roles_yaml(missing, rights.namespace))


def roles_yaml(rights: Sequence[Right], namespace: str) -> str:
    """A Role with these rights, and a ClusterRole with those that no Role can give, as YAML for ``kubectl apply``.

    Whoever may grant them also has to say to whom: that is in a comment. Other rights have another name, since
    ``kubectl apply`` of a role takes away what one of the same name gave before.
    """
    own = [right for right in rights if namespace and not right.cluster_wide]
    wide = [right for right in rights if right not in own]
    documents = []
    if own:
        name = role_name(own)
        metadata = f"{{name: {name}, namespace: {namespace}}}"
        bind = f"kubectl create rolebinding {name} --role={name} --user=NAME -n {namespace}"
        documents.append(_role("Role", metadata, own, bind))
    if wide:
        name = role_name(wide)
        bind = f"kubectl create clusterrolebinding {name} --clusterrole={name} --user=NAME"
        documents.append(_role("ClusterRole", f"{{name: {name}}}", wide, bind))
    return "---\n".join(documents)


def role_name(rights: Sequence[Right]) -> str:
    """The name of a role with these rights, which no role with others has."""
    said = " ".join(sorted(f"{right.group}/{right.target}:{right.verb}" for right in rights))
    return f"{NAME}-{crc32(said.encode()):08x}"


def _role(kind: str, metadata: str, rights: Sequence[Right], bind: str) -> str:
    head = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {metadata}\n"
    return f"# kubectl apply -f FILE, then for the user:\n# {bind}\n{head}rules:\n{rules_yaml(rights)}"


def _step(rights: Rights, need: Need) -> Step:
    missing = rights.missing(need)
    some = any(verdict.answer is Answer.YES for verdict in rights.verdicts if verdict.right in need.rights)
    access = Access.PARTLY if need.piecemeal and missing and some else _ACCESS[rights.allows(need)]
    about = missing or need.rights
    said = next((verdict.why for verdict in rights.verdicts if verdict.right in about and verdict.why), "")
    return Step(
        name=need.name,
        access=access,
        unlocks=need.unlocks,
        instead="" if access is Access.HAD else need.without,
        why=f"may not {rights_words(missing)}{f': {said}' if said else ''}" if missing else said,
        paste=roles_yaml(missing, rights.namespace),
        rights=missing,
    )
