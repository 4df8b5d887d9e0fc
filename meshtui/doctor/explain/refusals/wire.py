"""A resource, or a part of it, whose bytes a client cannot read, or whose type is another than it asked for.

Read in grpc-go ``xdsresource/unmarshal_*.go``, grpc-java ``XdsResourceType`` and ``Xds*Resource``, C-core
``xds_*_parser.cc``.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS

ALL: Final = frozenset({LDS, RDS, CDS, EDS})

UNREADABLE: Final = KnownError(
    code="nack-unreadable",
    types=ALL,
    core=(r"Can't (parse|decode) \w+ resource", "can't decode ", "could not parse HttpConnectionManager"),
    go=(
        r"failed to unmarshal (resource|api_listener|\w+TlsContext|Http11ProxyUpstreamTransport)\b",
        "failed to unwrap resource",
        "failed unmarshalling of network filter",
    ),
    java=(
        "Could not parse HttpConnectionManager",
        "failed to unpack message",
        "malformed (UpstreamTlsContext: com|Http11ProxyUpstreamTransport)",
    ),
    title="its bytes, or those of a part of it, are no message of the type that they are said to be",
    fix="this is a fault of the control plane, or of something on the way that changes what it sends",
)

OTHER_TYPE: Final = KnownError(
    code="nack-resource-type",
    types=ALL,
    go=("unexpected (listener )?resource type:",),
    java=("Invalid message type: ",),
    title="it is of another type than the client asked for",
    fix="this is a fault of the control plane: it answers with what was not asked for",
)

NAMELESS: Final = KnownError(
    code="nack-nameless",
    types=ALL,
    go=("empty resource name in ",),
    title="it has no name",
    fix="this is a fault of the control plane: the name of a resource says what it is for",
)

ERRORS: Final = (UNREADABLE, OTHER_TYPE, NAMELESS)
"""All of them; what other texts say more exactly stands before."""
