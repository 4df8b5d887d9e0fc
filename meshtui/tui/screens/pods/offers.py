"""What the picker's dialogs offer, out of its state."""

from __future__ import annotations

from typing import Final

from meshtui.model.kubernetes.access import AccessLadder
from meshtui.model.phrases import plural
from meshtui.session.kubernetes.state import PickerState
from meshtui.tui.dialogs.pick import Pick
from meshtui.tui.screens.help import Section, typed
from meshtui.tui.screens.pods.lines import MARKS

ALL: Final = "all namespaces"
"""Offered beside the namespaces; no namespace can have a blank in its name."""


def namespaces(state: PickerState) -> Pick:
    """The namespaces there are, and if they may not be listed, why and what to do."""
    own = state.chosen.namespace if state.chosen is not None else ""
    names = state.namespaces
    if names is None:
        known = tuple(dict.fromkeys(name for name in (own, state.namespace) if name))
        problem = state.namespaces_problem
        note = f"{problem.what} Type its name." if problem is not None else "Asking which there are; or type its name."
    else:
        known, note = names, plural(len(names), "namespace")
    said = {own: "the context's own"} if own else {}
    return Pick((*((name, said.get(name, "")) for name in known), (ALL, "")), note)


def contexts(state: PickerState) -> Pick:
    """The contexts of the kubeconfig, and where each leads."""
    offers = tuple(
        (offer.name, " · ".join(part for part in (offer.server, offer.user, offer.namespace) if part))
        for offer in state.offers
    )
    problem = state.book.problem
    if offers:
        return Pick(offers, plural(len(offers), "context"))
    return Pick((), problem.what if problem is not None else "The kubeconfig is being read.")


def access(state: PickerState) -> AccessLadder | str:
    """The access ladder, or why there is none."""
    if state.access is not None:
        return state.access
    if state.access_problem is not None:
        said = state.access_problem
        return f"What you may do there cannot be told: {said.what} {said.hint}".rstrip()
    if state.namespace is None:
        return "First a cluster is needed: c chooses a context."
    return "The API server is being asked what you may do there."


def help_sections() -> tuple[Section, ...]:
    """What the marks say, and what can be typed as a filter."""
    return (
        Section("Marks", tuple(((mark,), meaning) for mark, meaning in MARKS)),
        Section(
            "After a slash: all of it must hold",
            tuple(
                typed(*row)
                for row in (
                    ("echo v1", "both words occur, in a column or a label"),
                    ("status:crash", "the text occurs in that column; its first letters are enough: st:crash"),
                    ("name:=echo-v1", "the column is exactly that"),
                    ("restarts>3  age<10m", "more or fewer, older or younger; >= and <= too"),
                    ("app=echo  app!=echo", "the label has that value, or not; status=running: a column"),
                    ("echo|client", "one of the words occurs"),
                    ("app=", "the label is there"),
                    ("!status:running", "what follows does not hold"),
                )
            ),
        ),
    )
