"""Istio's objects of some namespaces, in whichever versions this cluster serves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from meshtui.model.kubernetes.fields import objects, text, words
from meshtui.model.kubernetes.istio import GROUPS, IstioObject, IstioObjects
from meshtui.model.kubernetes.istio_read import READERS, istio_object_of
from meshtui.model.kubernetes.rights import Right
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.lists import Lists, NotServedError, gathered, nobody
from meshtui.sources.kubernetes.paths import api_path

MOST_VERSIONS: Final = 8
"""Versions looked at of a group; Istio has had three."""


@dataclass(frozen=True, slots=True)
class Served:
    """A kind as this cluster serves it: ``resource`` is its name in paths and in RBAC."""

    group: str
    kind: str
    version: str
    resource: str


async def read_istio(api: Api, namespaces: Iterable[str]) -> IstioObjects:
    """The objects of these namespaces. What applies to a client stands in its own, in that of each Service it calls,
    and in the mesh's root namespace (``istio-system`` unless the mesh config says otherwise).

    A kind that is not served is left out, a list that is forbidden is named in ``lacking``. Raises what says that the
    cluster gives no answer at all: ``ApiUnreachable``, ``LoginFailed``, ``BadAnswer``, or ``ApiRefused`` for a login
    that is not accepted.
    """
    places = tuple(sorted(set(namespaces)))
    lists = Lists(api)
    found = await gathered(_served(api, lists, group) for group in GROUPS)
    served = sorted((each for group in found for each in group), key=lambda each: (each.kind, each.group))
    read = await gathered(_list(lists, each, place) for each in served for place in places)
    return IstioObjects(
        namespaces=places,
        objects=tuple(found for each in read for found in each),
        served=MappingProxyType({(each.group, each.kind): each.version for each in served}),
        lacking=tuple(sorted(lists.lacking, key=lambda each: (each.namespace, each.what))),
    )


async def _list(lists: Lists, served: Served, namespace: str) -> list[IstioObject]:
    path = api_path(served.group, served.version, served.resource, namespace=namespace)
    right = Right(verb="list", resource=served.resource, group=served.group)
    try:
        found = await lists.all(path, f"{served.kind} objects", namespace, right)
    except NotServedError:  # its definition was deleted since
        return []
    read = [istio_object_of(each, served.group, served.kind, served.version) for each in found or ()]
    return sorted(read, key=lambda each: each.name)


async def _served(api: Api, lists: Lists, group: str) -> list[Served]:
    """The kinds of a group that are known to us, each in the newest version that it is served in.

    A kind need not be in the group's preferred version: EnvoyFilter has stayed in v1alpha3.
    """
    try:
        versions = _versions(await api.get(f"/apis/{group}"))
        listed = await gathered(api.get(api_path(group, version)) for version in versions)
    except ApiRefused as error:
        if nobody(error):
            raise
        if error.code != 404:  # without this group there is no such object; without the right nobody knows
            lists.note(f"what is served of {group}", "", error, None)
        return []
    found: dict[str, Served] = {}
    for version, resources in zip(versions, listed, strict=True):
        for kind, resource in _resources(resources).items():
            if (group, kind) in READERS:
                found.setdefault(kind, Served(group, kind, version, resource))
    return list(found.values())


def _versions(group: object) -> list[str]:
    """The versions of a group, the preferred one first, the others in the server's order, which is newest first."""
    preferred = text(group, "preferredVersion", "version")
    named = [text(version, "version") for version in objects(group, "versions")]
    return [version for version in dict.fromkeys((preferred, *named)) if version][:MOST_VERSIONS]


def _resources(listed: object) -> Mapping[str, str]:
    """Kind → name in paths, of what can be listed; a name with a slash is a part of another (``…/status``)."""
    return {
        text(each, "kind"): text(each, "name")
        for each in objects(listed, "resources")
        if "/" not in text(each, "name") and "list" in words(each, "verbs")
    }
