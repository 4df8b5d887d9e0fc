"""Kubeconfig files found and read, and the context chosen among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshtui.model.errors import BadInput, UsageError
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.kubeconfig import Chosen, choose, kubeconfig_paths, read_kubeconfig

WHOLE = """
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: c, cluster: {server: "https://c:6443"}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: one, context: {cluster: c, user: u, namespace: echo-grpc}}
- {name: two, context: {cluster: c}}
- {name: lost, context: {cluster: nowhere, user: u}}
- {name: nobody, context: {cluster: c, user: gone}}
- {name: bare, context: {user: u}}
"""


def chosen(text: str, tmp_path: Path, *, context: str | None = None, namespace: str | None = None) -> Chosen:
    path = tmp_path / "config"
    path.write_text(text)
    given = ClusterOptions(kubeconfig=str(path), context=context, namespace=namespace)
    return choose(read_kubeconfig(given, {}), given, {}, str(tmp_path / "no-service-account"))


def test_the_current_context_with_its_namespace(tmp_path: Path) -> None:
    found = chosen(WHOLE, tmp_path)
    assert (found.name, found.cluster.server, found.user.token) == ("one", "https://c:6443", "t")
    assert found.namespace == "echo-grpc"
    assert chosen(WHOLE, tmp_path, namespace="other").namespace == "other"


def test_a_context_may_name_no_user_and_no_namespace(tmp_path: Path) -> None:
    found = chosen(WHOLE, tmp_path, context="two")
    assert (found.user.token, found.namespace) == ("", "default")


LOST = [
    ("nope", "There is no context 'nope'"),
    ("lost", "of the cluster 'nowhere', which no kubeconfig has"),
    ("nobody", "of the user 'gone', whom no kubeconfig has"),
    ("bare", "names no cluster"),
]


@pytest.mark.parametrize(("context", "said"), LOST)
def test_a_context_that_leads_nowhere_is_said(context: str, said: str, tmp_path: Path) -> None:
    with pytest.raises((UsageError, BadInput), match=said):
        chosen(WHOLE, tmp_path, context=context)


def test_contexts_there_are_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        chosen(WHOLE.replace("current-context: one", "current-context: gone"), tmp_path)
    assert "names as its current-context" in raised.value.what
    assert "one, two, lost, nobody, bare" in raised.value.hint
    with pytest.raises(UsageError, match="no current-context"):
        chosen(WHOLE.replace("current-context: one", ""), tmp_path)


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "apiVersion: v1\nkind: Config\n"])
def test_an_empty_kubeconfig_is_no_cluster(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No cluster is known"):
        chosen(text, tmp_path)


WRONG = [
    "clusters: [",
    "a: b: c",
    "\x00",
    "clusters:\n  - token: s3cret\n - x",
    "clusters: !!python/object:os.system {}",
]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_yaml_is_said_with_its_line_and_without_its_text(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no YAML") as raised:
        chosen(text, tmp_path)
    assert "s3cret" not in str(raised.value)


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    missing = ClusterOptions(kubeconfig=str(tmp_path / "nope"))
    with pytest.raises(BadInput, match="There is no kubeconfig"):
        read_kubeconfig(missing, {})
    with pytest.raises(BadInput, match="Is a directory"):
        read_kubeconfig(ClusterOptions(kubeconfig=str(tmp_path)), {})
    assert read_kubeconfig(ClusterOptions(), {"KUBECONFIG": str(tmp_path / "nope")}).empty


def test_several_files_are_merged_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("users:\n- {name: u, user: {token: first}}\n")
    (tmp_path / "b").write_text(WHOLE)
    environ = {"KUBECONFIG": f"{tmp_path}/a::{tmp_path}/nope:{tmp_path}/b:{tmp_path}/a"}
    config = read_kubeconfig(ClusterOptions(), environ)
    assert config.users["u"].token == "first"
    assert config.current_context == "one"
    assert config.sources == (f"{tmp_path}/a", f"{tmp_path}/b")


def test_without_anything_it_is_the_file_at_home(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert kubeconfig_paths(ClusterOptions(), environ) == (f"{tmp_path}/.kube/config",)
    assert kubeconfig_paths(ClusterOptions(kubeconfig="~/other"), environ) == (f"{tmp_path}/other",)


POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


def test_in_a_pod_it_is_the_pods_own_service_account(tmp_path: Path) -> None:
    options = ClusterOptions()
    empty = read_kubeconfig(options, {"HOME": str(tmp_path)})
    with pytest.raises(UsageError, match="meshtui runs in no pod"):
        choose(empty, options, {}, str(tmp_path))
    with pytest.raises(UsageError, match="this pod has no token of a service account"):
        choose(empty, options, POD, str(tmp_path))
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("echo-grpc\n")
    found = choose(empty, options, POD, str(tmp_path))
    assert (found.cluster.server, found.namespace, found.from_file) == ("https://10.0.0.1:443", "echo-grpc", False)
    assert (found.user.token_file, found.cluster.certificate_authority) == (f"{tmp_path}/token", f"{tmp_path}/ca.crt")
    assert choose(empty, options, POD | {"POD_NAMESPACE": "mine"}, str(tmp_path)).namespace == "mine"
    six = POD | {"KUBERNETES_SERVICE_HOST": "fd00::1"}
    assert choose(empty, options, six, str(tmp_path)).cluster.server == "https://[fd00::1]:443"
