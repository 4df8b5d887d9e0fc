"""The agent's own samples out of a scrape in Prometheus text form."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from meshtui.model.identity.agent import PREFIX, AgentMetrics, Sample

MOST_SAMPLES: Final = 2_000
"""Of the agent's own metrics; it has about sixty."""

LONGEST_LINE: Final = 4_096
"""Characters of one sample; real ones have a hundred."""


def parse_metrics(text: str, at: datetime) -> AgentMetrics:
    """The agent's own samples of a scrape in Prometheus text form; a line that does not parse costs only itself."""
    lines, left_out = _own_lines(text)
    try:
        samples = _samples("\n".join(lines) + "\n")
        skipped = 0
    except ValueError:
        samples, skipped = _one_by_one(lines)
    return AgentMetrics(at, tuple(samples), skipped + left_out)


def _own_lines(text: str) -> tuple[list[str], int]:
    """The first lines of the agent's own metrics, and how many more or longer ones there are: they are cut before they
    are parsed, which takes thousands of times as long as telling them.
    """
    lines: list[str] = []
    left_out = 0
    for line in text.split("\n"):
        if not line.startswith(PREFIX):
            continue
        if len(lines) < MOST_SAMPLES and len(line) <= LONGEST_LINE:
            lines.append(line)
        else:
            left_out += 1
    return lines, left_out


def _samples(text: str) -> list[Sample]:
    return [
        Sample(sample.name, tuple(sorted(sample.labels.items())), float(sample.value))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def _one_by_one(lines: list[str]) -> tuple[list[Sample], int]:
    samples: list[Sample] = []
    skipped = 0
    for line in lines:
        try:
            samples += _samples(line + "\n")
        except ValueError:
            skipped += 1
    return samples, skipped
