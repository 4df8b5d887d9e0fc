"""TLS of clusters and filter chains (gRFC A29), in both generations of the certificate provider fields."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from meshtui.model.xds.config import PLAINTEXT, StringMatch, TlsContext, TlsMode
from meshtui.sources.proto.unpack import UnreadableError, parse_as, string_match, unpack

SYSTEM_ROOTS = "system"
"""Stands for the machine's own CAs (gRFC A82) where otherwise a provider's name is."""


def upstream_tls(cluster: Any) -> TlsContext:
    """TLS a client uses towards a cluster."""
    if not cluster.HasField("transport_socket"):
        return PLAINTEXT
    packed = cluster.transport_socket.typed_config
    return _read_upstream(packed.type_url, packed.value)


CONTEXTS_REMEMBERED: Final = 1_024
"""The clusters of one service, and often those of a namespace, have the same TLS."""


@lru_cache(CONTEXTS_REMEMBERED)
def _read_upstream(type_url: str, value: bytes) -> TlsContext:
    try:
        context = _upstream_context(type_url, value)
    except UnreadableError:
        return TlsContext(TlsMode.UNREADABLE)
    if context is None:
        return PLAINTEXT
    identity, roots, sans = _common(context.common_tls_context)
    return TlsContext(
        TlsMode.MTLS if identity else TlsMode.TLS,
        identity=identity,
        roots=roots,
        sans=sans,
        sni=context.sni,
        host_sni=context.auto_host_sni,
        checks_sni=context.auto_sni_san_validation,
    )


def _upstream_context(type_url: str, value: bytes) -> Any | None:
    """The ``UpstreamTlsContext``, also out of the HTTP CONNECT wrapper of gRFC A86; ``None`` for a raw socket."""
    message = parse_as(type_url, value, "UpstreamTlsContext", "Http11ProxyUpstreamTransport", "RawBuffer")
    kind = message.DESCRIPTOR.name
    if kind == "Http11ProxyUpstreamTransport":
        inner = message.transport_socket
        return unpack(inner.typed_config, "UpstreamTlsContext") if message.HasField("transport_socket") else None
    return message if kind == "UpstreamTlsContext" else None


def downstream_tls(chain: Any) -> TlsContext:
    """TLS a server demands on a filter chain. Raises :class:`UnreadableError`."""
    if not chain.HasField("transport_socket"):
        return PLAINTEXT
    message = unpack(chain.transport_socket.typed_config, "DownstreamTlsContext", "RawBuffer")
    if message.DESCRIPTOR.name == "RawBuffer":
        return PLAINTEXT
    identity, roots, sans = _common(message.common_tls_context)
    required = bool(message.require_client_certificate.value)
    return TlsContext(
        TlsMode.MTLS if required else TlsMode.TLS,
        identity=identity,
        roots=roots,
        sans=sans,
        require_client_certificate=required,
    )


def _common(context: Any) -> tuple[str, str, tuple[StringMatch, ...]]:
    """Provider of the own certificate, provider of the roots, accepted SANs; the newer field wins, as in gRPC."""
    identity = (
        context.tls_certificate_provider_instance.instance_name
        or context.tls_certificate_certificate_provider_instance.instance_name
        or _named_elsewhere(context)
    )
    form = context.WhichOneof("validation_context_type")
    combined = context.combined_validation_context
    validation = (
        combined.default_validation_context if form == "combined_validation_context" else (context.validation_context)
    )
    roots = (
        validation.ca_certificate_provider_instance.instance_name
        or combined.validation_context_certificate_provider_instance.instance_name
        or context.validation_context_certificate_provider_instance.instance_name
        or (SYSTEM_ROOTS if validation.HasField("system_root_certs") else "")
    )
    return identity, roots, _sans(validation)


def _named_elsewhere(context: Any) -> str:
    """The own certificate as Envoy, but not gRPC, can be given it."""
    for secret in context.tls_certificate_sds_secret_configs:
        return f"SDS {secret.name}"
    return "inline" if context.tls_certificates else ""


def _sans(validation: Any) -> tuple[StringMatch, ...]:
    """Both generations: a list of matchers, and a list of matchers with the kind of SAN they are for."""
    typed = [string_match(matcher.matcher) for matcher in validation.match_typed_subject_alt_names]
    plain = [string_match(matcher) for matcher in validation.match_subject_alt_names]
    return tuple(dict.fromkeys(typed + plain))
