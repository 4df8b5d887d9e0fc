"""SPIFFE ids, taken apart (SPIFFE-ID specification §2; Istio's ``/ns/<namespace>/sa/<account>`` form)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")

MAXIMUM_LENGTH = 2048
"""SPIFFE-ID §2.3: implementations must support ids up to this many bytes and should not make longer ones."""


@dataclass(frozen=True, slots=True)
class SpiffeId:
    """``spiffe://<trust domain><path>``; ``namespace`` and ``service_account`` are empty for other paths."""

    trust_domain: str
    path: str
    namespace: str = ""
    service_account: str = ""

    def __str__(self) -> str:
        return f"spiffe://{self.trust_domain}{self.path}"


def parse_spiffe(text: str) -> SpiffeId | None:
    """The id ``text`` is, or None when it is not one by the specification."""
    if not text.startswith("spiffe://") or len(text.encode("utf-8", "replace")) > MAXIMUM_LENGTH:
        return None
    domain, slash, rest = text[len("spiffe://") :].partition("/")
    if not _TRUST_DOMAIN.fullmatch(domain):
        return None
    segments = rest.split("/") if slash else []
    if any(not _SEGMENT.fullmatch(segment) or segment in {".", ".."} for segment in segments):
        return None
    path = slash + rest
    if len(segments) == 4 and segments[0] == "ns" and segments[2] == "sa":
        return SpiffeId(domain, path, segments[1], segments[3])
    return SpiffeId(domain, path)
