"""The list of pods as a person reads it: kubectl's columns and what the mesh adds, sorted, the likely ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.model.kubernetes.pod_status import age_of


class Column(Enum):
    """The columns, by the name that a filter says."""

    NAME = "name"
    NAMESPACE = "namespace"
    VERSION = "version"
    READY = "ready"
    STATUS = "status"
    RESTARTS = "restarts"
    AGE = "age"
    NODE = "node"
    REVISION = "revision"


def cell(row: PodRow, column: Column, now: datetime) -> str:
    """What stands in a column, in kubectl's words where it has the column."""
    match column:
        case Column.NAME:
            return row.name
        case Column.NAMESPACE:
            return row.namespace
        case Column.VERSION:
            return row.version
        case Column.READY:
            return row.status.ready_words
        case Column.STATUS:
            return row.status.status
        case Column.RESTARTS:
            return row.status.restart_words(now)
        case Column.AGE:
            return age_of(row.created, now)
        case Column.NODE:
            return row.node
        case Column.REVISION:
            return row.revision


def searchable(row: PodRow, *, every_namespace: bool = False) -> str:
    """Everything a word of a filter may occur in, in lower case: the columns that are names, labels, and the mesh. The
    namespace is one of them where pods of all are listed; of one, every pod would have it."""
    labels = (f"{key}={value}" for key, value in row.labels.items())
    namespace = row.namespace if every_namespace else ""
    words = (row.name, namespace, row.version, row.status.status, row.node, row.revision, row.ip)
    return "\n".join((*words, row.mesh.kind.value, *labels)).lower()


# in which order


@dataclass(frozen=True, slots=True)
class Order:
    """By which column, and whether its largest comes first."""

    column: Column = Column.NAME
    descending: bool = False


BY_NAME: Final = Order()
"""The order at first."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


def _rank(row: PodRow, column: Column) -> Any:
    """By what a column is sorted: counts and times as such, all else as words."""
    match column:
        case Column.RESTARTS:
            return row.status.restarts
        case Column.AGE:
            return -(row.created or _LONG_AGO).timestamp() if row.created else float("inf")
        case Column.READY:
            return row.status.ready / max(row.status.containers, 1)
        case Column.NAMESPACE | Column.NAME | Column.VERSION | Column.STATUS | Column.NODE | Column.REVISION:
            return cell(row, column, _LONG_AGO).lower()


class Standing(Enum):
    """How much a row is what is looked for; they come in this order."""

    OFFERED = "offered"
    """A proxyless pod that can be reached."""
    UNREACHABLE = "unreachable"
    """A proxyless pod that cannot be reached now."""
    OTHER = "other"
    """A pod that gives no sign of being proxyless."""


_STANDINGS: Final = {standing: place for place, standing in enumerate(Standing)}


def standing(row: PodRow) -> Standing:
    """Where the row belongs."""
    if not row.mesh.is_proxyless:
        return Standing.OTHER
    return Standing.OFFERED if row.reach.possible else Standing.UNREACHABLE


def reason(row: PodRow) -> str:
    """Why the row is dimmed, or what to know of it before it is picked; empty where there is nothing."""
    if not row.mesh.is_proxyless:
        return f"{row.mesh.kind.value}: {row.mesh.why}"
    return row.reach.why


def in_order(pods: Iterable[PodRow], keeps: Callable[[PodRow], bool], order: Order) -> tuple[PodRow, ...]:
    """The pods that are kept: proxyless ones first, each group in the order asked for, then by namespace and name."""
    kept = [row for row in pods if keeps(row)]
    kept.sort(key=lambda row: row.key)
    if order != BY_NAME:
        kept.sort(key=lambda row: _rank(row, order.column), reverse=order.descending)
    kept.sort(key=lambda row: _STANDINGS[standing(row)])
    return tuple(kept)


def counted(rows: Sequence[PodRow]) -> dict[Standing, int]:
    """How many rows there are of each standing."""
    found = dict.fromkeys(Standing, 0)
    for row in rows:
        found[standing(row)] += 1
    return found
