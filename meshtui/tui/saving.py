"""What is written to a file: the resource or the whole snapshot as JSON, as ``meshtui xds config -o json`` has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from meshtui.model.errors import BadInput
from meshtui.model.resource import Resource
from meshtui.model.snapshot import Snapshot

SCHEMA: Final = 1
"""The version of the headless commands' JSON, which these files share."""

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


def document(target: str, snapshot: Snapshot, chosen: tuple[Resource, ...], as_json: Callable[[Resource], str]) -> str:
    """The chosen resources with their config, as text."""
    shown = [_resource(resource, as_json) for resource in chosen]
    head = {"schema": SCHEMA, "target": target, "taken_at": _time(snapshot.taken_at), "node": snapshot.node.id}
    return json.dumps({**head, "resources": shown}, indent=2, ensure_ascii=False) + "\n"


def _resource(resource: Resource, as_json: Callable[[Resource], str]) -> dict[str, Any]:
    error = resource.error
    return {
        "scope": resource.key.scope,
        "type": resource.key.type,
        "name": resource.key.name,
        "status": resource.status.name,
        "version": resource.version,
        "last_updated": _time(resource.last_updated),
        "error": None
        if error is None
        else {"version": error.version, "details": error.details, "last_attempt": _time(error.last_attempt)},
        "config": _config(as_json(resource)) if resource.value else None,
    }


def _config(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def file_name(*parts: str) -> str:
    """A name for a file out of any text."""
    words = [_UNFIT.sub("-", part).strip("-.") for part in parts]
    return "-".join(word for word in words if word)[:120] + ".json"


def write_new(path: Path, text: str) -> None:
    """Write a file that does not exist yet. Raises ``BadInput``: nothing is ever overwritten."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"{path} exists already.", "type another name") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.", "type another place") from None
