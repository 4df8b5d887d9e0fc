"""Shares and priorities of a cluster's localities (istio ``core/loadbalancer/loadbalancer.go``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from envoy.config.core.v3 import base_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2
from google.protobuf import wrappers_pb2

from meshtui.demo.istio.policies import Distribute, LocalitySetting, TrafficPolicy
from meshtui.demo.istio.services import Service
from meshtui.demo.istio.workload import MeshWorkload

_DISTANCES = 5
"""How many steps ``_distance`` knows; what labels said before counts more than any of them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one locality that are used alike."""

    place: str
    """``region/zone/subzone``."""
    ends: Sequence[tuple[MeshWorkload, endpoint_components_pb2.LbEndpoint]]
    share: int | None = None
    """The weight of the locality; None for the sum of its endpoints'."""
    priority: int = 0

    @property
    def weight(self) -> int:
        """Its weight among the localities of its priority."""
        return sum(workload.weight for workload, _ in self.ends) if self.share is None else self.share

    def to_proto(self) -> endpoint_components_pb2.LocalityLbEndpoints:
        """The message that is sent."""
        region, zone, sub_zone = _parts(self.place)
        return endpoint_components_pb2.LocalityLbEndpoints(
            locality=base_pb2.Locality(region=region, zone=zone, sub_zone=sub_zone),
            load_balancing_weight=wrappers_pb2.UInt32Value(value=self.weight),
            lb_endpoints=[end for _, end in self.ends],
            priority=self.priority,
        )


def ordered(
    groups: Sequence[Group], client: MeshWorkload | None, service: Service, holds: TrafficPolicy
) -> Sequence[Group]:
    """The groups as a client gets them.

    Priorities come with outlier detection alone, although that is not generated itself, or with the Service's
    ``trafficDistribution``. Istio's mesh-wide default has locality load balancing on.
    """
    written = holds.load_balancer.locality if holds.load_balancer else None
    preferred = LocalitySetting(priority_labels=tuple((label, None) for label in service.preferred))
    setting = written or preferred
    if not setting.enabled:
        return groups
    place = client.locality if client else ""
    if setting.distribute:
        rule = next((rule for rule in setting.distribute if _matches(place, rule.source)), None)
        return _distribute(groups, rule) if rule else groups
    if not holds.outlier_detection and (written or not service.preferred):
        return groups
    if not setting.priority_labels:
        return _by_locality(groups, place, setting)
    by_labels = _by_labels(groups, client.topology if client else {}, setting)
    return _by_locality(by_labels, place, setting) if setting.failover else by_labels


def _parts(place: str) -> tuple[str, str, str]:
    region, _, rest = place.partition("/")
    zone, _, sub_zone = rest.partition("/")
    return region, zone, sub_zone


def _matches(place: str, pattern: str) -> bool:
    """Whether a locality fits a pattern such as ``eu-west/*``; what the pattern leaves out may be anything."""
    region, *rest = zip(_parts(pattern), _parts(place), strict=True)
    return region[0] in ("*", region[1]) and all(wanted in ("*", "", found) for wanted, found in rest)


def _distribute(groups: Sequence[Group], rule: Distribute) -> list[Group]:
    """A share is divided by weight among the localities it fits; those that fit none lose their endpoints."""
    out = {group.place: replace(group, ends=(), share=group.weight) for group in groups}
    left = list(groups)
    for pattern, share in rule.targets:
        fitting = [group for group in left if _matches(group.place, pattern)]
        left = [group for group in left if group not in fitting]
        total = sum(group.weight for group in fitting)
        for group in fitting:
            out[group.place] = replace(group, share=math.ceil(group.weight * share / total) or None)
    return list(out.values())


def _by_locality(groups: Sequence[Group], place: str, setting: LocalitySetting) -> list[Group]:
    """The nearer, the earlier."""
    return _numbered(
        [
            replace(group, priority=group.priority * _DISTANCES + _distance(place, group.place, setting))
            for group in groups
        ]
    )


def _distance(client: str, place: str, setting: LocalitySetting) -> int:
    (region, zone, sub_zone), (its_region, its_zone, its_sub_zone) = _parts(client), _parts(place)
    if region != its_region:
        wanted = next((target for source, target in setting.failover if source == region), its_region)
        return 3 if its_region == wanted else 4
    if zone != its_zone:
        return 2
    return 0 if sub_zone == its_sub_zone else 1


def _by_labels(groups: Sequence[Group], client: dict[str, str], setting: LocalitySetting) -> list[Group]:
    """The more of the labels in a row are as wanted, the earlier; a locality is divided where its pods differ."""
    wanted = [(label, client.get(label, "") if value is None else value) for label, value in setting.priority_labels]

    def missed(workload: MeshWorkload) -> int:
        labels = workload.topology
        agree = (labels.get(label, "") == value for label, value in wanted)
        return next((len(wanted) - index for index, same in enumerate(agree) if not same), 0)

    out = []
    for group in groups:
        for priority in sorted({missed(workload) for workload, _ in group.ends}):
            ends = tuple(end for end in group.ends if missed(end[0]) == priority)
            out.append(Group(group.place, ends, priority=priority))
    return _numbered(out)


def _numbered(groups: Sequence[Group]) -> list[Group]:
    """With priorities from 0 and without gaps, as xDS requires."""
    order = sorted({group.priority for group in groups})
    return [replace(group, priority=order.index(group.priority)) for group in groups]
