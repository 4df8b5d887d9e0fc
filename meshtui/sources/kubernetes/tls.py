"""TLS towards an API server: its CA, the client's certificate, and how strict to be."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

from meshtui.model.errors import BadInput
from meshtui.model.kubernetes.kubeconfig import Cluster


def tls_context(cluster: Cluster, certificate: bytes = b"", key: bytes = b"") -> ssl.SSLContext:
    """What to verify the server by, and with what to log in. Blocks. Raises ``BadInput`` for unusable PEM."""
    # Without any CA of its own a cluster is held against the system's.
    authority = _authority(cluster)
    context = ssl.create_default_context(cadata=authority) if authority else ssl.create_default_context()
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


def _authority(cluster: Cluster) -> str:
    data = cluster.certificate_authority_data
    if not data and cluster.certificate_authority:
        try:
            data = Path(cluster.certificate_authority).read_bytes()
        except OSError as error:
            raise BadInput(
                f"The cluster's CA {cluster.certificate_authority} cannot be read: {error.strerror}."
            ) from None
    return data.decode("ascii", "ignore")


def _load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """OpenSSL's Python interface takes a client certificate by path alone: it stands in a file of ours for a moment."""
    handle, path = tempfile.mkstemp(prefix="meshtui-", suffix=".pem")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(path, password=lambda: "")
    except (ssl.SSLError, ValueError):
        raise BadInput("The kubeconfig's client certificate and key cannot be used, or are not a pair.") from None
    finally:
        os.unlink(path)
