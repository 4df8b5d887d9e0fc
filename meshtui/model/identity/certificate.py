"""Certificates as values: what they say, how long they live, and the chain they form.

Nothing here can hold a private key: a key is compared where it is read and only the outcome comes this far.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from enum import StrEnum

from meshtui.model.identity.file_facts import FileFacts
from meshtui.model.identity.spiffe import SpiffeId, parse_spiffe


class CertificateRole(StrEnum):
    """The place of a certificate in a chain, by what the certificate itself says."""

    LEAF = "leaf"
    INTERMEDIATE = "intermediate"
    ROOT = "root"


@dataclass(frozen=True, slots=True)
class San:
    """One subject alternative name; ``kind`` is ``URI``, ``DNS``, ``IP``, ``email`` or ``other``."""

    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate and where it was read.

    ``file`` is a path, or for one seen on the wire the place it was seen. Times are UTC. ``fingerprint_sha256`` and
    ``public_key_sha256`` (of the DER SubjectPublicKeyInfo) are lower-case hex. ``path_length`` is None for unlimited or
    for a leaf.
    """

    file: str
    role: CertificateRole
    subject: str
    issuer: str
    sans: tuple[San, ...]
    serial: int
    not_before: datetime
    not_after: datetime
    fingerprint_sha256: str
    public_key_sha256: str
    key_algorithm: str
    key_bits: int
    key_curve: str
    signature_algorithm: str
    is_ca: bool
    path_length: int | None = None

    @property
    def serial_text(self) -> str:
        """The serial as openssl prints it: lower-case hex bytes joined by colons."""
        return colon_hex(self.serial)

    @property
    def key_type(self) -> str:
        """The key in two words: ``EC P-256``, ``RSA 2048``, ``Ed25519``."""
        if self.key_curve:
            return f"{self.key_algorithm} {self.key_curve}"
        return f"{self.key_algorithm} {self.key_bits}" if self.key_algorithm in {"RSA", "DSA"} else self.key_algorithm

    @property
    def spiffe_ids(self) -> tuple[SpiffeId, ...]:
        """Every SPIFFE id among the URI names; a valid workload certificate has exactly one."""
        found = (parse_spiffe(san.value) for san in self.sans if san.kind == "URI")
        return tuple(certificate for certificate in found if certificate is not None)

    @property
    def spiffe(self) -> SpiffeId | None:
        """The first SPIFFE id, or None."""
        ids = self.spiffe_ids
        return ids[0] if ids else None

    @property
    def name(self) -> str:
        """What to call it in a sentence: the SPIFFE id, else the subject, else the serial."""
        if self.spiffe is not None:
            return str(self.spiffe)
        return self.subject or f"serial {self.serial_text}"


def colon_hex(number: int) -> str:
    """A whole number as hex bytes joined by colons; a negative one keeps its sign in front."""
    return ("-" if number < 0 else "") + ":".join(hex_bytes(number))


def hex_bytes(number: int) -> list[str]:
    """The bytes of a whole number without its sign, the highest first, each as two lower-case hex digits."""
    digits = f"{abs(number):x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return [digits[at : at + 2] for at in range(0, len(digits), 2)]


class LinkProblem(StrEnum):
    """Why a chain does not hold; the values are the words shown."""

    ISSUER_MISSING = "issuer missing"
    """No certificate at hand has the issuer's name."""
    SIGNATURE = "signature wrong"
    """A certificate of the issuer's name is at hand, but its key did not sign this one."""
    UNTRUSTED_ROOT = "root not trusted"
    """The chain is whole, but its root is not among the roots trusted here."""
    ISSUER_NOT_CA = "issuer is not a CA"
    PATH_LENGTH = "path length exceeded"
    TOO_LONG = "chain too long"
    NOT_CHECKED = "not checked"
    """More signatures would have had to be tried than the limit allows."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A leaf and its issuers, leaf first, as far as they were found; every link's signature was verified.

    ``problem`` is None exactly when the chain reaches a trusted certificate (one of the roots file, or any
    self-signed CA when there is no roots file) with every signature, basic constraint and path length right.
    Validity in time is not part of it: that depends on the moment of looking (``doctor.certificates``). ``at`` is
    the index into ``certificates`` of the one the problem is about.
    """

    certificates: tuple[Certificate, ...]
    problem: LinkProblem | None
    at: int = 0

    @property
    def leaf(self) -> Certificate:
        """The certificate that the chain vouches for."""
        return self.certificates[0]

    @property
    def verified(self) -> bool:
        """Whether every link of it holds."""
        return self.problem is None

    @property
    def ends_first(self) -> Certificate:
        """The certificate of the chain that ends soonest, which is when the chain stops working."""
        return min(self.certificates, key=lambda certificate: certificate.not_after)


class KeyState(StrEnum):
    """What comparing the local private key with the leaf showed; nothing else about the key is kept."""

    MATCHES = "matches"
    DIFFERS = "differs"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ENCRYPTED = "encrypted"
    NOT_A_KEY = "not a key"
    NOT_COMPARED = "not compared"
    """The key is on another machine, or there is no leaf to compare it with."""


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """The outcome of comparing the key in ``file`` with ``leaf_fingerprint``: never the key or a part of it."""

    file: str
    state: KeyState
    leaf_fingerprint: str = ""


class FileProblemKind(StrEnum):
    """What is wrong with a certificate file as a file."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too large"
    EMPTY = "empty"
    NO_CERTIFICATE = "no certificate"
    CUT = "cut"
    DAMAGED = "damaged"
    PRIVATE_KEY = "private key"
    HIDDEN = "hidden"
    """A certificate that gRPC does not see, since its BEGIN is not the first of its line."""
    BUNDLE_MAP = "trust bundle map"
    """It is no SPIFFE trust bundle map that gRPC takes (gRFC A87)."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong with one file. ``line`` counts from 1, 0 for the whole file; ``detail`` never quotes
    the file's content, which might be a key.
    """

    file: str
    kind: FileProblemKind
    detail: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class CertificateSet:
    """Everything read about the certificates of one place (a directory, a pod's provider files).

    ``certificates`` are in the order of the files. ``unordered`` names the files whose chain is not leaf
    first, each certificate followed by its issuer. ``trust_domains`` are those of the trust bundle map, None where
    the roots are in no such map, and ``rootless_domains`` those of them without a root; ``bundle_map`` is its file.
    ``chain_file`` is the file whose first certificate gRPC takes as this workload's own,
    whatever it is; empty where that is not known. ``for_mesh`` is False for what only proves the client to its control
    plane.
    """

    source: str
    read_at: datetime
    _: KW_ONLY
    certificates: tuple[Certificate, ...] = ()
    chains: tuple[Chain, ...] = ()
    key: KeyMatch | None = None
    problems: tuple[FileProblem, ...] = ()
    unordered: tuple[str, ...] = ()
    files: tuple[FileFacts, ...] = ()
    trust_domains: tuple[str, ...] | None = None
    rootless_domains: tuple[str, ...] = ()
    bundle_map: str = ""
    for_mesh: bool = True
    chain_file: str = ""

    @property
    def first(self) -> Certificate | None:
        """The first certificate of the chain file: to gRPC it *is* the identity, and the key has to be its key."""
        return next((found for found in self.certificates if found.file == self.chain_file), None)

    @property
    def leaves(self) -> tuple[Certificate, ...]:
        """The certificates that name a workload, in the order they were read."""
        return tuple(certificate for certificate in self.certificates if certificate.role is CertificateRole.LEAF)

    @property
    def leaf(self) -> Certificate | None:
        """The workload's own certificate: the leaf the key belongs to, else the first leaf."""
        if self.key is not None and self.key.leaf_fingerprint:
            for leaf in self.leaves:
                if leaf.fingerprint_sha256 == self.key.leaf_fingerprint:
                    return leaf
        return next(iter(self.leaves), None)

    def chain_of(self, certificate: Certificate) -> Chain | None:
        """The chain that starts with ``certificate``, or None when it is no leaf of this set."""
        wanted = certificate.fingerprint_sha256
        return next((chain for chain in self.chains if chain.leaf.fingerprint_sha256 == wanted), None)

    @property
    def soonest_end(self) -> Certificate | None:
        """The certificate that ends first among the leaf's chain, or among all when there is no leaf."""
        leaf = self.leaf
        chain = self.chain_of(leaf) if leaf is not None else None
        among = chain.certificates if chain is not None else self.certificates
        return min(among, key=lambda certificate: certificate.not_after, default=None)
