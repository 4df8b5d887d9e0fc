"""Where gRPC sends the calls of a cluster: by what EDS says, before any connection was tried.

Only endpoints that are HEALTHY or of UNKNOWN health are used, and no locality of weight 0 (gRFC A27). The first
priority that has any takes all calls (A27, A56): gRPC has no panic threshold and no overflow into the next one. Within
it a locality is drawn by its weight, among those that can serve, where the policy draws localities at all (grpc-go
``internal/balancer/weightedtarget/weightedaggregator``, C-core ``weighted_target.cc``: they pick among what is ready).
What ``drop_overloads`` says is dropped before (A32), category by category.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Final, NamedTuple

from meshtui.model.phrases import plural, share_words
from meshtui.model.xds.config import ClusterLoadAssignment, Drop, Endpoint, Locality, Policy

PLACES_SHOWN: Final = 4
"""Localities named with their share; more are counted."""


class Serving(NamedTuple):
    """``localities`` are those that take calls, all of one ``priority``; none when no endpoint can serve.

    ``out`` of ``total`` endpoints of that priority get nothing;
    ``passed_over`` are the priorities before it, which can serve nothing; ``dropped`` is the share of calls that the
    client drops itself.
    """

    priority: int
    localities: tuple[Locality, ...]
    out: int
    total: int
    passed_over: int
    dropped: float

    @property
    def can_serve(self) -> bool:
        """Whether any endpoint can take a call."""
        return bool(self.localities)

    @property
    def serves_all(self) -> bool:
        """Whether every call is served, and by what comes first."""
        return bool(self.localities) and not (self.out or self.passed_over or self.dropped)

    @property
    def place(self) -> str:
        """Where calls go: the localities' names, or the priority's number."""
        names = [locality.label for locality in self.localities if locality.label]
        return " and ".join(dict.fromkeys(names[:PLACES_SHOWN])) or f"priority {self.priority}"

    def shares(self) -> tuple[tuple[Locality, float], ...]:
        """What part of the calls each locality takes, where the policy draws localities by weight."""
        total = sum(locality.weight for locality in self.localities)
        return tuple((locality, locality.weight / total) for locality in self.localities)


def usable(locality: Locality) -> tuple[Endpoint, ...]:
    """The endpoints of a locality that gRPC sends calls to, while its priority is in use."""
    return tuple([endpoint for endpoint in locality.endpoints if endpoint.health.usable]) if locality.weight else ()


def serving(assignment: ClusterLoadAssignment) -> Serving:
    """Where the calls go that are not dropped."""
    localities = assignment.localities
    counted = [_able(locality) for locality in localities]
    if len(counted) == 1 and counted[0] and not assignment.drops:  # nearly all of ten thousand
        total = len(localities[0].endpoints)
        return Serving(localities[0].priority, localities, total - counted[0], total, 0, 0.0)
    able = [locality for locality, count in zip(localities, counted, strict=True) if count]
    priority = min([locality.priority for locality in able], default=0)
    level = [at for at, locality in enumerate(localities) if locality.priority == priority and locality.weight]
    total = sum([len(localities[at].endpoints) for at in level])
    return Serving(
        priority=priority,
        localities=tuple([locality for locality in able if locality.priority == priority]),
        out=total - sum([counted[at] for at in level]),
        total=total,
        passed_over=len({locality.priority for locality in localities if locality.priority < priority}),
        dropped=dropped(assignment.drops),
    )


def _able(locality: Locality) -> int:
    """How many endpoints of a locality take calls while its priority is in use."""
    return sum([endpoint.health.usable for endpoint in locality.endpoints]) if locality.weight else 0


def dropped(drops: Iterable[Drop]) -> float:
    """The share of calls that some category drops: each looks at what the ones before let pass."""
    return 1.0 - reduce(lambda kept, drop: kept * (1.0 - drop.share), drops, 1.0)


def serving_note(found: Serving) -> str:
    """What is not as it should be though calls are served, or an empty string."""
    notes = [f"drops {share_words(found.dropped)} of its calls"] if found.dropped else []
    if found.passed_over:
        notes.append(f"failed over to {found.place}: no endpoint of a priority before it can serve")
    if found.out:
        notes.append(f"{found.out} of {plural(found.total, 'endpoint')} out: the others serve")
    return "; ".join(notes)


def locality_fact(found: Serving, policy: Policy) -> str:
    """``80 % eu-west/a, 20 % eu-west/b`` where a split by locality is in force, else empty."""
    if not policy.by_locality or len(found.localities) < 2:
        return ""
    shares = found.shares()
    words = ", ".join(
        f"{share_words(share)} {locality.label or 'unnamed'}" for locality, share in shares[:PLACES_SHOWN]
    )
    more = f" and {len(shares) - PLACES_SHOWN} more" if len(shares) > PLACES_SHOWN else ""
    return f"by locality: {words}{more}"
