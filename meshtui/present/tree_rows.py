"""The tree of the config as a flat list of rows: what is folded, filtered and searched. Pure; no pixels.

A row is found again by its path of slots, which stays the same from one snapshot to the next, so that the cursor and
the folds survive every change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias

from meshtui.model.xds.graph import Graph, Node
from meshtui.model.xds.resource import CDS, Health, ResourceKey

Path: TypeAlias = tuple[str, ...]
"""The slots that lead from a root to a node."""

MAX_ROWS: Final = 200_000
"""Rows listed at most. A cluster shared by many routes is listed under each: paths can outnumber resources by far."""

SMALL_TREE: Final = 400
"""A tree of up to this many rows starts unfolded: it can be read by scrolling. A larger one starts folded."""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One visible line. ``unfolded`` is ``None`` for a leaf; ``matched``: the filter's words are in this very row."""

    path: Path
    node: Node
    unfolded: bool | None
    matched: bool

    @property
    def depth(self) -> int:
        """0 for a root."""
        return len(self.path) - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """What to keep: every word must occur somewhere in a node's text, whatever the case."""

    text: str = ""
    only_trouble: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words to look for, lower case."""
        return tuple(self.text.lower().split())

    @property
    def active(self) -> bool:
        """Whether anything is left out."""
        return self.only_trouble or bool(self.words)


class Texts:
    """What can be searched in each node of one graph, made when first asked for and kept from letter to letter."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        """Held, so that the nodes whose identities are remembered live on."""
        self._known: dict[int, str] = {}

    def of(self, node: Node) -> str:
        """The node's own text, lower case."""
        text = self._known.get(id(node))
        if text is None:
            type_ = node.key.type if node.key else ""
            words = (type_, node.label, node.name, node.note, *node.facts, STATE_WORDS[node.health])
            text = self._known[id(node)] = "\n".join(words).lower()
        return text

    def match(self, node: Node, words: Sequence[str]) -> bool:
        """Whether every word occurs in the node's own text."""
        text = self.of(node)
        return all(word in text for word in words)


STATE_WORDS: Final = {
    Health.OK: "acked",
    Health.DEGRADED: "degraded",
    Health.UNKNOWN: "unknown",
    Health.WAITING: "waiting requested",
    Health.MISSING: "missing does_not_exist",
    Health.REFUSED: "refused nacked",
}
"""Words under which a state is found: ours and the protocol's."""


def rows(
    graph: Graph,
    unfolded: Callable[[Path, Node], bool],
    filter_: Filter | None = None,
    texts: Texts | None = None,
) -> tuple[TreeRow, ...]:
    """The visible rows. While a filter is active the ways to what matches are unfolded, whatever ``unfolded`` says.

    ``texts`` are those of this graph, where they are kept.
    """
    if filter_ is None or not filter_.active:
        return tuple(islice(_all(graph.roots, unfolded), MAX_ROWS))
    sieve = _Sieve(filter_, texts or Texts(graph))
    return tuple(islice(_kept(graph.roots, unfolded, sieve), MAX_ROWS))


def _all(roots: Sequence[Node], unfolded: Callable[[Path, Node], bool]) -> Iterator[TreeRow]:
    pending: list[tuple[Path, Node]] = [((root.slot,), root) for root in reversed(roots)]
    while pending:
        path, node = pending.pop()
        children = node.children
        state = unfolded(path, node) if children else None
        yield TreeRow(path, node, state, False)
        if state:
            pending += [((*path, child.slot), child) for child in reversed(children)]


def _kept(roots: Sequence[Node], unfolded: Callable[[Path, Node], bool], sieve: _Sieve) -> Iterator[TreeRow]:
    pending: list[tuple[Path, Node, bool]] = [((root.slot,), root, False) for root in reversed(roots)]
    while pending:
        path, node, under_match = pending.pop()
        if not sieve.keeps(node, under_match):
            continue
        matched = sieve.matches(node)
        state = (sieve.leads_below(node) or unfolded(path, node)) if node.children else None
        yield TreeRow(path, node, state, matched and sieve.says_words)
        if state:
            inside = under_match or matched
            pending += [((*path, child.slot), child, inside) for child in reversed(node.children)]


class _Sieve:
    """A filter with its answers remembered: shared branches are asked about once."""

    def __init__(self, filter_: Filter, texts: Texts) -> None:
        self._words = filter_.words
        self._only_trouble = filter_.only_trouble
        self._texts = texts
        self._leads: dict[int, bool] = {}
        self._below: dict[int, bool] = {}
        self.says_words = bool(filter_.words)

    def keeps(self, node: Node, under_match: bool) -> bool:
        if self._only_trouble and node.worst is Health.OK:
            return False
        return under_match or self.leads(node)

    def matches(self, node: Node) -> bool:
        """Whether the filter means this node itself."""
        if self._only_trouble and node.health is Health.OK:
            return False
        return self._texts.match(node, self._words)

    def leads(self, node: Node) -> bool:
        """Whether the node or something under it matches."""
        known = self._leads.get(id(node))
        if known is None:
            known = self._leads[id(node)] = self.matches(node) or self.leads_below(node)
        return known

    def leads_below(self, node: Node) -> bool:
        """Whether something under the node matches."""
        known = self._below.get(id(node.children))
        if known is None:
            known = self._below[id(node.children)] = any(self.leads(child) for child in node.children)
        return known


def size(graph: Graph, limit: int) -> int:
    """How many rows the tree has when all is unfolded; counting stops at ``limit``."""
    count = 0
    for _ in graph.walk():
        count += 1
        if count >= limit:
            break
    return count


def path_to(graph: Graph, key: ResourceKey) -> Path | None:
    """The way to the first node of a resource. An EDS resource without a row of its own is found at its cluster."""
    for path, node in _bounded(graph):
        if node.key == key:
            return path
    for path, node in _bounded(graph):
        if node.key and node.key.type == CDS and node.key.scope == key.scope and node.name == key.name:
            return path
    return None


def way(graph: Graph, path: Path) -> tuple[Node, ...]:
    """The nodes along a path, root first; empty when the path leads nowhere any more."""
    nodes: list[Node] = []
    siblings: Sequence[Node] = graph.roots
    for slot in path:
        node = next((candidate for candidate in siblings if candidate.slot == slot), None)
        if node is None:
            return ()
        nodes.append(node)
        siblings = node.children
    return tuple(nodes)


def next_match(texts: Texts, words: Sequence[str], current: Path | None, step: int) -> Path | None:
    """The next node that matches after (``step`` 1) or before (-1) the current one, folded or not, round the ends."""
    if not words:
        return None
    before: list[Path] = []
    after: list[Path] = []
    passed = False
    for path, node in _bounded(texts.graph):
        if path == current:
            passed = True
        elif texts.match(node, words):
            (after if passed else before).append(path)
    ordered = after + before if step > 0 else before[::-1] + after[::-1]
    if step < 0 and not passed:
        ordered = after[::-1] + before[::-1]
    return ordered[0] if ordered else None


def nearest(found: Sequence[TreeRow], index: Mapping[Path, int], path: Path, before: int) -> int:
    """Where the cursor goes: to its path, else to the closest parent still there, else it keeps its place."""
    for length in range(len(path), 0, -1):
        place = index.get(path[:length])
        if place is not None:
            return place
    return max(0, min(before, len(found) - 1))


def _bounded(graph: Graph) -> Iterator[tuple[Path, Node]]:
    for count, step in enumerate(graph.walk()):
        if count >= MAX_ROWS:
            return
        yield step
