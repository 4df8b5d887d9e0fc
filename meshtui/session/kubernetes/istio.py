"""How Istio's objects become part of a session's state. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meshtui.model.errors import MeshtuiError
from meshtui.model.phrases import and_words, plural
from meshtui.session.observation import IstioSeen
from meshtui.session.state import Fact, MissingFact, SessionState

if TYPE_CHECKING:  # no address needs it
    from meshtui.model.kubernetes.istio import IstioObjects


def istio_seen(state: SessionState, observation: IstioSeen) -> SessionState:
    """Istio's objects now. Where the cluster gives no answer, what was seen before is no truth of now."""
    answer = observation.istio
    if isinstance(answer, MeshtuiError):
        state = state.with_missing(MissingFact(Fact.ISTIO, answer.what, answer.hint))
        return state if state.istio is None else replace(state, istio=None)
    lost = _lost(answer)
    state = state.without_missing(Fact.ISTIO) if lost is None else state.with_missing(lost)
    return state if answer == state.istio else replace(state, istio=answer)


def _lost(answer: IstioObjects) -> MissingFact | None:
    """What could not be read. A dozen kinds have a rule of many lines: that is the access ladder's to say."""
    if not answer.lacking:
        return None
    forbidden: dict[str, int] = {}
    for each in answer.lacking:
        if each.right is not None:
            forbidden[each.namespace] = forbidden.get(each.namespace, 0) + 1
    counted = [f"{plural(count, 'kind')} of them in {namespace}" for namespace, count in forbidden.items()]
    others = [each.words for each in answer.lacking if each.right is None]
    why = "; ".join([*([f"you may not list {and_words(counted)}"] if counted else []), *others])
    return MissingFact(Fact.ISTIO, f"{why[:1].upper()}{why[1:]}.", "")
