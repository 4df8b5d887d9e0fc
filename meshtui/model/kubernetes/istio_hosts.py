"""Which of Istio's objects name a host."""

from __future__ import annotations

from meshtui.model.kubernetes.istio import DestinationRule, IstioObject, IstioObjects, VirtualService
from meshtui.model.xds.names import parse_service_name
from meshtui.model.xds.resource import LDS, ResourceKey


def host_of(key: ResourceKey) -> str:
    """The host that an outbound resource of Istio's is for; empty for any other."""
    service = parse_service_name(key.name)
    if service is not None:
        return service.host if service.direction == "outbound" else ""
    host, colon, _ = key.name.rpartition(":")
    return host if key.type == LDS and colon and "/" not in host else ""


def naming(objects: IstioObjects, host: str) -> tuple[IstioObject, ...]:
    """The VirtualServices of the mesh and the DestinationRules that name this host, in their order.

    Whether one of them holds for a client is more than that: ``exportTo``, precedence and the selector decide.
    """
    return tuple(found for found in objects.objects if any(_fits(name, found, host) for name in _hosts(found)))


def _hosts(found: IstioObject) -> tuple[str, ...]:
    match found:
        case VirtualService():
            return found.hosts if found.in_mesh else ()
        case DestinationRule():
            return (found.host,)
        case _:
            return ()


def _fits(name: str, found: IstioObject, host: str) -> bool:
    """Whether a host as written means this one: a name without a dot is of the object's own namespace
    (``ResolveShortnameToFQDN`` of Istio's pkg/config/host), ``*`` stands for what is before."""
    if name.startswith("*"):
        return host.endswith(name[1:])
    if "." not in name:
        return bool(name) and host.startswith(f"{name}.{found.name.namespace}.svc.")
    return name == host
