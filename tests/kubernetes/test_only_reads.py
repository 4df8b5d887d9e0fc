"""Whatever is asked of a cluster, nothing in it is changed: the API server's log of every command and of a session."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

import click
import pytest

from meshtui.cli.main import main
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.kubernetes.rights import NEEDS
from meshtui.model.target import TargetOptions
from meshtui.targets import open_session
from tests.kubernetes.double.access import REVIEWS, Asked
from tests.kubernetes.double.running import Double
from tests.program import meshtui
from tests.waiting import until

pytestmark = pytest.mark.mesh

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"

COMMANDS = (
    ("xds", "status"),
    ("xds", "status", "--check"),
    ("xds", "config"),
    ("xds", "tree"),
    ("certs",),
    ("bootstrap",),
    ("log",),
    ("echo", "--url", URL, "--count", "2"),
)
"""Every command that takes a pod."""


BY_SCREEN = ("attach",)
"""Held to it by a session, here, and by ``test_views_of_a_pod.py``."""


def with_a_pod(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    """The commands that take a pod, as they are typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from with_a_pod(command, *before, name)
        elif any("--kubeconfig" in option.opts for option in command.params):
            yield (*before, name)


def test_no_command_is_left_out() -> None:
    typed = {tuple(takewhile(str.isalpha, command)) for command in (*COMMANDS, BY_SCREEN)}
    assert typed == set(with_a_pod(main))


NEEDED = frozenset((right.verb, right.target, right.group) for need in NEEDS for right in need.rights)
"""What the docs, the access ladder and its Roles know of."""


def right_of(asked: Asked) -> tuple[str, str, str]:
    """The right that a request takes: verb, resource and group."""
    return asked.verb, asked.full_resource, asked.group


def only_read(double: Double) -> None:
    log = double.cluster.log
    assert log, "nothing was asked at all"
    assert [asked for asked in log if not asked.may_be_sent] == []
    assert {asked.resource for asked in log} & {"secrets", "configmaps"} == set()
    assert {right_of(asked) for asked in log if asked.resource and asked.resource not in REVIEWS} <= NEEDED
    commands = [asked.all_of("command") for asked in log if asked.subresource == "exec"]
    assert [command for command in commands if command[:1] != ["cat"]] == []
    assert [command for command in commands if any("key" in word for word in command)] == []


@pytest.mark.parametrize("command", [*COMMANDS, ("xds", "status", "--selector", "app=echo")], ids=" ".join)
async def test_a_command_only_reads(cluster_of_mesh: Double, command: tuple[str, ...]) -> None:
    target = () if "--selector" in command else ("pod/echo-v1",)
    done = await meshtui(*command, *target, "--kubeconfig", str(cluster_of_mesh.kubeconfig()))
    assert done.code in (0, 1), done.err
    only_read(cluster_of_mesh)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_read_only_runs_nothing_in_a_pod(cluster_of_mesh: Double, command: tuple[str, ...]) -> None:
    done = await meshtui(*command, "pod/echo-v1", "--read-only", "--kubeconfig", str(cluster_of_mesh.kubeconfig()))
    assert done.code in (0, 1, 3), done.err
    only_read(cluster_of_mesh)
    assert not [asked for asked in cluster_of_mesh.cluster.log if asked.subresource == "exec"]


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_session_only_reads(cluster_of_mesh: Double, read_only: bool) -> None:
    cluster = ClusterOptions(kubeconfig=str(cluster_of_mesh.kubeconfig()), read_only=read_only)
    session = open_session("pod/client", TargetOptions(cluster=cluster, timeout=60), interval=0.2)
    session.start()
    try:
        await until(lambda: session.state.snapshot is not None and session.state.revision > 3, "some looks")
        await until(lambda: ("watch", "pods") in cluster_of_mesh.verbs(), "the pod is followed")
        if not read_only:
            await until(lambda: ("get", "pods/exec") in cluster_of_mesh.verbs(), "its files are read")
    finally:
        await session.stop()
    only_read(cluster_of_mesh)
    assert not read_only or ("get", "pods/exec") not in cluster_of_mesh.verbs()
