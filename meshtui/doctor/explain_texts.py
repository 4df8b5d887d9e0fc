"""The registry of :mod:`meshtui.doctor.explain`: forms of error texts and what they mean, the most specific first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. ``forms`` are regular expressions, searched without regard to case; ``code`` is stable."""

    code: str
    forms: tuple[str, ...]
    title: str
    explanation: str
    fix: str


CAUSES = (
    # The probe's own words first: they quote what gRPC says.
    Cause(
        "echo-short",
        ("fewer outputs than requests", "empty output"),
        "The echo server returned less than was asked for",
        "It reported success for the set, but outputs are missing. What became of those requests is not known.",
        "Is the server Istio's echo? A proxy or a fork in between may cut the answer.",
    ),
    Cause(
        "echo-too-large",
        ("The answer of ForwardEcho at .* is larger than this program takes",),
        "The probe's answer is larger than meshtui takes",
        "The requests may well have been answered; what came back of them was not read, since a small compressed "
        "answer can unpack to gigabytes.",
        "Lift the limit with --max-message SIZE.",
    ),
    Cause(
        "echo-garbage",
        ("cannot be read as a ForwardEchoResponse",),
        "The probe's answer cannot be read",
        "What came back is not a ForwardEchoResponse. Another service, or a broken server, answers at that address.",
        "Check that the address is the echo server's gRPC port (17171).",
    ),
    Cause(
        "probe-lost",
        (
            "in the middle of the call to ForwardEcho",
            "before ForwardEcho was answered",
            "answers ForwardEcho with UNAVAILABLE",
            "answers ForwardEcho with CANCELLED",
        ),
        "The probe's own server went away in the middle of a set",
        "The pod that sends the requests, or the way to it, broke while a set was running. Its requests were"
        " sent or not;"
        " their fate is not known, and they are counted as lost.",
        "Has the pod restarted, or the port-forward ended?",
    ),
    Cause(
        "probe-silent",
        ("echo server did not answer within",),
        "The probe's own server does not answer",
        "The call to the echo server had no answer, although the deadline of the set has passed: the process is"
        " stopped or"
        " stuck, or the connection is dead.",
        "Look at the pod that sends the requests: its CPU, its log, its port-forward.",
    ),
    Cause(
        "tls-to-plaintext",
        ("WRONG_VERSION_NUMBER", "first record does not look like a TLS handshake"),
        "mTLS on the client, plaintext on the server",
        "The client began a TLS handshake and the server answered in plaintext. The client's accepted cluster"
        " asks for mTLS"
        " (DestinationRule ISTIO_MUTUAL), and the server's inbound listener does not (no PeerAuthentication"
        " STRICT; for"
        " proxyless gRPC, PERMISSIVE means plaintext).",
        "Set PeerAuthentication STRICT for the server, or tls mode DISABLE in the client's DestinationRule.",
    ),
    Cause(
        "san-mismatch",
        (
            r"SANs? from certificate did not match",
            "no matching SAN",
            "did not match any SAN",
            "received SANs .* do not match",
        ),
        "The server's identity is not one the client accepts",
        "The handshake went well, but the SPIFFE id in the server's certificate is not in the list that the"
        " accepted cluster"
        " gives. The server runs as another service account or trust domain than istiod expects.",
        "Compare the SAN list of the cluster with the SPIFFE id of the server's certificate (Identity).",
    ),
    Cause(
        "certificate-expired",
        ("certificate has expired", "CERTIFICATE_EXPIRED", "expired certificate"),
        "A certificate has expired",
        "One side showed a certificate past its end. Agents rotate at half life, so the agent could not renew"
        " it, or the app"
        " has not re-read the file yet (refresh_interval, 900 s with Istio), or one clock is wrong.",
        "Look at Identity on both sides: end on disk, end in use, failed CSRs of the agent, and the clocks.",
    ),
    Cause(
        "certificate-not-yet-valid",
        ("certificate is not yet valid", "not yet valid"),
        "A certificate is not valid yet",
        "The certificate begins in the future as this side sees it: the clocks of the two sides differ.",
        "Compare the clocks of client, server and istiod.",
    ),
    Cause(
        "unknown-issuer",
        (
            "unable to get local issuer certificate",
            "certificate signed by unknown authority",
            "unknown ca\\b",
            "self.signed certificate",
        ),
        "The other side's certificate comes from a CA that is not trusted here",
        "The chain does not lead to a root in root-cert.pem. Client and server have different roots: another"
        " cluster or trust"
        " domain, or a root that was rotated on one side only.",
        "Compare the fingerprints of root-cert.pem on both sides.",
    ),
    Cause(
        "certificate-refused",
        ("CERTIFICATE_VERIFY_FAILED", "certificate verify failed"),
        "The other side's certificate was not accepted",
        "The TLS handshake ended because the certificate that was shown could not be verified; the text does not say"
        " which check failed: the issuer is not trusted, the name is not the expected one, or the time is not right.",
        "Compare the roots of both sides, the SPIFFE id of the server with the SANs of the cluster, and the end of the"
        " certificate (Identity).",
    ),
    Cause(
        "handshake-closed",
        (r"Handshake read failed", "handshake.*(EOF|reset|closed)", "certificate required", "bad certificate"),
        "The TLS handshake was broken off",
        "The other side closed the connection during the handshake. It got no client certificate, one it does"
        " not trust, or its"
        " own key and certificate do not belong together.",
        "Look at Identity on both sides: does the key match the certificate, and do both trust the same root?",
    ),
    Cause(
        "permission-denied",
        ("Unauthorized RPC rejected", r"code = PermissionDenied", r"PERMISSION_DENIED", "RBAC: access denied"),
        "An AuthorizationPolicy refused the call",
        "The server's inbound RBAC filter did not allow this caller, by its SPIFFE id, method, or header. In"
        " plaintext there is"
        " no identity, so rules with principals never match.",
        "Compare the AuthorizationPolicy of the server with the caller's SPIFFE id; is the connection mTLS?",
    ),
    Cause(
        "fault-injected",
        ("Fault injected", "fault filter abort"),
        "The route injects this fault on purpose",
        "The accepted route has fault.abort (VirtualService), and the client's fault filter ended the call."
        " Nothing is broken.",
        "Remove fault from the VirtualService when the experiment is over.",
    ),
    Cause(
        "dropped-by-config",
        (r"EDS-configured drop", r"drop.*throttle", "RPC is dropped", "dropped by LB"),
        "The config tells the client to drop this share of calls",
        "The accepted endpoint assignment has drop_overloads, so the client itself ends that part of the calls.",
        "Look at the cluster's endpoints in Config for drop categories.",
    ),
    Cause(
        "circuit-breaker",
        ("circuit breaker drop", "max_concurrent_requests", "exceeded max requests"),
        "More calls at once than the cluster allows",
        "The cluster's circuit breaker (http2MaxRequests in the DestinationRule) ended calls beyond its bound.",
        "Raise connectionPool.http.http2MaxRequests, or send with less concurrency.",
    ),
    Cause(
        "cluster-missing",
        (
            r"CDS resource \S+:? does not exist",
            r"CDS resource .*does not exist",
            "cluster .* not found",
            "unknown cluster",
        ),
        "The route names a cluster that does not exist",
        "The control plane has no cluster of that name, mostly a subset that no DestinationRule defines. gRPC"
        " accepts such a"
        " route, waits 15 s, and then fails that share of calls.",
        "Define the subset in the DestinationRule, or correct its name in the VirtualService.",
    ),
    Cause(
        "resource-refused",
        (r"invalid resource: errors validating", r"errors? validating \w+ resource", "received invalid .* resource"),
        "The client refused the config it was sent (NACK)",
        "The resource has something this gRPC version cannot use. With an earlier version of it in force, that"
        " stays; without,"
        " calls fail.",
        "Read the reason in Config; change what the Istio resource asks for, or upgrade gRPC.",
    ),
    Cause(
        "no-endpoints",
        (
            r"no children in weighted_target policy",
            r"no healthy (upstream|endpoints)",
            "produced zero addresses",
            r"EDS resource \S+:? (does not exist|contains no)",
            "no localities",
            "no SubConns",
        ),
        "The cluster has no endpoint to send to",
        "The accepted endpoint assignment is empty or holds only unhealthy ones: no ready pod has the subset's labels.",
        "Compare the labels of the subset with those of the pods; are the pods ready?",
    ),
    Cause(
        "listener-missing",
        (r"empty address list \(LDS resource", r"LDS resource \S+:? does not exist", "listener .* not found"),
        "The control plane knows no such host and port",
        "The client asked for a listener of exactly this name and got none: the host is not a service of the"
        " mesh, the port is"
        " not one of its ports, or the namespace does not see it (Sidecar, exportTo).",
        "Check host and port in the URL: xds:///service.namespace.svc.cluster.local:port.",
    ),
    Cause(
        "virtual-host-missing",
        (r"could not find VirtualHost for", "no matching virtual host"),
        "The route configuration has no virtual host for this authority",
        "The accepted route does not list the name that was dialled. An authority override or a short name is"
        " not among its"
        " domains.",
        "Look at the domains of the route in Config, and at the authority that is sent.",
    ),
    Cause(
        "no-route",
        (r"No matching route found", "no matching route"),
        "No route matches the request",
        "The virtual host was found, but no route's path and headers fit, and there is no default route.",
        "Add a route without match at the end of the VirtualService's list.",
    ),
    Cause(
        "control-plane-unreachable",
        (
            r"xDS (channel|server|stream).*(unavailable|error|closed)",
            r"unix:\S*XDS.*(refused|No such file)",
            "ADS stream",
        ),
        "The client cannot reach its control plane",
        "The gRPC library has no connection to the agent's socket, so it gets no config. What it already has"
        " stays in force.",
        "Look at the agent: readiness, connection failures to istiod, and the socket's path in the bootstrap.",
    ),
    Cause(
        "scheme-unsupported",
        ("no (client|protocol) .*for", "unsupported (scheme|protocol)", "unrecognized protocol", "unknown scheme"),
        "The echo server cannot call this kind of URL",
        "The scheme of the URL is not one that this release of the echo server takes.",
        "Use xds:///host:port or grpc://host:port.",
    ),
    Cause(
        "connection-refused",
        ("Connection refused", "connect: connection refused"),
        "Nothing listens at the endpoint",
        "The endpoint of the accepted config refused the connection: the process is down or starting, or"
        " listens elsewhere. A"
        " proxyless server does not listen before its inbound listener has arrived.",
        "Look at the pod of that address: is it running, and does it have its inbound listener (Config)?",
    ),
    Cause(
        "no-settings",
        (
            # C-core, chttp2_connector.cc; grpc-go, clientconn.go and http2_client.go
            "timed out before receiving SETTINGS",
            r"error reading server preface:.*(deadline exceeded|i/o timeout|use of closed network connection)",
            "failed to receive server preface within timeout",
        ),
        "The endpoint accepts connections, but does not answer in HTTP/2",
        "The TCP connection came about, and then nothing came: every HTTP/2 server begins with a SETTINGS frame. The"
        " kernel accepts connections for a process that hangs or is stopped, so this is a backend that hangs, or"
        " something that is no gRPC server and waits for the client to speak.",
        "Is the process at that address running and responsive (not stopped, not out of CPU)? Is it the gRPC port?",
    ),
    Cause(
        "still-connecting",
        (
            # grpc-js, load-balancing-call.js: it waits without a bound for the SETTINGS of an endpoint that accepted.
            "Deadline exceeded.*Waiting for LB pick",
        ),
        "The client had no connection to an endpoint when the deadline came",
        "grpc-js says so when the call never left: a connection was neither made nor refused. Mostly an endpoint"
        " accepts the TCP connection and then sends no HTTP/2 SETTINGS frame, for which grpc-js waits without a bound:"
        " a backend that hangs or is no gRPC server. Packets that are dropped, or config that has not come, look the"
        " same.",
        "Are the processes at the endpoints of the cluster responsive, is it their gRPC port, and is any resource still"
        " waiting in Config?",
    ),
    Cause(
        "no-way",
        (
            "No route to host",
            "Host is unreachable",
            "Network is unreachable",
            "EHOSTUNREACH",
            "ENETUNREACH",
            "ETIMEDOUT",
            r"connect(ion)?:? (operation |connection )?timed out",
            r"dial tcp [^ ]*: i/o timeout",
            "Failed to connect to remote host: (Timeout occurred: )?FD Shutdown",
        ),
        "No packet comes back from the endpoint",
        "The connection was neither accepted nor refused: the pod of that address is gone, or a network policy, a"
        " firewall or a broken route drops what is sent there.",
        "Is there still a pod with that address, and do NetworkPolicies let the caller in?",
    ),
    Cause(
        "no-keepalive",
        ("keepalive watchdog timeout", "keepalive ping failed", r"\bping timeout"),
        "The peer stopped answering on an open connection",
        "The connection was given up since a keepalive ping got no answer: the peer's process hangs or is stopped, or"
        " packets between the two are lost.",
        "Is the process at that address running and responsive (not stopped, not out of CPU)?",
    ),
    Cause(
        "not-http",
        (
            # grpc-java (Netty), grpc-go (x/net/http2), C-core
            "First received frame was not SETTINGS",
            r"error reading server preface: http2: frame too large",
            "Trying to connect an http1.x server",
        ),
        "What answers at the endpoint does not speak HTTP/2 as the client does",
        "The first bytes that came back are no HTTP/2 SETTINGS frame: an HTTP/1 server answers, or one side speaks TLS"
        " and the other plaintext.",
        "Check the port of the endpoint, and compare the TLS mode of the accepted cluster with the server's listener.",
    ),
    Cause(
        "plaintext-to-tls",
        (
            "Socket closed",
            "connection reset by peer",
            r"error reading server preface.*(EOF|reset)",
            "unexpected EOF",
            "Broken pipe",
        ),
        "The server closed the connection",
        "Right after connecting this mostly means plaintext to a server that demands mTLS (PeerAuthentication"
        " STRICT without"
        " ISTIO_MUTUAL in the client's DestinationRule). In the middle of traffic it means that the pod went away.",
        "Compare the TLS mode of the accepted cluster with the server's inbound listener; has the pod restarted?",
    ),
    Cause(
        "deadline",
        (r"no answer within", "deadline exceeded", "DEADLINE_EXCEEDED", "request set timed out", "context deadline"),
        "No answer in time",
        "The request was not answered before its deadline: the server is slow or stuck, packets are dropped, a"
        " delay is"
        " injected, or the client still waits for config that does not come.",
        "Look for waiting resources in Config, for fault.delay in the route, and try a greater timeout.",
    ),
    Cause(
        "transient-failure",
        (
            "all SubConns are in TransientFailure",
            "TRANSIENT_FAILURE",
            "failed to connect to all addresses",
            "last connection error",
            "connections to all backends failing",
            "No connection established",
        ),
        "No endpoint can be connected to",
        "Every endpoint failed to connect lately, so calls fail at once until one comes back. Old releases of"
        " gRPC do not say"
        " why; newer ones quote the last error. The message can linger a second or two after a repair.",
        "Look at the endpoints and their TLS mode in Config, and at the subchannels' last errors in Channels.",
    ),
    Cause(
        "name-resolution",
        (
            "no such host",
            "DNS resolution failed",
            "name resolver error",
            "Could not contact DNS",
            "produced no addresses",
            # C-core from 1.6x on with c-ares, and grpc-go
            "errors resolving ",
            "Domain name not found",
            "record lookup error",
        ),
        "The host name cannot be resolved",
        "The name is looked up in DNS and is not there. With scheme xds there is no DNS: the scheme may be missing.",
        "Use xds:///host:port for a mesh name, or check the name.",
    ),
)
"""Every known cause. Specific texts stand before those that other texts quote as a part."""
