"""Blocks of a PEM file (RFC 7468), read leniently: text around them, CRLF and headers do no harm.

But a BEGIN that is not the first of its line is none to gRPC, as after a byte order mark or spaces: BoringSSL's
``PEM_read_bio`` and Go's ``pem.Decode`` go on to the next block (grpcio was asked). Such a block is ``hidden``.

Linear in the file's length whatever it holds. The body of a private key is dropped on the spot.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
"""The labels openssl reads as a certificate."""

_EDGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----\s*")


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block. ``der`` is None for a private key (never kept) and when the block is cut or no base64.

    ``cut`` says that no matching END line follows, ``hidden`` that gRPC does not see it.
    """

    label: str
    line: int
    der: bytes | None
    cut: bool = False
    hidden: bool = False

    @property
    def is_private_key(self) -> bool:
        return self.label.endswith("PRIVATE KEY")


def looks_like_pem(data: bytes) -> bool:
    """Whether there is any PEM block in it."""
    return b"-----BEGIN " in data


def pem_blocks(data: bytes) -> Iterator[PemBlock]:
    """Every block in the order of the file."""
    label, start, body, hidden = "", 0, list[bytes](), False
    for number, line in enumerate(data.split(b"\n"), start=1):
        edge = _EDGE.fullmatch(line) if b"-----" in line else None
        if edge is None:
            if label:
                body.append(line)
            continue
        word, name = edge.group(1), edge.group(2).decode("ascii")
        if label:
            ends = word == b"END" and name == label
            yield replace(_block(label, start, body, cut=not ends), hidden=hidden)
        label, start, body = (name, number, []) if word == b"BEGIN" else ("", 0, [])
        hidden = not line.startswith(b"-----")
    if label:
        yield replace(_block(label, start, body, cut=True), hidden=hidden)


def _block(label: str, line: int, body: list[bytes], *, cut: bool) -> PemBlock:
    if cut or label.endswith("PRIVATE KEY"):
        return PemBlock(label, line, None, cut)
    # RFC 1421 headers ("Proc-Type: …") come before the base64 and hold a colon, which base64 does not.
    text = b"".join(b"".join(part.split()) for part in body if b":" not in part)
    try:
        return PemBlock(label, line, base64.b64decode(text, validate=True))
    except binascii.Error:
        return PemBlock(label, line, None)
