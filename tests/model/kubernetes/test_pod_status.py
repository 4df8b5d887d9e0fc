"""STATUS, READY and RESTARTS against what a real kube-apiserver 1.37 printed beside the same pods, and rule by rule."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.pod import pod_of
from meshtui.model.kubernetes.pod_row import printed_row, row_of
from meshtui.model.kubernetes.pod_status import UNKNOWN_AGE, age_of, human_duration, status_of

TABLE = json.loads((Path(__file__).parents[2] / "data" / "kubernetes" / "pods_table.json").read_text())
"""A list of pods in every state, as the API server gives it to kubectl, each with its whole object."""

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("row", TABLE["rows"], ids=lambda row: row["cells"][0])
def test_the_words_are_the_api_servers_own(row: dict[str, list[str]]) -> None:
    status = status_of(pod_of(row["object"]))
    name, ready, word, restarts = row["cells"][:4]
    assert (status.ready_words, status.status) == (ready, word), name
    assert str(status.restarts) == str(restarts).split(" ")[0]
    assert (status.restarted is not None) == ("ago" in str(restarts))


def pod(**status: object) -> object:
    """A pod's JSON with two app containers ``a`` and ``b``, init container ``i`` and native sidecar ``s``."""
    return {
        "metadata": {"name": "p"},
        "spec": {
            "nodeName": "n",
            "initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}],
            "containers": [{"name": "a"}, {"name": "b"}],
        },
        "status": {"phase": "Pending", **status},
    }


def word(document: object) -> str:
    return status_of(pod_of(document)).status


RUNS: dict[str, object] = {"running": {}}
DONE: dict[str, object] = {"terminated": {"exitCode": 0, "reason": "Completed"}}
READY = [{"type": "Ready", "status": "True"}]
INITIALIZED = [{"type": "Initialized", "status": "True"}]


def test_an_init_container_that_runs_says_how_many_are_done() -> None:
    assert word(pod(initContainerStatuses=[{"name": "i", "state": RUNS}, {"name": "s"}])) == "Init:0/2"


def test_a_sidecar_that_has_not_started_is_counted_as_an_init_container() -> None:
    status = [{"name": "i", "state": DONE}, {"name": "s", "state": RUNS, "started": False}]
    assert word(pod(initContainerStatuses=status)) == "Init:1/2"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"terminated": {"exitCode": 1, "reason": "Error"}}, "Init:Error"),
        ({"terminated": {"exitCode": 3}}, "Init:ExitCode:3"),
        ({"terminated": {"exitCode": 137, "signal": 9}}, "Init:Signal:9"),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "Init:CrashLoopBackOff"),
        ({"waiting": {"reason": "ImagePullBackOff"}}, "Init:ImagePullBackOff"),
        ({"waiting": {"reason": "PodInitializing"}}, "Init:0/2"),
    ],
)
def test_an_init_container_that_fails_says_how(state: object, expected: str) -> None:
    assert word(pod(initContainerStatuses=[{"name": "i", "state": state}, {"name": "s"}])) == expected


def test_a_started_sidecar_counts_as_ready_and_its_restarts_count() -> None:
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-28T11:59:00Z"}}
    status = status_of(
        pod_of(
            pod(
                phase="Running",
                conditions=[*READY, *INITIALIZED],
                initContainerStatuses=[
                    {"name": "i", "state": DONE, "restartCount": 5},
                    {"name": "s", "state": RUNS, "started": True, "ready": True, "restartCount": 2, "lastState": ended},
                ],
                containerStatuses=[{"name": name, "state": RUNS, "ready": True} for name in "ab"],
            )
        )
    )
    assert (status.status, status.ready_words, status.restart_words(NOW)) == ("Running", "3/3", "2 (60s ago)")


@pytest.mark.parametrize(
    ("first", "second", "conditions", "expected"),
    [
        (DONE, RUNS, READY, "Running"),
        (DONE, RUNS, [], "NotReady"),
        (DONE, DONE, [], "Completed"),
        (DONE, {"terminated": {"exitCode": 1, "reason": "Error"}}, [], "Error"),
        (RUNS, {"terminated": {"exitCode": 137, "signal": 9}}, READY, "Signal:9"),
        (RUNS, {"terminated": {"exitCode": 4}}, READY, "ExitCode:4"),
        ({"waiting": {"reason": "ErrImagePull"}}, {"waiting": {"reason": "CrashLoopBackOff"}}, [], "ErrImagePull"),
        (RUNS, {"waiting": {}}, [], "Running"),
    ],
)
def test_the_first_container_in_trouble_gives_the_word(
    first: object, second: object, conditions: list[object], expected: str
) -> None:
    statuses = [
        {"name": "a", "state": first, "ready": first is RUNS},
        {"name": "b", "state": second, "ready": second is RUNS},
    ]
    assert word(pod(phase="Running", conditions=conditions, containerStatuses=statuses)) == expected


def test_reasons_of_the_pod_and_gates() -> None:
    assert word(pod(phase="Failed", reason="Evicted")) == "Evicted"
    gated = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    assert word(pod(conditions=gated)) == "SchedulingGated"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running"}, "Terminating"),
        ({"phase": "Running", "reason": "NodeLost"}, "Unknown"),
        ({"phase": "Succeeded"}, "Succeeded"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
    ],
)
def test_a_pod_that_is_being_deleted(status: dict[str, object], expected: str) -> None:
    document = {"metadata": {"deletionTimestamp": "2026-11-28T12:00:00Z"}, "status": status}
    assert word(document) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (10_861, "3h1m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (691_200, "8d"),
        (63_071_999, "729d"),
        (63_072_000, "2y"),
        (63_158_400, "2y1d"),
        (252_288_000, "8y"),
    ],
)
def test_ages_are_kubernetes_own(seconds: int, expected: str) -> None:
    assert human_duration(timedelta(seconds=seconds)) == expected


@given(st.integers(min_value=-1, max_value=10**9))
def test_an_age_is_never_longer_than_seven_characters(seconds: int) -> None:
    assert re.fullmatch(r"(\d{1,3}[smhdy]){1,2}", human_duration(timedelta(seconds=seconds)))


def test_an_age_that_is_not_known() -> None:
    assert age_of(None, NOW) == UNKNOWN_AGE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = ("metadata", "spec", "status", "containers", "initContainers", "containerStatuses", "initContainerStatuses",
         "state", "waiting", "running", "terminated", "name", "labels", "annotations", "conditions", "env", "ports",
         "reason", "finishedAt", "creationTimestamp", "ownerReferences", "podIPs")  # fmt: skip
pod_like = st.recursive(
    json_values,
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=40,
)


@given(pod_like)
def test_no_document_is_too_odd_for_a_row(document: object) -> None:
    row = row_of(pod_of(document))
    assert row.status.ready >= 0
    assert printed_row(document, "Running", "1/2").status.ready_words == "1/2"
    assert printed_row(document, "", "none").status == row.status
