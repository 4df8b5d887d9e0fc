"""What the accepted config says about identity: TLS towards each cluster, of each listener, and from which provider."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.model.identity.comparison import ClusterTls, ListenerTls
from meshtui.model.xds.config import Cluster, Listener, TlsMode
from meshtui.model.xds.resource import CDS, LDS
from meshtui.model.xds.snapshot import Snapshot


def clusters_tls(snapshot: Snapshot) -> tuple[ClusterTls, ...]:
    """Each cluster in force, once, with its TLS."""
    found = {
        body.name: ClusterTls(body.name, body.tls, key)
        for key, resource in snapshot.resources.items()
        if key.type == CDS and isinstance(body := resource.body, Cluster)
    }
    return tuple(found.values())


def listeners_tls(snapshot: Snapshot) -> tuple[ListenerTls, ...]:
    """Each filter chain of each inbound listener in force, with its TLS."""
    return tuple(
        ListenerTls(body.name, chain.tls, key)
        for key, resource in snapshot.resources.items()
        if key.type == LDS and isinstance(body := resource.body, Listener) and body.inbound
        for chain in body.chains
    )


def asked_providers(clusters: Iterable[ClusterTls], listeners: Iterable[ListenerTls]) -> tuple[tuple[str, str], ...]:
    """(provider instance, cluster or listener that asks for it), each pair once, in the order of the config."""
    wants = [(cluster.cluster, cluster.tls) for cluster in clusters]
    wants += [(listener.listener, listener.tls) for listener in listeners]
    pairs = [
        (instance, name)
        for name, tls in wants
        if tls.mode is not TlsMode.PLAINTEXT
        for instance in (tls.identity, tls.roots)
        if instance
    ]
    return tuple(dict.fromkeys(pairs))
