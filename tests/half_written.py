"""A file that is caught while it is being written."""

from __future__ import annotations

from pathlib import Path


class Writer:
    """Writes a file in place, half of it at first, the rest as soon as a reader waits."""

    def __init__(self, path: Path, whole: bytes, cut: int) -> None:
        self.path, self.whole = path, whole
        path.write_bytes(whole[:cut])

    def sleep(self, seconds: float) -> None:
        """Stands for ``time.sleep`` of the reader."""
        self.path.write_bytes(self.whole)
