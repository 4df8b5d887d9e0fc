"""The kinds of objects that the double serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object in every version it is served in, the first being the preferred one."""

    group: str
    versions: tuple[str, ...]
    plural: str
    name: str
    short: tuple[str, ...] = ()
    namespaced: bool = True

    @property
    def full(self) -> str:
        """``pods`` or ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def api_version(self, version: str) -> str:
        """``v1`` or ``apps/v1``."""
        return f"{self.group}/{version}" if self.group else version


PODS: Final = Kind("", ("v1",), "pods", "Pod", ("po",))
NAMESPACES: Final = Kind("", ("v1",), "namespaces", "Namespace", ("ns",), namespaced=False)

_NET, _SEC = "networking.istio.io", "security.istio.io"
_THREE, _TWO = ("v1", "v1beta1", "v1alpha3"), ("v1", "v1beta1")

KINDS: Final = (
    PODS,
    NAMESPACES,
    Kind("", ("v1",), "services", "Service", ("svc",)),
    Kind("", ("v1",), "secrets", "Secret"),
    Kind("", ("v1",), "events", "Event", ("ev",)),
    Kind("", ("v1",), "nodes", "Node", ("no",), namespaced=False),
    Kind("apps", ("v1",), "deployments", "Deployment", ("deploy",)),
    Kind("apps", ("v1",), "replicasets", "ReplicaSet", ("rs",)),
    Kind("apps", ("v1",), "statefulsets", "StatefulSet", ("sts",)),
    Kind("apps", ("v1",), "daemonsets", "DaemonSet", ("ds",)),
    Kind("batch", ("v1",), "jobs", "Job"),
    Kind("discovery.k8s.io", ("v1",), "endpointslices", "EndpointSlice"),
    Kind(_NET, _THREE, "virtualservices", "VirtualService", ("vs",)),
    Kind(_NET, _THREE, "destinationrules", "DestinationRule", ("dr",)),
    Kind(_NET, _THREE, "serviceentries", "ServiceEntry", ("se",)),
    Kind(_NET, _THREE, "sidecars", "Sidecar"),
    Kind(_NET, _THREE, "workloadentries", "WorkloadEntry", ("we",)),
    Kind(_NET, ("v1alpha3",), "envoyfilters", "EnvoyFilter"),
    Kind(_SEC, _TWO, "peerauthentications", "PeerAuthentication", ("pa",)),
    Kind(_SEC, _TWO, "authorizationpolicies", "AuthorizationPolicy", ("ap",)),
    Kind(_SEC, _TWO, "requestauthentications", "RequestAuthentication", ("ra",)),
    Kind("telemetry.istio.io", ("v1", "v1alpha1"), "telemetries", "Telemetry", ("telemetry",)),
)


def kind_of(api_version: str, name: str) -> Kind:
    """The kind that a document says it is of."""
    group = api_version.rpartition("/")[0]
    return next(kind for kind in KINDS if (kind.group, kind.name) == (group, name))
