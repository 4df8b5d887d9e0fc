"""A bootstrap as lines to read: indented JSON of the masked document, each line with the path it shows.

That path is what a ``BootstrapSubject`` names, so a finding can stand beside its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from meshtui.model.identity.bootstrap import Bootstrap, Json
from meshtui.model.identity.json_text import element, member


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapLine:
    """One line: ``number`` from 1, ``depth`` of nesting, the JSON ``path`` it belongs to.

    ``opens`` says that the line begins an object or array that ends on a later line; ``last`` is that line's number.
    """

    number: int
    depth: int
    path: str
    text: str
    opens: bool = False
    last: int = 0


def bootstrap_lines(bootstrap: Bootstrap) -> tuple[BootstrapLine, ...]:
    """The whole bootstrap as lines; none when it could not be read."""
    if bootstrap.syntax is not None:
        return ()
    rows = list(_rows(dict(bootstrap.document), "", "", 0, ""))
    ends: dict[str, int] = {}
    for number, (_, path, _, _) in enumerate(rows, start=1):
        ends[path] = number
    return tuple(
        BootstrapLine(
            number=number, depth=depth, path=path, text=text, opens=opens, last=ends[path] if opens else number
        )
        for number, (depth, path, text, opens) in enumerate(rows, start=1)
    )


def _rows(value: Json, path: str, label: str, depth: int, tail: str) -> Iterator[tuple[int, str, str, bool]]:
    """(depth, path, text, opens) for a value and all below it; ``tail`` is the comma after it, or empty."""
    if isinstance(value, dict) and value:
        yield depth, path, f"{label}{{", True
        last = len(value) - 1
        for at, (name, item) in enumerate(value.items()):
            yield from _rows(item, member(path, name), f"{_json(name)}: ", depth + 1, "," if at < last else "")
        yield depth, path, f"}}{tail}", False
    elif isinstance(value, list) and value:
        yield depth, path, f"{label}[", True
        for at, item in enumerate(value):
            yield from _rows(item, element(path, at), "", depth + 1, "," if at < len(value) - 1 else "")
        yield depth, path, f"]{tail}", False
    else:
        yield depth, path, f"{label}{_json(value)}{tail}", False


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
