"""What Istio's objects say of a resource of the config, as a section of its summary."""

from __future__ import annotations

from meshtui.model.kubernetes.istio import DestinationRule, IstioObject, IstioObjects, VirtualService
from meshtui.model.kubernetes.istio_hosts import host_of, naming
from meshtui.model.phrases import plural
from meshtui.model.xds.resource import ResourceKey
from meshtui.present.summary import Section, SummaryFact


def istio_section(key: ResourceKey, objects: IstioObjects | None) -> Section | None:
    """The objects that name the host of a resource; ``None`` where it has none or nothing is known of them."""
    host = host_of(key)
    if objects is None or not host:
        return None
    found = naming(objects, host)
    if not found:
        return None
    return Section("Istio's objects for this host", tuple(SummaryFact(each.name.kind, _words(each)) for each in found))


def _words(found: IstioObject) -> str:
    return f"{found.name.name} in {found.name.namespace} ({found.version}){_parts(found)}"


def _parts(found: IstioObject) -> str:
    match found:
        case VirtualService():
            return f": {plural(len(found.http), 'HTTP route')}"
        case DestinationRule():
            subsets = ", ".join(subset.name for subset in found.subsets)
            return f": {f'subsets {subsets}' if subsets else 'no subsets'}"
        case _:
            return ""
