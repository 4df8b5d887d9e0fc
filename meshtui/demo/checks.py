"""What is valid for itself and still leads nowhere: Istio accepts it, and traffic fails."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.origin import Note, Origin


def unresolved(config: MeshConfig) -> Iterator[Note]:
    """One note for each reference to something that is not there, and for each object another one hides."""
    yield from _destinations(config)
    yield from _hidden(config)


def _destinations(config: MeshConfig) -> Iterator[Note]:
    for virtual in config.virtual_services:
        for http in virtual.http:
            for destination in http.destinations:
                service = config.service(destination.host)
                rule = config.destination_rule(destination.host)
                subsets = {subset.name for subset in rule.subsets} if rule else set()
                if service is None:
                    yield _note(virtual.origin, f"no Service is called {destination.host}: its share of calls fails")
                elif destination.subset and destination.subset not in subsets:
                    reason = f"no DestinationRule defines subset {destination.subset} of {destination.host}"
                    yield _note(virtual.origin, f"{reason}: its share of calls fails")
                elif destination.port is not None and service.port(destination.port) is None:
                    reason = f"Service {destination.host} has no port {destination.port}: its share of calls fails"
                    yield _note(virtual.origin, reason)


def _hidden(config: MeshConfig) -> Iterator[Note]:
    seen: dict[str, Origin] = {}
    for virtual in config.virtual_services:
        for host in virtual.hosts:
            first = seen.setdefault(f"routes for {host}", virtual.origin)
            if first != virtual.origin:
                yield _note(virtual.origin, f"{first} already has routes for {host}: these are not used")
    for host in sorted({rule.host for rule in config.destination_rules}):
        yield from _lost_in_merge(config, host)


def _lost_in_merge(config: MeshConfig, host: str) -> Iterator[Note]:
    """What the merge of a host's rules leaves out."""
    merged = config.rules_of(host)
    seen: dict[str, Origin] = {}
    for rule in config.destination_rules:
        if rule.host != host:
            continue
        if rule not in merged:
            yield _note(rule.origin, f"{merged[0].origin} in another namespace has {host}: this rule is not used")
            continue
        parts = [f"subset {subset.name}" for subset in rule.subsets]
        for part in [*(["a trafficPolicy"] if rule.policy is not None else []), *parts]:
            first = seen.setdefault(part, rule.origin)
            if first != rule.origin:
                yield _note(rule.origin, f"the older {first} already has {part} for {host}: this one's is not used")


def _note(origin: Origin, reason: str) -> Note:
    return Note("unresolved", origin.file, origin.line, str(origin), reason)
