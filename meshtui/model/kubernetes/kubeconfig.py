"""A kubeconfig: clusters, users and contexts by name, and how several files become one, as kubectl has it.

Values only; ``sources/kubernetes/kubeconfig.py`` reads the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An API server. ``certificate_authority`` is a path, its ``_data`` PEM; both empty: the system's CAs."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: bytes = b""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""
    disable_compression: bool = False
    exec_config: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecPlugin:
    """A program that logs in (``client.authentication.k8s.io``). ``environment`` comes on top of our own.

    ``interactive_mode`` is ``Never``, ``IfAvailable`` or ``Always``.
    """

    command: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    api_version: str = "client.authentication.k8s.io/v1"
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impersonation:
    """As whom to act (``as``, ``as-groups``, ``as-uid``, ``as-user-extra``)."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """How to log in. Paths are absolute; secrets stand in no ``repr``."""

    token: str = field(default="", repr=False)
    token_file: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    client_certificate: str = ""
    client_certificate_data: bytes = b""
    client_key: str = ""
    client_key_data: bytes = field(default=b"", repr=False)
    plugin: ExecPlugin | None = None
    auth_provider: str = ""
    auth_provider_id_token: str = field(default="", repr=False)
    impersonation: Impersonation = field(default_factory=Impersonation)


@dataclass(frozen=True, slots=True)
class Context:
    """Which user at which cluster, and the namespace that is meant when none is named (empty: ``default``)."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """One file, or several merged. ``sources`` are the paths that were read."""

    current_context: str = ""
    clusters: Mapping[str, Cluster] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    contexts: Mapping[str, Context] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it, as without any file."""
        return not (self.current_context or self.clusters or self.users or self.contexts)


def merged(configs: Iterable[Kubeconfig]) -> Kubeconfig:
    """Several files as one: of each name the first file that has it counts, and the first current-context."""
    current = ""
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}
    sources: list[str] = []
    for config in configs:
        current = current or config.current_context
        clusters = {**config.clusters, **clusters}
        users = {**config.users, **users}
        contexts = {**config.contexts, **contexts}
        sources.extend(config.sources)
    return Kubeconfig(current, clusters, users, contexts, tuple(sources))
