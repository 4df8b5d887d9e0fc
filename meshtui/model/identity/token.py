"""What a JWT file is good for: until when, and never its content."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """The token in one file. ``ends_at`` is its ``exp``; None where gRPC finds none and fails every call (gRFC A97)."""

    path: str
    ends_at: datetime | None


def read_token(text: bytes, path: str) -> TokenFacts:
    """The facts of a compact JWT (RFC 7519): gRPC reads ``exp`` and leaves the signature to the server."""
    parts = text.strip().split(b".")
    if len(parts) != 3:
        return TokenFacts(path, None)
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
        return TokenFacts(path, datetime.fromtimestamp(float(claims["exp"]), UTC))
    except (binascii.Error, ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        return TokenFacts(path, None)
