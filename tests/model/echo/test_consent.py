"""What was agreed to covers what is no more than that, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.echo.consent import Bound, Consent, Load, UntilDecided, covers, excesses
from meshtui.model.echo.spec import EchoRequestSpec

URLS = ("xds:///echo.echo-grpc:7070", "xds:///shop.default:80")
SPECS = st.builds(
    EchoRequestSpec,
    url=st.sampled_from(URLS),
    count=st.none() | st.integers(1, 900),
    qps=st.integers(0, 900),
    headers=st.sampled_from(((), (("x-canary", "1"),), (("X-Canary", "1"),), (("x-canary", "2"),))),
    message=st.sampled_from(("", "a", "ab", "é")),
    method=st.sampled_from(("", "GET", "DELETE")),
    timeout_s=st.sampled_from((1.0, 5.0, 60.0)),
    new_connection=st.booleans(),
    authority=st.sampled_from(("", "other:80")),
)
DECISIONS = st.none() | st.builds(
    UntilDecided,
    alpha=st.sampled_from((0.001, 0.01)),
    margin=st.sampled_from((0.05, 0.1)),
    shares=st.sampled_from(((), (("v1", 0.5), ("v2", 0.5)))),
)
LOADS = st.builds(
    Load,
    sender=st.sampled_from(("client", "echo-v1")),
    spec=SPECS,
    duration_s=st.none() | st.floats(0.1, 100),
    decision=DECISIONS,
)

AGREED = Load("client", EchoRequestSpec(URLS[0], count=500, qps=50, timeout_s=5.0))


def asked(**changes: Any) -> Load:
    """The agreed run with some of its spec changed."""
    return replace(AGREED, spec=replace(AGREED.spec, **changes))


@given(LOADS)
def test_what_was_agreed_covers_itself(load: Load) -> None:
    assert covers(load, load)
    assert Consent().agree(load).covers(load)


@given(LOADS, LOADS, LOADS)
def test_covering_is_transitive(first: Load, second: Load, third: Load) -> None:
    if covers(first, second) and covers(second, third):
        assert covers(first, third)


@given(LOADS, LOADS)
def test_a_covered_run_has_the_same_target_and_no_figure_above_the_agreed(agreed: Load, load: Load) -> None:
    if not covers(agreed, load):
        assert excesses(agreed, load)
        return
    old, new = agreed.spec, load.spec
    assert (agreed.sender, old.url, old.authority, old.method) == (load.sender, new.url, new.authority, new.method)
    assert old.count is None or (new.count is not None and new.count <= old.count)
    assert old.qps == 0 or 0 < new.qps <= old.qps
    assert agreed.duration_s is None or (load.duration_s is not None and load.duration_s <= agreed.duration_s)
    assert agreed.decision is None or load.decision is not None
    assert new.timeout_s <= old.timeout_s
    assert old.new_connection or not new.new_connection


@given(st.lists(LOADS, max_size=6), LOADS)
def test_no_answers_together_cover_what_none_of_them_covers(answers: list[Load], load: Load) -> None:
    consent = Consent()
    for answer in answers:
        consent = consent.agree(answer)
    assert consent.covers(load) == any(covers(answer, load) for answer in answers)
    assert bool(consent.excesses(load)) == (bool(answers) and not consent.covers(load))


@pytest.mark.parametrize(
    ("load", "bound", "before", "now"),
    [
        (asked(count=None), Bound.COUNT, "500", "∞"),
        (asked(count=501), Bound.COUNT, "500", "501"),
        (asked(qps=900), Bound.RATE, "50", "900"),
        (asked(qps=0), Bound.RATE, "50", "no limit"),
        (asked(url=URLS[1]), Bound.URL, URLS[0], URLS[1]),
        (asked(headers=(("x-canary", "1"),)), Bound.HEADERS, "none", "x-canary: 1"),
        (asked(authority="other:80"), Bound.HEADERS, "none", "Host: other:80"),
        (asked(method="DELETE"), Bound.METHOD, "none", "DELETE"),
        (asked(message="longer"), Bound.MESSAGE, "0 bytes", "6 bytes"),
        (asked(timeout_s=60), Bound.TIMEOUT, "5 s", "60 s"),
        (replace(AGREED, sender="echo-v1"), Bound.SENDER, "client", "echo-v1"),
    ],
)
def test_the_excess_names_what_was_agreed_and_what_is_asked(load: Load, bound: Bound, before: str, now: str) -> None:
    (found,) = excesses(AGREED, load)
    assert (found.bound, found.agreed, found.asked) == (bound, before, now)


def test_a_run_that_was_to_end_with_its_verdict_may_not_go_on_after_it() -> None:
    decided = replace(AGREED, decision=UntilDecided(0.01, 0.1))
    assert covers(AGREED, decided)
    assert [excess.bound for excess in excesses(decided, AGREED)] == [Bound.DECISION]
    stricter = replace(AGREED, decision=UntilDecided(0.001, 0.1))
    assert [excess.bound for excess in excesses(decided, stricter)] == [Bound.DECISION]
    assert covers(stricter, decided)


def test_the_question_compares_with_the_answer_that_comes_nearest() -> None:
    other = Load("client", EchoRequestSpec(URLS[1], count=10, qps=1))
    consent = Consent().agree(AGREED).agree(other)
    (found,) = consent.excesses(asked(count=600))
    assert found.agreed == "500"
