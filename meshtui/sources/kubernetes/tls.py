"""TLS towards an API server: its CA, the client's certificate, and how strict to be."""

from __future__ import annotations

import os
import ssl
import tempfile
from typing import Final

from meshtui.model.errors import BadInput
from meshtui.model.kubernetes.kubeconfig import Cluster
from meshtui.sources.reading import read_limited

LARGEST: Final = 4 << 20
"""Bytes of a file of CAs; the system's own bundle has some 200 KiB."""


def tls_context(cluster: Cluster, certificate: bytes = b"", key: bytes = b"") -> ssl.SSLContext:
    """What to verify the server by, and with what to log in. Blocks. Raises ``BadInput`` for unusable PEM."""
    # Without any CA of its own a cluster is held against the system's.
    authority = authority_of(cluster)
    context = _Named(ssl.PROTOCOL_TLS_CLIENT)
    context.name = cluster.tls_server_name
    try:
        if authority:
            context.load_verify_locations(cadata=authority.decode("ascii", "ignore"))
        else:
            context.load_default_certs()
    except ssl.SSLError:
        raise BadInput(
            "The cluster's certificate-authority in the kubeconfig is no certificate.",
            "It has to be PEM, and as certificate-authority-data that in base64.",
        ) from None
    # A name that stands only in the subject is none for Go.
    context.hostname_checks_common_name = False
    # Python 3.13 refuses CAs that lack key usage or identifiers, as old clusters have them; Go, so kubectl, does not.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # Go trusts whatever stands in the file, also an intermediate without its root.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if cluster.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _load(context, certificate, key)
    return context


class _Named(ssl.SSLContext):
    """A context that knows the name to verify (``tls-server-name``): not every library on the way takes one."""

    name = ""

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, self.name or server_hostname, session)


def authority_of(cluster: Cluster) -> bytes:
    """The cluster's own CAs in PEM, empty for the system's; data counts before a file. Blocks. Raises ``BadInput``."""
    if cluster.certificate_authority_data or not cluster.certificate_authority:
        return cluster.certificate_authority_data
    try:
        return read_limited(cluster.certificate_authority, LARGEST)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise BadInput(
            f"The cluster's CA {cluster.certificate_authority} cannot be read: {reason}.",
            "Relative paths begin at the kubeconfig's folder.",
        ) from None


def _load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL's Python interface takes a client certificate by path alone: it stands in a file of ours for a moment."""
    handle, path = tempfile.mkstemp(prefix="meshtui-", suffix=".pem")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(path, password=lambda: "")
    except (ssl.SSLError, ValueError):
        raise BadInput(
            "The kubeconfig's client certificate and key cannot be used, or are not a pair.",
            "Both have to be PEM, the key without a passphrase; log in again if it was a login that wrote them.",
        ) from None
    finally:
        os.unlink(path)
