"""The gRPC channel to a target, and the files of its TLS."""

from __future__ import annotations

import ssl
from typing import Final, TypeAlias

import grpc
import grpc.aio

from meshtui.model.address import Address, AddressKind
from meshtui.model.errors import BadInput, UsageError
from meshtui.model.target import DEFAULT_MAX_MESSAGE, TlsOptions

Channel: TypeAlias = grpc.aio.Channel
"""What calls are made over, for those who hand it on and do not know gRPC."""

CONNECT_TIMEOUT_MS: Final = 10_000
"""One attempt to connect, from TCP to the HTTP/2 settings. gRPC takes it from ``min_reconnect_backoff_ms``: a small
value there would refuse every link with more than a few round trips a second."""

FIRST_BACKOFF_MS: Final = 200
"""Pause after the first failed attempt: a restarted pod or port-forward is seen at once."""

LONGEST_BACKOFF_MS: Final = 2_000
"""gRPC's default of 120 s would leave a person looking at a target that is long back."""

KEEPALIVE_MS: Final = 20_000
"""A silent link is asked for a sign of life after this time, so that one that died without a word is redialled.
Servers count pings only between answers, and polls are answered more often than this."""

KEEPALIVE_TIMEOUT_MS: Final = 10_000
"""How long that sign may take."""

LARGEST_METADATA: Final = 256 * 1024
"""Bytes of a call's headers and trailers. An error's text is one of them: with gRPC's limit of 8 KiB a longer reason is
lost, and the call fails with another one."""

LARGEST_FILE: Final = 16 << 20
"""Bytes of a file with certificates or a key; the system's CA bundle has a quarter of a MiB."""

FILES: Final = "Check the path and its mode."

PEM: Final = "PEM begins with -----BEGIN; openssl x509 -inform der -in FILE turns a DER certificate into it."

_OPTIONS: Final = (
    ("grpc.enable_http_proxy", 0),  # the environment's proxy would apply even to 127.0.0.1
    # A closed channel lives as long as the error of its last call. In the pool of the process its connection, and the
    # pause after an attempt that failed, would be those of the next channel to this address, and no attempt be made.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", FIRST_BACKOFF_MS),
    ("grpc.min_reconnect_backoff_ms", CONNECT_TIMEOUT_MS),
    ("grpc.max_reconnect_backoff_ms", LONGEST_BACKOFF_MS),
    ("grpc.max_metadata_size", LARGEST_METADATA),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.service_config_disable_resolution", 1),  # a DNS record must not add retries or another balancing
)


def open_channel(
    address: Address, tls: TlsOptions | None = None, *, max_message: int = DEFAULT_MAX_MESSAGE
) -> grpc.aio.Channel:
    """A channel to the address; it connects with the first call. To be called inside the running loop.

    ``max_message`` bounds an answer in bytes, compressed or not: gRPC gives up while it unpacks one that is larger.

    Raises ``UsageError`` for TLS options that do not go together, ``BadInput`` for a file that cannot be read or is
    not what it should be. Contents of files never appear in a message.
    """
    # The limit is an int of 32 bits; -1 is none.
    limit = max_message if max_message < 1 << 31 else -1
    options: list[tuple[str, int | str]] = [*_OPTIONS, ("grpc.max_receive_message_length", limit)]
    if tls is None or not tls.wanted:
        return grpc.aio.insecure_channel(address.target, options=options)
    credentials = _credentials(tls)
    name = tls.server_name or (address.host if address.kind is AddressKind.TCP else "")
    if name:
        options += [("grpc.ssl_target_name_override", name), ("grpc.default_authority", name)]
    return grpc.aio.secure_channel(address.target, credentials, options=options)


def _credentials(tls: TlsOptions) -> grpc.ChannelCredentials:
    if bool(tls.certificate) != bool(tls.key):
        given, lacking = ("--cert", "--key") if tls.certificate else ("--key", "--cert")
        raise UsageError(f"{given} needs {lacking}.", "A certificate and its key go together.")
    roots = _read(tls.ca, "CA certificates") if tls.ca else None
    certificate = _read(tls.certificate, "the certificate") if tls.certificate else None
    key = _read(tls.key, "the key") if tls.key else None
    _check(tls)
    return grpc.ssl_channel_credentials(roots, key, certificate)


def _read(name: str, role: str) -> bytes:
    from meshtui.sources.reading import read_limited  # most targets are reached without TLS

    try:
        return read_limited(name, LARGEST_FILE)
    except OSError as error:
        raise BadInput(f"{name} ({role}) cannot be read: {error.strerror or type(error).__name__}.", FILES) from None
    except ValueError:
        raise BadInput(f"{name!r} ({role}) is no file name.", FILES) from None


def _check(tls: TlsOptions) -> None:
    """Find out now, with a reason, what gRPC would only tell as "Failed to create security handshaker"."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls.ca:
        try:
            context.load_verify_locations(cafile=tls.ca)
        except (ssl.SSLError, OSError):
            raise BadInput(f"{tls.ca} holds no CA certificate in PEM form.", PEM) from None
    if tls.certificate and tls.key:
        try:
            context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
        except _EncryptedKeyError:
            raise BadInput(
                f"The key in {tls.key} is encrypted, which gRPC does not take.", "Give a key without a pass phrase."
            ) from None
        except (ssl.SSLError, OSError) as error:
            reason = getattr(error, "reason", None) or ""
            if reason == "KEY_VALUES_MISMATCH":
                raise BadInput(
                    f"The key in {tls.key} does not belong to the certificate in {tls.certificate}.",
                    "Give the pair that was issued together.",
                ) from None
            raise BadInput(f"{tls.certificate} and {tls.key} hold no certificate and key in PEM form.", PEM) from None


class _EncryptedKeyError(Exception):
    """OpenSSL asks for a pass phrase."""


def _no_password() -> str:
    raise _EncryptedKeyError
