"""Certificates in bytes → ``model.certificate.Certificate``. Uses cryptography; content is never quoted."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import SignatureAlgorithmOID

from meshtui.model.identity.certificate import Certificate, CertificateRole, FileProblem, FileProblemKind, San
from meshtui.sources.certificates.pem import CERTIFICATE_LABELS, PemBlock, looks_like_pem, pem_blocks

MOST_CERTIFICATES = 20_000
"""Read from one file at most; the largest public bundles hold a few hundred, a multi-cluster one a few thousand."""

_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp224r1": "P-224"}

_SIGNATURES = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA1: "ecdsa-with-SHA1",
    SignatureAlgorithmOID.ECDSA_WITH_SHA224: "ecdsa-with-SHA224",
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "ecdsa-with-SHA256",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "ecdsa-with-SHA384",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "ecdsa-with-SHA512",
    SignatureAlgorithmOID.RSA_WITH_MD5: "md5WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA1: "sha1WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA224: "sha224WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA256: "sha256WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA384: "sha384WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA512: "sha512WithRSAEncryption",
    SignatureAlgorithmOID.RSASSA_PSS: "rsassaPss",
    SignatureAlgorithmOID.ED25519: "ED25519",
    SignatureAlgorithmOID.ED448: "ED448",
}
"""The names openssl prints."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A certificate twice: as cryptography holds it, to verify with, and as a value."""

    raw: x509.Certificate
    value: Certificate


def load_certificates(data: bytes, file: str) -> tuple[tuple[Loaded, ...], tuple[FileProblem, ...]]:
    """Every certificate of a PEM or DER file, in order, and what in it is none. Never raises for its content."""
    with _quiet():
        if looks_like_pem(data):
            return _load_pem(data, file)
        return _load_der(data, file)


def parse_certificate(data: bytes, where: str) -> Certificate | None:
    """One certificate seen on the wire, DER or PEM (C-core's channelz gives PEM); None when it is none."""
    loaded, _ = load_certificates(data, where)
    return loaded[0].value if loaded else None


@contextmanager
def _quiet() -> Iterator[None]:
    """cryptography warns about serials that RFC 5280 forbids; such certificates exist and are shown as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def _load_pem(data: bytes, file: str) -> tuple[tuple[Loaded, ...], tuple[FileProblem, ...]]:
    loaded: list[Loaded] = []
    problems: list[FileProblem] = []
    for block in pem_blocks(data):
        if block.is_private_key:
            problems.append(FileProblem(file, FileProblemKind.PRIVATE_KEY, f"a block {block.label!r}", block.line))
        elif block.label not in CERTIFICATE_LABELS:
            continue
        elif len(loaded) >= MOST_CERTIFICATES:
            detail = f"it holds more than {MOST_CERTIFICATES} certificates; the rest is not read"
            problems.append(FileProblem(file, FileProblemKind.TOO_LARGE, detail, block.line))
            break
        else:
            _load_block(block, file, loaded, problems)
    if not loaded and not problems:
        problems.append(FileProblem(file, FileProblemKind.NO_CERTIFICATE, "its PEM blocks are no certificates"))
    return tuple(loaded), tuple(problems)


def _load_block(block: PemBlock, file: str, loaded: list[Loaded], problems: list[FileProblem]) -> None:
    if block.hidden:
        detail = "something stands before the BEGIN of this certificate, a byte order mark or a space"
        problems.append(FileProblem(file, FileProblemKind.HIDDEN, detail, block.line))
        return
    if block.cut:
        detail = "a certificate begins here and has no end line"
        problems.append(FileProblem(file, FileProblemKind.CUT, detail, block.line))
        return
    certificate = _load_one(block.der, file) if block.der is not None else None
    if certificate is None:
        what = "is not valid base64" if block.der is None else "is not a certificate (ASN.1 does not parse)"
        problems.append(FileProblem(file, FileProblemKind.DAMAGED, f"the block that begins here {what}", block.line))
    else:
        loaded.append(certificate)


def _load_der(data: bytes, file: str) -> tuple[tuple[Loaded, ...], tuple[FileProblem, ...]]:
    if not data.strip():
        return (), (FileProblem(file, FileProblemKind.EMPTY, "there is nothing in it"),)
    certificate = _load_one(data, file)
    if certificate is not None:
        return (certificate,), ()
    detail = "it is neither PEM nor a DER certificate"
    if _promises_more(data):
        return (), (FileProblem(file, FileProblemKind.CUT, "it begins as DER does and ends too early"),)
    return (), (FileProblem(file, FileProblemKind.NO_CERTIFICATE, detail),)


def _promises_more(data: bytes) -> bool:
    """Whether it begins as an ASN.1 sequence of more bytes than there are (X.690 §8.1.3)."""
    if len(data) < 4 or data[0] != 0x30 or not 0x81 <= data[1] <= 0x83:
        return False
    octets = data[1] - 0x80
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big") > len(data)


def _load_one(der: bytes, file: str) -> Loaded | None:
    try:
        raw = x509.load_der_x509_certificate(der)
        return Loaded(raw, _value(raw, file))
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, OverflowError):
        return None


def _value(raw: x509.Certificate, file: str) -> Certificate:
    extensions = _extensions(raw)
    self_issued = raw.subject == raw.issuer
    is_ca, path_length = _authority(raw, extensions, self_issued)
    role = CertificateRole.LEAF if not is_ca else CertificateRole.ROOT if self_issued else CertificateRole.INTERMEDIATE
    algorithm, bits, curve, key_digest = _key(raw)
    signature = raw.signature_algorithm_oid
    return Certificate(
        file=file,
        role=role,
        subject=raw.subject.rfc4514_string(),
        issuer=raw.issuer.rfc4514_string(),
        sans=_sans(extensions),
        serial=raw.serial_number,
        not_before=raw.not_valid_before_utc,
        not_after=raw.not_valid_after_utc,
        fingerprint_sha256=raw.fingerprint(hashes.SHA256()).hex(),
        public_key_sha256=key_digest,
        key_algorithm=algorithm,
        key_bits=bits,
        key_curve=curve,
        signature_algorithm=_SIGNATURES.get(signature, signature.dotted_string),
        is_ca=is_ca,
        path_length=path_length,
    )


def _extensions(raw: x509.Certificate) -> x509.Extensions:
    """Its extensions; none when they cannot be read, so that the rest can still be shown."""
    try:
        return raw.extensions
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return x509.Extensions([])


def _authority(raw: x509.Certificate, extensions: x509.Extensions, self_issued: bool) -> tuple[bool, int | None]:
    """Whether it may sign certificates, and how many intermediates may follow (RFC 5280 §4.2.1.9, §4.2.1.3)."""
    if raw.version is x509.Version.v1:
        return self_issued, None  # before extensions existed a root was simply one that signed itself
    try:
        constraints = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False, None
    with suppress(x509.ExtensionNotFound):
        if not extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign:
            return False, None
    return constraints.ca, constraints.path_length


def _sans(extensions: x509.Extensions) -> tuple[San, ...]:
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(_san(name) for name in names)


def _san(name: x509.GeneralName) -> San:
    match name:
        case x509.UniformResourceIdentifier():
            return San("URI", name.value)
        case x509.DNSName():
            return San("DNS", name.value)
        case x509.IPAddress():
            return San("IP", str(name.value))
        case x509.RFC822Name():
            return San("email", name.value)
        case x509.DirectoryName():
            return San("other", name.value.rfc4514_string())
        case x509.RegisteredID():
            return San("other", name.value.dotted_string)
        case x509.OtherName():
            return San("other", name.type_id.dotted_string)
        case _:
            return San("other", type(name).__name__)


def _key(raw: x509.Certificate) -> tuple[str, int, str, str]:
    """(algorithm, size in bits, curve, SHA-256 of the SubjectPublicKeyInfo) of the public key."""
    try:
        key = raw.public_key()
        digest = public_key_digest(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except (ValueError, UnsupportedAlgorithm):
        return raw.public_key_algorithm_oid.dotted_string, 0, "", ""
    match key:
        case ec.EllipticCurvePublicKey():
            return "EC", key.key_size, _CURVES.get(key.curve.name, key.curve.name), digest
        case rsa.RSAPublicKey():
            return "RSA", key.key_size, "", digest
        case dsa.DSAPublicKey():
            return "DSA", key.key_size, "", digest
        case ed25519.Ed25519PublicKey():
            return "Ed25519", 256, "", digest
        case ed448.Ed448PublicKey():
            return "Ed448", 456, "", digest
        case _:
            return type(key).__name__.removesuffix("PublicKey"), 0, "", digest


def public_key_digest(spki: bytes) -> str:
    """What two public keys are compared by: the lower-case hex SHA-256 of the DER SubjectPublicKeyInfo."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(spki)
    return digest.finalize().hex()
