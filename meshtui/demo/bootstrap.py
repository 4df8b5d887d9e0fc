"""The gRPC bootstrap, in the shape Istio's agent writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from meshtui.demo.istio.workload import CLUSTER_ID, DOMAIN, NAMESPACE
from meshtui.demo.pods import ADMIN_PORT, GRPC_PORT, ISTIO_VERSION, PodPlan
from meshtui.demo.xds.names import INBOUND_PREFIX

REFRESH_INTERVAL = "1s"
"""How often gRPC looks at the certificate files. Istio writes 900s; with certificates of minutes an app would
serve an expired one."""


def bootstrap(plan: PodPlan) -> dict[str, Any]:
    """The bootstrap's content for a pod."""
    certificates = plan.certificates
    return {
        "xds_servers": [
            {
                "server_uri": f"unix://{plan.ads_socket}",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ],
        "node": {
            "id": f"sidecar~{plan.listening.ip}~{plan.name}.{NAMESPACE}~{NAMESPACE}.svc.{DOMAIN}",
            "metadata": _metadata(plan),
            # pilot-agent writes both into every bootstrap; istiod knows the locality by itself.
            "locality": {},
            "UserAgentVersionType": None,
        },
        "certificate_providers": {
            "default": {
                "plugin_name": "file_watcher",
                "config": {
                    "certificate_file": str(certificates / "cert-chain.pem"),
                    "private_key_file": str(certificates / "key.pem"),
                    "ca_certificate_file": str(certificates / "root-cert.pem"),
                    "refresh_interval": REFRESH_INTERVAL,
                },
            }
        },
        "server_listener_resource_name_template": f"{INBOUND_PREFIX}%s",
    }


def _metadata(plan: PodPlan) -> dict[str, Any]:
    """The node's fields, as a real pilot-agent 1.29.1 wrote them, also those of Envoy, which is not there."""
    service, revision = plan.workload.canonical
    canonical = {"service.istio.io/canonical-name": service, "service.istio.io/canonical-revision": revision}
    ports = [] if plan.calls else [GRPC_PORT]
    return {
        "ANNOTATIONS": {
            "inject.istio.io/templates": "grpc-agent",
            "istio.io/rev": "default",
            "proxy.istio.io/config": '{"holdApplicationUntilProxyStarts": true}',
        },
        "APP_CONTAINERS": "app",
        "CLUSTER_ID": CLUSTER_ID,
        "ENVOY_PROMETHEUS_PORT": 15090,
        "ENVOY_SKIP_DEPRECATED_LOGS": "true",
        "ENVOY_STATUS_PORT": 15021,
        "GENERATOR": "grpc",
        "INSTANCE_IPS": plan.listening.ip,
        "ISTIO_VERSION": ISTIO_VERSION,
        "LABELS": {**plan.labels, **canonical},
        "MESH_ID": DOMAIN,
        "METADATA_DISCOVERY": "false",
        "NAME": plan.name,
        "NAMESPACE": NAMESPACE,
        "NODE_NAME": plan.workload.node,
        "OWNER": f"kubernetes://apis/apps/v1/namespaces/{NAMESPACE}/deployments/{plan.name}",
        "PILOT_SAN": ["istiod.istio-system.svc"],
        "POD_PORTS": json.dumps([{"containerPort": port, "protocol": "TCP"} for port in (*ports, ADMIN_PORT)]),
        "PROXY_CONFIG": _proxy_config(plan),
        "SERVICE_ACCOUNT": plan.service_account,
        "WORKLOAD_IDENTITY_SOCKET_FILE": "socket",
        "WORKLOAD_NAME": plan.name,
    }


def _proxy_config(plan: PodPlan) -> dict[str, Any]:
    """Booleans and numbers are real ones here, where the metadata around it has texts."""
    return {
        "binaryPath": "/usr/local/bin/envoy",
        "configPath": plan.directory,
        "controlPlaneAuthPolicy": "NONE",
        "discoveryAddress": plan.istiod,
        "drainDuration": "45s",
        "holdApplicationUntilProxyStarts": True,
        "proxyAdminPort": 15000,
        "serviceCluster": "istio-proxy",
        "statNameLength": 189,
        "statusPort": plan.listening.agent,
        "terminationDrainDuration": "5s",
    }


def write(plan: PodPlan) -> None:
    """Write the file; it appears whole or not at all."""
    path: Path = plan.bootstrap
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(bootstrap(plan), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
