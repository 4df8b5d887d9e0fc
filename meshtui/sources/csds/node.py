"""The ``node`` a client sends to its control plane."""

from __future__ import annotations

from typing import Any, Final

from meshtui.model.xds.snapshot import NodeIdentity


def node_identity(node: Any | None) -> NodeIdentity:
    """``envoy.config.core.v3.Node``. Of its metadata, which hold environment variables and secrets, a word is read."""
    if node is None:
        return NodeIdentity()
    place = node.locality
    return NodeIdentity(
        id=node.id,
        cluster=node.cluster,
        user_agent=node.user_agent_name,
        user_agent_version=_version(node),
        locality="/".join(part for part in (place.region, place.zone, place.sub_zone) if part),
        generator=_generator(node.metadata.fields) if node.HasField("metadata") else None,
    )


LONGEST_GENERATOR: Final = 64
"""istiod knows ``grpc`` and a few words like it; more than this is no such word."""


def _generator(fields: Any) -> str:
    return fields["GENERATOR"].string_value[:LONGEST_GENERATOR] if "GENERATOR" in fields else ""


def _version(node: Any) -> str:
    """C-core and grpc-go send a text; Envoy a build version."""
    if node.user_agent_version:
        return str(node.user_agent_version)
    if not node.HasField("user_agent_build_version"):
        return ""
    version = node.user_agent_build_version.version
    return f"{version.major_number}.{version.minor_number}.{version.patch}"
