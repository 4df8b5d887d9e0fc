"""Options of ``meshtui echo`` as typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meshtui.cli.echo.request import DEFAULT_COUNT, amount, expectation, headers, mapping
from meshtui.model.echo.spec import MOST_UNTHROTTLED
from meshtui.model.errors import UsageError


@pytest.mark.parametrize(
    ("count", "duration", "until_decided", "most"),
    [
        (None, None, False, DEFAULT_COUNT),
        (7, None, True, 7),
        (7, timedelta(seconds=1), False, 7),
        (None, timedelta(seconds=1), False, None),
        (None, timedelta(seconds=1), True, None),
        (None, None, True, MOST_UNTHROTTLED),
    ],
)
def test_how_many_requests_at_most(
    count: int | None, duration: timedelta | None, until_decided: bool, most: int | None
) -> None:
    assert amount(count, duration, until_decided) == most


def test_headers_keep_colons_of_values_and_of_pseudo_headers() -> None:
    typed = ["a:b", " x-time : 12:30 ", ":authority:echo:7070", "empty:"]
    assert headers(typed) == (("a", "b"), ("x-time", "12:30"), (":authority", "echo:7070"), ("empty", ""))


@pytest.mark.parametrize("text", ["", ":", "nothing", ":authority", " :x"])
def test_what_is_no_header(text: str) -> None:
    with pytest.raises(UsageError, match="header"):
        headers([text])


def test_mappings_take_cluster_names_too() -> None:
    typed = ["canary=v2", "outbound|7070|a=b|echo = v1"]
    assert mapping(typed) == {"canary": "v2", "outbound|7070|a=b|echo": "v1"}


@pytest.mark.parametrize("text", ["", "=", "canary", "=v2", "canary="])
def test_what_is_no_mapping(text: str) -> None:
    with pytest.raises(UsageError, match="mapping"):
        mapping([text])


def test_expect_takes_shares_or_the_word_config() -> None:
    assert expectation(None) == (None, False)
    assert expectation(" config ") == (None, True)
    typed, from_config = expectation("v1=1,v2=3")
    assert typed is not None
    assert (typed.shares, from_config) == ({"v1": 0.25, "v2": 0.75}, False)
    with pytest.raises(UsageError, match="expected share"):
        expectation("Config")
