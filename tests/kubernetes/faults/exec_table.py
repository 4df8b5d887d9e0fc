"""Faults of reading files in a pod, which is done by exec."""

from __future__ import annotations

from typing import Final

from tests.kubernetes.faults.arranging import Fault

EXEC_FAULTS: Final[tuple[Fault, ...]] = ()
