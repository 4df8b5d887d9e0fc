"""What a login plugin answers: an ExecCredential of ``client.authentication.k8s.io``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAnswer:
    """A token, a client certificate with its key, or both. ``expires`` is None where the plugin names no time."""

    token: str = field(default="", repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    expires: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and now >= self.expires


class UnusableAnswer(ValueError):
    """What a plugin wrote is no ExecCredential; the message says what is wrong with it, without quoting a secret."""


def read_answer(data: bytes, api_version: str) -> LoginAnswer:
    """The answer in ``data``. Raises ``UnusableAnswer``; client-go (plugin/pkg/client/auth/exec) refuses the same."""
    if not data.strip():
        raise UnusableAnswer("it wrote nothing")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise UnusableAnswer("what it wrote is no JSON") from None
    if not isinstance(document, Mapping) or document.get("kind") != "ExecCredential":
        raise UnusableAnswer("what it wrote is no ExecCredential")
    if document.get("apiVersion") != api_version:
        raise UnusableAnswer(f"it answers in {document.get('apiVersion')!r}, and the kubeconfig says {api_version!r}")
    status = document.get("status")
    if not isinstance(status, Mapping):
        raise UnusableAnswer("its ExecCredential has no status")
    token, certificate, key = (_text(status, name) for name in ("token", "clientCertificateData", "clientKeyData"))
    if not token and not certificate:
        raise UnusableAnswer("its ExecCredential has neither a token nor a client certificate")
    if bool(certificate) != bool(key):
        raise UnusableAnswer("its ExecCredential has only one of client certificate and key")
    return LoginAnswer(
        token=token,
        certificate=certificate.encode(),
        key=key.encode(),
        expires=_time(status.get("expirationTimestamp")),
    )


def _text(status: Mapping[str, Any], name: str) -> str:
    value = status.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnusableAnswer(f"the {name} of its ExecCredential is no text")
    return value.strip() if name == "token" else value


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise UnusableAnswer("the expirationTimestamp of its ExecCredential is no time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
