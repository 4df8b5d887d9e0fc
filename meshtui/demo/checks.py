"""What is valid for itself and still leads nowhere: Istio accepts it, and traffic fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meshtui.demo.istio.objects import MeshConfig, Sidecar
from meshtui.demo.istio.origin import ROOT_NAMESPACE, Note, Origin, covers, selects
from meshtui.demo.istio.policies import DestinationRule
from meshtui.demo.istio.routing import Destination
from meshtui.demo.istio.services import Service


def unresolved(config: MeshConfig) -> Iterator[Note]:
    """One note for each reference to something that is not there, and for each object that is hidden."""
    yield from _exported_elsewhere(config)
    yield from _outdone(config)
    yield from dict.fromkeys(_left_out(config))
    views = [config.seen_by(config.namespace, workload) for workload in config.workloads] or [config]
    found = [note for view in views for note in (*_destinations(view), *_hidden(view), *_aliases(view))]
    yield from dict.fromkeys(found)
    yield from _unused(config, views)


def _exported_elsewhere(config: MeshConfig) -> Iterator[Note]:
    origins = [service.origin for service in config.services]
    for origin in (*origins, *(virtual.origin for virtual in config.virtual_services)):
        if not origin.visible_in(config.namespace):
            shown = ", ".join(origin.exported_to)
            yield _note(origin, f"exportTo {shown}: no pod of the demo, in {config.namespace}, is given it")


def _outdone(config: MeshConfig) -> Iterator[Note]:
    """Services whose name another one has."""
    meant = {service.host: service.origin for service in config.seen_by(config.namespace, None).services}
    for service in config.services:
        first = meant.get(service.host, service.origin)
        if service.origin.visible_in(config.namespace) and first != service.origin:
            yield _note(service.origin, f"{first} is called {service.host} before it: this one is not used")


def _left_out(config: MeshConfig) -> Iterator[Note]:
    """What a Sidecar's pods are not told of."""
    for workload in config.workloads:
        seen = config.seen_by(config.namespace, workload)
        if seen.sidecar is None:
            continue
        lost = [name for service in config.services if (name := _untold(service, seen.service(service.host)))]
        if lost:
            reason = f"its pods are not told of {', '.join(lost)}: who calls one finds no listener"
            yield _note(seen.sidecar.origin, reason)
        silent = [name for service in seen.services for name in _without_host(seen, seen.sidecar, service)]
        if silent:
            reason = f"the egress for that port does not name {', '.join(silent)}: who calls one finds no virtual host"
            yield _note(seen.sidecar.origin, reason)


def _untold(service: Service, told: Service | None) -> str:
    """A Service, or those of its ports, that a Sidecar leaves out."""
    if told is None:
        return service.host
    if told.origin != service.origin:
        return ""
    return ", ".join(f"{service.host}:{port.number}" for port in service.ports if told.port(port.number) is None)


def _without_host(seen: MeshConfig, sidecar: Sidecar, service: Service) -> Iterator[str]:
    """The ports that one egress tells of while the routes are made by another."""
    named = [egress for egress in sidecar.egress if egress.imports(service.origin, service.host, seen.namespace)]
    for port in service.ports:
        told = any(egress.port in (None, port.number) for egress in named)
        if told and port.routed and service.host in seen.on_port(port.number).hidden:
            yield f"{service.host}:{port.number}"


def _unused(config: MeshConfig, views: Sequence[MeshConfig]) -> Iterator[Note]:
    """Rules that hold for no Service, to no client."""
    used = {rule for view in views for service in view.services for rule in view.rules_of(service.host)}
    for rule in config.destination_rules:
        if rule not in used:
            yield _note(rule.origin, f"{_why_unused(rule, config, views)}: this rule is not used")


def _why_unused(rule: DestinationRule, config: MeshConfig, views: Sequence[MeshConfig]) -> str:
    host = next((service.host for service in config.services if covers(rule.host, service.host)), None)
    if host is None:
        return f"no Service is called {rule.host}"
    if not any(rule.is_for(view.namespace) and selects(rule.selector, view.labels) for view in views):
        return "workloadSelector or exportTo leave out every pod of the demo"
    if not any(view.service(host) for view in views):
        return f"no pod of the demo is told of {host}"
    first = next((held.origin for view in views for held in view.rules_of(host)), None)
    if first is None:
        return f"Istio takes rules from the namespace of the client, of the Service and from {ROOT_NAMESPACE} alone"
    if first.namespace != rule.origin.namespace:
        return f"{first} in another namespace has {host}"
    return f"{first} names {host} more exactly, or is for these clients before it"


def _destinations(config: MeshConfig) -> Iterator[Note]:
    for virtual in config.virtual_services:
        meant = [service for service in config.services if any(covers(host, service.host) for host in virtual.hosts)]
        if not virtual.hosts:
            yield _note(virtual.origin, "it has no hosts, and no VirtualService delegates to it: it is not used")
            continue
        if not meant:
            yield _note(virtual.origin, f"no Service is called {', '.join(virtual.hosts)}: these routes are not used")
            continue
        called = {port.number for service in meant for port in service.ports if port.routed}
        leads = [destination for http in virtual.http for destination in http.destinations]
        reasons = [reason for destination in leads if (reason := _astray(config, destination, called))]
        yield from (_note(virtual.origin, reason) for reason in (*virtual.lost, *reasons))


def _astray(config: MeshConfig, destination: Destination, called: set[int]) -> str | None:
    """Why a destination leads nowhere; a port that it does not name is the one that was called."""
    named = config.service(destination.host)
    host = named.alias_of if named and named.alias_of else destination.host
    service, rule = config.service(host), config.destination_rule(host)
    if service is None:
        return f"no Service is called {host}: its share of calls fails"
    if destination.subset and (rule is None or rule.subset(destination.subset) is None):
        reason = f"no DestinationRule defines subset {destination.subset} of {host}"
        return f"{reason}: its share of calls fails"
    wanted = called if destination.port is None else {destination.port}
    missing = sorted(wanted - {port.number for port in service.ports})
    if not missing:
        return None
    port = ", ".join(str(number) for number in missing)
    meant = ", which a destination without a port means here" if destination.port is None else ""
    return f"Service {destination.host} has no port {port}{meant}: its share of calls fails"


def _aliases(config: MeshConfig) -> Iterator[Note]:
    """ExternalName Services that stand for nothing in the mesh."""
    for service in config.services:
        if service.alias_of and config.service(config.stands_for(service.host)) is None:
            reason = f"it stands for {service.alias_of}, which is no Service that its clients are told of"
            yield _note(service.origin, f"{reason}: who calls it finds no virtual host")


def _hidden(config: MeshConfig) -> Iterator[Note]:
    seen: dict[str, Origin] = {}
    for virtual in config.virtual_services:
        for host in virtual.hosts:
            first = seen.setdefault(f"routes for {host}", virtual.origin)
            if first != virtual.origin:
                yield _note(virtual.origin, f"{first} already has routes for {host}: these are not used")
    for host in sorted(service.host for service in config.services):
        yield from _lost_in_merge(config.rules_of(host), host)


def _lost_in_merge(merged: Sequence[DestinationRule], host: str) -> Iterator[Note]:
    """What the merge of a host's rules leaves out."""
    seen: dict[str, Origin] = {}
    for rule in merged:
        parts = [f"subset {subset.name}" for subset in rule.subsets]
        for part in [*(["a trafficPolicy"] if rule.policy is not None else []), *parts]:
            first = seen.setdefault(part, rule.origin)
            if first != rule.origin:
                yield _note(rule.origin, f"the older {first} already has {part} for {host}: this one's is not used")


def _note(origin: Origin, reason: str) -> Note:
    return Note("unresolved", origin.file, origin.line, str(origin), reason)
