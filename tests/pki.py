"""Real certificates for tests: small authorities, leaves with odd contents, and the files an agent writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
"""The moment at which tests look, unless they say otherwise."""

DAY = timedelta(days=1)


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve if curve is not None else ec.SECP256R1())


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def spki(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def name(text: str) -> x509.Name:
    """``CN=a,O=b`` as a name; an empty text is the empty name, as on Istio's leaves."""
    return x509.Name.from_rfc4514_string(text) if text else x509.Name([])


def general(text: str) -> x509.GeneralName:
    """``URI:spiffe://…``, ``DNS:a.b``, ``IP:10.0.0.1`` or ``email:a@b``."""
    kind, _, value = text.partition(":")
    match kind:
        case "URI":
            return x509.UniformResourceIdentifier(value)
        case "DNS":
            return x509.DNSName(value)
        case "IP":
            return x509.IPAddress(ip_address(value))
        case "email":
            return x509.RFC822Name(value)
        case _:
            raise ValueError(text)


def issue(
    subject: str,
    issuer: Issued | None = None,
    *,
    key: Key | None = None,
    sans: tuple[str, ...] = (),
    ca: bool = False,
    path_length: int | None = None,
    begins: datetime = NOW - timedelta(hours=1),
    lives: timedelta = DAY,
    serial: int | None = None,
    key_ids: bool = True,
    may_sign: bool = True,
) -> Issued:
    """A certificate signed by ``issuer``, or by itself."""
    own = key if key is not None else ec_key()
    signer = issuer.key if issuer is not None else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer is not None else name(subject))
        .public_key(own.public_key())
        .serial_number(serial if serial is not None else x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lives)
        .add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    )
    if ca:
        usage = x509.KeyUsage(True, False, False, False, False, may_sign, may_sign, False, False)
        builder = builder.add_extension(usage, critical=True)
    if sans:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([general(san) for san in sans]), critical=not subject
        )
    if key_ids:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        builder = builder.add_extension(above, critical=False)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), own)


def root(subject: str = "O=cluster.local", **more: Any) -> Issued:
    """A self-signed authority of ten years."""
    options: dict[str, Any] = {"ca": True, "begins": NOW - DAY, "lives": timedelta(days=3650), **more}
    return issue(subject, **options)


def workload(authority: Issued, account: str = "client", **more: Any) -> Issued:
    """A leaf as Istio's CA makes it: no subject, one SPIFFE id, a day of life."""
    options: dict[str, Any] = {"sans": (f"URI:spiffe://cluster.local/ns/echo-grpc/sa/{account}",), **more}
    return issue("", authority, **options)


def write_agent_files(directory: Path, leaf: Issued, *above: Issued) -> Path:
    """The three files of OUTPUT_CERTS; the last of ``above`` is the root."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "cert-chain.pem").write_bytes(b"".join(certificate.pem for certificate in (leaf, *above)))
    (directory / "root-cert.pem").write_bytes(above[-1].pem)
    (directory / "key.pem").write_bytes(leaf.key_pem)
    return directory
