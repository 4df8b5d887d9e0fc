"""Istio's objects, of whatever version they are served in: v1alpha3, v1beta1 and v1 of a kind have the same fields
(istio.io/api: the newer packages are aliases of the older types).

Each kind holds what decides about a proxyless client as fields of its own, and ``spec`` as it was served, so that a
rule can quote whatever else somebody wrote. Nothing here judges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from meshtui.model.kubernetes import fields as read
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.objects import ObjectName

NETWORKING: Final = "networking.istio.io"
SECURITY: Final = "security.istio.io"
TELEMETRY: Final = "telemetry.istio.io"
EXTENSIONS: Final = "extensions.istio.io"

GROUPS: Final = (NETWORKING, SECURITY, TELEMETRY, EXTENSIONS)
"""The API groups of Istio's objects."""


def _no_labels() -> Mapping[str, str]:
    return MappingProxyType({})


def _nothing() -> Mapping[str, object]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class IstioObject:
    """One object. ``version`` is the one it was served in; ``selector`` the labels of the workloads it is for, empty
    where none is written; ``targets`` what its ``targetRefs`` name instead; ``exported_to`` is ``exportTo`` as written.
    ``revision`` is its ``istio.io/rev`` label: control planes of other revisions pass it over.
    """

    name: ObjectName
    version: str = ""
    created: datetime | None = None
    selector: Mapping[str, str] = field(default_factory=_no_labels)
    targets: tuple[ObjectName, ...] = ()
    exported_to: tuple[str, ...] = ()
    revision: str = ""
    spec: Mapping[str, object] = field(default_factory=_nothing)

    def has(self, *path: str) -> bool:
        """Whether anything was written at a path of ``spec``."""
        return read.at(self.spec, *path) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a route of a VirtualService leads. ``host`` as written: a short one is of the object's namespace.

    ``port`` is ``None`` and ``weight`` 0 where nothing is said; the one destination of a route gets all.
    """

    host: str
    subset: str = ""
    port: int | None = None
    weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRoute:
    """One ``http`` route. ``conditions`` is how many ``match`` blocks it has (0: it takes every request), ``asks`` the
    names of its other fields, such as ``mirror``, ``rewrite``, ``corsPolicy``, ``retries``."""

    name: str = ""
    conditions: int = 0
    destinations: tuple[Destination, ...] = ()
    asks: tuple[str, ...] = ()
    written: Mapping[str, object] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualService(IstioObject):
    """Routes for hosts. ``gateways`` as written; empty means the mesh."""

    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    http: tuple[HttpRoute, ...] = ()

    @property
    def in_mesh(self) -> bool:
        """Whether it is for the mesh's clients, and not for gateways alone."""
        return not self.gateways or "mesh" in self.gateways


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPolicy:
    """What a DestinationRule asks of calls. ``tls_mode`` and ``balancer`` are Istio's words, empty where nothing is
    said; ``asks`` are the names of all its fields; ``ports`` the policies of single ports."""

    tls_mode: str = ""
    balancer: str = ""
    asks: tuple[str, ...] = ()
    ports: tuple[tuple[int, TrafficPolicy], ...] = ()
    written: Mapping[str, object] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subset:
    """A named part of a host's endpoints: those with all of ``labels``."""

    name: str
    labels: Mapping[str, str] = field(default_factory=_no_labels)
    policy: TrafficPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRule(IstioObject):
    """How calls to a host are made. ``policy`` is ``None`` where none is written."""

    host: str = ""
    policy: TrafficPolicy | None = None
    subsets: tuple[Subset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerAuthentication(IstioObject):
    """Whether ports take mutual TLS: Istio's words, empty where nothing is said (then what is above it decides)."""

    mode: str = ""
    port_modes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationPolicy(IstioObject):
    """Who may call. ``action`` is ``ALLOW`` where nothing is said; ``rules`` as written. ALLOW without rules allows
    nothing, an empty rule matches everything (istio.io, "AuthorizationPolicy")."""

    action: str = "ALLOW"
    rules: tuple[Mapping[str, object], ...] = ()
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar(IstioObject):
    """What workloads are told of: pairs of a port (``None``: any) and ``namespace/host`` patterns. Without an entry:
    everything."""

    egress: tuple[tuple[int | None, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One change of an EnvoyFilter, in its words."""

    applies_to: str
    context: str = "ANY"
    operation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvoyFilter(IstioObject):
    """Changes to Envoy's config."""

    patches: tuple[Patch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry(IstioObject):
    """What is measured: which of ``metrics``, ``tracing`` and ``accessLogging`` it has something to say about."""

    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadEntry(IstioObject):
    """An endpoint that is no pod. ``address`` may be a name or a Unix socket."""

    address: str = ""
    labels: Mapping[str, str] = field(default_factory=_no_labels)


Found = TypeVar("Found", bound=IstioObject)
"""One of the classes above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IstioObjects:
    """The objects of some namespaces, in the order of kind and name. ``served`` says in which version each kind, by
    group and kind, was read; one that is not there is not served by this cluster. ``lacking`` are lists that could not
    be had: nothing may be concluded from the absence of such an object.
    """

    namespaces: tuple[str, ...] = ()
    objects: tuple[IstioObject, ...] = ()
    served: Mapping[tuple[str, str], str] = field(default_factory=lambda: MappingProxyType({}))
    lacking: tuple[Lacking, ...] = ()

    def of(self, kind: type[Found]) -> tuple[Found, ...]:
        """The objects of one class."""
        return tuple([found for found in self.objects if isinstance(found, kind)])
