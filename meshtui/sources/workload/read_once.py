"""What one workload has on disk, joined: its bootstrap, the files that names, and its certificates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.identity.workload import WorkloadFiles
from meshtui.sources.certificates.files import is_bundle_map, read_certificates, read_providers
from meshtui.sources.reading import read_limited
from meshtui.sources.workload.bootstrap import (
    FILE_VARIABLE,
    TEXT_VARIABLE,
    bootstrap_from_environment,
    facts_of,
    read_bootstrap_file,
    tokens_of,
)

PEEK = 4096
"""Bytes enough to tell a JSON text from certificates."""


def read_workload(bootstrap: str | None, certificates: str | None) -> WorkloadFiles:
    """Read the bootstrap file and the certificates: those of ``certificates`` when given, else those it names."""
    read = read_bootstrap_file(bootstrap) if bootstrap is not None else None
    return _joined(read, certificates)


def workload_from_environment(environment: Mapping[str, str]) -> WorkloadFiles | None:
    """What gRPC would use when started with ``environment``; None when that names no bootstrap."""
    read = bootstrap_from_environment(environment)
    if read is None:
        return None
    found = _joined(read, None)
    both = bool(environment.get(FILE_VARIABLE)) and bool(environment.get(TEXT_VARIABLE))
    return replace(found, both_variables=both)


def is_bootstrap_file(path: str) -> bool:
    """Whether the file at ``path`` is a bootstrap rather than certificates, by its name and how it begins."""
    if os.path.isdir(path) or is_bundle_map(path):
        return False
    try:
        begin = read_limited(path, 1 << 26)[:PEEK].lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return path.endswith(".json")
    return begin.startswith(b"{") or path.endswith(".json")


def _joined(bootstrap: Bootstrap | None, certificates: str | None) -> WorkloadFiles:
    given = (("", read_certificates([certificates])),) if certificates is not None else ()
    if bootstrap is None:
        return WorkloadFiles(certificates=given)
    found = given or read_providers(bootstrap)
    return WorkloadFiles(bootstrap, facts_of(bootstrap), found, tokens=tokens_of(bootstrap))
