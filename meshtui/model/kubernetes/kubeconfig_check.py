"""What kubectl refuses of a cluster and a user before it dials (client-go, tools/clientcmd/validation.go)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from meshtui.model.address import host_port, in_brackets
from meshtui.model.errors import BadInput
from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin, User

API_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
"""Versions of the plugins' API that are there; v1alpha1 was removed in Kubernetes 1.24."""

MODES: Final = ("Never", "IfAvailable", "Always")
"""What ``interactiveMode`` may be."""

REMOVED: Final = {"gcp": "gke-gcloud-auth-plugin", "azure": "kubelogin"}
"""Logins that were built into kubectl until 1.25, and the plugin that came in their place."""


def check_cluster(name: str, cluster: Cluster) -> None:
    """Raises ``BadInput`` for a cluster that cannot be meant."""
    if not cluster.server:
        raise BadInput(
            f"The cluster {name!r} of the kubeconfig has no server.", "kubectl config set-cluster has --server for it."
        )
    if cluster.insecure_skip_tls_verify and (cluster.certificate_authority or cluster.certificate_authority_data):
        raise BadInput(
            f"The cluster {name!r} of the kubeconfig has a certificate-authority and insecure-skip-tls-verify.",
            "Take one of the two out.",
        )


def server_url(cluster: Cluster, *, certificate: bool) -> str:
    """The server as a URL, without credentials and without a slash at its end.

    Without a scheme it is what client-go makes of it (rest.DefaultServerURL): https if anything is said of TLS, such as
    a client ``certificate`` of the user. Raises ``BadInput``.
    """
    secure = certificate or cluster.insecure_skip_tls_verify
    secure = secure or bool(cluster.certificate_authority or cluster.certificate_authority_data)
    text = cluster.server.strip()
    url = text if "://" in text else f"{'https' if secure else 'http'}://{text}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadInput("The server of the kubeconfig is no URL.", _SERVER) from None
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise BadInput(
            f"The server of the kubeconfig is no URL of an API server: {_unnamed(parts.geturl())!r}.", _SERVER
        )
    where = in_brackets(host) if port is None else host_port(host, port)
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


_SERVER: Final = "It has to be https://HOST:PORT."


def _unnamed(url: str) -> str:
    """The URL without what comes before an ``@``."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def check_user(name: str, user: User) -> None:
    """Raises ``BadInput`` for a user who cannot log in, or whose way to log in is not clear."""
    who = f"The user {name!r} of the kubeconfig"
    if user.token and (user.username or user.password):
        raise BadInput(f"{who} has a token and a password.", "Take one of the two out.")
    if user.plugin is not None and user.auth_provider:
        raise BadInput(f"{who} has both exec and auth-provider.", "Take one of the two out.")
    acting = user.impersonation
    if (acting.uid or acting.groups or acting.extra) and not acting.user:
        raise BadInput(f"{who} acts as groups, a uid or extra of nobody.", "Name the user in 'as'.")
    if user.plugin is not None:
        _check_plugin(who, user.plugin)
    if user.auth_provider in REMOVED:
        raise BadInput(
            f"{who} logs in by {user.auth_provider}, which Kubernetes removed in 1.26.",
            f"Use the login plugin {REMOVED[user.auth_provider]}, as your cluster's provider says.",
        )
    if user.auth_provider and user.auth_provider != OIDC:
        raise BadInput(
            f"{who} logs in by the auth-provider {user.auth_provider!r}, which Kubernetes does not have.", _PLUGIN
        )
    if user.auth_provider and not user.auth_provider_id_token:
        raise BadInput(
            f"{who} logs in by the auth-provider oidc, and has no id-token.",
            f"meshtui uses an id-token that is there, and gets none. {_PLUGIN}",
        )


def _check_plugin(who: str, plugin: ExecPlugin) -> None:
    if not plugin.command:
        raise BadInput(f"{who} has a login plugin without a command.")
    if not plugin.api_version:
        raise BadInput(f"{who} has a login plugin without an apiVersion.", f"It is {' or '.join(API_VERSIONS)}.")
    if plugin.api_version not in API_VERSIONS:
        raise BadInput(
            f"{who} has a login plugin of the apiVersion {plugin.api_version!r}, which is no more.",
            f"It has to be {' or '.join(API_VERSIONS)}; make the kubeconfig anew with your provider's tool.",
        )
    if not plugin.interactive_mode:
        raise BadInput(f"{who} has a login plugin without an interactiveMode.", f"It is {', '.join(MODES)}.")
    if plugin.interactive_mode not in MODES:
        raise BadInput(
            f"{who} has a login plugin of the interactiveMode {plugin.interactive_mode!r}.",
            f"It has to be one of {', '.join(MODES)}.",
        )


OIDC: Final = "oidc"
"""The one auth-provider that is left in Kubernetes (client-go, plugin/pkg/client/auth, of 1.37)."""

_PLUGIN: Final = "Use a login plugin (exec), such as kubelogin for OIDC."
