"""The one place that opens a private key: to compare it with a leaf, and for nothing else.

Only the outcome leaves :func:`compare_key`. The key lives in locals of two functions here that let no exception
out, so no traceback, log, repr or core of ours can carry it.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from meshtui.model.identity.certificate import Certificate, KeyMatch, KeyState
from meshtui.sources.certificates.x509 import public_key_digest
from meshtui.sources.reading import read_limited

LARGEST_KEY = 256 * 1024
"""Bytes; a 16384-bit RSA key in PEM is under 16 KiB."""


def compare_key(path: str, leaves: Sequence[Certificate]) -> KeyMatch:
    """Whether the private key in ``path`` belongs to one of ``leaves``. Never raises; never tells more."""
    state, digest = _public_digest(path)
    if digest is None:
        return KeyMatch(path, state)
    for leaf in leaves:
        if leaf.public_key_sha256 == digest:
            return KeyMatch(path, KeyState.MATCHES, leaf.fingerprint_sha256)
    return KeyMatch(path, KeyState.DIFFERS if leaves else KeyState.NOT_COMPARED)


def _public_digest(path: str) -> tuple[KeyState, str | None]:
    """The digest of the key's public half, or why there is none."""
    try:
        data = read_limited(path, LARGEST_KEY)
    except FileNotFoundError:
        return KeyState.MISSING, None
    except OSError:
        return KeyState.UNREADABLE, None
    if b"ENCRYPTED" in data:
        return KeyState.ENCRYPTED, None
    if b"-----BEGIN" in data and not any(line.startswith(b"-----BEGIN") for line in data.split(b"\n")):
        return KeyState.NOT_A_KEY, None  # a byte order mark or a space is before it, and gRPC sees none (see ``pem``)
    try:
        load = load_pem_private_key if b"-----BEGIN" in data else load_der_private_key
        # What is compared is the public half only, and checking a large RSA key's primes takes seconds.
        key = load(data, None, unsafe_skip_rsa_key_validation=True)
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception:  # whatever it is, its text or its frames might hold the key
        return KeyState.NOT_A_KEY, None
    return KeyState.MATCHES, public_key_digest(public)
