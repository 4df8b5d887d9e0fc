"""Why a client or a server refuses the TLS settings of a cluster or a listener (gRFC A29).

Read in grpc-go ``xdsresource/unmarshal_cds.go`` and ``*_resource_type.go``, grpc-java ``XdsClusterResource``, C-core
``xds_common_types_parser.cc``, grpc-js-xds ``cluster-resource-type.ts`` and ``listener-resource-type.ts``.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.known_error import KnownError
from meshtui.model.xds.resource import CDS, LDS

PROVIDER_UNKNOWN: Final = KnownError(
    code="nack-certificate-provider",
    types=frozenset({LDS, CDS}),
    core=("unrecognized certificate provider instance name",),
    go=("certificate provider instance name .* missing in bootstrap",),
    java=("not defined in the bootstrap file",),
    node=(r"Unmatched \S+\.instance_name",),
    title="it asks for TLS with a certificate provider that the bootstrap of this app does not define",
    fix=(
        "compare certificate_providers of the bootstrap with the instance named in the reason; Istio's is "
        "default. The bootstrap is read once per process: restart the app after mending it"
    ),
)

PROVIDER_MISSING: Final = KnownError(
    code="nack-tls-without-provider",
    types=frozenset({LDS, CDS}),
    core=(
        "no CA cert(s|ificate provider instance) configured",
        "no tls_certificate_provider_instance found",
        "no certificate provider instance specified",
        r"(sds_secret_configs?|tls_certificates) error:",
    ),
    go=(
        "ca_certificate_provider_instance (and system_root_certs are|is) missing",
        "tls_certificate_provider_instance is not set",
        "does not contain (root|identity) certificate provider instance name",
        "validation context contains unexpected type",
    ),
    java=(
        "tls_certificate_provider_instance is (required|unset)",
        "ca_certificate_provider_instance or system_root_certs is required",
        "ca_certificate_provider_instance is required",
        "sds_secret_config is not supported",
    ),
    node=(
        "tls_certificate_provider_instance( unset|[],]|$)",
        "ca_certificate_provider_instance unset",
        "validation_context_sds_secret_config",
        "require_client_certificate set without any validationContext",
    ),
    title=(
        "its TLS settings name no certificate provider of the bootstrap, which is where gRPC has its certificates "
        "from; secrets by SDS are Envoy's config"
    ),
    fix=(
        "where TLS by SDS is asked for, see that the control plane makes gRPC's config (GENERATOR grpc in "
        "node.metadata of the bootstrap) and that no EnvoyFilter sets TLS; otherwise set tls.mode of the "
        "DestinationRule to ISTIO_MUTUAL"
    ),
    of_istio=True,
)

TRANSPORT_SOCKET: Final = KnownError(
    code="nack-transport-socket",
    types=frozenset({LDS, CDS}),
    core=("unsupported transport socket type", "Unrecognized transport socket"),
    go=("transport_socket field has unexpected name", "transport_socket missing typed_config or wrong type_url"),
    java=("transport-socket with name", "invalid transport_socket type"),
    node=(r"Unexpected transport_socket\.", r"transport_socket\.typed_config (unset|missing)"),
    title="it wants a transport socket other than TLS, and gRPC has none",
    fix="take away the EnvoyFilter that sets the transport socket; gRPC has TLS and plaintext alone",
    of_istio=True,
)

TLS_SETTINGS: Final = KnownError(
    code="nack-tls-settings",
    types=frozenset({LDS, CDS}),
    core=(
        "feature unsupported",
        r"(common_tls_context|transport_socket|validation_context|require_sni|ocsp_staple_policy)\S* error:",
        "not supported on servers",
    ),
    go=(
        r"unsupported \w+ field in CommonTlsContext",
        "match_subject_alt_names field in validation context is not supported",
        "require_sni field set",
        "ocsp_staple_policy field set",
        "does not contain a CommonTlsContext",
        "unexpected field system_root_certs is set for server",
        "in UpstreamTlsContext in CDS response exceeds max length",
        "parse config using deprecated fields",
    ),
    java=(
        "common-tls-context (with .* is not supported|is required)",
        "downstream-tls-context with .*not supported",
        "in default_validation_context is not supported",
        "match_subject_alt_names only allowed in upstream",
        "malformed UpstreamTlsContext",
    ),
    node=(
        r"(Upstream|Downstream)TlsContext\.common_tls_context",
        r"ValidationContext\.\w+ (populated|set)",
        r"DownstreamTlsContext\.(require_sni|ocsp_staple_policy)",
    ),
    title="its TLS settings use something gRPC does not implement (gRFC A29 lists what it takes)",
    fix="set tls.mode of the DestinationRule to ISTIO_MUTUAL or DISABLE and leave its other TLS fields out",
    of_istio=True,
)

ERRORS: Final = (PROVIDER_UNKNOWN, PROVIDER_MISSING, TRANSPORT_SOCKET, TLS_SETTINGS)
"""All of them, the most specific first."""
