"""What hangs on what: listener → route configuration → routes → clusters → endpoints, the worst status on top.

A tree of immutable nodes. A cluster that many routes name is built once and its children are shared, so the size of
the graph is the number of references, not of paths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import Final, NamedTuple

from meshtui.model.xds.clients import UNKNOWN_CLIENT, Client
from meshtui.model.xds.config import TlsContext
from meshtui.model.xds.resource import Health, Resource, ResourceKey

MOST_REPEATED: Final = 100_000
"""Lines that :meth:`Graph.listed` spends on branches it has listed already. What many share is written under each of
them in any mesh one meets; a thousand clusters with ten thousand endpoints in common would be ten million lines."""

MOST_WAYS: Final = 50_000
"""Ways to trouble that are followed at most: there can be as many as routes times what they share."""


class NodeKind(Enum):
    """What a node stands for; the value is its name in JSON."""

    LISTENER = "listener"
    FILTER_CHAIN = "filter_chain"
    ROUTE_CONFIGURATION = "route_configuration"
    VIRTUAL_HOST = "virtual_host"
    ROUTE = "route"
    CLUSTER = "cluster"
    ENDPOINT = "endpoint"
    RESOURCE = "resource"

    @property
    def words(self) -> str:
        """What it is called in a sentence: ``route configuration``."""
        return self.value.replace("_", " ")


class Serves(NamedTuple):
    """How a cluster serves."""

    able: bool | None = None
    """Whether any of its calls is served; None where that is not known, or not yet."""

    dropped: float = 0.0
    """The share of its calls that the client drops itself."""
    failed_over: str = ""
    """Where its calls go since what comes first cannot serve."""
    sessions_only: bool = False
    """Whether the calls of sessions are served and no others (gRFC A55)."""
    drops_all: bool = False
    """Whether it takes the calls and drops every one, so that an aggregate never goes on to its next member."""


class Node(NamedTuple):
    """One line of the tree. A tuple, since a large config has tens of thousands, and a tuple is made in C.

    ``slot`` tells it from its siblings and is stable from one snapshot to the next; ``name`` is whole, ``label`` the
    short word people use (a subset's name, an address). ``health`` is its own, ``worst`` includes what hangs on it.
    ``tls`` is what a readable cluster dials with or a filter chain serves, None for every other node. ``facts`` are
    good to know, in words, and what is asked first (TLS of a cluster, health of an endpoint) stands first; ``note``
    says what is wrong, and ``explained`` that what the client reported of the resource is in it. ``share`` is the part
    of the parent's traffic, 0 to 1; ``serves`` is of clusters.
    """

    slot: str
    kind: NodeKind
    name: str
    label: str
    health: Health
    worst: Health
    key: ResourceKey | None = None
    share: float | None = None
    weight: int | None = None
    tls: TlsContext | None = None
    facts: tuple[str, ...] = ()
    note: str = ""
    children: tuple[Node, ...] = ()
    serves: Serves = Serves()
    explained: bool = False

    def weighted(self, share: float, weight: int) -> Node:
        """The same node as it hangs under a route that gives it this share of its traffic.

        What gets no request is no trouble of the route, but for a refusal, which is something to mend all the same.
        """
        worst = self.worst if weight or self.worst is Health.REFUSED else Health.OK
        return Node(
            self.slot,
            self.kind,
            self.name,
            self.label,
            self.health,
            worst,
            self.key,
            share,
            weight,
            self.tls,
            self.facts,
            self.note,
            self.children,
            self.serves,
            self.explained,
        )


class Branch(NamedTuple):
    """A part of the tree that is made once, with what it was made from: ``None`` where a name was not held.

    What it was made from beside that are ``parts``, finished branches that others share.
    """

    root: Node
    made_from: Mapping[ResourceKey, Resource | None]
    parts: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """The roots: outbound listeners, inbound listeners, then whatever nothing refers to.

    ``client`` is who reads it, which decides how. ``branches`` are kept so that the next graph can
    take over what did not change.
    """

    roots: tuple[Node, ...]
    client: Client = UNKNOWN_CLIENT
    branches: Mapping[ResourceKey, Branch] = field(default_factory=dict, compare=False, repr=False)

    def listed(self) -> Iterator[tuple[int, Node, bool]]:
        """Every node with its depth, parents first, to be printed; ``False`` for one whose branch stands above whole.

        That happens to branches which many share, once :data:`MOST_REPEATED` lines went into listing them again.
        """
        sizes: dict[int, int] = {}
        listed: set[int] = set()
        left = MOST_REPEATED
        pending = [(0, root, False) for root in reversed(self.roots)]
        while pending:
            depth, node, again = pending.pop()
            branch = id(node.children)
            whole = True
            if node.children and not again:
                if branch in listed:
                    lines = _lines(node.children, sizes)
                    again = whole = lines <= left
                    left -= lines if whole else 0
                listed.add(branch)
            yield depth, node, whole
            if whole:
                pending += [(depth + 1, child, again) for child in reversed(node.children)]

    def walk(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Every node with the path of slots that leads to it, parents first."""
        pending: list[tuple[tuple[str, ...], Node]] = [((root.slot,), root) for root in reversed(self.roots)]
        while pending:
            path, node = pending.pop()
            yield path, node
            pending += [((*path, child.slot), child) for child in reversed(node.children)]

    def distinct(self) -> Iterator[Node]:
        """Every node once, however many routes lead to it; parents before what they first lead to.

        A route configuration comes once, with what all the channels that share it use of it.
        """
        seen: set[object] = set()
        entered: set[int] = set()
        pending = list(reversed(self.roots))
        while pending:
            node = pending.pop()
            mark: object = (node.kind, node.key) if node.key is not None else id(node)
            if mark not in seen:
                seen.add(mark)
                yield node
            if node.children and id(node.children) not in entered:
                entered.add(id(node.children))
                pending += reversed(node.children)

    def troubled(self) -> Iterator[tuple[Node, ...]]:
        """The way from a root to each node that is itself not OK, that node last; :data:`MOST_WAYS` of them at most.

        Healthy branches are not entered.
        """
        return islice(self._troubled(), MOST_WAYS)

    def _troubled(self) -> Iterator[tuple[Node, ...]]:
        pending: list[tuple[Node, ...]] = [(root,) for root in reversed(self.roots)]
        while pending:
            way = pending.pop()
            node = way[-1]
            if node.worst is Health.OK:
                continue
            if node.health is not Health.OK:
                yield way
            pending += [(*way, child) for child in reversed(node.children)]


def _lines(children: tuple[Node, ...], sizes: dict[int, int]) -> int:
    """How many lines a branch has, itself left out. Branches are shared, so their ``sizes`` are kept."""
    known = sizes.get(id(children))
    if known is None:
        known = sizes[id(children)] = sum(1 + _lines(child.children, sizes) for child in children)
    return known


EMPTY_GRAPH: Final = Graph(())
"""The graph of a target that holds nothing."""
