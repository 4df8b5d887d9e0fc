"""Findings about certificate and key files as files."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

FILE_MISSING: Final = Kind(
    code="certificate-file-missing",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} is not there",
    why="gRPC has no identity without it, and TLS fails.",
    fix=(
        "see that it was issued (by Istio's agent into OUTPUT_CERTS, on GKE as a workload certificate) and that its "
        "directory is mounted here"
    ),
    graded="a warning for what Google's generator names whether or not workload certificates are mounted",
    seen="the path.",
    covered_by=("bootstrap-provider-file-missing", "bootstrap-creds-file-unusable"),
)

FILE_UNREADABLE: Final = Kind(
    code="certificate-file-unreadable",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} cannot be read",
    why="What it holds is unknown here; an app that runs as this user cannot read it either.",
    fix="let this user read it, or run meshtui as one who may",
    page="A certificate file cannot be read, or is a pipe, a device or a directory.",
    seen="the path and the system's reason.",
    covered_by=("bootstrap-provider-file-unreadable", "bootstrap-creds-file-unusable"),
)

FILE_TOO_LARGE: Final = Kind(
    code="certificate-file-too-large",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} is too large",
    why="It is more than meshtui reads of a certificate file, and a TLS library would be slow with it too.",
    fix="see what it is; a trust bundle holds a few hundred certificates",
    page="The file is larger than any trust bundle; it is not read, or only its beginning.",
    seen="path and size.",
)

FILE_EMPTY: Final = Kind(
    code="certificate-file-empty",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} is empty",
    why="gRPC cannot take an identity from it, and TLS fails.",
    fix="see that the volume is not full, and restart the agent",
    seen="the path.",
    covered_by=("bootstrap-provider-file-empty", "bootstrap-creds-file-unusable"),
)

FILE_NOT_CERTIFICATE: Final = Kind(
    code="certificate-file-not-certificate",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} holds no certificate",
    why="It may be another kind of file, or a damaged one.",
    fix="give a PEM or DER certificate, or the directory the agent writes to",
    page="The file holds no certificate, neither PEM nor DER. Its content is not quoted: it might be a key.",
    seen="the path.",
)

FILE_CUT: Final = Kind(
    code="certificate-file-cut",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} is cut off",
    why=(
        "A certificate begins and does not end, as after an interrupted copy or a full volume. TLS libraries "
        "refuse the file or silently take only what comes before."
    ),
    fix="write the file again as a whole; to replace one in use, write beside it and rename",
    page=(
        "A certificate begins and does not end, as after an interrupted copy or a full volume. TLS libraries "
        "refuse the file or silently take only what comes before, which is what meshtui shows."
    ),
    seen="path and line.",
)

FILE_DAMAGED: Final = Kind(
    code="certificate-file-damaged",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} holds something that is no certificate",
    why="A block says CERTIFICATE and does not parse as one. TLS libraries refuse the file or leave that block out.",
    fix="write the file again from its source",
    page=(
        "A block says CERTIFICATE and does not parse as one. TLS libraries refuse the file or leave that block "
        "out; meshtui shows the others."
    ),
    seen="path and line of each.",
)

PRIVATE_KEY_INSIDE: Final = Kind(
    code="private-key-in-certificate-file",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} holds a private key",
    why=(
        "Certificate files are handed around freely: logged, copied, mounted into other pods. Whoever has read it "
        "can act as this workload. meshtui has not read the key itself."
    ),
    fix="move the key to its own file that only the workload may read, and issue a new certificate with a new key",
    seen="path and line; never the content.",
)

HIDDEN: Final = Kind(
    code="certificate-hidden",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} holds a certificate that gRPC does not see",
    why=(
        "A byte order mark or a space stands before -----BEGIN, so gRPC passes over this certificate and takes the "
        "next one for the first, or finds none: the pair does not fit its key, or the roots are not there, and TLS "
        "fails. openssl and others do see it."
    ),
    fix="write the file as plain ASCII, with each -----BEGIN at the start of a line",
    seen="path and line.",
)

FIRST_NOT_OWN: Final = Kind(
    code="certificate-first-not-own",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The first certificate in {file} is not this workload's own",
    why=(
        "gRPC takes the first certificate of the chain file as its own, and this is {what_it_is}. {key_words} No "
        "server starts with such a pair, and no handshake succeeds."
    ),
    fix="write the workload's own certificate first, then the intermediates that lead to the root",
    page=(
        "gRPC takes the first certificate of the chain file as its own. Here that is a CA's, since the workload's own "
        "is not in the file, or another leaf than the one the key belongs to. No server starts with such a pair, and "
        "no handshake succeeds."
    ),
    seen="the certificates of the file in their order, and the key file.",
)

BUNDLE_MAP: Final = Kind(
    code="certificate-bundle-map-unusable",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="{file} is no SPIFFE trust bundle map that gRPC takes",
    why=(
        "One wrong entry and gRPC takes nothing of the file (gRFC A87): no peer can be checked, and new connections "
        "fail their handshake. A process that has read a good one before goes on with that."
    ),
    fix=(
        'write {{"trust_domains": {{"DOMAIN": {{"keys": [{{"kty": "RSA", "use": "x509-svid", "x5c": ["base64 of one '
        'DER certificate"]}}]}}}}}}'
    ),
    seen="the file, and the first entry that is wrong.",
)

BUNDLE_MAP_WITHOUT_ROOTS: Final = Kind(
    code="certificate-bundle-map-no-roots",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    graded="a warning where other trust domains have roots, the workload's own among them",
    title="The trust bundle map has no root certificate{whose}",
    why=(
        "gRPC checks a peer by the roots of the peer's trust domain alone (gRFC A87), so {who_fails} refused and new "
        "connections to them fail their handshake.{java}"
    ),
    fix=(
        'publish the X.509 roots of each trust domain in it: entries of "keys" with "use": "x509-svid" and the '
        'certificate in "x5c"'
    ),
    page=(
        "gRPC checks a peer by the roots of the peer's trust domain alone (gRFC A87). Where the trust bundle map names "
        "no trust domain, or a trust domain has an empty list of keys, nobody of it can be checked, and new "
        "connections fail their handshake. Go reads a map without any trust domain and then refuses every peer; in C++ "
        "no peer's roots are found; Java takes nothing of the file."
    ),
    seen="the trust domains of the map, and the keys of each.",
)

BUNDLE_MAP_WITHOUT_OWN: Final = Kind(
    code="certificate-bundle-map-own-domain",
    area=Area.CERTIFICATES,
    severity=Severity.WARNING,
    title="The trust bundle map has no trust domain {domain}",
    why=(
        "gRPC checks a peer by the roots of the peer's trust domain and refuses one whose domain is not in the map "
        "(gRFC A87). This workload is of {domain} itself, so all peers of its own trust domain are refused."
    ),
    fix="add {domain} with its roots to the map",
    seen="the workload's SPIFFE id, and the trust domains of the map.",
)

ORDER: Final = Kind(
    code="certificate-order",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    graded="a warning when the leaf does come first",
    title="The certificates in {file} are not in order",
    why=(
        "The first certificate must be the workload's own and each one is followed by its issuer (RFC 8446 "
        "§4.4.2). {what_follows}"
    ),
    fix="write leaf, intermediates, root, in this order",
    page=(
        "The file is not leaf first, each certificate followed by its issuer (RFC 8446 §4.4.2). An error when the "
        "first is not the leaf: gRPC takes it as its own and it does not fit the key."
    ),
    seen="the order found.",
)

KEY_MISMATCH: Final = Kind(
    code="certificate-key-mismatch",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    title="The private key does not belong to the certificate",
    why=(
        "Every handshake fails. It passes by itself when the files were looked at in the middle of a rotation, "
        "since each is replaced alone."
    ),
    fix="look again in a few seconds; if it stays, restart the agent so that it writes both again",
    page=(
        "The key does not belong to the leaf, so every handshake fails. For a moment this is normal during a "
        "rotation, since each file is replaced alone; meshtui looks twice."
    ),
    seen="the two files; nothing of the key.",
    covered_by=("bootstrap-provider-files-mismatch", "certificate-first-not-own"),
)

KEY_UNUSABLE: Final = Kind(
    code="certificate-key-unusable",
    area=Area.CERTIFICATES,
    severity=Severity.ERROR,
    graded="a warning when it only cannot be read from here, or Google's generator names it in any case",
    title="The key file {file} {problem}",
    why=(
        "Without the key the certificate cannot be used, and TLS fails. (meshtui opens it only to compare it with "
        "the certificate.)"
    ),
    fix="{way_out}",
    page="The key file is missing, unreadable, encrypted, or holds no private key.",
    seen="the path and which of these.",
    page_fix="write the workload's unencrypted PKCS #8 or SEC 1 key, readable by the app only.",
)
