"""What picking a pod needs of a cluster. The concrete source lives in ``sources`` and is wired in ``targets``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from meshtui.model.kubernetes.access import AccessLadder
    from meshtui.session.kubernetes.pod_book import News

ALL_NAMESPACES = ""
"""The namespace that stands for all of them, as in the API's own paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOffer:
    """A context of the kubeconfig: what to call it, and where it leads. ``namespace`` is empty where it names none."""

    name: str
    server: str = ""
    user: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOffers:
    """The contexts there are, and which is in force."""

    offers: tuple[ContextOffer, ...]
    chosen: ContextOffer


class PodsSource(Protocol):
    """One context of a kubeconfig. Nothing is opened until something is asked; each call raises ``MeshtuiError``."""

    async def contexts(self) -> ContextOffers:
        """The contexts of the kubeconfig. Asks no server. Raises when it cannot be read, or when the context that was
        asked for is not in it."""
        ...

    async def namespaces(self) -> tuple[str, ...]:
        """The namespaces there are. Raises when they may not be listed."""
        ...

    def follow(self, namespace: str) -> AsyncIterator[News]:
        """The pods of a namespace, or of :data:`ALL_NAMESPACES`: first the pages of a list, then each change.

        It goes on by itself after a cut, an expired version or a server that is gone for a while, and says each as
        news; it ends after a ``Failed`` that only a person can mend.
        """
        ...

    async def access(self, namespace: str) -> AccessLadder:
        """What may be done in the namespace, as far as the API server says."""
        ...

    async def close(self) -> None:
        """Let go of connections and processes. Bounded in time."""
        ...


class OpenPods(Protocol):
    """Makes the source for a context, or for the current one when it is empty. Opens nothing yet."""

    def __call__(self, context: str) -> PodsSource:
        """The source."""
        ...
