"""What manifests become: the configuration read from them, and the one xDS resource of a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.workload import MeshWorkload
from meshtui.demo.manifests import in_force, read_text
from meshtui.demo.scenarios import scenario
from meshtui.demo.xds.generate import (
    generate,
    identify,
)

FQDN = "echo.echo-grpc.svc.cluster.local"
ALL = f"outbound|7070||{FQDN}"
V1 = f"outbound|7070|v1|{FQDN}"
INBOUND = "xds.istio.io/grpc/lds/inbound/127.0.1.11:17070"
NODE = "sidecar~127.0.1.11~echo-v1.echo-grpc~echo-grpc.svc.cluster.local"


def workload(name: str, version: str, ip: str, **labels: str) -> MeshWorkload:
    pairs = {"app": "echo", "version": version, **labels}
    return MeshWorkload(
        name=name,
        namespace="echo-grpc",
        service_account="echo",
        labels=tuple(sorted(pairs.items())),
        ip=ip,
        ports=((17070, 17070),),
    )


PODS = (workload("echo-v1", "v1", "127.0.1.11"), workload("echo-v2", "v2", "127.0.1.12"))


def config_of(name: str, *more: str, pods: tuple[MeshWorkload, ...] = PODS) -> MeshConfig:
    """A scenario's configuration, with further documents that were applied one after the other."""
    texts = [file.read_text() for file in sorted(scenario(name).directory.glob("*.yaml"))] + list(more)
    objects = [object_ for number, text in enumerate(texts) for object_ in read_text(text, f"{number}.yaml").objects]
    start = datetime(2026, 11, 1, tzinfo=UTC)
    since = {object_.origin.identity: start + timedelta(seconds=age) for age, object_ in enumerate(objects)}
    return in_force(objects, since, pods)


def one(config: MeshConfig, type_url: str, name: str, kind: Any, node: str = NODE) -> Any:
    """The only resource of a name, unpacked."""
    (packed,) = generate(config, identify(config, node, "echo-grpc"), type_url, [name])
    message = kind()
    assert packed.Unpack(message)
    return message


def peer_authentication(mode: str, extra: str = "", namespace: str = "echo-grpc") -> str:
    return f"""
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: {mode.lower()}, namespace: {namespace}}}
spec: {{mtls: {{mode: {mode}}} {extra}}}
"""


def destination_rule(name: str, spec: str, created: str = "", namespace: str = "echo-grpc", host: str = FQDN) -> str:
    since = f", creationTimestamp: {created}" if created else ""
    return f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}{since}}}
spec: {{host: {host}, {spec}}}
"""


def virtual_service(http: str, name: str = "echo", namespace: str = "echo-grpc", more: str = "") -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{hosts: [{FQDN}], http: {http} {more}}}
"""
