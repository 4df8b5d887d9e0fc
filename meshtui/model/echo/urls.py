"""Which services a probe can be sent to, as far as accepted config names them, and which one a row of it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote, unquote

from meshtui.model.xds.config import Listener
from meshtui.model.xds.graph import Graph, Node
from meshtui.model.xds.names import is_inbound, parse_service_name, split_target
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, ResourceKey
from meshtui.model.xds.snapshot import Snapshot

XDSTP: Final = "xdstp://"
"""How names of the new style begin (gRFC A47)."""


class NoProbe(StrEnum):
    """Why nothing can be sent to what a row shows; the value says it."""

    INBOUND = "This is the app's own server side: others call it, a probe from here does not."
    NO_SERVICE = "No listener leads here and the name tells no service, so there is no URL to send to."


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """The service a row belongs to: its ``url``, or why there is none."""

    url: str = ""
    why_not: NoProbe | None = None


def known_urls(snapshots: Iterable[Snapshot | None]) -> tuple[str, ...]:
    """``xds:`` URLs: listeners of the first client, then its services, then the next client's."""
    found: dict[str, None] = {}
    for snapshot in snapshots:
        if snapshot is not None:
            found.update(dict.fromkeys(_of(snapshot)))
    return tuple(found)


def only_url(own: Snapshot | None, others: Iterable[Snapshot | None] = ()) -> str:
    """The one service a pod knows; where it knows none, the one that the others know. Empty when there are several."""
    found = known_urls((own,)) or known_urls(others)
    return found[0] if len(found) == 1 else ""


def target_of(path: Sequence[Node]) -> ProbeTarget:
    """The service of the last node of a way through the tree: that of the listener it hangs on."""
    return _target_of(path[0].key if path else None)


class Owners:
    """Which listener leads to each resource of one graph, the first where several do; found out in one walk."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        """What was walked; compare by identity to know whether this still holds."""
        self._roots: dict[ResourceKey, ResourceKey | None] = {}
        for root in graph.roots:
            self._walk(root)

    def _walk(self, root: Node) -> None:
        pending = [root]
        while pending:
            node = pending.pop()
            if node.key is not None:
                if node.key in self._roots:
                    continue  # what hangs on it was walked with the first that leads to it
                self._roots[node.key] = root.key
            pending += reversed(node.children)

    def of(self, key: ResourceKey) -> ResourceKey:
        """The listener; the resource itself where none leads to it. An EDS resource hangs on the cluster of its
        name."""
        cluster = ResourceKey(key.scope, CDS, key.name) if key.type == EDS else key
        return self._roots.get(key) or self._roots.get(cluster) or key


def target_of_resource(snapshot: Snapshot, owners: Owners, key: ResourceKey) -> ProbeTarget:
    """The same for a resource."""
    return _target_of(owners.of(key), snapshot)


def _target_of(key: ResourceKey | None, snapshot: Snapshot | None = None) -> ProbeTarget:
    if key is None:
        return ProbeTarget(why_not=NoProbe.NO_SERVICE)
    if key.type == LDS:
        return ProbeTarget(why_not=NoProbe.INBOUND) if _is_inbound(key, snapshot) else ProbeTarget(_url_of(key))
    service = parse_service_name(key.name) if key.type in (RDS, CDS, EDS) else None
    if service is None:
        return ProbeTarget(why_not=NoProbe.NO_SERVICE)
    if service.direction != "outbound":
        return ProbeTarget(why_not=NoProbe.INBOUND)
    return ProbeTarget(_url(f"{service.host}:{service.port}"))


def _is_inbound(key: ResourceKey, snapshot: Snapshot | None = None) -> bool:
    """Whether a listener is the app's own server side, whatever template its name was made by."""
    resource = snapshot.resources.get(key) if snapshot is not None else None
    body = resource.body if resource is not None else None
    said = isinstance(body, Listener) and body.inbound
    return said or is_inbound(key)


def _of(snapshot: Snapshot) -> Iterator[str]:
    for key, resource in snapshot.resources.items():
        if key.type == LDS and resource.value and not _is_inbound(key, snapshot):
            yield _url_of(key)
    for key in snapshot.resources:
        service = parse_service_name(key.name) if key.type in (RDS, CDS) else None
        if service is not None and service.direction == "outbound":
            yield _url(f"{service.host}:{service.port}")


def _url_of(listener: ResourceKey) -> str:
    """The target of the channel whose listener it is: that of the scope (gRFC A71) where a template made the name."""
    authority, name = split_target(listener.scope)
    templated = name and unquote(listener.name.partition("?")[0]).endswith(f"/{name}")
    return f"xds://{quote(authority)}/{quote(name, safe=_PLAIN)}" if templated else _url(listener.name)


def _url(name: str) -> str:
    """Quoted as gRPC unquotes it; Istio's names need no quoting. A name of the new style has its authority in front."""
    authority, _, rest = name.removeprefix(XDSTP).partition("/")
    if name.startswith(XDSTP) and rest:
        _, _, target = rest.partition("/")
        return f"xds://{quote(authority)}/{quote(target.partition('?')[0], safe=_PLAIN)}"
    return "xds:///" + quote(name, safe=_PLAIN)


_PLAIN: Final = "/:._-~|@"
"""What needs no quoting in a target name."""
