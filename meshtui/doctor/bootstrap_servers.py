"""Rules over the control planes a bootstrap names: address, credentials, features."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.doctor.bootstrap import REFUSES, BootstrapState
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import Creds, XdsServer
from meshtui.model.identity.file_facts import FileKind
from meshtui.model.subject import BootstrapSubject

CREDS_KNOWN_BY = {
    "insecure": ("C++ and the languages on it", "Go", "Java", "Node"),
    "google_default": ("C++ and the languages on it", "Go", "Java", "Node"),
    "tls": ("C++ and the languages on it", "Go", "Java"),
}
"""Channel credential types, and the gRPC implementations that know each (gRFC A27, A65; read in their sources 2026)."""

EVERY_IMPLEMENTATION = 4
"""C++, Go, Java and Node."""

FEATURES = frozenset(
    {
        "xds_v3",
        "ignore_resource_deletion",
        "fail_on_data_errors",
        "resource_timer_is_transient_error",
        "trusted_xds_server",
    }
)
"""Server features some gRPC knows (gRFC A30, A53, A88, A81)."""

SCHEMES = frozenset({"", "dns", "unix", "unix-abstract", "ipv4", "ipv6", "vsock", "passthrough", "google-c2p"})
"""What a control plane's address can begin with; ``xds`` itself would need another bootstrap."""

LONGEST_SOCKET_PATH = {"darwin": 103, "linux": 107}
"""Bytes that fit into ``sun_path`` with its final NUL."""


def no_server(state: BootstrapState) -> Iterator[Finding]:
    """Nobody to ask for config."""
    bootstrap = state.bootstrap
    if bootstrap.syntax is not None or bootstrap.servers:
        return
    if any(misfit.path.startswith("xds_servers") for misfit in bootstrap.misfits):
        return  # said by the rule on types
    missing = "xds_servers" not in bootstrap.document
    yield Finding(
        code="bootstrap-no-server",
        severity=Severity.ERROR,
        subject=BootstrapSubject("" if missing else "xds_servers"),
        title="The bootstrap names no control plane",
        explanation=f"xds_servers {'is missing' if missing else 'is empty'}. {REFUSES}",
        fix='add one: {"server_uri": "unix:///etc/istio/proxy/XDS", "channel_creds": [{"type": "insecure"}]}',
        evidence=(state.at("" if missing else "xds_servers", "has no xds_servers" if missing else "is empty"),),
    )


def several_servers(state: BootstrapState) -> Iterator[Finding]:
    """A fallback that older gRPC does not know."""
    servers = state.bootstrap.servers
    if len(servers) > 1:
        yield Finding(
            code="bootstrap-several-servers",
            severity=Severity.INFO,
            subject=BootstrapSubject("xds_servers"),
            title=f"{len(servers)} control planes are named; older gRPC uses only the first",
            explanation="Falling back to the next control plane came with gRFC A71 (gRPC 1.66 and later; in Java "
            "it has "
            "to be switched on). Before that all but the first entry are ignored.",
            fix="see that every app's gRPC is new enough, or do not count on the fallback",
            evidence=tuple(state.at(one.path, f"is {one.server_uri}") for one in servers),
        )


def addresses(state: BootstrapState) -> Iterator[Finding]:
    """The address of each control plane: there, of a kind gRPC dials, and a socket that exists."""
    for server in state.bootstrap.all_servers:
        path = f"{server.path}.server_uri"
        if any(misfit.path == path for misfit in state.bootstrap.misfits):
            continue
        if not server.server_uri:
            yield Finding(
                code="bootstrap-server-uri-missing",
                severity=Severity.ERROR,
                subject=BootstrapSubject(server.path),
                title=f"{server.path} has no server_uri",
                explanation=f"Without it there is nothing to dial. {REFUSES}",
                fix='add "server_uri": "unix:///etc/istio/proxy/XDS", or host:port of the control plane',
                evidence=(state.at(server.path, "has no server_uri"),),
            )
        elif server.scheme not in SCHEMES or server.server_uri.startswith(("/", "./", "../")):
            yield _undialable(state, server, path)
        elif server.scheme == "unix":
            yield from _socket(state, server, path)


def _undialable(state: BootstrapState, server: XdsServer, path: str) -> Finding:
    plain = server.server_uri.startswith(("/", "."))
    why = "It is a plain path, which gRPC takes for a host name." if plain else f"gRPC has no {server.scheme}: targets."
    better = f"unix://{server.server_uri}" if server.server_uri.startswith("/") else "unix:///path or host:port"
    return Finding(
        code="bootstrap-server-uri-unusable",
        severity=Severity.ERROR,
        subject=BootstrapSubject(path),
        title=f"gRPC cannot dial {server.server_uri}",
        explanation=f"{why} The client never reaches its control plane, and every xds: channel waits and then fails.",
        fix=f"write {better}",
        evidence=(state.at(path, f"is {server.server_uri!r}"),),
    )


def _socket(state: BootstrapState, server: XdsServer, path: str) -> Iterator[Finding]:
    socket = server.socket_path
    length, most = len(socket.encode("utf-8", "replace")), LONGEST_SOCKET_PATH.get(state.platform, 107)
    facts = state.facts(socket)
    if length > most:
        yield Finding(
            code="bootstrap-socket-path-too-long",
            severity=Severity.ERROR,
            subject=BootstrapSubject(path),
            title=f"The socket's path is {length} bytes long; {most} is the most",
            explanation="The operating system cannot connect to a Unix socket by a longer path, so the client never "
            "reaches its control plane.",
            fix="use a shorter directory",
            evidence=(state.at(path, f"is {server.server_uri!r}"),),
        )
    elif facts.kind is FileKind.MISSING:
        yield Finding(
            code="bootstrap-socket-missing",
            severity=Severity.ERROR,
            subject=BootstrapSubject(path),
            title="The agent's socket is not there",
            explanation=f"{socket} does not exist: the agent is not running, or its directory is not mounted here. "
            "gRPC "
            "keeps trying and gets no config meanwhile.",
            fix="see that istio-agent runs and that this container mounts its directory (/etc/istio/proxy)",
            evidence=(f"{socket}: {facts.detail or 'missing'}", state.at(path, f"is {server.server_uri!r}")),
        )
    elif facts.kind in {FileKind.FILE, FileKind.DIRECTORY, FileKind.OTHER}:
        yield Finding(
            code="bootstrap-socket-not-a-socket",
            severity=Severity.ERROR,
            subject=BootstrapSubject(path),
            title=f"{socket} is not a socket",
            explanation=f"It is a {facts.kind}; nothing can be dialled there, so the client gets no config.",
            fix="point server_uri at the agent's socket, usually /etc/istio/proxy/XDS",
            evidence=(f"{socket}: {facts.kind}",),
        )
    elif facts.kind is FileKind.UNREADABLE:
        yield Finding(
            code="bootstrap-socket-unreachable",
            severity=Severity.WARNING,
            subject=BootstrapSubject(path),
            title="The agent's socket cannot be looked at",
            explanation=f"{facts.detail} for {socket}. If the app runs as this user, it cannot connect either.",
            fix="let the app's user into the directory (fsGroup 1337 is what Istio uses)",
            evidence=(f"{socket}: {facts.detail}",),
        )


def credentials(state: BootstrapState) -> Iterator[Finding]:
    """How the client proves itself to the control plane, and which languages can."""
    for server in state.bootstrap.all_servers:
        path = f"{server.path}.channel_creds"
        if any(misfit.path.startswith(path) for misfit in state.bootstrap.misfits):
            continue
        types = [one.type for one in server.channel_creds]
        known = [one for one in types if one in CREDS_KNOWN_BY]
        if not types:
            yield Finding(
                code="bootstrap-creds-missing",
                severity=Severity.ERROR,
                subject=BootstrapSubject(server.path),
                title=f"{server.path} has no channel_creds",
                explanation=f"gRPC needs at least one credential type that it knows. {REFUSES}",
                fix='add "channel_creds": [{"type": "insecure"}], which is what Istio uses over its Unix socket',
                evidence=(state.at(server.path, "has no channel_creds"),),
            )
        elif not known:
            yield _unknown_creds(state, path, types)
        else:
            yield from _partly_known(state, server, path, known[0])
        for creds in server.channel_creds:
            yield from _tls_config(state, creds)


def _unknown_creds(state: BootstrapState, path: str, types: list[str]) -> Finding:
    listed = "; ".join(f"{name}: {', '.join(languages)}" for name, languages in CREDS_KNOWN_BY.items())
    return Finding(
        code="bootstrap-creds-unknown",
        severity=Severity.ERROR,
        subject=BootstrapSubject(path),
        title=f"No gRPC knows the credentials {', '.join(map(repr, types))}",
        explanation="gRPC takes the first type it knows and knows none of these, unless the app registers it. "
        f"{REFUSES}",
        fix=f"use one of these ({listed})",
        evidence=(state.at(path, f"has the types {', '.join(map(repr, types))}"),),
    )


def _partly_known(state: BootstrapState, server: XdsServer, path: str, first: str) -> Iterator[Finding]:
    languages = CREDS_KNOWN_BY[first]
    if len(languages) < EVERY_IMPLEMENTATION and all(
        len(CREDS_KNOWN_BY.get(one.type, ())) < 4 for one in server.channel_creds
    ):
        yield Finding(
            code="bootstrap-creds-not-everywhere",
            severity=Severity.INFO,
            subject=BootstrapSubject(path),
            title=f"Only some gRPC languages know the credentials {first!r}",
            explanation=f"They are known by {', '.join(languages)}. Node refuses the whole bootstrap.",
            fix='for Node, use the agent\'s Unix socket with {"type": "insecure"}',
            evidence=(state.at(path, f"has the type {first!r}"),),
        )
    if first == "insecure" and server.server_uri and not server.is_local:
        yield Finding(
            code="bootstrap-creds-insecure-remote",
            severity=Severity.WARNING,
            subject=BootstrapSubject(path),
            title="The control plane is reached over the network without TLS",
            explanation=f"{server.server_uri} is on another machine, and insecure means neither encryption nor "
            "proof of "
            "who answers: whoever is on the path can read and change this client's config.",
            fix="use the agent's Unix socket, or tls credentials",
            evidence=(
                state.at(f"{server.path}.server_uri", f"is {server.server_uri!r}"),
                state.at(path, "uses insecure"),
            ),
        )


def _tls_config(state: BootstrapState, creds: Creds) -> Iterator[Finding]:
    has_certificate, has_key = "certificate_file" in creds.config, "private_key_file" in creds.config
    if creds.type == "tls" and has_certificate != has_key:
        have, lack = ("certificate_file", "private_key_file")
        have, lack = (have, lack) if has_certificate else (lack, have)
        yield Finding(
            code="bootstrap-tls-creds-incomplete",
            severity=Severity.ERROR,
            subject=BootstrapSubject(f"{creds.path}.config"),
            title=f"tls credentials with {have} need {lack} too",
            explanation=f"Both must be set for mTLS, or neither for TLS (gRFC A65). {REFUSES}",
            fix=f"add {lack}, or remove {have}",
            evidence=(state.at(f"{creds.path}.config", f"has {have} and no {lack}"),),
        )


def features(state: BootstrapState) -> Iterator[Finding]:
    """Server features nobody knows have no effect."""
    for server in state.bootstrap.all_servers:
        path = f"{server.path}.server_features"
        unknown = [one for one in server.server_features if one not in FEATURES]
        if unknown:
            yield Finding(
                code="bootstrap-feature-unknown",
                severity=Severity.INFO,
                subject=BootstrapSubject(path),
                title=f"gRPC ignores the server feature {', '.join(map(repr, unknown))}",
                explanation="No gRPC knows it, and unknown features are ignored without a word.",
                fix=f"remove it, or use one of {', '.join(sorted(FEATURES))}",
                evidence=(state.at(path, f"has {', '.join(map(repr, unknown))}"),),
            )
        if "xds_v3" not in server.server_features and state.bootstrap.for_istio:
            yield Finding(
                code="bootstrap-feature-xds-v3-missing",
                severity=Severity.INFO,
                subject=BootstrapSubject(server.path),
                title=f"{server.path} does not name the feature xds_v3",
                explanation="A gRPC that still knows xDS v2 (2022 and older) then speaks v2, which istiod does not "
                "understand: such an app gets no config. Newer gRPC ignores the feature.",
                fix='add "server_features": ["xds_v3"]',
                evidence=(state.at(server.path, "has no xds_v3 in server_features"),),
            )
