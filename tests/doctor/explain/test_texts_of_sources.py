"""Texts as the sources of grpc-go, grpc-java, grpc-js and C-core word them, which once had no meaning or a wrong one.

grpc-go at 4793ad0 ``xdsresource/unmarshal_*.go``, ``xds/resolver``, ``xdsdepmgr``, ``xds/server/routing.go``,
``xds/balancer``. grpc-java at 5fda0c7 ``Xds*Resource``, ``LoadBalancerConfigFactory``, ``XdsDependencyManager``,
``XdsServerWrapper``, ``XdsX509TrustManager``. grpc-js-xds at 2670b37 ``xds-resource-type/``, ``resolver-xds.ts``,
``xds-dependency-manager.ts``, ``load-balancer-xds-*.ts``; what Node itself says of a connection is its own. C-core
``xds_*_parser.cc``, ``xds_client.cc``, ``spiffe_utils.cc``, its end-to-end tests, and ``xds_api.cc`` of old releases,
from which the texts without ``field:`` are; grpcio 1.85 as it was run without a control plane and on broken bootstraps.
"""

from __future__ import annotations

from typing import Final

import pytest

from meshtui.doctor.explain.catalogue import known_error, known_refusal
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS

QUOTED: Final = 'name:"a" lb_policy:MAGLEV retry_policy:{} weighted_clusters:{} timeout:{seconds:1}'
NODE: Final = "[xDS node id: sidecar~10.0.0.1~a.b~b.svc.cluster.local]: "
CALL: Final = "rpc error: code = Unavailable desc = "
AT_HOST: Final = "field:virtual_hosts[0].routes[0].route."

REFUSED: Final = [
    (
        LDS,
        f"failed to unmarshal filter chains: network filters {{{QUOTED}}} is missing name field",
        "nack-filter-config",
    ),
    (LDS, 'unexpected http connection manager resource type: "type.googleapis.com/x.TcpProxy"', "nack-api-listener"),
    (LDS, "failed to unmarshal api_listener: proto: cannot parse invalid wire-format data", "nack-unreadable"),
    (LDS, "Could not parse HttpConnectionManager config from ApiListener", "nack-unreadable"),
    (LDS, "FilterChain a contains filter b without typed_config", "nack-filter-config"),
    (LDS, "api_listener.api_listener.type_url != type.googleapis.com/x.HttpConnectionManager", "nack-api-listener"),
    (LDS, "field:api_listener.api_listener.value[x.v3.TcpProxy] error:unsupported filter type", "nack-api-listener"),
    (LDS, "Listener has no ApiListener.", "nack-api-listener"),
    (LDS, "HttpConnectionManager missing config_source for RDS.", "nack-rds-config-source"),
    (LDS, "HttpConnectionManager ConfigSource for RDS does not specify ADS.", "nack-rds-config-source"),
    (RDS, f"received route is invalid: route {QUOTED} has an empty string matcher", "nack-header-matcher"),
    (RDS, "empty resource name in route config resource", "nack-nameless"),
    (RDS, f"{AT_HOST}cluster error:must be non-empty", "nack-destination-unnamed"),
    (RDS, f"{AT_HOST}weighted_clusters.clusters[0].name error:must be non-empty", "nack-destination-unnamed"),
    (RDS, f"{AT_HOST}weighted_clusters.clusters[1].weight error:field not present", "nack-weights"),
    (RDS, "RouteAction weighted_cluster cluster contains empty cluster name.", "nack-destination-unnamed"),
    (RDS, "RouteAction weighted_cluster cluster missing weight", "nack-weights"),
    (RDS, "RouteAction weighted_cluster has incorrect total weight", "nack-weights"),
    (RDS, "RouteAction RetryPolicy num_retries set to invalid value 0.", "nack-retries"),
    (RDS, "Invalid route header matcher specified.", "nack-header-matcher"),
    (CDS, "failed to unmarshal UpstreamTlsContext in CDS response: proto: cannot parse", "nack-unreadable"),
    (CDS, 'unexpected resource type: "type.googleapis.com/x" ', "nack-resource-type"),
    (CDS, f"unexpected edsConfig in response: {QUOTED}", "nack-eds-config-source"),
    (CDS, "Failed to parse xDS filter metadata for cluster 'a': x", "nack-metadata"),
    (CDS, "Cluster a: malformed Http11ProxyUpstreamTransport: x", "nack-unreadable"),
    (CDS, "Bad JSON config: {}", "nack-lb-policy-settings"),
    (CDS, "LRS ConfigSource is not self.", "nack-load-reports"),
    (
        CDS,
        "field:typed_extension_protocol_options[x].typed_config.value[x].common_http_protocol_options.idle_timeout"
        ".seconds error:value must be in the range [0, 315576000000]",
        "nack-duration",
    ),
    (EDS, "EDS response contains a drop policy with unsupported denominator: 7", "nack-drops"),
    (EDS, "Unknown denominator type of numerator: 1", "nack-drops"),
    (
        EDS,
        'metadata conversion for key "envoy.http11_proxy_transport_socket.proxy_address" and type "x" failed: address '
        'field is not a valid IPv4 or IPv6 address: "a"',
        "nack-metadata",
    ),
    (EDS, "Failed to parse Endpoint metadata: x", "nack-metadata"),
    (EDS, "field:endpoints[0].lb_endpoints[0].metadata.typed_filter_metadata[a].address error:x", "nack-metadata"),
    (EDS, "Can't parse ClusterLoadAssignment resource.", "nack-unreadable"),
]


@pytest.mark.parametrize(("type_", "text", "code"), REFUSED)
def test_why_a_resource_is_refused(type_: str, text: str, code: str) -> None:
    known = known_refusal(text, type_)
    assert known is not None
    assert known.code == code


GO: Final = [
    (f"{CALL}{NODE}aggregate cluster graph has no leaf clusters", "aggregate-cluster"),
    (f"{CALL}name resolver error: {NODE}aggregate cluster graph exceeds max depth (16)", "aggregate-cluster"),
    (
        f'{CALL}name resolver error: xds: authority "x.example" specified in dial target "xds://x.example/a" is not '
        "found in the bootstrap file",
        "authority-unknown",
    ),
    (f'{NODE}client-side listener resource "a" does not contain API listener configuration', "not-an-api-listener"),
    (f"{CALL}error from xDS configuration for matched route configuration: {NODE}x", "server-routes"),
    (f"{CALL}the incoming RPC matched to a route that was not of action type non forwarding", "server-routes"),
    (f"{CALL}{NODE}the incoming RPC did not match a configured Virtual Host", "server-routes"),
    (
        "xds: failed to create xds-client: failed to read xDS bootstrap config from env vars: bootstrap environment "
        'variables ("GRPC_XDS_BOOTSTRAP" or "GRPC_XDS_BOOTSTRAP_CONFIG") not defined',
        "bootstrap-unusable",
    ),
    (f'{CALL}unknown cluster selected for RPC: "cluster:a"', "cluster-unbalanced"),
    (
        f"{CALL}{NODE}received Cluster resource that contains invalid security config: certificate provider instance "
        '"x" not found in bootstrap file',
        "certificate-provider-unknown",
    ),
    (f"{CALL}no priority is provided, all priorities are removed", "no-endpoints"),
    (f"{CALL}weighted-target: no targets to pick from", "no-endpoints"),
    (
        f'{CALL}connection error: desc = "transport: authentication handshake failed: spiffe: no bundle found for peer '
        'certificates trust domain \\"x\\" but verification with a SPIFFE trust map was configured"',
        "unknown-trust-domain",
    ),
    (
        "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5242880 vs. 4194304)",
        "message-too-large",
    ),
    ("rpc error: code = Unimplemented desc = unknown service foo.Bar", "unimplemented"),
]

LATE: Final = "Timed out waiting for resource outbound|7070|v9|echo from xDS server"

JAVA: Final = [
    ("UNAVAILABLE: Error retrieving LDS resource a:1 nodeID: x: NOT_FOUND: Resource a:1 does not exist",
     "listener-missing"),
    ("UNAVAILABLE: Error retrieving RDS resource r nodeID: x: NOT_FOUND: Resource r does not exist",
     "route-configuration-missing"),
    ("UNAVAILABLE: Error retrieving CDS resource c nodeID: x: NOT_FOUND: Resource c deleted from server",
     "cluster-missing"),
    (f"UNAVAILABLE: Error retrieving CDS resource c nodeID: x: UNAVAILABLE: {LATE}", "resource-late"),
    ("NOT_FOUND: Resource echo:7070 does not exist nodeID: x", "resource-missing"),
    ("INTERNAL: Aggregate cluster cycle detected: [a, b]", "aggregate-cluster"),
    ("UNAVAILABLE: CDS encountered error: unable to find available subchannel for cluster a", "cluster-unbalanced"),
    ("UNAVAILABLE: Failed to initialize xDS", "bootstrap-unusable"),
    ("UNAVAILABLE: invalid target URI: target authority not found in the bootstrap", "authority-unknown"),
    ("UNAVAILABLE: Could not find xDS virtual host matching RPC", "server-routes"),
    ("UNAVAILABLE: ADS stream closed with OK before receiving a response nodeID: x", "control-plane-stream-ended"),
    ("UNAVAILABLE: Not an API listener nodeID: x", "not-an-api-listener"),
    ("Spiffe Trust Map doesn't contain trust domain 'x' from peer leaf certificate", "unknown-trust-domain"),
    ("UNAVAILABLE: Network closed for unknown reason", "plaintext-to-tls"),
]  # fmt: skip

NO_CONNECTION: Final = "14 UNAVAILABLE: No connection established"

NODE_JS: Final = [
    ("14 UNAVAILABLE: Listener echo:7070 does not exist", "listener-missing"),
    ("14 UNAVAILABLE: RouteConfiguration outbound|7070||echo does not exist", "route-configuration-missing"),
    ("14 UNAVAILABLE: RouteConfiguration r: No matching route found for echo:7070", "virtual-host-missing"),
    ("14 UNAVAILABLE: Cluster resource outbound|7070|v9|echo does not exist", "cluster-missing"),
    ("14 UNAVAILABLE: Call dropped by load balancing policy. Category: throttle", "dropped-by-config"),
    ("14 UNAVAILABLE: Call dropped by load balancing policy.", "circuit-breaker"),
    ("14 UNAVAILABLE: Requested cluster a not found", "cluster-unbalanced"),
    ("14 UNAVAILABLE: aggregate cluster graph exceeds max depth of 15", "aggregate-cluster"),
    (f"{NO_CONNECTION} to xDS server", "control-plane-unreachable"),
    (f"{NO_CONNECTION}. Last error: Error: connect ECONNREFUSED 10.0.0.1:80. Resolution note: ", "connection-refused"),
    (f"{NO_CONNECTION}. Last error: No matching subject alternative name found in certificate", "san-mismatch"),
    ("14 UNAVAILABLE: Name resolution failed for target dns:a", "name-resolution"),
    ("Error: Authority x not found in bootstrap file", "authority-unknown"),
    ("14 UNAVAILABLE: Routing error", "server-routes"),
    ("8 RESOURCE_EXHAUSTED: Received message larger than max (5242880 vs 4194304)", "message-too-large"),
]

CORE: Final = [
    ("cluster1: FAILED_PRECONDITION: aggregate cluster graph has no leaf clusters", "aggregate-cluster"),
    ("empty address list (LDS resource a: not an API listener)", "not-an-api-listener"),
    (
        "empty address list (LDS resource a:1: xDS channel for server 127.0.0.1:1: channel in TRANSIENT_FAILURE: "
        "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: "
        "Connection refused (node ID:a))",
        "control-plane-unreachable",
    ),
    (
        "Failed to create XdsClient: errors validating JSON: [field:xds_servers[0].call_creds[0].config.jwt_token_file "
        "error:field not present]",
        "bootstrap-unusable",
    ),
    ('authority "x" not present in bootstrap config', "authority-unknown"),
    ("No spiffe bundle found for trust domain x", "unknown-trust-domain"),
]


@pytest.mark.parametrize(("text", "code"), [*GO, *JAVA, *NODE_JS, *CORE])
def test_why_a_call_failed(text: str, code: str) -> None:
    assert known_error(text).code == code
