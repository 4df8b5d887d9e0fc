"""The document of a log."""

from __future__ import annotations

from typing import Any

from meshtui.model.kubernetes.log_lines import LogLine
from meshtui.present.documents.document import rfc3339


def log_line_json(line: LogLine) -> dict[str, Any]:
    """One line of a log; ``about`` and ``step`` are ``null`` where it is about nothing of the mesh."""
    return {
        "at": rfc3339(line.at),
        "level": line.level or None,
        "scope": line.scope or None,
        "about": line.topic.value or None,
        "step": line.step.value or None,
        "text": line.text,
        "cut": line.cut,
    }


def log_line_words(line: LogLine) -> str:
    """The line for people: when, how bad, which part of the program, and what it says."""
    at = rfc3339(line.at) or "-"
    step = f"[{line.step.value}] " if line.step.value else ""
    return "  ".join(part for part in (at, f"{line.level or '-':<7}", line.scope, f"{step}{line.text}") if part)
