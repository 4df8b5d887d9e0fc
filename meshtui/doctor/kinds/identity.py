"""Findings about the identity joined from what is issued, on disk, in use and expected."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

IN_USE_STALE: Final = Kind(
    code="identity-in-use-stale",
    area=Area.IDENTITY,
    severity=Severity.INFO,
    graded="a warning when the re-reading is overdue or comes after the old one ends; an error once that has ended",
    title="The app still uses the certificate from before the rotation; it {ends}",
    why=(
        "{comparison}. gRPC reads the files on its own schedule, and a connection keeps the certificate it began "
        "with until it closes."
    ),
    fix="nothing, if the re-reading comes before the old one ends; else shorten refresh_interval, or restart the app",
    page=(
        "The app still presents the certificate from before a rotation. gRPC re-reads its files every "
        "`refresh_interval`, and a connection keeps the certificate it began with. Worse when the re-reading is "
        "overdue or comes after the old one ends."
    ),
    seen="the serial in use and where, the serial on disk.",
)

IN_USE_EXPIRED: Final = Kind(
    code="identity-in-use-expired",
    area=Area.IDENTITY,
    severity=Severity.WARNING,
    graded="only a note where another connection to the same address has one that is valid",
    title="The certificate of {whose} ended {ago} ago, and its connection is still open",
    why=(
        "A certificate is checked when a connection begins and not again while it is open, so calls on this one go on. "
        "{renewed}"
    ),
    fix=(
        "see that the workload renews: the files and the agent of that pod (istio_agent_cert_expiry_seconds), and its "
        "app's refresh_interval"
    ),
    page=(
        "A live connection of this app was made with a certificate whose time is over since, the peer's or its own. "
        "TLS checks certificates in the handshake, and gRPC does not do so again while the connection is open: calls "
        "on it go on. Whether the next connection works depends on whether the workload has a new one by now."
    ),
    seen="the certificate on a live socket (channelz), its end, this machine's clock.",
)

ISSUED_NOT_ON_DISK: Final = Kind(
    code="identity-issued-not-on-disk",
    area=Area.IDENTITY,
    severity=Severity.WARNING,
    title="The agent's certificate is {newer_or_older} than the one on disk",
    why=(
        "They end {apart} apart (more than {tolerance}). The agent writes files to OUTPUT_CERTS; these may be "
        "another directory, a stale copy, or written once at start."
    ),
    fix="compare OUTPUT_CERTS of istio-proxy with the bootstrap's paths, and see that both containers mount one volume",
    page="By its metric the agent has issued a certificate with another end than the one on disk.",
    seen="both ends.",
)

SAN_NOT_EXPECTED: Final = Kind(
    code="identity-san-not-expected",
    area=Area.IDENTITY,
    severity=Severity.ERROR,
    title="The server at {address} has no name that {cluster} accepts",
    why=(
        "The client ends the handshake: SANs from the certificate did not match SANs from the control plane. The "
        "pod runs under another service account or trust domain than istiod believes."
    ),
    fix=(
        "compare the pod's serviceAccountName with the Service's other pods; after a change of trust domain set "
        "trustDomainAliases"
    ),
    page="A server's certificate has no name that the cluster's accepted config lists; the client ends the handshake.",
    seen="the names it has, the names expected.",
)

TRUST_DOMAIN: Final = Kind(
    code="identity-trust-domain",
    area=Area.IDENTITY,
    severity=Severity.WARNING,
    title="This workload is of trust domain {own}, {peer} of {other}",
    why="SAN matchers and policies name one trust domain unless aliases are set, so the two may refuse each other.",
    fix="set meshConfig.trustDomainAliases, or restart the pods that still carry certificates of the old domain",
    page="Two trust domains meet without it being certain that each accepts the other.",
    seen="both domains and where.",
)

NONE: Final = Kind(
    code="identity-none",
    area=Area.IDENTITY,
    severity=Severity.ERROR,
    title="mTLS is configured and this workload has no certificate",
    why="{count} of its clusters and listeners need one, and none was found on disk.",
    fix="see that the agent runs with OUTPUT_CERTS and reaches istiod's CA (15012)",
    page="Accepted config asks for mTLS and no certificate was found on disk.",
    seen="who asks for it.",
)

CLOCK_SKEW: Final = Kind(
    code="identity-clock-skew",
    area=Area.IDENTITY,
    severity=Severity.WARNING,
    title="The pod's clock is {offset} {ahead_or_behind} this machine's",
    why=(
        "Validity is judged by each machine's own clock: a certificate can be expired, or not yet valid, on one "
        "side only. Times and countdowns here are by this machine's clock."
    ),
    fix="set both by NTP; on Kubernetes that is the node's clock",
    page=(
        "The pod's clock and this machine's differ by more than a minute. Validity is judged by each side's own clock."
    ),
    seen="the difference, from the HTTP `Date` of the agent.",
)
