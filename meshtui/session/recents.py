"""The targets attached lately, kept in the user's state directory."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from meshtui.session.demo_control import Offer
from meshtui.session.private_file import replace

KEPT: Final = 10
"""Recent targets kept: what fits on the start screen of a small terminal."""


LARGEST_BYTES: Final = 64 * 1024
"""Of the file; ten targets are one KiB."""


class Recents:
    """Remembers targets across runs. A file that cannot be read or written is treated as empty: it is a convenience."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_state_path("meshtui") / "recent.json"

    def offers(self) -> tuple[Offer, ...]:
        """The recent targets, newest first."""
        return tuple(Offer(target, target) for target in self._targets())

    def remember(self, target: str) -> None:
        """Put a target in front."""
        targets = [target, *(known for known in self._targets() if known != target)][:KEPT]
        with suppress(OSError, ValueError):
            replace(self._path, json.dumps(targets))

    def _targets(self) -> list[str]:
        try:
            if not self._path.is_file():  # a pipe would wait for ever
                return []
            with self._path.open("rb") as file:
                known = json.loads(file.read(LARGEST_BYTES))
        except (OSError, ValueError, RecursionError):
            return []
        return [target for target in known if isinstance(target, str)] if isinstance(known, list) else []
