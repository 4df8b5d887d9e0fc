"""What fault injection does to the calls of a route: the client delays or aborts them itself (gRFCs A33, A39)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from meshtui.model.phrases import share_words
from meshtui.model.xds.config import Route, WeightedCluster
from meshtui.model.xds.filters import Fault, HttpFilter, aborted, delayed, faults_in_force, merged
from meshtui.model.xds.names import cluster_label
from meshtui.model.xds.resource import Health


class Injected(NamedTuple):
    """The shares of a route's calls that are aborted and delayed, 0 to 1, and the faults in words."""

    aborted: float = 0.0
    delayed: float = 0.0
    words: tuple[str, ...] = ()

    @property
    def health(self) -> Health:
        """MISSING where no call is served, whatever the endpoints are."""
        return Health.MISSING if self.aborted >= 1 else Health.DEGRADED if self.words else Health.OK

    @property
    def note(self) -> str:
        """``30 % of its calls are aborted by config``, or empty."""
        lost, late = self.aborted, self.delayed
        what = [f"{share_words(lost)} of its calls are aborted"] if lost else []
        what += [f"{share_words(late)} {'' if lost else 'of its calls '}are delayed"] if late else []
        return f"{' and '.join(what)} by config" if what else ""


NOTHING: Final = Injected()
_ANY_CLUSTER: Final = (WeightedCluster("", 1, 1.0),)
"""A route whose cluster is not known from here: only its own overrides count."""


def injected(filters: Sequence[HttpFilter], route: Route, *, off_is_read: bool) -> Injected:
    """By the filters of the listener, and the overrides of the route and of each of its destinations.

    ``off_is_read`` as of :func:`faults_in_force`.
    """
    destinations = route.action.clusters or _ANY_CLUSTER
    overridden = bool(route.faults) or any(to.overrides for to in destinations)
    if not overridden and not any(listed.summary for listed in filters):
        return NOTHING
    lost = late = 0.0
    met: dict[str, list[str]] = {}
    for to in destinations:
        faults = faults_for(filters, route, to, off_is_read=off_is_read) if to.weight else ()
        lost += to.share * aborted(faults)
        late += to.share * delayed(faults)
        for words in dict.fromkeys(fault.words for fault in faults if fault.delays or fault.aborts):
            met.setdefault(words, []).append(cluster_label(to.cluster))
    served = sum(1 for to in destinations if to.weight)
    said = [f"{words}{_places(places, served)}" for words, places in met.items()]
    return Injected(min(1.0, lost), min(1.0, late), tuple(said))


def _places(met: Sequence[str], served: int) -> str:
    """Which destinations of a route meet a fault, where others do not."""
    return f" (calls to {', '.join(met)} alone)" if len(met) < served else ""


def faults_for(
    filters: Sequence[HttpFilter], route: Route, to: WeightedCluster, *, off_is_read: bool
) -> tuple[Fault, ...]:
    """What the calls of a route meet that are sent to this destination of it."""
    return faults_in_force(filters, merged(route.faults, to.overrides), off_is_read=off_is_read)
