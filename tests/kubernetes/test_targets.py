"""What a typed target means, as a line that can be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.targets import bound, is_pod, named

CONFIG = """
current-context: "my cluster"
contexts: [{name: "my cluster", context: {cluster: c, user: u, namespace: shop}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
"""


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is found without an option."""
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))


def test_a_kept_line_names_the_context_that_is_current_now(kubeconfig: None) -> None:
    assert bound("pod/a", TargetOptions()) == "pod/a -n shop --context 'my cluster'"
    assert bound("pod/a -n b", TargetOptions()) == "pod/a -n b --context 'my cluster'"
    assert bound("localhost:17171", TargetOptions()) == "localhost:17171"


def test_without_a_cluster_the_line_is_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert bound("pod/a -n b", TargetOptions()) == "pod/a -n b"


def test_what_the_command_line_says_is_part_of_the_line() -> None:
    options = TargetOptions(cluster=ClusterOptions(namespace="b", selector="app=echo"))
    assert named("-l app=echo", options) == "-l app=echo -n b"
    assert named("pod/a", TargetOptions(cluster=ClusterOptions(context="c"))) == "pod/a --context c"


def test_what_is_there_is_a_file_unless_a_pod_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pod").mkdir()
    (tmp_path / "pod" / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    assert not is_pod("pod/a", TargetOptions())
    assert is_pod("pod/b", TargetOptions())
    assert is_pod("pod/a", TargetOptions(cluster=ClusterOptions(namespace="n")))
