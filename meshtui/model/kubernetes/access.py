"""The access ladder: what each right, port or source would show, whether it is there, and the line that unlocks it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meshtui.model.kubernetes.rights import NEEDS, Answer, Need, Rights


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

    @property
    def missing(self) -> tuple[Step, ...]:
        """The steps that are not there, for certain."""
        return tuple(step for step in self.steps if step.access is Access.MISSING)

    @property
    def paste(self) -> str:
        """What would give all that is missing, as it is to be pasted; empty when nothing is."""
        return "".join(step.paste for step in self.missing)


_ACCESS = {Answer.YES: Access.HAD, Answer.NO: Access.MISSING, Answer.UNKNOWN: Access.UNKNOWN}


def ladder_of(rights: Rights) -> AccessLadder:
    """The ladder of a user's rights in a namespace."""
    return AccessLadder(about=f"namespace {rights.namespace}", steps=tuple(_step(rights, need) for need in NEEDS))


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
