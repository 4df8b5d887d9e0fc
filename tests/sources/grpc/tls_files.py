"""The certificates and keys of a target and its caller, as files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

import grpc  # isort: skip

SPIFFE = "spiffe://cluster.local/ns/echo-grpc/sa/echo"


@dataclass(frozen=True)
class TlsFiles:
    """Paths of PEM files."""

    ca: str
    client: str
    client_key: str
    other_key: str
    encrypted_key: str
    folder: Path

    @classmethod
    def made_in(cls, folder: Path) -> TlsFiles:
        """A CA, and what it signed for a server, an expired server and a client."""
        root_key = ec.generate_private_key(ec.SECP256R1())
        root = _certificate("root", root_key, root_key, "root", ca=True)
        _write(folder / "ca.pem", root.public_bytes(Encoding.PEM))
        for name, days in (("server", 1), ("expired", -1), ("client", 1)):
            key = ec.generate_private_key(ec.SECP256R1())
            leaf = _certificate(name, key, root_key, "root", days=days)
            _write(folder / f"{name}.pem", leaf.public_bytes(Encoding.PEM))
            _write(folder / f"{name}.key", _pem(key, NoEncryption()))
            _write(folder / f"{name}.locked", _pem(key, BestAvailableEncryption(b"pass")))
        return cls.in_folder(folder)

    @classmethod
    def in_folder(cls, folder: Path) -> TlsFiles:
        """Those that were made in a folder before."""
        paths = ("ca.pem", "client.pem", "client.key", "server.key", "client.locked")
        ca, client, client_key, other_key, encrypted_key = (str(folder / path) for path in paths)
        return cls(ca, client, client_key, other_key, encrypted_key, folder)

    def server(self, *, demand: bool = False, expired: bool = False) -> grpc.ServerCredentials:
        """What a server listens with; ``demand`` makes it refuse callers without a certificate."""
        name = "expired" if expired else "server"
        pair = ((self.folder / f"{name}.key").read_bytes(), (self.folder / f"{name}.pem").read_bytes())
        roots = Path(self.ca).read_bytes() if demand else None
        return grpc.ssl_server_credentials([pair], roots, demand)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    days: int = 1,
    ca: bool = False,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=3))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca, None), critical=True)
    )
    if not ca:
        names: list[x509.GeneralName] = [
            x509.DNSName("target.example"),
            x509.UniformResourceIdentifier(SPIFFE),
            x509.IPAddress(ip_address("127.9.9.9")),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
