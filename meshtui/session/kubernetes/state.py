"""What is known while a pod is picked; immutable."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.kubernetes.access import AccessLadder
from meshtui.model.kubernetes.contexts import ContextOffer
from meshtui.session.kubernetes.pod_book import PodBook, Problem
from meshtui.session.kubernetes.protocols import ALL_NAMESPACES


@dataclass(frozen=True, slots=True, kw_only=True)
class PickerState:
    """Which context and namespace are looked at, and what is known of them.

    ``chosen`` is ``None`` until the kubeconfig is read; ``context`` is what was asked for, empty for the current one.
    ``namespaces`` is ``None`` while they are not known, with ``namespaces_problem`` once they cannot be.
    """

    book: PodBook
    revision: int = 0
    context: str = ""
    offers: tuple[ContextOffer, ...] = ()
    chosen: ContextOffer | None = None
    namespace: str | None = None
    namespaces: tuple[str, ...] | None = None
    namespaces_problem: Problem | None = None
    access: AccessLadder | None = None
    access_problem: Problem | None = None

    @property
    def every_namespace(self) -> bool:
        """Whether all namespaces are looked at, so that a pod's own has to be said."""
        return self.namespace == ALL_NAMESPACES

    @property
    def named_context(self) -> str | None:
        """The context's name where the kubeconfig has it: what names it tomorrow, whatever is current then."""
        chosen = self.chosen
        return chosen.name if chosen is not None and any(chosen.name == offer.name for offer in self.offers) else None

    @property
    def context_name(self) -> str:
        """The context's name, empty while the current one is not known."""
        return self.chosen.name if self.chosen is not None else self.context
