"""The ``node`` a client sends to its control plane."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from meshtui.model.config import Locality
from meshtui.model.masking import mask
from meshtui.model.snapshot import NodeIdentity
from meshtui.sources.proto.json_mapping import struct_json


def node_identity(node: Any | None) -> NodeIdentity:
    """``envoy.config.core.v3.Node``; secrets in its metadata, which holds environment variables, are masked."""
    if node is None:
        return NodeIdentity()
    metadata = mask(struct_json(node.metadata)).document
    return NodeIdentity(
        id=node.id,
        cluster=node.cluster,
        user_agent=node.user_agent_name,
        user_agent_version=_version(node),
        locality=_locality(node.locality) if node.HasField("locality") else None,
        metadata=MappingProxyType(metadata if isinstance(metadata, dict) else {}),
    )


def _version(node: Any) -> str:
    """C-core and grpc-go send a text; Envoy a build version."""
    if node.user_agent_version:
        return str(node.user_agent_version)
    if not node.HasField("user_agent_build_version"):
        return ""
    version = node.user_agent_build_version.version
    return f"{version.major_number}.{version.minor_number}.{version.patch}"


def _locality(locality: Any) -> Locality:
    return Locality(locality.region, locality.zone, locality.sub_zone, priority=0, weight=0, endpoints=())
