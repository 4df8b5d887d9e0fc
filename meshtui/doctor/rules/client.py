"""The rule about who answers: another client at the same address is another truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.kinds.client import ANOTHER_CLIENT
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.subject import ClientSubject

NAMED: Final = 4
"""Clients named in the evidence; two pods behind a Service are the common case."""


def another_client(seen: ConfigEvidence) -> Iterator[Finding]:
    """The node id in the answers changed while they were watched."""
    lately = seen.switches.lately(seen.now) if seen.switches is not None else ()
    if seen.switches is None or not lately:
        return
    in_turn = seen.switches.in_turn(seen.now)
    ids = dict.fromkeys(node.id for switch in lately for node in (switch.before, switch.after))
    yield ANOTHER_CLIENT.finding(
        ClientSubject(lately[-1].after.id),
        title="Several clients answer here in turn" if in_turn else "",
        what_changed=IN_TURN if in_turn else REPLACED,
        evidence=tuple(f"CSDS: node id {id_}" for id_ in list(ids)[-NAMED:]),
    )


IN_TURN: Final = (
    "The node id in the answers goes back and forth: the address leads to several pods, as a Service or a load "
    "balancer does. Each look shows one of them, and nothing is compared between two of them."
)

REPLACED: Final = (
    "The node id in the answers changed: the pod was replaced, or the address leads to several. What is shown is the "
    "new one's; its config is not compared with that of the client before."
)

RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (another_client,)
"""The rules of this module."""
