"""Words for resources in findings: what a type is called, and a short name."""

from __future__ import annotations

from typing import Final

from meshtui.model.phrases import plural_noun
from meshtui.model.xds.names import parse_service_name, short_host
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Resource

WAYS_SHOWN: Final = 3
"""Ways to a missing resource named in one finding; more are counted."""

TYPE_NAMES: Final = {LDS: "listener", RDS: "route configuration", CDS: "cluster", EDS: "endpoint resource"}
"""What each type is called in a sentence."""


def several(resources: list[Resource]) -> str:
    """``cluster echo:7070 subset v1``, or ``clusters echo:7070 subset v1, echo:7070 subset v2 and 3 more``."""
    noun = plural_noun(len(resources), type_word(resources[0]))
    shown = ", ".join(short_name(resource) for resource in resources[:WAYS_SHOWN])
    more = f" and {len(resources) - WAYS_SHOWN} more" if len(resources) > WAYS_SHOWN else ""
    return f"{noun} {shown}{more}"


def type_word(resource: Resource) -> str:
    """What the type is called in a sentence."""
    return TYPE_NAMES.get(resource.key.type, resource.key.type)


def short_name(resource: Resource) -> str:
    """``echo:7070 subset v1``, or the name as it is where it is none of Istio's."""
    service = parse_service_name(resource.key.name)
    if service is None:
        return short_host(resource.key.name)
    return f"{service.service}:{service.port}" + (f" subset {service.subset}" if service.subset else "")
