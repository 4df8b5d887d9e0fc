"""The kinds of findings, a module for each part of the mesh: a code, its words, and its page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from meshtui.doctor.kinds import (
    agent,
    asked,
    bootstrap,
    bootstrap_node,
    bootstrap_providers,
    bootstrap_servers,
    certificate_files,
    certificates,
    client,
    config,
    connection,
    endpoints,
    identity,
    meshtui,
    traffic,
)
from meshtui.doctor.kinds.kind import Kind

_MODULES: Final = (
    config,
    asked,
    connection,
    traffic,
    endpoints,
    client,
    bootstrap,
    bootstrap_node,
    bootstrap_servers,
    bootstrap_providers,
    certificates,
    certificate_files,
    identity,
    agent,
    meshtui,
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {kind.code: kind for module in _MODULES for kind in vars(module).values() if isinstance(kind, Kind)}
)
"""Every kind by its code: whatever one of the modules defines, in that order."""
