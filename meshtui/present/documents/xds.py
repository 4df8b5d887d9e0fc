"""What is written to a file: the resource or the whole snapshot as JSON, as ``meshtui xds config -o json`` has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from meshtui.json_writer import indented
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.documents.document import document, resource_document, rfc3339

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


def saved(target: str, snapshot: Snapshot, chosen: tuple[Resource, ...], as_json: Callable[[Resource], str]) -> str:
    """The chosen resources with their config, as text."""
    shown = [
        {**resource_document(resource), "config": _config(as_json(resource)) if resource.value else None}
        for resource in chosen
    ]
    whole = document(target, taken_at=rfc3339(snapshot.taken_at), node=snapshot.node.id, resources=shown)
    return indented(whole) + "\n"


def _config(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def file_name(*parts: str) -> str:
    """A name for a file out of any text."""
    words = [_UNFIT.sub("-", part).strip("-.") for part in parts]
    return "-".join(word for word in words if word)[:120] + ".json"
