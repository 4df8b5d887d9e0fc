"""What the API server says when it refuses, word for word as kube-apiserver 1.37 says it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Says:
    """An answer in full."""

    status: int
    body: bytes
    content_type: str | None = JSON
    headers: dict[str, str] = field(default_factory=dict)


def refusal(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> Says:
    """A Status as an answer."""
    return Says(code, json.dumps(failure(code, reason, message, details), separators=(",", ":")).encode() + b"\n")


def failure(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """A Status of kind Failure."""
    status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    status |= {"message": message, "reason": reason}
    return status | ({"details": details} if details is not None else {}) | {"code": code}


def plain(status: int, text: str) -> Says:
    """What the kubelet says through the API server: plain text, no Status."""
    return Says(status, text.encode(), PLAIN)


def not_found(full: str, name: str) -> Says:
    """``pods "nope" not found``."""
    group = full.partition(".")[2]
    details = {"name": name, **({"group": group} if group else {}), "kind": full.partition(".")[0]}
    return refusal(404, "NotFound", f'{full} "{name}" not found', details)


def no_such_path() -> Says:
    """A path that nobody serves, for one who may read it."""
    return Says(404, b"404 page not found\n", PLAIN)


def unauthorized() -> Says:
    """A token that is wrong or expired."""
    return refusal(401, "Unauthorized", "Unauthorized")


def bad_request(message: str) -> Says:
    """400 with a reason."""
    return refusal(400, "BadRequest", message)


def too_old(version: int, compacted: int) -> dict[str, Any]:
    """The object of the ERROR event of a watch that begins too early."""
    return failure(410, "Expired", f"too old resource version: {version} ({compacted})")


def continue_too_old() -> Says:
    """A page asked for too late."""
    return refusal(
        410,
        "Expired",
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list.",
    )
