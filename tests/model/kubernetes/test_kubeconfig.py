"""Kubeconfigs as values: several merged, relative paths, and what kubectl refuses."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import BadInput
from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin, Impersonation, Kubeconfig, User, merged
from meshtui.model.kubernetes.kubeconfig_check import check_cluster, check_user, server_url
from meshtui.model.kubernetes.kubeconfig_parse import kubeconfig_of

PATH = "/home/me/.kube/config"


def user_of(**user: Any) -> User:
    return kubeconfig_of({"users": [{"name": "u", "user": user}]}, PATH).users["u"]


def test_the_first_file_that_has_a_name_counts_and_the_first_current_context() -> None:
    first = kubeconfig_of({"clusters": [{"name": "c", "cluster": {"server": "https://a"}}]}, "/a")
    second = kubeconfig_of(
        {
            "current-context": "x",
            "clusters": [{"name": "c", "cluster": {"server": "https://b", "tls-server-name": "b"}}, {"name": "d"}],
        },
        "/b",
    )
    third = kubeconfig_of({"current-context": "y"}, "/c")
    config = merged([first, second, third])
    assert config.current_context == "x"
    assert config.clusters == {"c": Cluster(server="https://a"), "d": Cluster()}
    assert list(config.clusters) == ["c", "d"]
    assert config.sources == ("/a", "/b", "/c")


def test_relative_paths_are_of_the_kubeconfigs_folder() -> None:
    user = user_of(**{"client-certificate": "a.crt", "client-key": "/k/a.key", "tokenFile": "../t"})
    assert (user.client_certificate, user.client_key) == ("/home/me/.kube/a.crt", "/k/a.key")
    assert user.token_file == "/home/me/t"


@pytest.mark.parametrize(("command", "path"), [("./login", "/home/me/.kube/login"), ("login", "login"), ("/l", "/l")])
def test_a_plugin_with_a_slash_is_of_the_folder_and_without_one_of_path(command: str, path: str) -> None:
    plugin = user_of(exec={"command": command}).plugin
    assert plugin is not None
    assert plugin.command == path


def test_everything_of_a_plugin_is_read() -> None:
    user = user_of(
        exec={
            "command": "login",
            "args": ["a", "b"],
            "env": [{"name": "A", "value": "1"}],
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "installHint": "get it",
            "provideClusterInfo": True,
        }
    )
    assert user.plugin == ExecPlugin(
        command="login",
        arguments=("a", "b"),
        environment=(("A", "1"),),
        api_version="client.authentication.k8s.io/v1beta1",
        install_hint="get it",
        provide_cluster_info=True,
        interactive_mode="IfAvailable",
    )


def test_impersonation_is_read() -> None:
    user = user_of(**{"as": "jane", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": {"scopes": ["x", "y"]}})
    assert user.impersonation == Impersonation(user="jane", uid="7", groups=("a", "b"), extra=(("scopes", ("x", "y")),))


def test_an_empty_file_is_an_empty_kubeconfig() -> None:
    assert kubeconfig_of(None, PATH).empty
    assert kubeconfig_of({}, PATH).empty


WRONG: list[tuple[Any, str]] = [
    ([1], "it holds a list"),
    ("text", "it holds a text"),
    ({"apiVersion": "v2", "kind": "Config"}, "a Config of v2"),
    ({"kind": "Pod"}, "a Pod of v1"),
    ({"clusters": 3}, "a number in clusters, which has to be a list"),
    ({"clusters": ["a"]}, "a text in clusters[0], which has to be a mapping"),
    ({"clusters": [{"name": "a"}, {"name": "a"}]}, "the name 'a' twice in clusters"),
    ({"clusters": [{"cluster": {"certificate-authority-data": "!!"}}]}, "no valid base64"),
    ({"users": [{"name": "u", "user": {"token": 123456}}]}, "a number in users[0].user.token"),
    ({"users": [{"name": "u", "user": {"exec": {"args": [1]}}}]}, "a list of texts"),
    ({"clusters": [{"cluster": {"insecure-skip-tls-verify": "yes"}}]}, "true or false"),
]


@pytest.mark.parametrize(("document", "said"), WRONG)
def test_what_is_wrong_is_named_with_its_place_and_never_its_value(document: Any, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        kubeconfig_of(document, PATH)
    assert said in raised.value.what
    assert PATH in raised.value.what
    assert "123456" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("clusters", "users", "contexts", "name", "user", "cluster", "exec", "env", "as-user-extra")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_is_a_defect(document: Any) -> None:
    with suppress(BadInput):
        assert isinstance(kubeconfig_of(document, PATH), Kubeconfig)


def test_secrets_stand_in_no_repr() -> None:
    user = User(token="s3cret", password="s3cret", client_key_data=b"s3cret", auth_provider_id_token="s3cret")
    assert "s3cret" not in repr(user)


V1 = "client.authentication.k8s.io/v1"
REFUSED: list[tuple[User, str]] = [
    (User(token="a", username="b"), "a token and a password"),
    (User(plugin=ExecPlugin(command=""), token=""), "without a command"),
    (User(plugin=ExecPlugin(command="a", api_version="")), "without an apiVersion"),
    (User(plugin=ExecPlugin(command="a", api_version="client.authentication.k8s.io/v1alpha1")), "v1alpha1"),
    (User(plugin=ExecPlugin(command="a", interactive_mode="")), "without an interactiveMode"),
    (User(plugin=ExecPlugin(command="a", interactive_mode="Maybe")), "'Maybe'"),
    (User(plugin=ExecPlugin(command="a"), auth_provider="oidc"), "both exec and auth-provider"),
    (User(auth_provider="gcp"), "removed in 1.26"),
    (User(auth_provider="oidc"), "has no id-token"),
    (User(auth_provider="what", auth_provider_id_token="a"), "which Kubernetes does not have"),
    (User(impersonation=Impersonation(groups=("a",))), "of nobody"),
]


@pytest.mark.parametrize(("user", "said"), REFUSED)
def test_a_user_who_cannot_log_in_is_refused(user: User, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_user("u", user)


def test_a_user_may_be_anybody_else() -> None:
    for user in (User(), User(token="a"), User(username="a"), User(plugin=ExecPlugin(command="a"))):
        check_user("u", user)


def test_a_cluster_is_verified_or_not_verified() -> None:
    with pytest.raises(BadInput, match="no server"):
        check_cluster("c", Cluster())
    with pytest.raises(BadInput, match="insecure"):
        check_cluster("c", Cluster(server="a", insecure_skip_tls_verify=True, certificate_authority="/ca"))


SERVERS = {
    "https://a:6443/": "https://a:6443",
    "https://a/k8s/clusters/c-1/": "https://a/k8s/clusters/c-1",
    "https://user:pass@a:1": "https://a:1",
    "https://[::1]:6443": "https://[::1]:6443",
    "a:6443": "http://a:6443",
}


@pytest.mark.parametrize(("server", "url"), SERVERS.items())
def test_a_server_is_a_url_without_credentials(server: str, url: str) -> None:
    assert server_url(Cluster(server=server), certificate=False) == url


def test_a_server_without_a_scheme_is_https_where_anything_is_said_of_tls() -> None:
    assert server_url(Cluster(server="a:1", certificate_authority="/ca"), certificate=False) == "https://a:1"
    assert server_url(Cluster(server="a:1"), certificate=True) == "https://a:1"


@pytest.mark.parametrize("server", ["ftp://a", "https://", "https://a:99999", "https://a b", "https://u:s3cret@"])
def test_what_is_no_server_is_said_without_its_credentials(server: str) -> None:
    with pytest.raises(BadInput) as raised:
        server_url(Cluster(server=server), certificate=False)
    assert "s3cret" not in str(raised.value)
