"""Which services a probe can be sent to, as far as accepted config names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from meshtui.model.names import is_inbound_listener, parse_service_name
from meshtui.model.resource import CDS, LDS, RDS
from meshtui.model.snapshot import Snapshot


def known_urls(snapshots: Iterable[Snapshot | None]) -> tuple[str, ...]:
    """``xds:`` URLs, the best guess first: listeners of the first client, then its services, then the next client's."""
    found: dict[str, None] = {}
    for snapshot in snapshots:
        if snapshot is not None:
            found.update(dict.fromkeys(_of(snapshot)))
    return tuple(found)


def _of(snapshot: Snapshot) -> Iterator[str]:
    for key, resource in snapshot.resources.items():
        if key.type == LDS and resource.value and not is_inbound_listener(key.name):
            yield _url(key.name)
    for key in snapshot.resources:
        service = parse_service_name(key.name) if key.type in (RDS, CDS) else None
        if service is not None and service.direction == "outbound":
            yield _url(f"{service.host}:{service.port}")


def _url(name: str) -> str:
    """Quoted as gRPC unquotes it; Istio's names need no quoting."""
    return "xds:///" + quote(name, safe="/:._-~|@")
