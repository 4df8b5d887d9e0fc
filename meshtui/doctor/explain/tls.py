"""What keeps two sides from a TLS handshake."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.hints import GRPC_PORT
from meshtui.doctor.explain.known_error import AtTarget, KnownError

TLS_TO_PLAINTEXT: Final = KnownError(
    code="tls-to-plaintext",
    core=("WRONG_VERSION_NUMBER",),
    go=("first record does not look like a TLS handshake",),
    java=("not an SSL/TLS record",),
    title="mTLS on the client, plaintext on the server",
    explanation=(
        "The client began a TLS handshake and the server answered in plaintext. The client's accepted cluster "
        "asks for mTLS (DestinationRule ISTIO_MUTUAL), and the server's inbound listener does not (no "
        "PeerAuthentication STRICT; for proxyless gRPC, PERMISSIVE means plaintext)."
    ),
    fix="Set PeerAuthentication STRICT for the server, or tls mode DISABLE in the client's DestinationRule.",
    of_istio=True,
    at_target=(
        AtTarget(
            texts=("WRONG_VERSION_NUMBER",),
            phrase="answers the TLS handshake with something else, so it does not speak TLS",
            hint="Attach without TLS options.",
        ),
    ),
)

NO_ALPN: Final = KnownError(
    code="alpn",
    at_target=(
        AtTarget(
            texts=("ALPN",),
            phrase="speaks TLS, but not HTTP/2 in it (it chooses no h2 by ALPN)",
            hint=f"It is no gRPC server, or a proxy that is set up for HTTP/1 ends the TLS. {GRPC_PORT}",
        ),
    ),
)

SAN_MISMATCH: Final = KnownError(
    code="san-mismatch",
    core=("SANs? from certificate did not match",),
    go=("received SANs .* do not match", "did not match any SAN"),
    java=("Peer certificate SAN check failed",),
    node=("No matching subject alternative name found in certificate",),
    other=("no matching SAN",),
    title="The server's identity is not one the client accepts",
    explanation=(
        "The handshake went well, but the SPIFFE id in the server's certificate is not in the list that the "
        "accepted cluster gives. The server runs as another service account or trust domain than istiod expects."
    ),
    fix="Compare the SAN list of the cluster with the SPIFFE id of the server's certificate (Identity).",
)

EXPIRED: Final = KnownError(
    code="certificate-expired",
    core=("certificate has expired", "CERTIFICATE_EXPIRED"),
    go=("expired certificate",),
    java=("CertificateExpiredException",),
    title="A certificate has expired",
    explanation=(
        "One side showed a certificate past its end. Agents rotate at half life, so the agent could not renew it, "
        "or the app has not re-read the file yet (refresh_interval, 900 s with Istio), or one clock is wrong."
    ),
    fix="Look at Identity on both sides: end on disk, end in use, failed CSRs of the agent, and the clocks.",
    at_target=(
        AtTarget(
            texts=("certificate has expired",),
            phrase="has a certificate that has expired",
            hint="Look at the certificates of the target.",
        ),
    ),
)

NOT_YET_VALID: Final = KnownError(
    code="certificate-not-yet-valid",
    core=("certificate is not yet valid",),
    go=("not yet valid: current time .* is before",),
    java=("CertificateNotYetValidException",),
    title="A certificate is not valid yet",
    explanation="The certificate begins in the future as this side sees it: the clocks of the two sides differ.",
    fix="Compare the clocks of client, server and istiod.",
    of_istio=True,
    at_target=(
        AtTarget(
            texts=("certificate is not yet valid",),
            phrase="has a certificate that is not valid yet",
            hint="Compare both machines' clocks.",
        ),
    ),
)

# java.security.cert: one text for both ends, where the cause behind it is not printed
OUTSIDE_ITS_TIME: Final = KnownError(
    code="certificate-outside-its-time",
    java=("timestamp check failed",),
    title="A certificate has expired or is not valid yet",
    explanation=(
        "The other side showed a certificate whose time has passed or has not come; the text does not say which. "
        "Either it was not renewed (agents rotate at half life), or the clocks of the two sides differ."
    ),
    fix="Look at Identity on both sides: begin and end of the certificate in use and on disk, and the clocks.",
)

UNKNOWN_TRUST_DOMAIN: Final = KnownError(
    code="unknown-trust-domain",
    core=("No spiffe bundle found for trust domain",),
    go=("no bundle found for peer certificates trust domain",),
    java=("Spiffe Trust Map doesn't contain trust domain",),
    title="The trust bundle map has no roots for the other side's trust domain",
    explanation=(
        "With a SPIFFE trust bundle map gRPC checks a peer by the roots of the peer's own trust domain (gRFC A87), and "
        "the map does not list that one."
    ),
    fix="Add the trust domain with its roots to the file of spiffe_trust_bundle_map_file.",
)

UNKNOWN_ISSUER: Final = KnownError(
    code="unknown-issuer",
    core=("unable to get local issuer certificate", r"unknown ca\b", "self.signed certificate"),
    go=("certificate signed by unknown authority",),
    java=("unable to find valid certification path",),
    title="The other side's certificate comes from a CA that is not trusted here",
    explanation=(
        "The chain does not lead to a root in root-cert.pem. Client and server have different roots: another "
        "cluster or trust domain, or a root that was rotated on one side only."
    ),
    fix="Compare the fingerprints of root-cert.pem on both sides.",
)

CERTIFICATE_REFUSED: Final = KnownError(
    code="certificate-refused",
    core=("CERTIFICATE_VERIFY_FAILED", "certificate verify failed"),
    java=("PKIX path (building|validation) failed",),
    title="The other side's certificate was not accepted",
    explanation=(
        "The TLS handshake ended because the certificate that was shown could not be verified; the text does not "
        "say which check failed: the issuer is not trusted, the name is not the expected one, or the time is not "
        "right."
    ),
    fix=(
        "Compare the roots of both sides, the SPIFFE id of the server with the SANs of the cluster, and the end "
        "of the certificate (Identity)."
    ),
    at_target=(
        AtTarget(
            texts=("CERTIFICATE_VERIFY_FAILED",),
            phrase="has a certificate that is signed by none of the trusted CAs",
            hint="Give the CA that signed it with --ca FILE.",
        ),
    ),
)

OTHER_CA_OF_THE_NAME: Final = KnownError(
    code="other-ca-of-the-name",
    at_target=(
        AtTarget(
            texts=("certificate signature failure",),
            phrase="has a certificate that another CA of the same name signed",
            hint="Give the CA that signed it with --ca FILE: mesh CAs are made anew, and keep their name.",
        ),
    ),
)

OTHER_HOST_NAME: Final = KnownError(
    code="other-host-name",
    at_target=(
        AtTarget(
            texts=("Hostname Verification Check failed",),
            phrase="has a certificate for another name",
            hint="Give the name that the certificate is for with --server-name.",
        ),
    ),
)

CREDENTIALS_UNUSABLE: Final = KnownError(
    code="credentials-unusable",
    at_target=(
        AtTarget(
            texts=("Failed to create security handshaker",),
            phrase="was not dialled: gRPC does not take the certificate, key or CA that were given",
            hint="Check the files given with --ca, --cert and --key.",
        ),
    ),
)

TLS_VERSION: Final = KnownError(
    code="tls-version",
    at_target=(
        AtTarget(
            texts=("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"),
            phrase="speaks no version of TLS that gRPC takes (1.2 and 1.3)",
            hint="Let the target offer TLS 1.2 or 1.3.",
        ),
    ),
)

HANDSHAKE_CLOSED: Final = KnownError(
    code="handshake-closed",
    core=("Handshake read failed",),
    go=("certificate required", "bad certificate"),
    other=("handshake.*(EOF|reset|closed)",),
    title="The TLS handshake was broken off",
    explanation=(
        "The other side closed the connection during the handshake. It got no client certificate, one it does not "
        "trust, or its own key and certificate do not belong together."
    ),
    fix="Look at Identity on both sides: does the key match the certificate, and do both trust the same root?",
    at_target=(
        AtTarget(
            texts=("CERTIFICATE_REQUIRED",),
            phrase="demands a client certificate",
            hint="Give --cert and --key.",
        ),
        AtTarget(
            texts=("SSLV3_ALERT", "TLSV1_ALERT"),
            phrase="refuses the TLS handshake",
            hint="It may want a client certificate (--cert and --key), another name (--server-name) or another CA.",
        ),
    ),
)
