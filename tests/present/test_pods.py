"""What is typed to find pods, and in which order they stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.present.pod_filter import pod_filter
from meshtui.present.pods import BY_NAME, Column, Order, Standing, in_order, reason, standing
from tests.world.clock import NOW
from tests.world.pods import crashing, echo, envoy, pending, plain, some


def found(text: str) -> list[str]:
    filter_ = pod_filter(text)
    assert filter_.problem == ""
    return [row.name for row in in_order(some(), lambda row: filter_.keeps(row, NOW), BY_NAME)]


CRASHING = "shop-api-5bcd84887b-6bhnw"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["echo-v1", "echo-v2", CRASHING, "waiting", "redis-0", "web-0"]),
        ("echo v2", ["echo-v2"]),
        ("ECHO-V", ["echo-v1", "echo-v2"]),
        ("echo-grpc", []),  # every pod of the namespace would have it
        ("name:echo", ["echo-v1", "echo-v2"]),
        ("name:=echo-v1", ["echo-v1"]),
        ("pod:=ECHO-V1", ["echo-v1"]),
        ("status:crash", [CRASHING]),
        ("st:crash", [CRASHING]),
        ("status:=Running name:v", ["echo-v1", "echo-v2"]),
        ("!status:running", [CRASHING, "waiting"]),
        ("restarts:>3", [CRASHING]),
        ("restarts:7", [CRASHING]),
        ("restarts:<1 version:v1", ["echo-v1", "waiting"]),
        ("restarts:>", ["echo-v1", "echo-v2", CRASHING, "waiting", "redis-0", "web-0"]),
        ("age:>4m name:echo", ["echo-v1", "echo-v2"]),
        ("age:<4m", []),
        ("ready:1/2", [CRASHING]),
        ("restarts>3", [CRASHING]),
        ("restarts>=7 restarts<=7", [CRASHING]),
        ("restarts:>=8", []),
        ("restarts=7", [CRASHING]),
        ("restarts!=0", [CRASHING]),
        ("age<4m", []),
        ("status=Running name:v", ["echo-v1", "echo-v2"]),
        ("status!=running name:echo", []),
        ("echo-v1|redis|", ["echo-v1", "redis-0"]),
        ("!echo|redis|-", []),
        ("-l app=redis", ["redis-0"]),
        ("app=echo", ["echo-v1", "echo-v2", "waiting"]),
        ("app==redis", ["redis-0"]),
        ("app!=echo", [CRASHING, "redis-0", "web-0"]),
        ("app=", ["echo-v1", "echo-v2", CRASHING, "waiting", "redis-0"]),
        ("!app=", ["web-0"]),
        ("version=v2 app=echo", ["echo-v2"]),
        ("envoy", ["web-0"]),
        ("proxyless", ["echo-v1", "echo-v2", CRASHING, "waiting"]),
    ],
)
def test_what_a_filter_keeps(typed: str, names: list[str]) -> None:
    assert found(typed) == names


def test_the_namespace_is_searched_where_all_are_listed() -> None:
    assert all(pod_filter("echo-grpc", every_namespace=True).keeps(row, NOW) for row in some())


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("stauts:crash", "No column is called stauts, so it is looked for as text; there are name,"),
        ("n:echo", "n may be name, namespace, node."),
        ("restarts:many", "restarts:many is no number; write it like restarts>3."),
        ("age<old", "age:<old is no number; write it like age<10m."),
        ("restarts:>3m", "restarts:>3m is no number; write it like restarts>3."),
        ("name>b", "name is no number: restarts and age can be compared."),
    ],
)
def test_what_means_nothing_is_said_and_looked_for_as_text(typed: str, problem: str) -> None:
    filter_ = pod_filter(typed)
    assert filter_.problem.startswith(problem)
    assert not [row for row in some() if filter_.keeps(row, NOW)]
    inverted = pod_filter(f"!{typed} name:echo")
    assert inverted.problem.startswith(problem)
    assert inverted.keeps(echo(), NOW)
    assert not inverted.keeps(plain(), NOW)


@given(st.text())
def test_anything_can_be_typed(typed: str) -> None:
    filter_ = pod_filter(typed)
    for row in some():
        filter_.keeps(row, NOW)


@given(st.sampled_from(Column), st.booleans())
def test_proxyless_pods_come_first_in_every_order(column: Column, descending: bool) -> None:
    rows = in_order(some(), lambda row: True, Order(column, descending))
    places = [list(Standing).index(standing(row)) for row in rows]
    assert places == sorted(places)
    assert {row.key for row in rows} == {row.key for row in some()}


def test_orders_by_numbers_and_times_as_such() -> None:
    old = replace(echo("old"), created=NOW - timedelta(days=2))
    unknown = replace(echo("unknown"), created=None)
    rows = (old, unknown, echo("young"))
    by_age = [row.name for row in in_order(rows, lambda row: True, Order(Column.AGE))]
    assert by_age == ["young", "old", "unknown"]
    most = in_order((echo(), crashing()), lambda row: True, Order(Column.RESTARTS, descending=True))
    assert [row.status.restarts for row in most] == [7, 0]


def test_each_dimmed_pod_has_its_reason() -> None:
    assert reason(echo()) == ""
    assert reason(plain()).startswith("no sign of xDS: ")
    assert reason(envoy()).startswith("Envoy sidecar: ")
    assert "has no node yet" in reason(pending())
    assert "CrashLoopBackOff" in reason(crashing())
