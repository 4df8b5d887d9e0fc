"""VirtualServices that delegate, merged with those they delegate to (istio ``pilot/pkg/model/virtualservice.go``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from meshtui.demo.istio.routing import HttpMatch, HttpRoute, TextMatch, VirtualService

_Named = tuple[tuple[str, TextMatch], ...]


def merged(virtual_services: Iterable[VirtualService]) -> tuple[VirtualService, ...]:
    """All in their order, with the routes of their delegates in the place of each delegation.

    Those that others delegate to are left out; one that nobody delegates to stays, and has no hosts.
    """
    found = tuple(virtual_services)
    delegates = {(virtual.origin.namespace, virtual.origin.name): virtual for virtual in found if not virtual.hosts}
    named = {route.delegate for virtual in found for route in virtual.http}
    lonely = {key for key in delegates if key not in named}
    return tuple(
        _merged(virtual, delegates)
        for virtual in found
        if virtual.hosts or (virtual.origin.namespace, virtual.origin.name) in lonely
    )


def _merged(root: VirtualService, delegates: dict[tuple[str, str], VirtualService]) -> VirtualService:
    routes: list[HttpRoute] = []
    lost: list[str] = []
    for route in root.http:
        if route.delegate is None:
            routes.append(route)
            continue
        delegate = delegates.get(route.delegate)
        name = "/".join(route.delegate)
        if delegate is None:
            lost.append(f"there is no VirtualService {name} without hosts to delegate to: its route is left out")
        elif not delegate.origin.visible_in(root.origin.namespace):
            lost.append(f"VirtualService {name} is not exported to {root.origin.namespace}: its routes are left out")
        else:
            made = [_route(route, own) for own in delegate.http]
            routes += (own for own in made if own is not None)
            if None in made:
                lost.append(f"a route of VirtualService {name} matches what this one's does not: it is left out")
    return replace(root, http=tuple(routes), lost=tuple(lost))


def _route(root: HttpRoute, own: HttpRoute) -> HttpRoute | None:
    """A delegate's route with what it leaves to the root's; None for one whose matches contradict the root's."""
    matches = _matches(root.matches, own.matches)
    if matches is None:
        return None
    return replace(
        own,
        name=_joined(root.name, own.name),
        matches=matches,
        timeout_seconds=own.timeout_seconds if own.timeout_seconds is not None else root.timeout_seconds,
        fault=own.fault or root.fault,
        retries=own.retries or root.retries,
        cors=own.cors or root.cors,
        rewrite=own.rewrite or root.rewrite,
        headers=own.headers or root.headers,
        mirrors=own.mirrors or root.mirrors,
    )


def _joined(root: str, own: str) -> str:
    return f"{root}-{own}" if root and own else root or own


def _matches(root: Sequence[HttpMatch], own: Sequence[HttpMatch]) -> tuple[HttpMatch, ...] | None:
    """Each of the delegate's with each of the root's that it is a part of; None if one is a part of none."""
    if not root or not own:
        return tuple(own or root)
    out: list[HttpMatch] = []
    for match in own:
        fitting = [_match(above, match) for above in root if not _conflicts(above, match)]
        if not fitting:
            return None
        out += fitting
    return tuple(out)


def _match(root: HttpMatch, own: HttpMatch) -> HttpMatch:
    return replace(
        own,
        name=_joined(root.name, own.name),
        uri=own.uri or root.uri,
        headers=_over(root.headers, own.headers),
        without_headers=_over(root.without_headers, own.without_headers),
        pseudo_headers=_over(root.pseudo_headers, own.pseudo_headers),
        query=_over(root.query, own.query),
        port=own.port or root.port,
        source_labels=tuple(sorted((dict(root.source_labels) | dict(own.source_labels)).items())),
        source_namespace=own.source_namespace or root.source_namespace,
        gateways=own.gateways or root.gateways,
        stat_prefix=own.stat_prefix or root.stat_prefix,
    )


def _over(root: _Named, own: _Named) -> _Named:
    return tuple((dict(root) | dict(own)).items())


def _conflicts(root: HttpMatch, own: HttpMatch) -> bool:
    """Whether a match is no part of the root's (istio, hasConflict)."""
    labels = dict(root.source_labels)
    return (
        any(_excludes(above, below) for above, below in _pairs(root, own))
        or root.ignore_case != own.ignore_case
        or bool(root.port and own.port and root.port != own.port)
        or (root.source_namespace not in ("", own.source_namespace))
        or any(labels.get(key, value) != value for key, value in own.source_labels)
        or bool(root.gateways and not set(own.gateways) <= set(root.gateways))
    )


def _pairs(root: HttpMatch, own: HttpMatch) -> Iterator[tuple[TextMatch | None, TextMatch | None]]:
    """What both say of the same thing."""
    yield root.uri, own.uri
    for above, below in (
        (root.pseudo_headers, own.pseudo_headers),
        (root.headers, own.headers),
        (root.without_headers, own.without_headers),
        (root.query, own.query),
    ):
        named = dict(above)
        yield from ((named.get(name), condition) for name, condition in below)


def _excludes(root: TextMatch | None, own: TextMatch | None) -> bool:
    """Whether the delegate's is no part of the root's (istio, stringMatchConflict)."""
    if root is None or own is None:
        return False
    if root.how == "exact":
        return own != root
    if root.how == "prefix" and own.how in ("exact", "prefix"):
        return not own.value.startswith(root.value)
    return True
