"""The gRPC xDS bootstrap as values: everything gRPC reads, and what it would stumble over.

The fields are those of ``grpc_xds_bootstrap_format.md`` (gRPC) with gRFCs A27, A29, A36, A47, A65, A97 and A102.
Secrets are masked while reading (``model.identity.masking``), so no value here can leak one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import unquote

from meshtui.model.address import host_alone, is_loopback, socket_path
from meshtui.model.node_id import NodeId, is_istio_like, parse_node_id

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What ``json`` makes of a JSON text."""

DEFAULT_REFRESH_INTERVAL = timedelta(seconds=600)
"""gRFC A29: how often ``file_watcher`` re-reads its files when the bootstrap does not say."""

DEFAULT_CLIENT_TEMPLATE = "%s"
"""gRFC A47: what ``client_default_listener_resource_name_template`` is when it is missing."""


@dataclass(frozen=True, slots=True)
class Creds:
    """One entry of ``channel_creds`` or ``call_creds``; ``path`` is where it stands in the document."""

    path: str
    type: str
    config: Mapping[str, Json] = field(default_factory=dict)
    watched: CertificateProvider | None = None
    """The files of ``tls`` channel credentials, whose config is that of ``file_watcher`` (gRFC A65)."""

    @property
    def token_file(self) -> str:
        """The file of ``jwt_token_file`` call credentials (gRFC A97), or empty."""
        named = self.config.get("jwt_token_file") if self.type == "jwt_token_file" else None
        return named if isinstance(named, str) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class XdsServer:
    """One control plane as the bootstrap names it; ``path`` is e.g. ``xds_servers[0]``."""

    path: str
    server_uri: str
    channel_creds: tuple[Creds, ...] = ()
    call_creds: tuple[Creds, ...] = ()
    server_features: tuple[str, ...] = ()

    @property
    def credentials(self) -> tuple[Creds, ...]:
        """Its channel and call credentials."""
        return (*self.channel_creds, *self.call_creds)

    @property
    def scheme(self) -> str:
        """The URI's scheme in lower case, or empty for ``host:port`` and plain paths."""
        head, colon, _ = self.server_uri.partition(":")
        is_name = head[:1].isalpha() and head.replace("-", "").isalnum()
        return head.lower() if colon and is_name and not self.server_uri[len(head) + 1 :].isdigit() else ""

    @property
    def socket_path(self) -> str:
        """The path of a ``unix:`` URI, or empty."""
        return socket_path(self.server_uri) if self.scheme == "unix" else ""

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that are dialled, without port and brackets; none for a socket or a scheme gRPC does not have.

        The forms are those of gRPC's ``doc/naming.md``: ``dns:[//AUTHORITY/]HOST[:PORT]``, ``ipv4:`` and ``ipv6:`` with
        several addresses between commas, ``passthrough:///HOST:PORT``, and no scheme at all, which is ``dns:///``.
        """
        if self.scheme not in {"", "dns", "ipv4", "ipv6", "passthrough"}:
            return ()
        rest = unquote(self.server_uri[len(self.scheme) + 1 :] if self.scheme else self.server_uri)
        rest = rest[2:].partition("/")[2] if rest.startswith("//") else rest
        return tuple(host_alone(part) for part in rest.lstrip("/").split(",") if part)

    @property
    def is_local(self) -> bool:
        """Whether the connection stays on this machine: a Unix socket, loopback addresses alone, or the VM's host."""
        if self.scheme in {"unix", "unix-abstract", "vsock"}:
            return True
        return bool(self.hosts) and all(is_loopback(host) for host in self.hosts)


@dataclass(frozen=True, slots=True)
class Authority:
    """One federation authority (gRFC A47)."""

    path: str
    name: str
    client_listener_resource_name_template: str = ""
    xds_servers: tuple[XdsServer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapNode:
    """Who this client says it is; ``metadata`` has its secrets masked."""

    id: str = ""
    cluster: str = ""
    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict)

    @property
    def istio(self) -> NodeId | None:
        """The node id taken apart, or None when it has not Istio's shape."""
        found = parse_node_id(self.id)
        return found if found is not None and found.is_valid else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProvider:
    """One certificate provider instance; the file fields are those of the ``file_watcher`` plugin (gRFC A29, A87).

    ``refresh_interval`` is None when it is written but is no duration; a missing one is the default. ``for_mesh`` is
    False for the files of ``tls`` channel credentials, which are watched alike and seen by the control plane alone.
    """

    path: str
    name: str
    plugin_name: str
    config: Mapping[str, Json] = field(default_factory=dict)
    has_config: bool = False
    certificate_file: str = ""
    private_key_file: str = ""
    ca_certificate_file: str = ""
    spiffe_trust_bundle_map_file: str = ""
    refresh_interval: timedelta | None = DEFAULT_REFRESH_INTERVAL
    for_mesh: bool = True

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """The files it names as (field, path)."""
        named = (
            ("certificate_file", self.certificate_file),
            ("private_key_file", self.private_key_file),
            ("ca_certificate_file", self.ca_certificate_file),
            ("spiffe_trust_bundle_map_file", self.spiffe_trust_bundle_map_file),
        )
        return tuple((name, path) for name, path in named if path)


class SyntaxProblemKind(StrEnum):
    """In which way a text is no JSON object."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    """Larger than meshtui reads: what is in it is not known."""
    EMPTY = "empty"
    NOT_JSON = "not-json"
    NOT_OBJECT = "not-object"
    BEING_WRITTEN = "being-written"
    """It changed while it was looked at: whether it is broken is not known."""


@dataclass(frozen=True, slots=True)
class SyntaxProblem:
    """Why the text is no JSON object. ``line`` and ``column`` count from 1, 0 when the place is not known.

    ``found`` says what stands there in at most one character of the text, since the text may hold secrets.
    """

    kind: SyntaxProblemKind
    message: str
    _: KW_ONLY
    line: int = 0
    column: int = 0
    found: str = ""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value of another type than gRPC reads there.

    ``only_some_refuse`` is True of a null that C++ and Go take for a field left out, and Java does not.
    """

    path: str
    expected: str
    found: str
    only_some_refuse: bool = False


@dataclass(frozen=True, slots=True)
class UnknownField:
    """A member gRPC ignores; ``meant`` is the field its name is close to, or empty."""

    path: str
    meant: str = ""


class MaskReason(StrEnum):
    """Why a value is hidden."""

    SECRET = "secret"
    """Its name, or that of what holds it, or its form says that it is one."""
    PROXY_VARIABLE = "proxy variable"
    """It stands among the proxy's environment variables, which are hidden unless known to be harmless."""


@dataclass(frozen=True, slots=True)
class MaskedPath:
    """A value that was hidden: where, and why."""

    path: str
    reason: MaskReason


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """A bootstrap as read from ``source`` (a path, or the name of the environment variable).

    ``document`` is the whole JSON text as values, masked, in the order of the file. ``lines`` gives the line of each
    path of the *original* text. ``masked`` is what was hidden. When the text could not be read, ``syntax`` says why and
    everything else is empty.
    """

    source: str
    syntax: SyntaxProblem | None = None
    _: KW_ONLY
    servers: tuple[XdsServer, ...] = ()
    node: BootstrapNode | None = None
    authorities: tuple[Authority, ...] = ()
    certificate_providers: tuple[CertificateProvider, ...] = ()
    client_default_listener_resource_name_template: str = DEFAULT_CLIENT_TEMPLATE
    server_listener_resource_name_template: str = ""
    misfits: tuple[Misfit, ...] = ()
    unknown_fields: tuple[UnknownField, ...] = ()
    duplicates: tuple[str, ...] = ()
    masked: tuple[MaskedPath, ...] = ()
    document: Mapping[str, Json] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def all_servers(self) -> tuple[XdsServer, ...]:
        """Every control plane named, those of the authorities included."""
        return self.servers + tuple(server for authority in self.authorities for server in authority.xds_servers)

    @property
    def server_uris(self) -> tuple[str, ...]:
        """The address of every control plane named."""
        return tuple(server.server_uri for server in self.all_servers)

    @property
    def server_features(self) -> frozenset[str]:
        """What is said of any control plane."""
        return frozenset(feature for server in self.all_servers for feature in server.server_features)

    @property
    def for_istio(self) -> bool:
        """Whether this is meant for Istio, by any of the marks Istio's agent leaves."""
        if self.node is None:
            return False
        marks = {"ISTIO_VERSION", "GENERATOR", "PROXY_CONFIG", "MESH_ID"}
        return bool(marks & self.node.metadata.keys()) or is_istio_like(self.node.id)

    @property
    def for_google(self) -> bool:
        """Whether Google's generator for Traffic Director (Cloud Service Mesh) made this, by the marks it leaves."""
        if any("trafficdirector.googleapis.com" in server.hosts for server in self.servers):
            return True
        node = self.node or BootstrapNode()
        by_id = node.id.startswith("projects/") and "/networks/" in node.id and "/nodes/" in node.id
        return by_id or any(name.startswith("TRAFFICDIRECTOR_") for name in node.metadata)

    @property
    def credentials(self) -> tuple[Creds, ...]:
        """The channel and call credentials of every control plane named."""
        return tuple(creds for server in self.all_servers for creds in server.credentials)

    @property
    def watched(self) -> tuple[CertificateProvider, ...]:
        """Whatever names certificate files: the providers, then ``tls`` credentials (by the name of their path)."""
        creds = [each.watched for each in self.credentials if each.watched is not None]
        return tuple(each for each in (*self.certificate_providers, *creds) if each.files)

    def watched_as(self, name: str) -> CertificateProvider | None:
        """What of :attr:`watched` has this name, or None."""
        return next((each for each in self.watched if each.name == name), None)

    def provider(self, name: str) -> CertificateProvider | None:
        """The certificate provider instance of this name, or None."""
        return next((provider for provider in self.certificate_providers if provider.name == name), None)

    def paths_to_look_at(self) -> tuple[str, ...]:
        """Every file and socket it names, each once, in order: what ``sources.files`` gathers facts about."""
        sockets = [server.socket_path for server in self.all_servers]
        files = [path for watched in self.watched for _, path in watched.files]
        tokens = [creds.token_file for creds in self.credentials]
        return tuple(dict.fromkeys(path for path in (*sockets, *files, *tokens) if path))
