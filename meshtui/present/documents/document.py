"""The JSON documents of the headless commands, which files saved from the screen share (docs/headless.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from meshtui.model.xds.resource import Resource

TIMES_REMEMBERED: Final = 1_024
"""Times whose text is kept; thousands of resources came at the same."""

SCHEMA: Final = 2
"""Version of the JSON documents; it grows when a key changes its meaning or goes away, not when one is added."""


def document(target: str, **keys: Any) -> dict[str, Any]:
    """A JSON document with the keys every one has."""
    return {"schema": SCHEMA, "target": target, **keys}


@lru_cache(TIMES_REMEMBERED)
def rfc3339(at: datetime | None) -> str | None:
    """A time in UTC as RFC 3339 with milliseconds, or ``None``."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def resource_document(resource: Resource) -> dict[str, Any]:
    """One resource without its config."""
    error = resource.error
    return {
        "scope": resource.key.scope,
        "type": resource.key.type,
        "name": resource.key.name,
        "status": resource.status.name,
        "health": resource.health.name.lower(),
        "in_force": bool(resource.value),
        "version": resource.version,
        "last_updated": rfc3339(resource.last_updated),
        "error": None
        if error is None
        else {"version": error.version, "details": error.details, "last_attempt": rfc3339(error.last_attempt)},
    }
