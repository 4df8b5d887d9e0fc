"""The mesh's certificate authority: a self-signed root, and leaf certificates with a SPIFFE id."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meshtui.demo.istio.workload import DOMAIN

BACKDATED = timedelta(minutes=2)
"""NotBefore is so much before the moment of issuing, for clocks that are behind: what istiod does (istio
``security/pkg/pki/util/generate_cert.go``, ClockSkewGracePeriod)."""

ROOT_LIFETIME = timedelta(days=3650)
"""Istio's self-signed root lives ten years; the demo's is thrown away with its directory."""


class CertificateAuthority:
    """Signs what agents ask for. The identity comes from who asks, never from the request."""

    def __init__(self, key: rsa.RSAPrivateKey, root: x509.Certificate) -> None:
        self._key = key
        self._root = root

    @property
    def root_pem(self) -> str:
        """The root certificate."""
        return self._root.public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, csr_pem: bytes, identity: str, lifetime: timedelta, now: datetime) -> list[str]:
        """The chain for a request, leaf first, root last; it lives so long from now on.

        Raises ValueError for a bad request.
        """
        request = x509.load_pem_x509_csr(csr_pem)
        if not request.is_signature_valid:
            raise ValueError("the request is not signed with its own key")
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        leaf = (
            _builder(x509.Name([]), self._root.subject, request.public_key(), now - BACKDATED, now + lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            # Critical, as the subject is empty (RFC 5280, 4.2.1.6).
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return [leaf.public_bytes(serialization.Encoding.PEM).decode(), self.root_pem]


def load_or_create(directory: Path, now: datetime) -> CertificateAuthority:
    """The authority kept in a directory, so that a restarted control plane is the same authority."""
    key_file, root_file = directory / "ca-key.pem", directory / "root-cert.pem"
    if key_file.exists() and root_file.exists():
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError(f"{key_file} does not hold an RSA key")
        return CertificateAuthority(key, x509.load_pem_x509_certificate(root_file.read_bytes()))
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, DOMAIN)])
    root = (
        _builder(name, name, key.public_key(), now, now + ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(root_file, root.public_bytes(serialization.Encoding.PEM))
    write_private(key_file, private_pem(key))
    return CertificateAuthority(key, root)


def new_key() -> rsa.RSAPrivateKey:
    """A key of the kind that Istio's agent and authority make unless told otherwise. It takes up to 0.2 s."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate_request(key: rsa.RSAPrivateKey, identity: str) -> bytes:
    """A signing request in PEM, as an agent makes it."""
    san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.add_extension(san, critical=True).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """A private key in PEM (PKCS 8), for a file of its owner only."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(path: Path, content: bytes) -> None:
    """Replace a file atomically, readable by its owner only from the first moment."""
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: CertificatePublicKeyTypes,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
