"""What is typed to find pods: words, ``column:value`` and labels. All of it must hold.

========================  ==============================================================
typed                     keeps pods
========================  ==============================================================
``echo v1``               in whose columns or labels both words occur
``status:crash``          in whose column the text occurs
``name:=echo-v1``         whose column is exactly that
``restarts>3``            with more (``>=``, ``<``, ``<=``, and ``=`` for as many); ``restarts:>3`` is the same
``age<10m``               younger (``>`` older): ``s``, ``m``, ``h``, ``d``
``app=echo``              with the label; ``app!=echo`` without it, ``app=`` with any value; ``-l`` may stand before it
``status=running``        whose label or column of that name is exactly that
``echo|client``           in whose columns or labels one of the words occurs
``!status:running``       of which the rest does not hold
``mesh``                  (a word like any other: proxyless pods have it)
========================  ==============================================================
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

from meshtui.model.kubernetes.pod_row import PodRow
from meshtui.present.pods import Column, cell, searchable

Holds: TypeAlias = Callable[[PodRow, datetime], bool]
"""Whether a term holds of a row at a moment."""

_LABEL: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9./_-]*)(!=|==|=)([A-Za-z0-9._-]*)")
_COLUMN: Final = re.compile(r"([a-z]+):(.*)", re.DOTALL | re.IGNORECASE)
_COMPARED: Final = re.compile(r"([a-z]+)([<>]=?.*)", re.DOTALL | re.IGNORECASE)
_MEASURE: Final = re.compile(r"([<>]=?|=?)(\d{1,9})([smhd]?)")

UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
"""Seconds of what is written after a number."""

OPERATORS: Final = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "": operator.eq,
}
"""What a number is compared by."""

OTHER_NAMES: Final = {"ns": Column.NAMESPACE, "rev": Column.REVISION, "pod": Column.NAME}
"""Columns by names that kubectl's users type."""


@dataclass(frozen=True, slots=True)
class PodFilter:
    """A filter as it was typed, and what it asks. ``problem`` is a sentence about a part that means nothing as it was
    meant, such as that of a column that is not there."""

    text: str = ""
    terms: tuple[Holds, ...] = ()
    problem: str = ""
    every_namespace: bool = False

    @property
    def active(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.terms)

    def keeps(self, row: PodRow, now: datetime) -> bool:
        """Whether all of it holds of the row."""
        return all(holds(row, now) for holds in self.terms)


NO_FILTER: Final = PodFilter()
"""Keeps every pod."""


class _Meaningless(Exception):
    """A part of a filter that means nothing, as a sentence."""


def pod_filter(text: str, *, every_namespace: bool = False) -> PodFilter:
    """The filter that was typed, for the pods of one namespace or of all. What means nothing is looked for as the text
    it is, and said in ``problem``."""
    words = partial(_of_words, every_namespace=every_namespace)
    terms: list[Holds] = []
    problem = ""
    for part in text.split():
        if part == "-l":  # as kubectl has it, before a label
            continue
        try:
            terms.append(_inverted(part, partial(_plain_term, words=words)))
        except _Meaningless as error:
            problem = problem or str(error)
            terms.append(_inverted(part, words))
    return PodFilter(text.strip(), tuple(terms), problem, every_namespace)


def _inverted(part: str, term: Callable[[str], Holds]) -> Holds:
    """A term, or after a ``!`` what it does not hold of."""
    if not part.startswith("!") or len(part) == 1:
        return term(part)
    holds = _inverted(part[1:], term)
    return lambda row, now: not holds(row, now)


def _plain_term(part: str, words: Callable[[str], Holds]) -> Holds:
    column = _COLUMN.fullmatch(part) or _COMPARED.fullmatch(part)
    if column is not None:
        return _of_column(_column(column[1]), column[2])
    label = _LABEL.fullmatch(part)
    if label is not None:
        return _of_label(label[1], label[2], label[3])
    return words(part)


def _of_words(part: str, *, every_namespace: bool) -> Holds:
    """One of the words occurs; an empty one is still being typed."""
    words = [word for word in part.lower().split("|") if word]

    def holds(row: PodRow, now: datetime) -> bool:
        text = searchable(row, every_namespace=every_namespace)
        return not words or any(word in text for word in words)

    return holds


def _column(name: str) -> Column:
    """The column of that name, or of that beginning when only one has it."""
    name = name.lower()
    if name in OTHER_NAMES:
        return OTHER_NAMES[name]
    found = [column for column in Column if column.value == name]
    found = found or [column for column in Column if column.value.startswith(name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(column.value for column in found or Column)
    if found:
        raise _Meaningless(f"{name} may be {names}.")
    raise _Meaningless(f"No column is called {name}, so it is looked for as text; there are {names}.")


def _of_column(column: Column, value: str) -> Holds:
    if not value:
        return lambda row, now: True  # still being typed
    if column is Column.RESTARTS:
        compare, number = _measured(column, value, units="")
        return lambda row, now: compare(row.status.restarts, number)
    if column is Column.AGE:
        return _of_age(value)
    if value.startswith(("<", ">")):
        raise _Meaningless(f"{column.value} is no number: restarts and age can be compared.")
    if value.startswith("="):
        exact = value[1:].lower()
        return lambda row, now: cell(row, column, now).lower() == exact
    word = value.lower()
    return lambda row, now: word in cell(row, column, now).lower()


def _of_age(value: str) -> Holds:
    compare, seconds = _measured(Column.AGE, value, units="smhd")
    age = timedelta(seconds=seconds)

    def holds(row: PodRow, now: datetime) -> bool:
        return row.created is not None and compare(now - row.created, age)

    return holds


def _measured(column: Column, value: str, units: str) -> tuple[Callable[..., bool], int]:
    found = _MEASURE.fullmatch(value)
    if found is None and value in OPERATORS:
        return (lambda *_: True), 0  # still being typed
    if found is None or (found[3] and found[3] not in units):
        example = "age<10m" if units else "restarts>3"
        raise _Meaningless(f"{column.value}:{value} is no number; write it like {example}.")
    return OPERATORS[found[1]], int(found[2]) * UNITS[found[3]]


def _of_label(key: str, sign: str, value: str) -> Holds:
    """The label has that value, or the column of that name, which people know from the screen. A count is compared."""
    column = next((column for column in Column if column.value == key.lower()), None)
    in_column = _of_column(column, f"={value}") if column is not None and value else None

    def holds(row: PodRow, now: datetime) -> bool:
        found = row.labels.get(key)
        return (found == value if value else found is not None) or (in_column is not None and in_column(row, now))

    if sign != "!=":
        return holds
    return lambda row, now: not holds(row, now) if value else row.labels.get(key) != ""
