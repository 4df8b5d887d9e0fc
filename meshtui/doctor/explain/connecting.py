"""What keeps a connection from coming about, or ends it."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.hints import GRPC_PORT, RESTART
from meshtui.doctor.explain.known_error import AtTarget, KnownError

CONNECTION_REFUSED: Final = KnownError(
    code="connection-refused",
    core=("Connection refused",),
    go=("connect: connection refused",),
    node=("ECONNREFUSED",),
    title="Nothing listens at the endpoint",
    explanation=(
        "The endpoint of the accepted config refused the connection: the process is down or starting, or listens "
        "elsewhere. A proxyless server does not listen before its inbound listener has arrived."
    ),
    fix="Look at the pod of that address: is it running, and does it have its inbound listener (Config)?",
)

# C-core: chttp2_connector.cc; grpc-go: clientconn.go and http2_client.go
NO_SETTINGS: Final = KnownError(
    code="no-settings",
    core=("timed out before receiving SETTINGS",),
    go=(
        "error reading server preface:.*(deadline exceeded|i/o timeout|use of closed network connection)",
        "failed to receive server preface within timeout",
    ),
    title="The endpoint accepts connections, but does not answer in HTTP/2",
    explanation=(
        "The TCP connection came about, and then nothing came: every HTTP/2 server begins with a SETTINGS frame. "
        "The kernel accepts connections for a process that hangs or is stopped, so this is a backend that hangs, "
        "or something that is no gRPC server and waits for the client to speak."
    ),
    fix="Is the process at that address running and responsive (not stopped, not out of CPU)? Is it the gRPC port?",
    at_target=(
        AtTarget(
            texts=("before receiving SETTINGS",),
            phrase="accepts connections but does not speak HTTP/2",
            hint="It hangs, or it is no gRPC server. Check the port, and whether the app still runs.",
        ),
    ),
)

# grpc-js, load-balancing-call.js: it waits without a bound for the SETTINGS of an endpoint that accepted.
STILL_CONNECTING: Final = KnownError(
    code="still-connecting",
    node=("Deadline exceeded.*Waiting for LB pick",),
    title="The client had no connection to an endpoint when the deadline came",
    explanation=(
        "grpc-js says so when the call never left: a connection was neither made nor refused. Mostly an endpoint "
        "accepts the TCP connection and then sends no HTTP/2 SETTINGS frame, for which grpc-js waits without a "
        "bound: a backend that hangs or is no gRPC server. Packets that are dropped, or config that has not come, "
        "look the same."
    ),
    fix=(
        "Are the processes at the endpoints of the cluster responsive, is it their gRPC port, and is any resource "
        "still waiting in Config?"
    ),
)

NO_WAY: Final = KnownError(
    code="no-way",
    core=(
        "No route to host",
        "Network is unreachable",
        "Failed to connect to remote host: (Timeout occurred: )?FD Shutdown",
    ),
    go=("dial tcp [^ ]*: i/o timeout",),
    java=("Host is unreachable", "connect(ion)?:? (operation |connection )?timed out"),
    node=("EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"),
    title="No packet comes back from the endpoint",
    explanation=(
        "The connection was neither accepted nor refused: the pod of that address is gone, or a network policy, a "
        "firewall or a broken route drops what is sent there."
    ),
    fix="Is there still a pod with that address, and do NetworkPolicies let the caller in?",
    at_target=(
        AtTarget(
            texts=("No route to host",),
            phrase="there is no route to it",
            hint="Check the address and the network.",
            reached=False,
        ),
        AtTarget(
            texts=("Network is unreachable", "Network unreachable"),
            phrase="there is no network to it",
            hint="Check the address and the network.",
            reached=False,
        ),
        AtTarget(
            texts=("timed out",),
            phrase="connecting took too long",
            hint="Check the address, firewalls and the VPN.",
            reached=False,
        ),
    ),
)

NO_KEEPALIVE: Final = KnownError(
    code="no-keepalive",
    core=("keepalive watchdog timeout", r"\bping timeout"),
    go=("keepalive ping failed",),
    title="The peer stopped answering on an open connection",
    explanation=(
        "The connection was given up since a keepalive ping got no answer: the peer's process hangs or is "
        "stopped, or packets between the two are lost."
    ),
    fix="Is the process at that address running and responsive (not stopped, not out of CPU)?",
)

# Netty in grpc-java, x/net/http2 in grpc-go
NOT_HTTP2: Final = KnownError(
    code="not-http",
    core=("Trying to connect an http1.x server",),
    go=("error reading server preface: http2: frame too large",),
    java=("First received frame was not SETTINGS",),
    title="What answers at the endpoint does not speak HTTP/2 as the client does",
    explanation=(
        "The first bytes that came back are no HTTP/2 SETTINGS frame: an HTTP/1 server answers, or one side "
        "speaks TLS and the other plaintext."
    ),
    fix="Check the port of the endpoint, and compare the TLS mode of the accepted cluster with the server's listener.",
    at_target=(
        AtTarget(
            texts=("http1.x server", "got frame type 80)"),
            phrase="speaks HTTP/1, not gRPC",
            hint=(
                "Attach to the app's gRPC port (17171 for Istio's echo), not to an HTTP port such as the agent's 15020."
            ),
        ),
    ),
)

TURNED_AWAY: Final = KnownError(
    code="turned-away",
    at_target=(
        AtTarget(
            texts=("got frame type 7)",),
            phrase="turns callers away: it sends GOAWAY before anything else",
            hint=RESTART,
        ),
    ),
)

NO_HTTP2: Final = KnownError(
    code="no-http2",
    at_target=(
        AtTarget(
            texts=("Failed parsing HTTP/2",),
            phrase="answers, but not in HTTP/2, so it is no gRPC server",
            hint=f"Check the port. {GRPC_PORT}",
        ),
    ),
)

CLOSED: Final = KnownError(
    code="plaintext-to-tls",
    core=("Socket closed", "connection reset by peer", "Broken pipe"),
    go=("error reading server preface.*(EOF|reset)", "unexpected EOF"),
    java=("Network closed for unknown reason",),
    node=("ECONNRESET",),
    title="The server closed the connection",
    explanation=(
        "Right after connecting this mostly means plaintext to a server that demands mTLS (PeerAuthentication "
        "STRICT without ISTIO_MUTUAL in the client's DestinationRule). In the middle of traffic it means that the "
        "pod went away."
    ),
    fix="Compare the TLS mode of the accepted cluster with the server's inbound listener; has the pod restarted?",
)

DEADLINE: Final = KnownError(
    code="deadline",
    echo=("no answer within", "request set timed out"),
    core=("deadline exceeded", "DEADLINE_EXCEEDED"),
    go=("context deadline",),
    title="No answer in time",
    explanation=(
        "The request was not answered before its deadline: the server is slow or stuck, packets are dropped, a "
        "delay is injected, or the client still waits for config that does not come."
    ),
    fix="Look for waiting resources in Config, for fault.delay in the route, and try a greater timeout.",
)

TRANSIENT_FAILURE: Final = KnownError(
    code="transient-failure",
    core=("failed to connect to all addresses", "connections to all backends failing", "TRANSIENT_FAILURE"),
    go=("all SubConns are in TransientFailure", "last connection error"),
    node=("No connection established",),
    title="No endpoint can be connected to",
    explanation=(
        "Every endpoint failed to connect lately, so calls fail at once until one comes back. Old releases of "
        "gRPC do not say why; newer ones quote the last error. The message can linger a second or two after a "
        "repair."
    ),
    fix="Look at the endpoints and their TLS mode in Config, and at the subchannels' last errors in Channels.",
)

NAME_RESOLUTION: Final = KnownError(
    code="name-resolution",
    core=("DNS resolution failed", "Could not contact DNS", "errors resolving ", "Domain name not found"),
    go=("no such host", "dial tcp: lookup ", "produced no addresses", "record lookup error"),
    node=("Name resolution failed for target dns:",),
    title="The host name cannot be resolved",
    explanation=(
        "The name is looked up in DNS and is not there. A channel of scheme xds asks DNS only for clusters that name a "
        "host (LOGICAL_DNS): otherwise the scheme may be missing."
    ),
    fix="Use xds:///host:port for a mesh name, or check the name (of a cluster: the host of its ServiceEntry).",
    of_istio=True,
    at_target=(
        AtTarget(
            texts=("address lookup failed", "errors resolving", "DNS resolution failed"),
            phrase="the name cannot be resolved",
            hint="Check the name, or use an IP address.",
            reached=False,
        ),
    ),
)

NO_SOCKET: Final = KnownError(
    code="no-socket",
    at_target=(
        AtTarget(
            texts=("No such file or directory",),
            phrase="there is no such socket file",
            hint="Check the path; is the app running?",
            reached=False,
        ),
    ),
)

SOCKET_FORBIDDEN: Final = KnownError(
    code="socket-forbidden",
    at_target=(
        AtTarget(
            texts=("Permission denied",),
            phrase="the socket file may not be opened by this user",
            hint="Check owner and mode of the file and its directory.",
            reached=False,
        ),
    ),
)

SOCKET_PATH: Final = KnownError(
    code="socket-path",
    at_target=(
        AtTarget(
            texts=("Not a directory",),
            phrase="a part of the path is no directory",
            hint="Check the path.",
            reached=False,
        ),
    ),
)

SOCKET_OF_DATAGRAMS: Final = KnownError(
    code="socket-of-datagrams",
    at_target=(
        AtTarget(
            texts=("Protocol wrong type",),
            phrase="the socket takes datagrams, not connections, so no gRPC server listens on it",
            hint="Check the path.",
            reached=False,
        ),
    ),
)

ADDRESS_REFUSED: Final = KnownError(
    code="address-refused",
    at_target=(
        AtTarget(
            texts=("Invalid argument",),
            phrase="the system takes no such address",
            hint="Check the address; is its interface there?",
            reached=False,
        ),
    ),
)

NO_ADDRESS_OF_THAT_KIND: Final = KnownError(
    code="no-address-of-that-kind",
    at_target=(
        AtTarget(
            texts=("Cannot assign requested",),
            phrase="this machine has no address of that kind",
            hint="Use another address.",
            reached=False,
        ),
    ),
)
