"""The first line: what is looked at is whole as long as there is any room for it."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import pytest

from meshtui.model.kubernetes.pod import pod_of
from meshtui.model.kubernetes.pod_fate import PodFate
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import width_of
from meshtui.tui.screens.header import header_line
from tests.kubernetes.double.pods import proxyless
from tests.world.clock import NOW

COUNTED: Line = (Span("✓ 6"), Span("  ✗ 1 refused", Role.REFUSED))

REPLICA = "echo-v1-with-a-long-name-7cf5b76586-bgn6t"
CONTEXT = "arn:aws:eks:eu-central-1:123456789012:cluster/production-01"


def header(name: str, width: int, *, target: str = "", of: int = 1, known: bool = True) -> str:
    """The line over a pod, as text."""
    pod = pod_of(proxyless(name))
    state = SessionState(
        target=target or f"pod/{name} -n echo-grpc --context {CONTEXT}",
        link=Link(LinkState.LIVE, NOW, NOW - timedelta(seconds=1)),
        interval=1.0,
        snapshot=Snapshot(
            taken_at=NOW,
            node=NodeIdentity(
                id=f"sidecar~10.0.0.1~{name}.echo-grpc~echo-grpc.svc.cluster.local",
                user_agent="gRPC Go",
                user_agent_version="1.80.0",
            ),
            resources=MappingProxyType({}),
        ),
        fate=PodFate(pod=pod) if known else None,
    )
    frame = Frame(state, NOW, as_json=lambda _: "", position=(1, of))
    line = header_line(frame, COUNTED, width)
    assert width_of(line) == width
    return "".join(piece.text for piece in line)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("of", [1, 3])
@pytest.mark.parametrize(
    "name", ["a", "echo-v1", REPLICA, "web.with.dots-0", "x" * 63, f"{'long-' * 9}7cf5b76586-bgn6t"]
)
def test_at_80_columns_a_pods_name_is_whole(name: str, of: int, *, known: bool) -> None:
    line = header(name, 80, of=of, known=known)
    assert f" {name} " in line
    assert "● live 1 s" in line


def test_what_there_is_room_for_stands_beside_it() -> None:
    assert header("echo-v1", 80).startswith(" echo-v1 · echo-grpc   arn:aws:eks:…oduction-01  ")
    wide = header("echo-v1", 160, of=2)
    assert wide.startswith(f" meshtui   echo-v1 · echo-grpc   {CONTEXT}")
    assert "target 1/2" in wide


def test_a_name_longer_than_the_line_keeps_both_ends() -> None:
    line = header(f"begins-{'x' * 240}-ends", 80)
    assert line.startswith(" begins-")
    assert "-ends" in line
    assert "● live 1 s" in line


def test_a_target_that_means_several_is_named_beside_the_pod() -> None:
    assert "deploy/echo-v1" in header("echo-v1-7cf5b76586-bgn6t", 100, target="deploy/echo-v1 -n echo-grpc")
