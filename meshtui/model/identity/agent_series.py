"""The agent's counters as a person reads them: how many, how fast, and how that went over the last minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from meshtui.model.identity.agent import (
    APP_TERMINATIONS,
    CONNECTION_TERMINATIONS,
    FAILED_OUTGOING_REQUESTS,
    OUTGOING_REQUESTS,
    XDS_REQUESTS,
    XDS_RESPONSES,
    AgentMetrics,
    rates,
)

SECONDS_PER_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted: ``label`` in words, the metric with its labels; ``bad`` says that growth is trouble."""

    label: str
    metric: str
    labels: tuple[tuple[str, str], ...] = ()
    bad: bool = False


COUNTERS_SHOWN: Final = (
    Counter("certificates asked for", OUTGOING_REQUESTS, (("request_type", "csr"),)),
    Counter("  and refused", FAILED_OUTGOING_REQUESTS, (("request_type", "csr"),), bad=True),
    Counter("config requests to istiod", XDS_REQUESTS),
    Counter("  and responses", XDS_RESPONSES),
    Counter("connections to istiod broken", CONNECTION_TERMINATIONS, (("type", "error"),), bad=True),
    Counter("config streams the app ended", APP_TERMINATIONS),
)
"""In the order of a workload's life: identity, config, connection, app.

A connection that istiod refuses counts as one that ended in an error: ``istiod_connection_failures`` was never seen to
grow (agent 1.29.1), so it has no row that would stand at 0.
"""


@dataclass(frozen=True, slots=True)
class CounterRow:
    """``total`` is since the agent began, ``per_minute`` over the scrapes kept (None with one alone), ``increases``
    from scrape to scrape, oldest first.
    """

    counter: Counter
    total: float
    per_minute: float | None
    increases: tuple[float, ...]

    @property
    def trouble(self) -> bool:
        """Whether something that should stand still has moved while it was watched."""
        return self.counter.bad and any(self.increases)


def counter_rows(history: Sequence[AgentMetrics]) -> tuple[CounterRow, ...]:
    """Each counter shown, from the scrapes kept, oldest first; none without a scrape. A series begins with its first
    count, so one that is not there is 0.
    """
    if not history:
        return ()
    overall = rates(history[0], history[-1])
    steps = [step for step in (rates(earlier, later) for earlier, later in pairwise(history)) if step is not None]
    rows = []
    for counter in COUNTERS_SHOWN:
        labels = dict(counter.labels)
        total = history[-1].total(counter.metric, **labels) or 0.0
        fast = overall.total(counter.metric, **labels) * SECONDS_PER_MINUTE if overall is not None else None
        grew = tuple(step.increase(counter.metric, **labels) for step in steps)
        rows.append(CounterRow(counter, total, fast, grew))
    return tuple(rows)
