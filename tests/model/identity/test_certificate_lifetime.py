"""Lifetimes at their edges, serials, SPIFFE ids and SAN matching."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.identity.certificate import San, colon_hex
from meshtui.model.identity.lifetime import LifePhase, Lifetime
from meshtui.model.identity.san import san_satisfies, satisfies
from meshtui.model.identity.spiffe import SpiffeId, parse_spiffe
from meshtui.model.xds.config import MatchKind, StringMatch

BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("hours", "phase"),
    [
        (-0.001, LifePhase.NOT_YET_VALID),
        (0, LifePhase.FRESH),
        (12, LifePhase.FRESH),
        (12.02, LifePhase.DUE),
        (16.01, LifePhase.DUE),
        (16.02, LifePhase.LATE),
        (21.60, LifePhase.LATE),
        (21.61, LifePhase.ENDING),
        (24, LifePhase.ENDING),
        (24.001, LifePhase.EXPIRED),
    ],
)
def test_phases_of_a_day(hours: float, phase: LifePhase) -> None:
    """All since it was issued, 2 minutes after NotBefore: rotation at a half, warnings at a third and a tenth left; the
    last second still counts (RFC 5280 §4.1.2.5).
    """
    assert Lifetime(BEGIN, BEGIN + DAY, BEGIN + timedelta(hours=hours)).phase is phase


def test_times_of_a_day() -> None:
    begin = BEGIN - timedelta(minutes=2)
    life = Lifetime(begin, BEGIN + DAY, BEGIN + timedelta(hours=18))
    assert life.issued == BEGIN
    assert life.rotation_due_at == BEGIN + timedelta(hours=12)
    assert life.until_rotation == timedelta(hours=-6)
    assert life.remaining == timedelta(hours=6)
    assert life.expires_in_seconds == 6 * 3600
    assert life.age_share == 0.75
    assert life.remaining_share == 0.25


def test_the_rotation_of_what_istiod_1_29_issued() -> None:
    """``cert-chain-v1.pem`` among Istio's captures: issued at 22:01:48 for a day, so due after half a day."""
    begin = datetime(2026, 11, 27, 21, 59, 48, tzinfo=UTC)
    life = Lifetime(begin, begin + DAY + timedelta(minutes=2), begin)
    assert life.rotation_due_at == datetime(2026, 11, 28, 10, 1, 48, tzinfo=UTC)


def test_the_rotation_of_a_life_of_minutes() -> None:
    """As in the demo, whose authority backdates by two minutes as istiod's does."""
    life = Lifetime(BEGIN, BEGIN + timedelta(minutes=6), BEGIN + timedelta(minutes=2))
    assert life.rotation_due_at == BEGIN + timedelta(minutes=4)
    assert (life.phase, life.age_share) == (LifePhase.FRESH, 0.0)
    due = Lifetime(life.not_before, life.not_after, life.rotation_due_at)
    assert (due.phase, due.remaining_share) == (LifePhase.DUE, 0.5)
    short = Lifetime(BEGIN, BEGIN + timedelta(minutes=2), BEGIN)
    assert short.rotation_due_at == BEGIN + timedelta(minutes=1), "istiod issues none that has ended already"


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),
    st.timedeltas(timedelta(days=-10), timedelta(days=20_000)),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)),
)
def test_shares_stay_between_0_and_1_and_agree_with_the_phase(begin: datetime, lives: timedelta, now: datetime) -> None:
    life = Lifetime(begin.replace(tzinfo=UTC), begin.replace(tzinfo=UTC) + lives, now.replace(tzinfo=UTC))
    assert 0 <= life.age_share <= 1
    assert (life.phase is LifePhase.EXPIRED) <= (life.remaining < timedelta(0))
    if life.phase in {LifePhase.FRESH, LifePhase.DUE, LifePhase.LATE, LifePhase.ENDING}:
        assert life.remaining >= timedelta(0)


@given(st.integers(-(2**200), 2**400))
def test_serials_read_back(serial: int) -> None:
    text = colon_hex(serial)
    assert int(text.replace(":", ""), 16) == serial
    assert all(len(pair.lstrip("-")) == 2 for pair in text.split(":"))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("spiffe://cluster.local/ns/a/sa/b", SpiffeId("cluster.local", "/ns/a/sa/b", "a", "b")),
        ("spiffe://td", SpiffeId("td", "")),
        ("spiffe://td/any/path", SpiffeId("td", "/any/path")),
        ("spiffe://td/ns/a/sa/b/c", SpiffeId("td", "/ns/a/sa/b/c")),
        ("SPIFFE://td/x", None),
        ("spiffe://TD/x", None),
        ("spiffe://td/", None),
        ("spiffe://td//x", None),
        ("spiffe://td/../x", None),
        ("spiffe://td:80/x", None),
        ("spiffe://td/x?y", None),
        ("spiffe://" + "a" * 3000, None),
        ("https://td/x", None),
    ],
)
def test_spiffe_ids_are_read_by_the_specification(text: str, parsed: SpiffeId | None) -> None:
    assert parse_spiffe(text) == parsed
    if parsed is not None:
        assert str(parsed) == text


URI = San("URI", "spiffe://cluster.local/ns/a/sa/b")


@pytest.mark.parametrize(
    ("matcher", "san", "outcome"),
    [
        (StringMatch(MatchKind.EXACT, URI.value), URI, True),
        (StringMatch(MatchKind.EXACT, URI.value.upper()), URI, False),
        (StringMatch(MatchKind.PREFIX, "spiffe://cluster.local/"), URI, True),
        (StringMatch(MatchKind.PREFIX, "SPIFFE://", ignore_case=True), URI, True),
        (StringMatch(MatchKind.SUFFIX, "/sa/b"), URI, True),
        (StringMatch(MatchKind.CONTAINS, "/ns/z/"), URI, False),
        (StringMatch(MatchKind.REGEX, "spiffe://[^/]+/ns/a/sa/.*"), URI, True),
        (StringMatch(MatchKind.REGEX, "ns/a"), URI, False),
        (StringMatch(MatchKind.REGEX, "(a+)+$"), URI, False),
        (StringMatch(MatchKind.REGEX, "("), URI, None),
        (StringMatch(MatchKind.REGEX, "x" * 300), URI, False),
        (StringMatch(MatchKind.EXACT, "a.example.com"), San("DNS", "*.example.com"), True),
        (StringMatch(MatchKind.EXACT, "A.EXAMPLE.com."), San("DNS", "a.example.com"), True),
        (StringMatch(MatchKind.EXACT, "a.b.example.com"), San("DNS", "*.example.com"), False),
        (StringMatch(MatchKind.EXACT, "example.com"), San("DNS", "*.com"), False),
    ],
)
def test_names_are_compared_as_grpc_compares_them(matcher: StringMatch, san: San, outcome: bool | None) -> None:
    assert san_satisfies(matcher, san) is outcome


def test_no_matcher_accepts_everything_and_one_that_fits_is_enough() -> None:
    no, yes = StringMatch(MatchKind.EXACT, "x"), StringMatch(MatchKind.EXACT, URI.value)
    assert satisfies((), ()) is True
    assert satisfies((no,), ()) is False
    assert satisfies((no, yes), (URI,)) is True
    assert satisfies((no, StringMatch(MatchKind.REGEX, "(?=a)")), (URI,)) is None
    assert satisfies((no,) * 1_000, (URI,) * 1_000) is None, "more than is compared is unknown"
