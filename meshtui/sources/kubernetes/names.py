"""The names of one kind of object, for whoever types one: a list of names and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from meshtui.model.kubernetes.fields import at, mapping, objects, text, texts
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


OWN: Final = ("pod-template-hash", "controller-revision-hash", "pod-template-generation")
"""Labels by which controllers tell their own pods: no two rollouts have the same."""


async def list_labels(options: ClusterOptions, timeout: float) -> tuple[str, ...]:
    """``KEY=VALUE`` of the pods in the namespace that is meant, each once. Raises as :func:`list_names`."""
    async with open_api(options, timeout) as api:
        path = f"/api/v1/namespaces/{api.context.namespace}/pods"
        listed = _metadata(await api.get(path, (("limit", str(MOST_NAMES)),), TABLE))
    found = {f"{key}={value}" for each in listed for key, value in texts(each, "labels").items() if key not in OWN}
    return tuple(sorted(found))


def _names(answer: Any) -> tuple[str, ...]:
    return tuple(filter(None, (text(each, "name") for each in _metadata(answer))))


def _metadata(answer: Any) -> Iterator[Mapping[str, object]]:
    """Of each object in a table, or in a list of objects where the server makes none."""
    for row in objects(answer, "rows" if at(answer, "rows") else "items"):
        yield mapping(row, "object", "metadata") or mapping(row, "metadata")
