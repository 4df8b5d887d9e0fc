"""The names of one kind of object, for whoever types one: a list of names and no more."""

from __future__ import annotations

from typing import Any, Final

from meshtui.model.kubernetes.reference import ClusterOptions, Kind
from meshtui.sources.kubernetes.api import TABLE, open_api
from meshtui.sources.kubernetes.paths import api_path

MOST_NAMES: Final = 500
"""Names that are asked for: more than anybody reads on a line, and one page of the server's."""


async def list_names(kind: Kind | None, options: ClusterOptions, timeout: float) -> tuple[str, ...]:
    """The names of that kind in the namespace that is meant, or (``None``) of the namespaces themselves.

    Raises ``MeshtuiError`` when the cluster cannot be asked, or refuses.
    """
    async with open_api(options, timeout) as api:
        if kind is None:
            path = "/api/v1/namespaces"
        else:
            path = api_path(kind.group, "v1", kind.value, namespace=api.context.namespace)
        return _names(await api.get(path, (("limit", str(MOST_NAMES)),), TABLE))


def _names(answer: Any) -> tuple[str, ...]:
    """Out of a table, or of a list of objects where the server makes none."""
    found = answer.get("rows") or answer.get("items") or () if isinstance(answer, dict) else ()
    objects = (each.get("object", each) for each in found if isinstance(each, dict))
    names = (each.get("metadata", {}).get("name") for each in objects if isinstance(each, dict))
    return tuple(name for name in names if isinstance(name, str))
