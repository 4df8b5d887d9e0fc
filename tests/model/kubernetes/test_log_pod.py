"""Whose log is read first, and how far one was read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshtui.model.kubernetes.log_lines import LogLine
from meshtui.model.kubernetes.log_pod import LogPlace, log_pod, place_after
from meshtui.model.kubernetes.pod import pod_of

AT = datetime(2026, 8, 1, 10, 0, tzinfo=UTC)


def spec(*names: str, init: tuple[str, ...] = (), told: str = "", status: str = "") -> dict[str, Any]:
    env = [{"name": "ISTIO_META_GENERATOR", "value": "grpc"}]
    return {
        "metadata": {"name": "p", "annotations": {"sidecar.istio.io/status": status}},
        "spec": {
            "containers": [{"name": name, "env": env if name == told else []} for name in names],
            "initContainers": [{"name": name, "restartPolicy": "Always"} for name in init],
        },
    }


@pytest.mark.parametrize(
    ("document", "agent"),
    [
        (spec("app", "istio-proxy"), "istio-proxy"),
        (spec("app", init=("istio-proxy",)), "istio-proxy"),
        (spec("app", "mesh-agent", told="mesh-agent"), "mesh-agent"),
        (spec("app", "agent", status=json.dumps({"initContainers": ["istio-init"], "containers": ["agent"]})), "agent"),
        (spec("app", "other", status="{no json"), "app"),
        (spec(), "istio-proxy"),
    ],
)
def test_the_agent_whatever_its_name(document: dict[str, Any], agent: str) -> None:
    pod = log_pod(pod_of(document))
    assert pod.agent == agent
    assert not pod.containers or pod.containers[0].name == agent


def test_the_place_counts_lines_of_one_moment() -> None:
    line, later = LogLine(text="x", at=AT), LogLine(text="y", at=AT + timedelta(seconds=1))
    assert place_after(None, [LogLine(text="no time")]) is None
    assert place_after(None, [line, line]) == LogPlace(AT, 2)
    assert place_after(LogPlace(AT, 2), [line, later]) == LogPlace(AT + timedelta(seconds=1), 1)
    assert place_after(LogPlace(AT, 2), [LogLine(text="older", at=AT - timedelta(seconds=1))]) == LogPlace(AT, 2)
