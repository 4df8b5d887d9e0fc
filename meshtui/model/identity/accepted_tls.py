"""What the accepted config says about identity: TLS towards each cluster, of each listener, and from which provider."""

from __future__ import annotations

from meshtui.model.identity.comparison import ClusterTls, ListenerTls
from meshtui.model.xds.config import Cluster, Listener, TlsMode
from meshtui.model.xds.snapshot import Snapshot


def clusters_tls(snapshot: Snapshot) -> tuple[ClusterTls, ...]:
    """Each cluster in force, once, with its TLS."""
    found = {
        resource.body.name: ClusterTls(resource.body.name, resource.body.tls, resource.key)
        for resource in snapshot.resources.values()
        if isinstance(resource.body, Cluster)
    }
    return tuple(found.values())


def listeners_tls(snapshot: Snapshot) -> tuple[ListenerTls, ...]:
    """Each filter chain of each inbound listener in force, with its TLS."""
    return tuple(
        ListenerTls(resource.body.name, chain.tls, resource.key)
        for resource in snapshot.resources.values()
        if isinstance(resource.body, Listener) and resource.body.inbound
        for chain in resource.body.chains
    )


def asked_providers(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """(provider instance, cluster or listener that asks for it), each pair once, in the order of the config."""
    wants = [(clusters_tl.cluster, clusters_tl.tls) for clusters_tl in clusters_tls(snapshot)]
    wants += [(listeners_tl.listener, listeners_tl.tls) for listeners_tl in listeners_tls(snapshot)]
    pairs = [
        (instance, name)
        for name, tls in wants
        if tls.mode is not TlsMode.PLAINTEXT
        for instance in (tls.identity, tls.roots)
        if instance
    ]
    return tuple(dict.fromkeys(pairs))
