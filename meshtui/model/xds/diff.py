"""What changed between two looks at a target.

"Changed" means the value bytes, the status or the error. Versions are opaque and C-core bumps them for identical bytes,
so a version alone is never a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from meshtui.model.phrases import plural, share_words
from meshtui.model.xds.config import (
    Body,
    Cluster,
    ClusterLoadAssignment,
    Listener,
    Route,
    RouteConfiguration,
)
from meshtui.model.xds.names import cluster_label
from meshtui.model.xds.resource import Health, Resource, ResourceKey
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.status_words import status_note
from meshtui.model.xds.words import inbound_tls_words, match_words, tls_words


class ChangeKind(Enum):
    """How a resource changed. CONFIG is other bytes, whatever the status; STATUS the status or error alone."""

    ADDED = "added"
    REMOVED = "removed"
    CONFIG = "config"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Change:
    """One resource before and after; one of the two is ``None`` when it came or went."""

    key: ResourceKey
    kind: ChangeKind
    before: Resource | None
    after: Resource | None

    @property
    def health(self) -> Health | None:
        """How the resource is now; ``None`` for a removed one: whether it should be there is not known from here."""
        return self.after.health if self.after else None

    @property
    def words(self) -> str:
        """The change in a phrase: ``v1 100 % → 80 %, + v9 20 %``."""
        return describe(self)


def diff(before: Snapshot | None, after: Snapshot) -> tuple[Change, ...]:
    """The changes from one snapshot to the next, removed resources last. From nothing, everything is ADDED."""
    if before is not None and before.resources is after.resources:
        return ()
    old: Mapping[ResourceKey, Resource] = before.resources if before else {}
    new = after.resources
    changes = [change for key, resource in new.items() if (change := _change(key, old.get(key), resource)) is not None]
    changes += [Change(key, ChangeKind.REMOVED, resource, None) for key, resource in old.items() if key not in new]
    return tuple(changes)


def _change(key: ResourceKey, before: Resource | None, after: Resource) -> Change | None:
    if before is after:
        return None
    if before is None:
        return Change(key, ChangeKind.ADDED, None, after)
    if before.value != after.value or before.type_url != after.type_url:
        return Change(key, ChangeKind.CONFIG, before, after)
    if before.status is not after.status or _refusal(before) != _refusal(after):
        return Change(key, ChangeKind.STATUS, before, after)
    return None


def _refusal(resource: Resource) -> tuple[str, str] | None:
    """What was refused and why. A refused update that is sent again is no change, though its attempt's time moves."""
    return (resource.error.version, resource.error.details) if resource.error else None


def describe(change: Change) -> str:
    """The change in a phrase for a timeline."""
    before, after = change.before, change.after
    if after is None:
        return "removed"
    note = status_note(after)
    if before is None:
        return note or "new"
    if change.kind is ChangeKind.STATUS:
        return note or f"{before.status.name} → {after.status.name}"
    if not before.value:
        return note or "arrived"
    if not after.value:
        return note or "its config is gone"
    words = body_change(before.body, after.body)
    return f"{words} ({note})" if note else words


def body_change(before: Body | None, after: Body | None) -> str:
    """What differs between two configs of one resource, in words."""
    parts: list[str] = []
    match before, after:
        case RouteConfiguration(), RouteConfiguration():
            parts = list(_route_changes(before, after))
        case Cluster(), Cluster():
            parts = list(_cluster_changes(before, after))
        case ClusterLoadAssignment(), ClusterLoadAssignment():
            parts = list(_endpoint_changes(before, after))
        case Listener(), Listener():
            parts = list(_listener_changes(before, after))
        case _:
            pass
    return "; ".join(parts) or "changed in detail"


def _route_changes(before: RouteConfiguration, after: RouteConfiguration) -> Iterable[str]:
    old, new = _routes_by_match(before), _routes_by_match(after)
    lone = len(old) == 1 and len(new) == 1
    for where, route in new.items():
        prior = old.get(where)
        prefix = "" if lone else f"{where}: "
        if prior is None:
            yield f"+ route {where} → {_destinations(route)}"
            continue
        shares = _share_changes(prior, route)
        if shares:
            yield prefix + ", ".join(shares)
        if prior.action.timeout != route.action.timeout:
            yield f"{prefix}timeout {_seconds(prior.action.timeout)} → {_seconds(route.action.timeout)}"
        if prior.faults != route.faults:
            yield f"{prefix}faults {_faults(prior)} → {_faults(route)}"
    for where in old:
        if where not in new:
            yield f"- route {where}"


def _routes_by_match(routes: RouteConfiguration) -> dict[str, Route]:
    several = len(routes.virtual_hosts) > 1
    return {
        (f"{host.name} " if several else "") + match_words(route.match): route
        for host in routes.virtual_hosts
        for route in host.routes
    }


def _share_changes(before: Route, after: Route) -> list[str]:
    old = {item.cluster: item.share for item in before.action.clusters}
    new = {item.cluster: item.share for item in after.action.clusters}
    parts = [
        f"{cluster_label(name)} {share_words(old[name])} → {share_words(share)}"
        for name, share in new.items()
        if name in old and old[name] != share
    ]
    parts += [f"+ {cluster_label(name)} {share_words(share)}" for name, share in new.items() if name not in old]
    parts += [f"- {cluster_label(name)} {share_words(share)}" for name, share in old.items() if name not in new]
    return parts


def _destinations(route: Route) -> str:
    return (
        " · ".join(f"{cluster_label(item.cluster)} {share_words(item.share)}" for item in route.action.clusters) or "–"
    )


def _seconds(value: float | None) -> str:
    return f"{value:g} s" if value else "none"


def _faults(route: Route) -> str:
    return ", ".join(fault.summary for fault in route.faults if fault.summary) or "none"


def _cluster_changes(before: Cluster, after: Cluster) -> Iterable[str]:
    if before.tls.mode is not after.tls.mode:
        yield f"{tls_words(before.tls)} → {tls_words(after.tls)}"
    if before.tls.sans != after.tls.sans:
        yield "expected SANs changed"
    policies = [_policy_words(cluster) for cluster in (before, after)]
    if policies[0] != policies[1]:
        yield f"policy {policies[0]} → {policies[1]}"
    if before.discovery != after.discovery:
        yield f"discovery {before.discovery} → {after.discovery}"
    if before.max_requests != after.max_requests:
        yield f"request limit {before.max_requests or 'none'} → {after.max_requests or 'none'}"


def _policy_words(cluster: Cluster) -> str:
    return " or ".join(policy.name for policy in cluster.policies or (cluster.old_policy,))


def _endpoint_changes(before: ClusterLoadAssignment, after: ClusterLoadAssignment) -> Iterable[str]:
    old = {endpoint.address: endpoint for endpoint in before.endpoints}
    new = {endpoint.address: endpoint for endpoint in after.endpoints}
    yield from _some("+", [address for address in new if address not in old])
    yield from _some("-", [address for address in old if address not in new])
    for address, endpoint in new.items():
        prior = old.get(address)
        if prior and prior.health is not endpoint.health:
            yield f"{address} {prior.health.value} → {endpoint.health.value}"
        if prior and prior.weight != endpoint.weight:
            yield f"{address} weight {prior.weight} → {endpoint.weight}"


SHOWN_ADDRESSES = 3
"""More addresses than this are counted, not listed: a phrase must stay a phrase."""


def _some(sign: str, addresses: list[str]) -> Iterable[str]:
    if len(addresses) > SHOWN_ADDRESSES:
        yield f"{sign} {plural(len(addresses), 'endpoint')}"
    elif addresses:
        yield f"{sign} {', '.join(addresses)}"


def _listener_changes(before: Listener, after: Listener) -> Iterable[str]:
    if before.route_name != after.route_name:
        yield f"routes from {before.route_name or 'itself'} → {after.route_name or 'itself'}"
    modes_before, modes_after = _chain_modes(before), _chain_modes(after)
    if modes_before != modes_after:
        yield f"{modes_before or 'no chain'} → {modes_after or 'no chain'}"
    old = tuple(filter_.name for filter_ in before.filters)
    new = tuple(filter_.name for filter_ in after.filters)
    if old != new:
        yield f"filters {', '.join(old) or 'none'} → {', '.join(new) or 'none'}"
    if before.inline_routes and after.inline_routes:
        yield from _route_changes(before.inline_routes, after.inline_routes)


def _chain_modes(listener: Listener) -> str:
    return ", ".join(inbound_tls_words(chain.tls) for chain in listener.chains)
