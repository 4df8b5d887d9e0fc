"""What is remembered of the answers before never shows: each answer reads as if it were the first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.model.xds.resource import Resource
from meshtui.sources.csds.answer import Known, read_answer
from meshtui.sources.csds.memory import CLOCK_JITTER_NS
from tests import xds_messages as xds

NOW = datetime(2026, 8, 1, tzinfo=UTC)

ENTRIES = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["1", "2"]),
        st.integers(1, 2),
        st.sampled_from([0, 1, CLOCK_JITTER_NS - 1, CLOCK_JITTER_NS, 5 * CLOCK_JITTER_NS]),
        st.booleans(),
    ),
    max_size=6,
)
"""Which resource, its version, what it says, by how much its time is off, and whether it is refused: few enough of each
that answers repeat, reorder and double them."""


def entry(number: int, version: str, port: int, off: int, refused: bool) -> Any:
    message = xds.generic(xds.endpoints(f"s{number}", ("10.0.0.1", port)), version=version)
    message.last_updated.nanos += off
    if refused:
        message.client_status = 4
        message.error_state.version_info = "next"
        message.error_state.last_update_attempt.seconds = 1_785_000_000
        message.error_state.last_update_attempt.nanos = off
    return message


def said(resource: Resource) -> tuple[Any, ...]:
    return (
        resource.key,
        resource.status,
        resource.version,
        resource.value,
        resource.body,
        resource.error and (resource.error.version, resource.error.details),
    )


@given(st.lists(st.tuples(ENTRIES, ENTRIES), min_size=1, max_size=5))
@settings(max_examples=150)
def test_an_answer_reads_as_if_it_were_the_first(answers: list[tuple[list[Any], list[Any]]]) -> None:
    known = Known()
    for clients in answers:
        scoped = zip("ab", clients, strict=True)
        configs = [xds.client([entry(*parts) for parts in entries], scope=scope) for scope, entries in scoped]
        data = xds.answer(*configs).SerializeToString()
        snapshot, known = read_answer(known, data, NOW)
        alone, _ = read_answer(Known(), data, NOW)
        assert list(map(said, snapshot.resources.values())) == list(map(said, alone.resources.values()))
        assert snapshot.problems == alone.problems
        for key, resource in snapshot.resources.items():
            before, after = resource.last_updated, alone.resources[key].last_updated
            assert before is not None
            assert after is not None
            assert abs((before - after).total_seconds()) * 1e9 < 2 * CLOCK_JITTER_NS
        again, _ = read_answer(known, data, NOW)
        assert again.resources is snapshot.resources, "nothing differs"
