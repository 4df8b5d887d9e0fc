"""Secrets are hidden before anything else sees them: on screen, in output, in recordings.

Hidden are values under a name that says it is a secret, values that look like one (a JWT, PEM, a URL with a
password), and, since it holds arbitrary environment variables, everything in ``PROXY_CONFIG.proxyMetadata`` whose
name is not known to be harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from meshtui.model.identity.bootstrap import Json, MaskedPath, MaskReason
from meshtui.model.identity.json_text import element, member

MASK = "‹masked›"
"""What stands in place of a secret; its length says nothing about the secret's."""

SHORTEST_SECRET = 6
"""Characters of a secret that is looked for in what a server echoes."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = frozenset(
    [
        "token",
        "tokens",
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "secrets",
        "credential",
        "credentials",
        "apikey",
        "authorization",
        "bearer",
        "jwt",
        "cookie",
        "signature",
    ]
)
"""One of these words in a name makes its value a secret."""

_KEY_WORDS = frozenset(
    {
        "key",
        "keys",
    }
)
_KEY_MAKERS = frozenset(
    ["api", "private", "access", "secret", "signing", "encryption", "ssh", "auth", "account", "shared", "client"]
)
"""``key`` alone is often a harmless name (a label's key); after one of these words it is a secret."""

_PLACE_WORDS = frozenset(
    ["file", "path", "dir", "directory", "mount", "location", "policy", "name", "type", "ttl", "audience", "provider"]
)
"""A name that ends so tells where a secret is or how it is used, not the secret; its value must also look harmless."""

_HARMLESS_PLACE = re.compile(r"[./~]?[\w./@:~ -]{0,256}")

_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        # A JSON web token; begun at the start of a word only and without a way back, or it would cost quadratic time.
        r"(?<![A-Za-z0-9_-])(?>[A-Za-z0-9_-]*?eyJ)(?>[A-Za-z0-9_-]{5,})\.[A-Za-z0-9_-]{5,}\.",
        r"-----BEGIN [A-Z0-9 ]*-----",  # PEM of any kind
        r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}",  # an Authorization header's value
        r"://[^/\s:@]+:[^/\s@]+@",  # a password in a URL
        r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AKIA|AIza|ya29\.|sk-)[A-Za-z0-9_-]{10,}",  # well-known tokens
        r"(?<![A-Za-z0-9+/_-])MI[A-Z][A-Za-z0-9+/]{61,}",  # bare base64 of a DER key or certificate
    )
)
"""What a secret looks like whatever its name."""

_HARMLESS_PROXY_METADATA = re.compile(r"ISTIO_META_\w+|OUTPUT_CERTS|DISABLE_ENVOY|PROXY_CONFIG_XDS_AGENT|GRPC_XDS_\w+")
_PLAIN_VALUE = re.compile(r"(?i)true|false|-?\d{1,6}(\.\d{1,6})?[a-z]{0,2}")

_OUTSIDE_METADATA = frozenset({"channel_creds", "call_creds", "certificate_providers", "allowed_grpc_services"})
_PROXY_METADATA = ("proxyMetadata", "proxy_metadata")


@dataclass(frozen=True, slots=True)
class Masked:
    """A document without its secrets, and where one was hidden."""

    document: Json
    paths: tuple[MaskedPath, ...]


def mask(document: Json) -> Masked:
    """Hide every secret of a bootstrap; the shape, names and order stay. The input is not changed."""
    hidden: list[MaskedPath] = []
    return Masked(_mask(document, "", "", False, hidden), tuple(hidden))


def is_secret(name: str, value: str) -> bool:
    """Whether ``value`` under ``name`` has to be hidden."""
    if not value or value == MASK:
        return False
    return _looks_secret(value) or (names_secret(name) and not _is_place(name, value))


def masked_headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers with the values hidden that are secrets: for whatever is shown, copied or written to a file."""
    return tuple((name, MASK if is_secret(name, value) else value) for name, value in pairs)


def secret_values(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The values to hide wherever they come back, longest first. A very short one would hide half of any text."""
    values = {value for name, value in pairs if len(value) >= SHORTEST_SECRET and is_secret(name, value)}
    return tuple(sorted(values, key=len, reverse=True))


def without_values(text: str, values: Iterable[str]) -> str:
    """The text with each of these values masked."""
    for value in values:
        text = text.replace(value, MASK)
    return text


def _looks_secret(value: str) -> bool:
    return any(pattern.search(value) for pattern in _PATTERNS)


def names_secret(name: str) -> bool:
    """Whether a name says that its value is a secret."""
    words = _words(name)
    if _SECRET_WORDS & set(words):
        return True
    return any(
        word in _KEY_WORDS and (len(words) == 1 or words[at - 1] in _KEY_MAKERS) for at, word in enumerate(words)
    )


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _is_place(name: str, value: str) -> bool:
    """Whether the name ends as a place does and the value could be one."""
    words = _words(name)
    return bool(words) and words[-1] in _PLACE_WORDS and _HARMLESS_PLACE.fullmatch(value) is not None


def _mask(value: Json, path: str, name: str, all_of_it: bool, hidden: list[MaskedPath]) -> Json:
    """Mask below ``path``; ``all_of_it`` hides every scalar, since a name above said it is secret."""
    if isinstance(value, dict):
        return {
            key: _mask_proxy_metadata(item, member(path, key), hidden)
            if key in _PROXY_METADATA and isinstance(item, dict)
            else _mask(item, member(path, key), key, all_of_it or _hides_below(key, item), hidden)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_mask(item, element(path, at), name, all_of_it, hidden) for at, item in enumerate(value)]
    if isinstance(value, str):
        unpacked = _mask_embedded(value, path, hidden)
        if unpacked is not None:
            return unpacked
    return _mask_scalar(value, path, name, all_of_it, hidden)


def _mask_scalar(value: Json, path: str, name: str, all_of_it: bool, hidden: list[MaskedPath]) -> Json:
    secret = isinstance(value, str) and is_secret(name, value)
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and names_secret(name)
    if secret or ((all_of_it or numeric) and not isinstance(value, bool) and value not in (None, "", MASK)):
        hidden.append(MaskedPath(path, MaskReason.SECRET))
        return MASK
    return value


def _hides_below(key: str, value: Json) -> bool:
    """Whether everything below ``key`` is secret: a container under a secret's name that is no field gRPC reads."""
    return isinstance(value, dict | list) and key not in _OUTSIDE_METADATA and names_secret(key)


def _mask_proxy_metadata(values: dict[str, Json], path: str, hidden: list[MaskedPath]) -> Json:
    """Everything in there is hidden but flags, small numbers and the variables Istio documents."""
    kept: dict[str, Json] = {}
    inside: list[MaskedPath] = []
    for name, value in values.items():
        harmless = _HARMLESS_PROXY_METADATA.fullmatch(name) or (
            isinstance(value, str) and _PLAIN_VALUE.fullmatch(value)
        )
        known = harmless is not None and not names_secret(name)
        kept[name] = _mask(value, member(path, name), name, not known, inside)
    hidden += [replace(part, reason=MaskReason.PROXY_VARIABLE) for part in inside]
    return kept


def _mask_embedded(value: str, path: str, hidden: list[MaskedPath]) -> str | None:
    """A text that is itself a JSON object (annotations often are) loses its secrets as a whole text; else None."""
    if not value.lstrip().startswith(("{", "[")) or not _embedded_secret(value):
        return None
    hidden.append(MaskedPath(path, MaskReason.SECRET))
    return MASK


_EMBEDDED_NAME = re.compile(r"\"([\w.-]{1,64})\"\s*:\s*\"([^\"]{1,4096})\"")


def _embedded_secret(value: str) -> bool:
    return _looks_secret(value) or any(is_secret(name, text) for name, text in _EMBEDDED_NAME.findall(value))
