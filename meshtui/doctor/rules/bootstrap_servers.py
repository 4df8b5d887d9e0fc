"""Rules over the control planes a bootstrap names: address, credentials, features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import BootstrapEvidence
from meshtui.doctor.kinds import bootstrap_servers as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.identity.bootstrap import Creds, XdsServer
from meshtui.model.identity.file_facts import FileKind
from meshtui.model.identity.json_text import is_below
from meshtui.model.phrases import span_words
from meshtui.model.subject import BootstrapSubject, FileSubject

CREDS_KNOWN_BY: Final = {
    "insecure": ("C++ and the languages on it", "Go", "Java", "Node"),
    "google_default": ("C++ and the languages on it", "Go", "Java", "Node"),
    "tls": ("C++ and the languages on it", "Go", "Java"),
}
"""Channel credential types, and the gRPC implementations that know each (gRFC A27, A65; read in their sources 2026)."""

EVERY_IMPLEMENTATION: Final = 4
"""C++, Go, Java and Node."""

FEATURES: Final = frozenset(
    {
        "xds_v3",
        "ignore_resource_deletion",
        "fail_on_data_errors",
        "resource_timer_is_transient_error",
        "trusted_xds_server",
    }
)
"""Server features some gRPC knows (gRFC A30, A53, A88, A81)."""

SCHEMES: Final = frozenset({"", "dns", "unix", "unix-abstract", "ipv4", "ipv6", "vsock", "passthrough", "google-c2p"})
"""What a control plane's address can begin with; ``xds`` itself would need another bootstrap."""

GOOGLE_ADDRESS: Final = "trafficdirector.googleapis.com:443"
GOOGLE_CREDS: Final = '"channel_creds": [{"type": "google_default"}]'
GOOGLE_SERVER: Final = f'one: {{"server_uri": "{GOOGLE_ADDRESS}", {GOOGLE_CREDS}}}'
"""What Google's traffic-director-grpc-bootstrap generator writes."""

LONGEST_SOCKET_PATH: Final = {"darwin": 103, "linux": 107}
"""Bytes that fit into ``sun_path`` with its final NUL."""


def no_server(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Nobody to ask for config."""
    bootstrap = seen.bootstrap
    if bootstrap.syntax is not None or bootstrap.servers:
        return
    if any(is_below(misfit.path, "xds_servers") for misfit in bootstrap.misfits):
        return  # said by the rule on types
    missing = "xds_servers" not in bootstrap.document
    path = "" if missing else "xds_servers"
    yield kinds.NO_SERVER.finding(
        BootstrapSubject(path),
        fix=f"add {GOOGLE_SERVER}" if bootstrap.for_google else "",
        missing_or_empty="missing" if missing else "empty",
        evidence=(seen.at(path, "has no xds_servers" if missing else "is empty"),),
    )


def several_servers(seen: BootstrapEvidence) -> Iterator[Finding]:
    """A fallback that older gRPC does not know."""
    servers = seen.bootstrap.servers
    if len(servers) > 1:
        yield kinds.SEVERAL_SERVERS.finding(
            BootstrapSubject("xds_servers"),
            count=len(servers),
            evidence=tuple(seen.at(server.path, f"is {server.server_uri}") for server in servers),
        )


def addresses(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The address of each control plane: there, of a kind gRPC dials, and a socket that exists."""
    for server in seen.bootstrap.all_servers:
        path = f"{server.path}.server_uri"
        if any(misfit.path == path for misfit in seen.bootstrap.misfits):
            continue
        if not server.server_uri:
            yield kinds.SERVER_URI_MISSING.finding(
                BootstrapSubject(server.path),
                fix=f'add "server_uri": "{GOOGLE_ADDRESS}"' if seen.bootstrap.for_google else "",
                server=server.path,
                evidence=(seen.at(server.path, "has no server_uri"),),
            )
        elif not _is_dialable(server):
            yield _undialable(seen, server, path)
        elif server.scheme == "unix":
            yield from _socket(seen, server, path)


def _is_dialable(server: XdsServer) -> bool:
    return server.scheme in SCHEMES and not _is_path(server)


def _is_path(server: XdsServer) -> bool:
    return server.server_uri.startswith(("/", "./", "../"))


def _undialable(seen: BootstrapEvidence, server: XdsServer, path: str) -> Finding:
    return kinds.SERVER_URI_UNUSABLE.finding(
        BootstrapSubject(path),
        server_uri=server.server_uri,
        reason="It is a plain path, which gRPC takes for a host name."
        if _is_path(server)
        else f"gRPC has no {server.scheme}: targets.",
        better=f"unix://{server.server_uri}" if server.server_uri.startswith("/") else "unix:///path or host:port",
        evidence=(seen.at(path, f"is {server.server_uri!r}"),),
    )


def _socket(seen: BootstrapEvidence, server: XdsServer, path: str) -> Iterator[Finding]:
    socket = server.socket_path
    length, most = len(socket.encode("utf-8", "replace")), LONGEST_SOCKET_PATH.get(seen.platform, 107)
    subject, also = BootstrapSubject(path), (FileSubject(socket),)
    named = seen.at(path, f"is {server.server_uri!r}")
    facts = seen.facts(socket)
    if length > most:
        yield kinds.SOCKET_PATH_TOO_LONG.finding(subject, also=also, length=length, most=most, evidence=(named,))
    elif facts.kind is FileKind.MISSING:
        yield kinds.SOCKET_MISSING.finding(
            subject, also=also, socket=socket, evidence=(f"{socket}: {facts.detail or 'missing'}", named)
        )
    elif facts.kind in {FileKind.FILE, FileKind.DIRECTORY, FileKind.OTHER}:
        yield kinds.SOCKET_NOT_A_SOCKET.finding(
            subject, also=also, socket=socket, kind_of_file=facts.kind, evidence=(f"{socket}: {facts.kind}",)
        )
    elif facts.kind is FileKind.UNREADABLE:
        yield kinds.SOCKET_UNREACHABLE.finding(
            subject, also=also, socket=socket, reason=facts.detail, evidence=(f"{socket}: {facts.detail}",)
        )


def credentials(seen: BootstrapEvidence) -> Iterator[Finding]:
    """How the client proves itself to the control plane, and which languages can."""
    for server in seen.bootstrap.all_servers:
        path = f"{server.path}.channel_creds"
        misfits = seen.bootstrap.misfits
        if any(is_below(misfit.path, path) and not misfit.only_some_refuse for misfit in misfits):
            continue
        types = [creds.type for creds in server.channel_creds]
        known = [type_ for type_ in types if type_ in CREDS_KNOWN_BY]
        if not types:
            yield kinds.CREDS_MISSING.finding(
                BootstrapSubject(server.path),
                fix=f"add {GOOGLE_CREDS}" if seen.bootstrap.for_google else "",
                server=server.path,
                evidence=(seen.at(server.path, "has no channel_creds"),),
            )
        elif not known:
            yield _unknown_creds(seen, path, types)
        else:
            yield from _partly_known(seen, server, path, known[0])
            yield from _insecure(seen, server, path, known[0])
        for creds in server.channel_creds:
            yield from _tls_config(seen, creds)


def _unknown_creds(seen: BootstrapEvidence, path: str, types: list[str]) -> Finding:
    quoted = ", ".join(map(repr, types))
    return kinds.CREDS_UNKNOWN.finding(
        BootstrapSubject(path),
        types=quoted,
        known="; ".join(f"{name}: {', '.join(languages)}" for name, languages in CREDS_KNOWN_BY.items()),
        evidence=(seen.at(path, f"has the types {quoted}"),),
    )


def _partly_known(seen: BootstrapEvidence, server: XdsServer, path: str, first: str) -> Iterator[Finding]:
    everywhere = (len(CREDS_KNOWN_BY.get(creds.type, ())) == EVERY_IMPLEMENTATION for creds in server.channel_creds)
    if not any(everywhere):
        yield kinds.CREDS_NOT_EVERYWHERE.finding(
            BootstrapSubject(path),
            type=first,
            languages=", ".join(CREDS_KNOWN_BY[first]),
            evidence=(seen.at(path, f"has the type {first!r}"),),
        )


def _insecure(seen: BootstrapEvidence, server: XdsServer, path: str, first: str) -> Iterator[Finding]:
    if first == "insecure" and server.server_uri and _is_dialable(server) and not server.is_local:
        yield kinds.CREDS_INSECURE_REMOTE.finding(
            BootstrapSubject(path),
            fix="use google_default credentials" if seen.bootstrap.for_google else "",
            server_uri=server.server_uri,
            evidence=(
                seen.at(f"{server.path}.server_uri", f"is {server.server_uri!r}"),
                seen.at(path, "uses insecure"),
            ),
        )


def _tls_config(seen: BootstrapEvidence, creds: Creds) -> Iterator[Finding]:
    has_certificate, has_key = "certificate_file" in creds.config, "private_key_file" in creds.config
    if creds.type == "tls" and has_certificate != has_key:
        fields = ("certificate_file", "private_key_file")
        given, lacking = fields if has_certificate else reversed(fields)
        yield kinds.TLS_CREDS_INCOMPLETE.finding(
            BootstrapSubject(f"{creds.path}.config"),
            given=given,
            lacking=lacking,
            evidence=(seen.at(f"{creds.path}.config", f"has {given} and no {lacking}"),),
        )


def credential_files(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The files by which the client and its control plane prove who they are (gRFC A65, A97)."""
    for server in seen.bootstrap.all_servers:
        for creds in server.credentials:
            files = creds.watched.files if creds.watched is not None else ()
            token = (("jwt_token_file", creds.token_file),) if creds.token_file else ()
            for field, path in (*files, *token):
                problem = _file_problem(seen, path)
                if problem is not None:
                    place = f"{creds.path}.config.{field}"
                    yield kinds.CREDS_FILE_UNUSABLE.finding(
                        BootstrapSubject(place),
                        also=(FileSubject(path),),
                        path=path,
                        problem=problem,
                        type=creds.type,
                        server=server.path,
                        evidence=(f"{path}: {seen.facts(path).detail or problem}", seen.at(place, f"is {path!r}")),
                    )


def _file_problem(seen: BootstrapEvidence, path: str) -> str | None:
    """What is wrong with a file of credentials, as the end of a sentence."""
    facts = seen.facts(path)
    if facts.kind is FileKind.NOT_LOOKED:
        return None
    if facts.kind is FileKind.MISSING:
        return "is not there"
    if facts.kind is not FileKind.FILE:
        return "cannot be read"
    if facts.size == 0:
        return "is empty"
    token = next((token for token in seen.tokens if token.path == path), None)
    if token is None:
        return None
    if token.ends_at is None:
        return "holds no JWT with an expiry"
    return f"expired {span_words(seen.now - token.ends_at)} ago" if token.ends_at <= seen.now else None


def features(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Server features nobody knows have no effect."""
    for server in seen.bootstrap.all_servers:
        path = f"{server.path}.server_features"
        unknown = ", ".join(repr(feature) for feature in server.server_features if feature not in FEATURES)
        if unknown:
            yield kinds.FEATURE_UNKNOWN.finding(
                BootstrapSubject(path),
                features=unknown,
                known=", ".join(sorted(FEATURES)),
                evidence=(seen.at(path, f"has {unknown}"),),
            )
        if "xds_v3" not in server.server_features and seen.bootstrap.for_istio:
            yield kinds.FEATURE_XDS_V3_MISSING.finding(
                BootstrapSubject(server.path),
                server=server.path,
                evidence=(seen.at(server.path, "has no xds_v3 in server_features"),),
            )


RULES: Final[tuple[Rule[BootstrapEvidence], ...]] = (
    no_server,
    several_servers,
    addresses,
    credentials,
    credential_files,
    features,
)
"""The rules of this module."""
