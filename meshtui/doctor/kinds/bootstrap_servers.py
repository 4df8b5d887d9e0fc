"""Findings about the control planes a bootstrap names."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.bootstrap import REFUSES
from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

NO_SERVER: Final = Kind(
    code="bootstrap-no-server",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The bootstrap names no control plane",
    why="xds_servers is {missing_or_empty}. " + REFUSES,
    fix='add one: {{"server_uri": "unix:///etc/istio/proxy/XDS", "channel_creds": [{{"type": "insecure"}}]}}',
    page=(
        "`xds_servers` is missing or empty: there is nobody to ask for config. gRPC refuses the whole bootstrap: "
        "every `xds:` channel fails and an xDS server does not start."
    ),
    seen="the bootstrap and the missing field.",
)

SEVERAL_SERVERS: Final = Kind(
    code="bootstrap-several-servers",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    title="{count} control planes are named; older gRPC uses only the first",
    why=(
        "Falling back to the next control plane came with gRFC A71 (gRPC 1.66 and later; in Java it has to be "
        "switched on). Before that all but the first entry are ignored."
    ),
    fix="see that every app's gRPC is new enough, or do not count on the fallback",
    seen="each server's address.",
)

SERVER_URI_MISSING: Final = Kind(
    code="bootstrap-server-uri-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{server} has no server_uri",
    why="Without it there is nothing to dial. " + REFUSES,
    fix='add "server_uri": "unix:///etc/istio/proxy/XDS", or host:port of the control plane',
    seen="the entry and its line.",
)

SERVER_URI_UNUSABLE: Final = Kind(
    code="bootstrap-server-uri-unusable",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="gRPC cannot dial {server_uri}",
    why="{reason} The client never reaches its control plane, and every xds: channel waits and then fails.",
    fix="write {better}",
    page=(
        "gRPC cannot dial this address: a plain path (it needs `unix://`) or a scheme gRPC does not have, such as "
        "`https://`. The client waits and never gets config."
    ),
    seen="the address and its line.",
    page_fix="write `unix:///path` or `host:port`.",
)

SOCKET_PATH_TOO_LONG: Final = Kind(
    code="bootstrap-socket-path-too-long",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The socket's path is {length} bytes long; {most} is the most",
    why=(
        "The operating system cannot connect to a Unix socket by a longer path, so the client never reaches its "
        "control plane."
    ),
    fix="use a shorter directory",
    page="A Unix socket's path has at most 107 bytes on Linux and 103 on macOS. Nobody can connect by a longer one.",
    seen="the address and its length.",
)

SOCKET_MISSING: Final = Kind(
    code="bootstrap-socket-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The agent's socket is not there",
    why=(
        "{socket} does not exist: the agent is not running, or its directory is not mounted here. gRPC keeps "
        "trying and gets no config meanwhile."
    ),
    fix="see that istio-agent runs and that this container mounts its directory (/etc/istio/proxy)",
    page=(
        "The Unix socket of the agent does not exist, as seen from here. The agent is not running, or its "
        "directory is not mounted. gRPC keeps trying."
    ),
    seen="the path and the system's reason.",
)

SOCKET_NOT_A_SOCKET: Final = Kind(
    code="bootstrap-socket-not-a-socket",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{socket} is not a socket",
    why="It is a {kind_of_file}; nothing can be dialled there, so the client gets no config.",
    fix="point server_uri at the agent's socket, usually /etc/istio/proxy/XDS",
    page="What stands at the socket's path is a file or directory.",
    seen="the path and what it is.",
)

SOCKET_UNREACHABLE: Final = Kind(
    code="bootstrap-socket-unreachable",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="The agent's socket cannot be looked at",
    why="{reason} for {socket}. If the app runs as this user, it cannot connect either.",
    fix="let the app's user into the directory (fsGroup 1337 is what Istio uses)",
    page="The socket cannot be looked at by this user. An app that runs as the same user cannot connect either.",
    seen="the path and the system's reason.",
)

CREDS_MISSING: Final = Kind(
    code="bootstrap-creds-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{server} has no channel_creds",
    why="gRPC needs at least one credential type that it knows. " + REFUSES,
    fix='add "channel_creds": [{{"type": "insecure"}}], which is what Istio uses over its Unix socket',
    seen="the server's entry and its line.",
)

CREDS_UNKNOWN: Final = Kind(
    code="bootstrap-creds-unknown",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="No gRPC knows the credentials {types}",
    why="gRPC takes the first type it knows and knows none of these, unless the app registers it. " + REFUSES,
    fix="use one of these ({known})",
    page=(
        "No gRPC knows any of these credential types. gRPC refuses the whole bootstrap: every `xds:` channel "
        "fails and an xDS server does not start. Known are `insecure` and `google_default` (C++ and the languages "
        "on it, Go, Java, Node) and `tls` (all but Node). An app can register others itself."
    ),
    seen="the types and their line.",
    page_fix="use a known type.",
)

CREDS_NOT_EVERYWHERE: Final = Kind(
    code="bootstrap-creds-not-everywhere",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    title="Only some gRPC languages know the credentials {type!r}",
    why="They are known by {languages}. Node refuses the whole bootstrap.",
    fix='for Node, use the agent\'s Unix socket with {{"type": "insecure"}}',
    page="The type is known to some gRPC languages only (`tls`: not to Node). The others refuse the whole bootstrap.",
    seen="the type and its line.",
)

CREDS_INSECURE_REMOTE: Final = Kind(
    code="bootstrap-creds-insecure-remote",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="The control plane is reached over the network without TLS",
    why=(
        "{server_uri} is on another machine, and insecure means neither encryption nor proof of who answers: "
        "whoever is on the path can read and change this client's config."
    ),
    fix="use the agent's Unix socket, or tls credentials",
    page=(
        "The control plane is on another machine and reached without TLS: whoever is on the path can read and "
        "change this client's config."
    ),
    seen="the address and the credentials.",
)

TLS_CREDS_INCOMPLETE: Final = Kind(
    code="bootstrap-tls-creds-incomplete",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="tls credentials with {given} need {lacking} too",
    why="Both must be set for mTLS, or neither for TLS (gRFC A65). " + REFUSES,
    fix="add {lacking}, or remove {given}",
    seen="the credentials' config and its line.",
    page_fix="set both or neither.",
)

CALL_CREDS_INCOMPLETE: Final = Kind(
    code="bootstrap-call-creds-incomplete",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="The jwt_token_file call credentials of {server} name no file",
    why=(
        "Where the app runs with GRPC_EXPERIMENTAL_XDS_BOOTSTRAP_CALL_CREDS=true, {then} Without the variable gRPC "
        "does not read call_creds, and asks this control plane without a token."
    ),
    fix='write "config": {{"jwt_token_file": "/path/of/the/token"}}, or take the entry out of call_creds',
    page=(
        "Call credentials of the type `jwt_token_file` need `config.jwt_token_file`, the path of a token (gRFC A97). "
        "Where `GRPC_EXPERIMENTAL_XDS_BOOTSTRAP_CALL_CREDS` is true, C++ (with Python, Ruby and PHP), Go and Java "
        "refuse the whole bootstrap without it: every `xds:` channel fails and an xDS server does not start. An empty "
        "path is refused by Go and Java; C++ takes it and fails each call to the control plane. Where the variable is "
        "not set, no gRPC reads `call_creds`."
    ),
    seen="the entry of `call_creds` and its line; the variable is not seen.",
)

CALL_CREDS_UNKNOWN: Final = Kind(
    code="bootstrap-call-creds-unknown",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="gRPC skips the call credentials {types}",
    why=(
        "It knows jwt_token_file alone (gRFC A97), unless the app registers others, and skips the rest without an "
        "error: the control plane is asked without what they would have given."
    ),
    fix="use jwt_token_file, or take the entry out of call_creds",
    seen="the types and their line.",
)

CREDS_FILE_UNUSABLE: Final = Kind(
    code="bootstrap-creds-file-unusable",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{path} {problem}",
    why=(
        "The {type} credentials of {server} are read from it. Without it the client does not get through to this "
        "control plane: it has no config from there, and what it has does not change."
    ),
    fix="see that what writes it runs, and that this container mounts its directory and may read it",
    page=(
        "A file of `tls` channel credentials (gRFC A65) or of a `jwt_token_file` (gRFC A97) is missing, unreadable or "
        "empty, or the token in it is no JWT or has expired. The client does not get through to its control plane."
    ),
    seen="the path, its field and the reason; never the content.",
)

FEATURE_UNKNOWN: Final = Kind(
    code="bootstrap-feature-unknown",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    title="gRPC ignores the server feature {features}",
    why="No gRPC knows it, and unknown features are ignored without a word.",
    fix="remove it, or use one of {known}",
    seen="the features and their line.",
    page_fix="remove it or correct its name.",
)

FEATURE_XDS_V3_MISSING: Final = Kind(
    code="bootstrap-feature-xds-v3-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.INFO,
    title="{server} does not name the feature xds_v3",
    why=(
        "A gRPC that still knows xDS v2 (2022 and older) then speaks v2, which istiod does not understand: such "
        "an app gets no config. Newer gRPC ignores the feature."
    ),
    fix='add "server_features": ["xds_v3"]',
    seen="the server's entry and its line.",
)
