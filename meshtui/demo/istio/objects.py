"""The Istio objects the demo mesh knows, after reading: only what reaches a gRPC client."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meshtui.demo.istio.origin import ROOT_NAMESPACE, Origin, covers, selects
from meshtui.demo.istio.policies import DestinationRule, groups
from meshtui.demo.istio.routing import VirtualService
from meshtui.demo.istio.services import Service, one_each, united
from meshtui.demo.istio.workload import NAMESPACE, Labels, MeshWorkload


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """Whether a workload's ports take mutual TLS. Modes are Istio's words."""

    origin: Origin
    selector: Labels
    mode: str
    port_modes: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """An attribute that must have one of some values, and none of others."""

    attribute: str
    """As ``when`` calls it, such as ``source.principal``; of an operation the plural of its field."""
    values: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorizationRule:
    """One rule: any source (if some are given) doing any operation (if some are given), while all of ``when`` holds.

    A source or operation is a tuple of conditions; all of them have to hold.
    """

    sources: tuple[tuple[Condition, ...], ...] = ()
    operations: tuple[tuple[Condition, ...], ...] = ()
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """Who may call a workload: action ``ALLOW`` or ``DENY``."""

    origin: Origin
    selector: Labels
    action: str
    rules: tuple[AuthorizationRule, ...]


@dataclass(frozen=True, slots=True)
class Egress:
    """One entry of a Sidecar: the Services and VirtualServices its pods are told of."""

    hosts: tuple[tuple[str, str], ...]
    """Namespace (``.`` the pods' own, ``*`` any) and host, exact or with a leading ``*``."""
    port: int | None = None
    """The only port of theirs that is told of; None for all."""

    def imports(self, origin: Origin, host: str, own: str) -> bool:
        """Whether pods in the namespace ``own`` are told of a host of an object; a wildcard on either side is enough.

        Also of the mesh's Sidecar ``.`` is where the pods are (istio ``pilot/pkg/model/sidecar.go``,
        convertIstioListenerToWrapper).
        """
        return any(
            (namespace in ("*", origin.namespace) or (namespace == "." and origin.namespace == own))
            and (covers(pattern, host) or covers(host, pattern))
            for namespace, pattern in self.hosts
        )


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What its pods are told of."""

    origin: Origin
    selector: Labels
    egress: tuple[Egress, ...]

    def at(self, port: int) -> Egress | None:
        """The one entry by which routes on a port are made, if there is one (istio, GetEgressListenerForRDS)."""
        return next((egress for egress in self.egress if egress.port in (None, port)), None)


IstioObject = Service | DestinationRule | VirtualService | PeerAuthentication | AuthorizationPolicy | Sidecar


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshConfig:
    """Everything the control plane knows at one moment; of each kind, the oldest object first."""

    workloads: tuple[MeshWorkload, ...] = ()
    services: tuple[Service, ...] = ()
    destination_rules: tuple[DestinationRule, ...] = ()
    virtual_services: tuple[VirtualService, ...] = ()
    peer_authentications: tuple[PeerAuthentication, ...] = ()
    authorization_policies: tuple[AuthorizationPolicy, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    namespace: str = NAMESPACE
    """The one of who asks, whose rules come first."""
    labels: Labels = ()
    """Those of who asks."""
    sidecar: Sidecar | None = None
    """The one of who asks."""
    hidden: frozenset[str] = frozenset()
    """Hosts without a virtual host: a route leads there, or another port's egress names them."""

    def seen_by(self, namespace: str, client: MeshWorkload | None) -> MeshConfig:
        """What is for a client: what is exported to its namespace, and named by its Sidecar."""
        labels = client.labels if client else ()
        seen = replace(
            self,
            namespace=namespace,
            labels=labels,
            services=one_each((each for each in self.services if each.origin.visible_in(namespace)), namespace),
            virtual_services=tuple(
                virtual for virtual in self.virtual_services if virtual.in_mesh and virtual.origin.visible_in(namespace)
            ),
        )
        sidecar = self.sidecar_of(namespace, labels)
        return seen._imported(sidecar) if sidecar else seen

    def sidecar_of(self, namespace: str, labels: Labels) -> Sidecar | None:
        """The one for a client: by selector, before its namespace's, before the mesh's (istio
        ``pilot/pkg/model/push_context.go``, doGetSidecarScope)."""
        own = [sidecar for sidecar in self.sidecars if sidecar.origin.namespace == namespace]
        selecting = [sidecar for sidecar in own if sidecar.selector and selects(sidecar.selector, labels)]
        mesh = [sidecar for sidecar in self.sidecars if sidecar.origin.namespace == ROOT_NAMESPACE]
        whole = [sidecar for sidecar in (*own, *mesh) if not sidecar.selector]
        return next(iter((*selecting, *whole)), None)

    def _imported(self, sidecar: Sidecar) -> MeshConfig:
        """What a Sidecar leaves of it, with the Services that the routes it leaves lead to."""
        told: list[Service] = []
        virtual_services: list[VirtualService] = []
        for egress in sidecar.egress:
            virtuals = self._virtuals_of(egress)
            ports = frozenset({egress.port})
            named = [(service, ports) for service in self.services if self._names(egress, service)]
            led = [
                (service, ports if egress.port else leads_to)
                for virtual in virtuals
                for host, leads_to in virtual.leads_to(self.namespace).items()
                if (service := self.service(host))
            ]
            told += [part for service, wanted in (*named, *led) if (part := service.part(wanted))]
            virtual_services += virtuals
        kept = tuple(virtual for virtual in self.virtual_services if virtual in virtual_services)
        return replace(self, services=united(told), virtual_services=kept, sidecar=sidecar)

    def _names(self, egress: Egress, service: Service) -> bool:
        return egress.imports(service.origin, service.host, self.namespace)

    def _virtuals_of(self, egress: Egress) -> tuple[VirtualService, ...]:
        return tuple(
            virtual
            for virtual in self.virtual_services
            if any(egress.imports(virtual.origin, host, self.namespace) for host in virtual.hosts)
        )

    def on_port(self, port: int) -> MeshConfig:
        """What routes on a port are made of: what the egress for it names, whatever another one names.

        (Istio ``core/httproute.go``, BuildSidecarOutboundVirtualHosts.)
        """
        if self.sidecar is None:
            return self
        egress = self.sidecar.at(port)
        hidden = {service.host for service in self.services if not (egress and self._names(egress, service))}
        return replace(self, virtual_services=self._virtuals_of(egress) if egress else (), hidden=frozenset(hidden))

    def service(self, host: str) -> Service | None:
        """The service with this fully qualified name."""
        return next((service for service in self.services if service.host == host), None)

    def destination_rule(self, host: str) -> DestinationRule | None:
        """The rule for a host: of several that hold for it, all of them merged into the oldest."""
        oldest, *younger = self.rules_of(host) or (None,)
        return oldest.merged(younger) if oldest else None

    def rules_of(self, host: str) -> tuple[DestinationRule, ...]:
        """The rules that hold for a Service, the oldest first.

        Those in the clients' namespace, else in the Service's, else in the mesh's; of these the ones with the most
        exact name (istio ``pilot/pkg/model/push_context.go``, destinationRule).
        """
        service = self.service(host)
        places = (self.namespace, service.origin.namespace, ROOT_NAMESPACE) if service else ()
        for place in places:
            rules = [
                rule
                for rule in self.destination_rules
                if rule.origin.namespace == place and covers(rule.host, host) and rule.is_for(self.namespace)
            ]
            best = max((rule.host for rule in rules), key=len, default="")
            found = groups(rule for rule in rules if rule.host == best)
            mine = [group for group in found if group[0].selector and selects(group[0].selector, self.labels)]
            others = [group for group in found if not group[0].selector]
            if found:
                return tuple(next(iter((*mine, *reversed(others))), ()))
        return ()

    def virtual_service(self, host: str) -> VirtualService | None:
        """The virtual service for a host: the one with the most exact name, of several the oldest."""
        best: tuple[int, VirtualService] | None = None
        for virtual in self.virtual_services:
            length = max((len(pattern) for pattern in virtual.hosts if covers(pattern, host)), default=-1)
            if length >= 0 and (best is None or length > best[0]):
                best = (length, virtual)
        return best[1] if best else None

    def stands_for(self, host: str) -> str:
        """The host that one is an alias of in the end; itself if it is none, empty if aliases go round in a circle."""
        seen = {host}
        while (service := self.service(host)) and service.alias_of:
            host = service.alias_of
            if host in seen:
                return ""
            seen.add(host)
        return host

    def behind(self, service: Service, labels: Labels = ()) -> tuple[MeshWorkload, ...]:
        """The workloads a service selects or lists, narrowed to those with these labels."""
        selected = (
            workload
            for workload in self.workloads
            if workload.namespace == service.origin.namespace
            and service.selector
            and not service.alias_of
            and selects(service.selector, workload.labels)
        )
        return tuple(workload for workload in (*selected, *service.endpoints) if selects(labels, workload.labels))
