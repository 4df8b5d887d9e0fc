"""What happened between two states of a pod, and which pod succeeds another: for any states."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.choice import choose
from meshtui.model.kubernetes.pod import Pod, pod_of
from meshtui.model.kubernetes.pod_changes import PodChangeKind, changes, first_changes
from meshtui.model.kubernetes.pod_fate import Successor
from meshtui.model.kubernetes.pod_reach import forward_to
from meshtui.model.kubernetes.selector import labels_text, selector_text
from meshtui.model.kubernetes.workload import Workload, naming_selector, successor_of, workload_of

ROWS = json.loads((Path(__file__).parents[2] / "data" / "kubernetes" / "pods_table.json").read_text())["rows"]
PODS = [pod_of(row["object"]) for row in ROWS]

pods = st.sampled_from(PODS)


def named(name: str) -> Pod:
    return next(pod for pod in PODS if pod.name == name)


@given(pods)
def test_nothing_happens_to_a_pod_that_stays_the_same(pod: Pod) -> None:
    assert list(changes(pod, pod)) == []


@given(pods, pods)
def test_another_uid_is_said_and_nothing_else(before: Pod, after: Pod) -> None:
    if before.uid != after.uid:
        assert [change.kind for change in changes(before, after)] == [PodChangeKind.REPLACED]


@given(pods, pods)
def test_every_change_reads_as_a_phrase(before: Pod, after: Pod) -> None:
    state: Any = pod_of({})
    for change in (*changes(state, after), *first_changes(before)):
        assert change.text.split()[0] in {"is", "has", "had", "another"}
        assert change.text.isprintable()


@given(st.lists(pods, min_size=1, unique_by=lambda pod: pod.name))
def test_a_pod_that_can_be_reached_is_taken_before_others(several: list[Pod]) -> None:
    choice = choose(several)
    assert sorted(pod.name for pod in choice.pods) == sorted(pod.name for pod in several)
    assert choose(several[::-1]) == choice
    if any(forward_to(pod).possible for pod in several):
        assert forward_to(choice.pod).possible
    if any(pod.is_ready for pod in several):
        assert choice.pod.is_ready


@given(pods, st.lists(pods))
def test_a_successor_is_of_the_same_workload_and_another_pod(pod: Pod, others: list[Pod]) -> None:
    found = successor_of(pod, others)
    if found is not None:
        assert (workload_of(found.pod), found.pod.uid == pod.uid) == (workload_of(pod), False)
        assert found.pod.is_ready


def test_workloads_of_real_pods() -> None:
    rolling = [pod for pod in PODS if pod.name.startswith("rolling-")]
    assert {workload_of(pod) for pod in rolling} == {Workload("Deployment", "rolling")}
    assert successor_of(rolling[0], PODS) == Successor(pod=rolling[1], ready=1, is_newer=False)
    assert workload_of(named("echo-v1")) is None
    assert naming_selector(rolling[0]) == "app=rolling"


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({}, ""),
        ({"matchLabels": {"app": "echo", "tier": "a"}}, "app=echo,tier=a"),
        ({"matchExpressions": [{"key": "t", "operator": "In", "values": ["a", "b"]}]}, "t in (a,b)"),
        ({"matchExpressions": [{"key": "t", "operator": "NotIn", "values": ["a"]}]}, "t notin (a)"),
        (
            {
                "matchLabels": {"a": "b"},
                "matchExpressions": [{"key": "t", "operator": "Exists"}, {"key": "u", "operator": "DoesNotExist"}],
            },
            "a=b,t,!u",
        ),
    ],
)
def test_selectors_as_text(selector: object, text: str) -> None:
    assert selector_text(selector) == text


def test_a_services_selector_as_text() -> None:
    assert labels_text({"app": "echo", "version": "v1"}) == "app=echo,version=v1"
