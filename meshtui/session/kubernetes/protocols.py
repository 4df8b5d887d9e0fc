"""What picking a pod needs of a cluster. The concrete source lives in ``sources`` and is wired in ``targets``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from meshtui.model.kubernetes.access import AccessLadder
    from meshtui.model.kubernetes.contexts import ContextOffers
    from meshtui.model.kubernetes.pod_events import PodEvent
    from meshtui.model.kubernetes.reference import ClusterOptions

ALL_NAMESPACES = ""
"""The namespace that stands for all of them, as in the API's own paths."""


class PodsSource(Protocol):
    """One context of a kubeconfig. Nothing is opened until something is asked; each call raises ``MeshtuiError``."""

    async def contexts(self) -> ContextOffers:
        """The contexts of the kubeconfig. Asks no server. Raises when it cannot be read."""
        ...

    async def namespaces(self) -> tuple[str, ...]:
        """The namespaces there are. Raises when they may not be listed."""
        ...

    def follow(self, namespace: str) -> AsyncIterator[PodEvent]:
        """The pods of a namespace, or of :data:`ALL_NAMESPACES`: first the pages of a list, then each change.

        It goes on by itself after a cut, an expired version, a refusal or a server that is gone for a while, and says
        each as ``PodsTroubled``.
        """
        ...

    async def access(self, namespace: str) -> AccessLadder:
        """What may be done in the namespace, as far as the API server says."""
        ...

    @property
    def waits_for(self) -> str:
        """What an answer that does not come waits for now, such as a login plugin; empty when nobody knows."""
        ...

    async def close(self) -> None:
        """Let go of connections and processes. Bounded in time."""
        ...


OpenPods: TypeAlias = "Callable[[ClusterOptions], PodsSource]"
"""Makes the source for the context that the options mean. Opens nothing yet."""
