"""Findings about certificates: their time, their chain, what they say."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

EXPIRED: Final = Kind(
    code="certificate-expired",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    graded="a warning when no chain here needs it",
    title="The {role} certificate {name} expired {ago} ago",
    why="{effect} The agent's readiness probe does not notice: it only checks that the files exist.",
    fix="see why the agent does not rotate (istio_agent_num_failed_outgoing_requests, its log), then restart it",
    page=(
        "The certificate's time is over. A leaf: every new mTLS connection of the workload fails while the "
        "readiness probe stays green. A CA: everything below it is refused. A CA that no chain here needs is only "
        "a warning."
    ),
    seen="file, serial, period and the time now.",
    page_fix=(
        "find out why the agent does not rotate (`istio_agent_num_failed_outgoing_requests`, its log); restart "
        "it. Replace an ended CA on both sides."
    ),
)

NOT_YET_VALID: Final = Kind(
    code="certificate-not-yet-valid",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    graded="a warning when no chain here needs it",
    title="The {role} certificate {name} becomes valid in {ahead}",
    why=(
        "{effect} A certificate made just now that is valid later usually means that the clock here is behind the CA's."
    ),
    fix="compare the clocks of this machine and the CA (NTP); if both are right, wait or issue it again",
    page="The certificate's time has not begun. On a fresh one this usually means that a clock is wrong.",
    seen="file, serial, period and the time now.",
)

ROTATION_LATE: Final = Kind(
    code="certificate-rotation-late",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="{name} should have been rotated {ago} ago",
    why=(
        "Istio's agent asks for a new certificate at half life. This one has {left} of {life} left and has not "
        "been replaced."
    ),
    fix="look at the agent's log and at istio_agent_num_failed_outgoing_requests; can it reach istiod's CA (15012)?",
    page="A leaf with a third of its life or less. Istio's agent rotates at half life, so a rotation has been missed.",
    seen="period, and when the rotation was due.",
)

ENDING: Final = Kind(
    code="certificate-ending",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="The {role} certificate {name} ends in {left}",
    why="Less than a tenth of its life of {life} is left. After that: {effect}",
    fix="look at the agent's log and whether it reaches istiod's CA (15012); restarting the agent asks again",
    page="A tenth of the certificate's life or less is left.",
    seen="period and the time now.",
)

ENDS_SOONER: Final = Kind(
    code="certificate-ends-sooner",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The {role} certificate {name} ends in {left}, sooner than asked for",
    why="It was asked to warn of what ends within {asked}.",
    fix="rotate it; for a workload see whether the agent still gets certificates",
    page="A certificate of the chain ends sooner than `--warn` allows.",
    seen="period and the time now.",
)

PERIOD_REVERSED: Final = Kind(
    code="certificate-period-reversed",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The {role} certificate {name} ends before it begins",
    why="It is valid at no moment, so every peer refuses it.",
    fix="issue it again, and see what set its times",
    seen="the period.",
)

OUTLIVES_ISSUER: Final = Kind(
    code="certificate-outlives-issuer",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="{leaf} outlives the {role} above it",
    why=(
        "The {role} {issuer} ends {issuer_ends}, before the leaf does ({leaf_ends}). From then on the leaf is "
        "refused although its own time is not over."
    ),
    fix="renew the {role}, or issue shorter leaves",
    page="A certificate above the leaf ends before the leaf does; from then on the leaf is refused.",
    seen="both periods.",
    page_fix="renew the upper one, or issue shorter leaves.",
)

ISSUER_MISSING: Final = Kind(
    code="certificate-issuer-missing",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The issuer of {below} is not at hand",
    why="No certificate here has the name {issuer}. Peers that trust only the root cannot build the chain.",
    fix="add the missing intermediate to the chain file, or the root to the CA file",
    page="No certificate at hand has the issuer's name, so the chain does not reach a root.",
    seen="the chain as far as it was found.",
)

ROOT_UNTRUSTED: Final = Kind(
    code="certificate-root-untrusted",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The chain of {leaf} ends at a root that is not trusted here",
    why=(
        "The chain is whole, but its root {below} is not in the CA file. Peers with the same roots refuse it; "
        "after a change of root this is what a workload looks like that has only one half of it."
    ),
    fix="distribute one CA file with the old and the new root to both sides before leaves change",
    page=(
        "The chain is whole, but its root is not in the CA file. After a change of root this is a workload that "
        "has one half of it."
    ),
    seen="the chain.",
)

SIGNATURE_WRONG: Final = Kind(
    code="certificate-signature-wrong",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{below} was not signed by the {issuer} at hand",
    why=(
        "The names fit but the signature does not: it was signed by another key of the same name, as after a root "
        "was replaced by one of the same name, or the certificate was altered."
    ),
    fix="compare the roots of both sides; restart the agent so that chain and root come from one CA",
    page=(
        "A certificate of the issuer's name is at hand, but its key did not sign this one: the root was replaced "
        "by one of the same name (Istio's roots all are `O=cluster.local`), or the file was altered."
    ),
    seen="the chain as far as it holds.",
)

ISSUER_NOT_CA: Final = Kind(
    code="certificate-issuer-not-ca",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{above} signed {below} but may not",
    why=(
        "Its basic constraints or key usage do not allow it to sign certificates (RFC 5280 §4.2.1.9). Peers "
        "refuse the chain."
    ),
    fix="issue from a certificate with CA:TRUE and keyCertSign",
    page="The certificate that signed may not: basic constraints or key usage forbid it (RFC 5280 §4.2.1.3, §4.2.1.9).",
    seen="the chain.",
)

PATH_TOO_LONG: Final = Kind(
    code="certificate-path-too-long",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{above} allows fewer intermediates than this chain has",
    why="Its path length constraint is exceeded (RFC 5280 §4.2.1.9). Peers refuse the chain.",
    fix="plug in an intermediate whose path length leaves room, or issue from one level higher",
    seen="the chain.",
)

CHAIN_TOO_LONG: Final = Kind(
    code="certificate-chain-too-long",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The chain of {leaf} is longer than any verifier accepts",
    why="It still had not reached a root after the most certificates that are tried.",
    fix="remove certificates that do not belong to it",
    seen="the chain.",
)

CHAIN_NOT_CHECKED: Final = Kind(
    code="certificate-chain-not-checked",
    area=Area.CERTIFICATES,
    severity=Severity.INFO,
    title="The chain of {leaf} was not checked",
    why=(
        "More signatures would have to be tried than meshtui allows itself, because very many certificates share "
        "one name."
    ),
    fix="check the files of one workload at a time",
    page=(
        "So many certificates share one name that checking the chain would take more signatures than meshtui "
        "allows itself. Nothing is known to be wrong."
    ),
    seen="the leaf.",
)

NO_SPIFFE_ID: Final = Kind(
    code="certificate-no-spiffe-id",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="{name} has no SPIFFE id",
    why=(
        "Mesh peers check the URI name spiffe://<trust domain>/ns/<namespace>/sa/<account>. Without it this "
        "certificate satisfies no cluster that lists SANs and no authorization by principal."
    ),
    fix="use the certificate the mesh's CA issued (the agent's OUTPUT_CERTS directory)",
    seen="the names it has.",
)

SEVERAL_SPIFFE_IDS: Final = Kind(
    code="certificate-several-spiffe-ids",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="The certificate of {name} has {count} URI names",
    why=(
        "A SPIFFE certificate must have exactly one URI name; strict validators refuse it, others look at only "
        "one of them."
    ),
    fix="issue it with one URI name",
    seen="the names.",
)

SPIFFE_FORM: Final = Kind(
    code="certificate-spiffe-form",
    area=Area.CERTIFICATES,
    severity=Severity.INFO,
    title="{spiffe_id} is not of Istio's form",
    why=(
        "Istio's policies take namespace and service account from /ns/<namespace>/sa/<account>. Other meshes use "
        "other paths, which is fine there."
    ),
    fix="nothing, if this workload's CA is not Istio's",
    page=(
        "A SPIFFE id that is not `/ns/<namespace>/sa/<account>`. Right in other meshes; Istio's policies cannot use it."
    ),
    seen="the id.",
)

WEAK_KEY: Final = Kind(
    code="certificate-weak-key",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="The key of {name} is RSA with {bits} bits",
    why="Keys below {least} bits can be broken, and TLS libraries refuse them by default.",
    fix="issue it with EC P-256 or RSA 2048 and more",
    page="An RSA key below 2048 bits in the chain; TLS libraries refuse it.",
    seen="the key's size.",
)

WEAK_SIGNATURE: Final = Kind(
    code="certificate-weak-signature",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="{name} is signed with {algorithm}",
    why="Such signatures can be forged, and Go, BoringSSL and Java refuse them by default.",
    fix="have the CA sign with SHA-256",
    page="A certificate signed with MD5 or SHA-1; TLS libraries refuse it.",
    seen="the algorithm.",
)

AGENT_EXPIRED: Final = Kind(
    code="agent-certificate-expired",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The agent's certificate expired {ago} ago",
    why="Every new mTLS connection of this workload fails. {while_green}",
    fix="see why rotation fails (istio_agent_num_failed_outgoing_requests, the log), then restart the pod",
    page=(
        "By its own metric the agent's certificate is over. The probe can be green all the same: it only looks "
        "for the files."
    ),
    seen="`istio_agent_cert_expiry_seconds`.",
    covered_by=("certificate-expired",),
)
