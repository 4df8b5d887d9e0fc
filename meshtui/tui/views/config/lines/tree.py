"""One row of the config tree: a sentence on the left, type, version, age and mark of change in columns on the right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.phrases import age_words, share_words
from meshtui.model.xds.graph import Node, NodeKind
from meshtui.model.xds.names import parse_service_name
from meshtui.model.xds.references import endpoints_key
from meshtui.model.xds.refusal_text import in_a_row, own_reason
from meshtui.model.xds.resource import CDS, Health, Resource, ResourceKey, Status
from meshtui.present.marks import HEALTH_GLYPHS
from meshtui.present.tree_rows import TreeRow
from meshtui.tui.frame import Frame
from meshtui.tui.kit.marks import FOLDS, ROLES, status_word
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import column, cut, cut_name, fit, fit_end, pad_left, span, width_of

GLOW_LASTS: Final = timedelta(seconds=2)
"""How long a change is lit: long enough to be caught by the eye, short enough not to tire it."""

DOT_LASTS: Final = timedelta(seconds=60)
"""How long the dot stays after that: someone who looked away for a minute still finds what moved."""

GUIDE: Final = 2
"""Cells a level is set in."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths of the columns on the right, cells; 0 leaves one out."""

    type: int = 5
    version: int = 9
    age: int = 6
    mark: int = 2

    @property
    def total(self) -> int:
        """Cells all of them take."""
        return self.type + self.version + self.age + self.mark


def columns_for(width: int) -> Columns:
    """The columns that fit beside a readable sentence."""
    return Columns() if width >= 64 else Columns(version=0)


class Mark:
    """How fresh a change is."""

    NONE: Final = ""
    DOT: Final = "dot"
    GLOW: Final = "glow"


def freshness(changed: datetime | None, now: datetime) -> str:
    """Whether a change still glows, is still marked by a dot, or neither."""
    if changed is None:
        return Mark.NONE
    age = now - changed
    return Mark.GLOW if age <= GLOW_LASTS else Mark.DOT if age <= DOT_LASTS else Mark.NONE


def changed_at(frame: Frame, key: ResourceKey | None) -> datetime | None:
    """When the resource, or for a cluster its endpoints as well, last changed under our eyes."""
    stamps = frame.state.changed_at
    if key is None or not stamps:
        return None
    own = stamps.get(key)
    named = endpoints_key(frame.state.snapshot, key) if key.type == CDS and frame.state.snapshot else None
    theirs = stamps.get(named) if named else None
    return max((stamp for stamp in (own, theirs) if stamp is not None), default=None)


def tree_line(row: TreeRow, frame: Frame, width: int) -> Line:
    """The row in ``width`` cells."""
    if row.node.key is None:  # a route or an endpoint: it has nothing for the columns on the right
        return fit(_left(row, None, frame, width - 1, glow=False), width)
    columns = columns_for(width)
    resource = frame.state.snapshot.resources.get(row.node.key) if frame.state.snapshot else None
    mark = freshness(changed_at(frame, row.node.key), frame.now)
    right = _right(row.node, resource, frame.now, mark, columns)
    room = width - columns.total - 1
    return (*fit(_left(row, resource, frame, room, glow=mark == Mark.GLOW), room), Span(" "), *right)


def _left(row: TreeRow, resource: Resource | None, frame: Frame, room: int, *, glow: bool) -> Line:
    node = row.node
    inherited = node.worst is not node.health
    mark = Span(f"{HEALTH_GLYPHS[node.worst]} ", ROLES[node.worst] if not inherited else _quiet(node.worst))
    head: list[Span] = [Span(" " * (1 + GUIDE * row.depth)), Span(f"{FOLDS[row.unfolded]} ", Role.DIM), mark]
    if node.share is not None:
        head.append(Span(f"{share_words(node.share):>6}  ", Role.STRONG))
    says = waiting_words(node, resource, frame)
    facts = tuple(span(f"  {fact}", Role.DIM) for fact in node.facts)
    said = (span(f"  {says}", ROLES[node.health] if node.health.rank else Role.NOTE),) if says else ()
    tail = (*said, *facts)
    role = Role.MATCH if row.matched else Role.GLOW if glow else _label_role(node)
    rest = room - width_of(head)
    label = span(cut_name(node.label, max(rest - min(width_of(tail), rest * 2 // 5), MIN_NAME)), role)
    rest -= width_of((label,))
    name = _whole_name(node)
    spare = rest - width_of(tail) - 2
    if name and spare >= MIN_NAME:
        tail = (span(f"  {cut_name(name, spare)}", Role.DIM), *tail)
    if said and resource is not None and refusal(resource) and width_of(said) > rest:
        tail = (said[0]._replace(text=cut(said[0].text, rest)),)  # gRPC's words tell what is refused at their end
    return (*head, label, *fit_end(tail, rest))


MIN_NAME: Final = 12
"""Cells below which a name cut in its middle says nothing."""


def _label_role(node: Node) -> Role:
    if node.kind is NodeKind.ENDPOINT:
        return Role.TEXT
    return Role.STRONG if node.kind in (NodeKind.LISTENER, NodeKind.CLUSTER) else Role.TEXT


def _quiet(health: Health) -> Role:
    return Role.OK if health is Health.OK else ROLES[health]


def _whole_name(node: Node) -> str:
    """The name beside the label, where the label is only a part of it."""
    if node.kind is NodeKind.CLUSTER and node.label != node.name and parse_service_name(node.name):
        return node.name
    return ""


def waiting_words(node: Node, resource: Resource | None, frame: Frame) -> str:
    """What is wrong with the node itself, led by its word; how long it has waited where that is known."""
    if node.health is Health.OK:
        return node.note
    word = status_word(resource) if resource and resource.health is node.health else ""
    if resource is not None and resource.status is Status.REQUESTED:
        since = frame.state.changed_at.get(resource.key)
        if since is not None:
            waited = max(int((frame.now - since).total_seconds()), 0)
            return f"waiting {waited} s of {frame.resource_timer:g}"
    if word and resource is not None and (reason := refusal(resource)):
        return f"{word}  {reason}"
    repeats = node.note.lower().startswith(word.lower())  # the client's own words may begin with "timeout" themselves
    return node.note if not word or repeats else f"{word}  {node.note}".rstrip()


def refusal(resource: Resource) -> str:
    """Why the client refused it or the control plane sent none, in its own words; empty where neither is so."""
    if resource.status not in (Status.NACKED, Status.RECEIVED_ERROR) or resource.error is None:
        return ""
    return in_a_row(own_reason(resource.error.details, resource.key.name))


def _right(node: Node, resource: Resource | None, now: datetime, mark: str, columns: Columns) -> Line:
    type_ = node.key.type if node.key else ""
    version = short_version(resource.version, columns.version - 1) if resource else ""
    updated = resource.last_updated if resource else None
    age = age_words(max((now - updated).total_seconds(), 0)) if updated else ""
    dot = {Mark.NONE: " ", Mark.DOT: "●", Mark.GLOW: "●"}[mark]
    return (
        Span(column(type_, columns.type), Role.DIM),
        *((Span(column(version, columns.version), Role.DIM),) if columns.version else ()),
        Span(column(age, columns.age), Role.DIM),
        Span(pad_left(dot, columns.mark), Role.GLOW if mark == Mark.GLOW else Role.ACCENT),
    )


def short_version(version: str, cells: int) -> str:
    """A version in few cells. Versions are opaque; Istio's ``2026-08-01T10:00:00Z/41`` differs at its end."""
    tail = version.rpartition("/")[2]
    return cut(tail or version, max(cells, 1))
