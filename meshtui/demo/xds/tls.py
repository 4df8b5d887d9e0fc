"""TLS by certificate provider, in both generations of the fields."""

from __future__ import annotations

from collections.abc import Iterable

from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, tls_pb2
from google.protobuf import wrappers_pb2

PROVIDER = "default"
"""The instance that the bootstrap's ``certificate_providers`` defines."""

_SOCKET = "envoy.transport_sockets.tls"
"""gRPC requires exactly this name."""


def _common(identities: Iterable[str]) -> tls_pb2.CommonTlsContext:
    """Certificate and root from the provider, said in the old fields and in the new ones.

    C-core and Go take either; grpc-js knows only the new.
    """
    old = tls_pb2.CommonTlsContext.CertificateProviderInstance
    validation = common_pb2.CertificateValidationContext(
        ca_certificate_provider_instance=common_pb2.CertificateProviderPluginInstance(
            instance_name=PROVIDER, certificate_name="ROOTCA"
        )
    )
    for identity in identities:
        validation.match_subject_alt_names.add(exact=identity)
    combined = tls_pb2.CommonTlsContext.CombinedCertificateValidationContext(
        default_validation_context=validation,
        validation_context_certificate_provider_instance=old(instance_name=PROVIDER, certificate_name="ROOTCA"),
    )
    return tls_pb2.CommonTlsContext(
        tls_certificate_certificate_provider_instance=old(instance_name=PROVIDER, certificate_name="default"),
        tls_certificate_provider_instance=common_pb2.CertificateProviderPluginInstance(
            instance_name=PROVIDER, certificate_name="default"
        ),
        combined_validation_context=combined,
    )


def upstream(identities: Iterable[str]) -> base_pb2.TransportSocket:
    """A client's side: present the own certificate, accept exactly these identities."""
    socket = base_pb2.TransportSocket(name=_SOCKET)
    socket.typed_config.Pack(tls_pb2.UpstreamTlsContext(common_tls_context=_common(identities)))
    return socket


def downstream() -> base_pb2.TransportSocket:
    """A server's side: require a client certificate of the mesh."""
    context = tls_pb2.DownstreamTlsContext(
        common_tls_context=_common(()), require_client_certificate=wrappers_pb2.BoolValue(value=True)
    )
    socket = base_pb2.TransportSocket(name=_SOCKET)
    socket.typed_config.Pack(context)
    return socket
