"""The contexts of a kubeconfig, as they are offered to a person."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.errors import MeshtuiError


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOffer:
    """A context: what it is called, and where it leads. ``namespace`` is the context's own, empty where it names none;
    ``plugin`` the program that logs in, empty where none has to."""

    name: str
    server: str = ""
    user: str = ""
    namespace: str = ""
    plugin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOffers:
    """The contexts there are, and the one that is meant; ``chosen`` is ``None`` where that leads nowhere, for the
    reason in ``problem``. In a pod without a kubeconfig the chosen one, its service account, is none of the offers."""

    offers: tuple[ContextOffer, ...]
    chosen: ContextOffer | None
    problem: MeshtuiError | None = None
