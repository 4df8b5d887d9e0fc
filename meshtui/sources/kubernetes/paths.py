"""Paths of an API server. Names that were typed, or that a config holds, lead nowhere else: each part is quoted."""

from __future__ import annotations

from urllib.parse import quote


def api_path(group: str, version: str, *parts: str, namespace: str = "") -> str:
    """The path of a version of a group (``""`` is the core's), of a resource in it, an object and its subresource; the
    ``parts`` from the resource on. Without a ``namespace`` that of all, or of what is in none."""
    base = ("apis", group, version) if group else ("api", version)
    return "".join(f"/{_quoted(part)}" for part in (*base, *(("namespaces", namespace) if namespace else ()), *parts))


def _quoted(part: str) -> str:
    """A part as it is; no name of Kubernetes is one of the two that a path's rules would take out."""
    return part.replace(".", "%2E") if part in (".", "..") else quote(part, safe="")
