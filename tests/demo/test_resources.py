"""The xDS resources that manifests become: names and shapes of istiod's, and none that fails to build."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as hcm_pb2,
)
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from hypothesis import given
from hypothesis import strategies as st

from meshtui.demo.checks import unresolved
from meshtui.demo.istio.fields import ManifestError
from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.workload import MeshWorkload
from meshtui.demo.manifests import in_force, read_text
from meshtui.demo.scenarios import scenario
from meshtui.demo.xds.generate import (
    CLUSTER,
    ENDPOINTS,
    LISTENER,
    PUSH_ORDER,
    ROUTE,
    generate,
    identify,
)
from meshtui.demo.xds.listeners import mutual_tls_mode
from meshtui.demo.xds.names import aliases, parse_cluster, qualified, split_host_port

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


def test_an_outbound_listener_keeps_the_name_as_asked() -> None:
    listener = one(config_of("discovery"), LISTENER, "echo:7070", listener_pb2.Listener)
    assert listener.name == "echo:7070"
    manager = hcm_pb2.HttpConnectionManager()
    assert listener.api_listener.api_listener.Unpack(manager)
    assert manager.rds.route_config_name == ALL
    assert manager.rds.config_source.HasField("ads")
    assert [http_filter.name for http_filter in manager.http_filters] == [
        "envoy.filters.http.fault",
        "envoy.filters.http.router",
    ]


def test_an_inbound_listener_is_for_a_target_port_only() -> None:
    config = config_of("discovery")
    listener = one(config, LISTENER, INBOUND, listener_pb2.Listener)
    assert [chain.name for chain in listener.filter_chains] == ["inbound-plaintext"]
    client = identify(config, NODE, "echo-grpc")
    assert generate(config, client, LISTENER, [INBOUND.replace("17070", "17071")]) == []
    nobody = identify(config, "sidecar~127.0.1.9~other.echo-grpc~x", "echo-grpc")
    assert generate(config, nobody, LISTENER, [INBOUND]) == []


def test_strict_asks_for_a_client_certificate_in_both_generations() -> None:
    listener = one(config_of("mtls-strict"), LISTENER, INBOUND, listener_pb2.Listener)
    (chain,) = listener.filter_chains
    assert chain.name == "inbound-mtls"
    context = tls_pb2.DownstreamTlsContext()
    assert chain.transport_socket.typed_config.Unpack(context)
    assert context.require_client_certificate.value
    common = context.common_tls_context
    assert common.tls_certificate_certificate_provider_instance.instance_name == "default"
    assert common.tls_certificate_provider_instance.instance_name == "default"


def test_a_mutual_tls_cluster_expects_the_identities_of_its_pods() -> None:
    cluster = one(config_of("mtls-strict"), CLUSTER, V1, cluster_pb2.Cluster)
    context = tls_pb2.UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(context)
    combined = context.common_tls_context.combined_validation_context
    names = [san.exact for san in combined.default_validation_context.match_subject_alt_names]
    assert names == ["spiffe://cluster.local/ns/echo-grpc/sa/echo"]
    assert combined.validation_context_certificate_provider_instance.instance_name == "default"
    assert combined.default_validation_context.ca_certificate_provider_instance.instance_name == "default"
    assert not cluster.HasField("metadata")


def test_routes_are_weighted_and_name_their_origin() -> None:
    route = one(config_of("traffic-shift"), ROUTE, ALL, route_pb2.RouteConfiguration)
    host, other = route.virtual_hosts
    assert other.name == f"{FQDN.replace('echo', 'greeter', 1)}:7070"
    assert host.name == f"{FQDN}:7070"
    for name in ("echo", "echo.echo-grpc", "echo.echo-grpc.svc", FQDN):
        assert {name, f"{name}:7070"} <= set(host.domains)
    (entry,) = host.routes
    shares = {cluster.name: cluster.weight.value for cluster in entry.route.weighted_clusters.clusters}
    assert shares == {V1: 20, V1.replace("v1", "v2"): 80}
    path = entry.metadata.filter_metadata["istio"]["config"]
    assert path == "/apis/networking.istio.io/v1/namespaces/echo-grpc/virtual-service/echo"


def test_endpoints_are_the_pods_of_the_subset() -> None:
    config = config_of("traffic-shift")
    found = one(config, ENDPOINTS, V1, endpoint_pb2.ClusterLoadAssignment)
    addresses = [end.endpoint.address.socket_address.address for group in found.endpoints for end in group.lb_endpoints]
    assert addresses == ["127.0.1.11"]
    every = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert len(every.endpoints[0].lb_endpoints) == 2
    empty = one(config_of("traffic-shift", pods=()), ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert not empty.endpoints


@pytest.mark.parametrize(
    ("type_url", "name"),
    [
        (CLUSTER, f"outbound|7070|v9|{FQDN}"),
        (CLUSTER, f"outbound|7071||{FQDN}"),
        (CLUSTER, "outbound|7070||nobody"),
        (CLUSTER, "inbound|7070||"),
        (CLUSTER, ""),
        (ENDPOINTS, f"outbound|7070|v9|{FQDN}"),
        (ROUTE, "outbound|7070|"),
        (ROUTE, "outbound|x||y"),
        (LISTENER, "echo"),
        (LISTENER, "echo:"),
        (LISTENER, ":7070"),
        (LISTENER, "echo:99999999999"),
        (LISTENER, "xds.istio.io/grpc/lds/inbound/"),
        ("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret", "default"),
    ],
)
def test_what_does_not_exist_is_left_out(type_url: str, name: str) -> None:
    config = config_of("traffic-shift")
    assert generate(config, identify(config, NODE, "echo-grpc"), type_url, [name]) == []


@pytest.mark.parametrize(
    ("policies", "labels", "mode"),
    [
        ((), {}, "DISABLE"),
        ((peer_authentication("PERMISSIVE"),), {}, "DISABLE"),
        ((peer_authentication("PERMISSIVE"),), {"security.istio.io/tlsMode": "istio"}, "STRICT"),
        ((), {"security.istio.io/tlsMode": "istio"}, "STRICT"),
        ((peer_authentication("STRICT"),), {}, "STRICT"),
        ((peer_authentication("STRICT", namespace="istio-system"),), {}, "STRICT"),
        ((peer_authentication("STRICT", namespace="elsewhere"),), {}, "DISABLE"),
        ((peer_authentication("STRICT", namespace="istio-system"), peer_authentication("DISABLE")), {}, "DISABLE"),
        (
            (peer_authentication("STRICT"), peer_authentication("UNSET", ", selector: {matchLabels: {app: echo}}")),
            {},
            "STRICT",
        ),
        (
            (peer_authentication("STRICT"), peer_authentication("DISABLE", ", selector: {matchLabels: {app: echo}}")),
            {},
            "DISABLE",
        ),
        (
            (peer_authentication("STRICT"), peer_authentication("DISABLE", ", selector: {matchLabels: {app: other}}")),
            {},
            "STRICT",
        ),
        (
            (
                peer_authentication(
                    "STRICT", ", selector: {matchLabels: {app: echo}}, portLevelMtls: {'17070': {mode: DISABLE}}"
                ),
            ),
            {},
            "DISABLE",
        ),
    ],
)
def test_who_decides_about_mutual_tls(policies: tuple[str, ...], labels: dict[str, str], mode: str) -> None:
    pod = workload("echo-v1", "v1", "127.0.1.11", **labels)
    assert mutual_tls_mode(config_of("discovery", *policies, pods=(pod,)), pod, 17070) == mode


def test_a_fault_rides_on_its_route() -> None:
    text = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: faulty, namespace: echo-grpc}
spec:
  hosts: [echo]
  http:
    - fault: {delay: {fixedDelay: 1m0.5s, percentage: {value: 12.5}}, abort: {httpStatus: 503}}
      timeout: 200ms
      retries: {attempts: 0}
      route: [{destination: {host: echo}}]
"""
    route = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    (entry,) = route.virtual_hosts[0].routes
    fault = fault_pb2.HTTPFault()
    assert entry.typed_per_filter_config["envoy.filters.http.fault"].Unpack(fault)
    assert (fault.delay.fixed_delay.seconds, fault.delay.fixed_delay.nanos) == (60, 500_000_000)
    assert fault.delay.percentage.numerator == 125_000
    assert (fault.abort.http_status, fault.abort.percentage.numerator) == (503, 1_000_000)
    assert entry.route.max_stream_duration.max_stream_duration.nanos == 200_000_000
    assert not entry.route.HasField("retry_policy")


@pytest.mark.parametrize(
    ("hosts", "name"),
    [
        ("['*']", "far"),
        ("['*.svc.cluster.local']", "far"),
        ("['*.other.svc.cluster.local']", "split"),
        ("[echo.other]", "split"),
    ],
)
def test_a_wildcard_host_yields_to_an_exact_one(hosts: str, name: str) -> None:
    text = f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: far, namespace: echo-grpc}}
spec: {{hosts: {hosts}, http: [{{name: far, route: [{{destination: {{host: echo}}}}]}}]}}
"""
    beside = one(config_of("traffic-shift", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    assert beside.virtual_hosts[0].routes[0].name == "split", "the exact host wins"
    alone = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    assert alone.virtual_hosts[0].routes[0].name == (name if name == "far" else "default")


def test_what_leads_nowhere_is_noted() -> None:
    texts = [
        """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: lost, namespace: echo-grpc}
spec:
  hosts: [echo]
  http:
    - route:
        - {destination: {host: nobody}, weight: 1}
        - {destination: {host: echo, subset: v9}, weight: 1}
        - {destination: {host: echo, port: {number: 1}}, weight: 1}
"""
    ]
    notes = [note.reason for note in unresolved(config_of("traffic-shift", *texts))]
    assert len(notes) == 4
    assert "no Service is called nobody.echo-grpc.svc.cluster.local" in " ".join(notes)
    assert "no DestinationRule defines subset v9" in " ".join(notes)
    assert "has no port 1" in " ".join(notes)
    assert "already has routes for" in " ".join(notes)
    assert list(unresolved(config_of("traffic-shift"))) == []


@pytest.mark.parametrize("name", ["echo", "echo.echo-grpc", "echo.echo-grpc.svc", FQDN])
def test_every_alias_means_the_same_host(name: str) -> None:
    assert qualified(name, "echo-grpc") == FQDN
    assert name in aliases(FQDN, "echo-grpc")


def test_other_namespaces_are_not_shortened() -> None:
    assert qualified("echo.other", "echo-grpc") == "echo.other"
    assert "echo" not in aliases("echo.other.svc.cluster.local", "echo-grpc")


@given(st.text(alphabet="echo.:|7070outbound-grpcsvlal\x00é", max_size=40))
def test_any_name_is_taken_apart_or_not(name: str) -> None:
    parts = parse_cluster(name)
    if parts is not None:
        assert parts.host == name.split("|")[3]
    pair = split_host_port(name)
    if pair is not None:
        assert name.startswith(f"{pair[0]}:")
    qualified(name, "echo-grpc")
    aliases(name, "echo-grpc")


_words = st.sampled_from(["echo", "v1", "x", "/a", "*", "a*", "*a", "(", "é", ""])
_match = st.fixed_dictionaries(
    {},
    optional={
        "uri": st.dictionaries(st.sampled_from(["exact", "prefix", "regex"]), _words, max_size=1),
        "headers": st.dictionaries(
            _words, st.dictionaries(st.sampled_from(["exact", "prefix", "regex"]), _words, max_size=1), max_size=2
        ),
    },
)
_routes = st.fixed_dictionaries(
    {
        "route": st.lists(
            st.fixed_dictionaries(
                {"destination": st.fixed_dictionaries({"host": _words, "subset": _words})},
                optional={"weight": st.integers(0, 2**32)},
            ),
            min_size=1,
            max_size=3,
        )
    },
    optional={
        "match": st.lists(_match, max_size=2),
        "timeout": st.sampled_from(["1s", "0s", "8760h", "0.000000001s"]),
        "corsPolicy": st.just({"allowOrigins": [{"exact": "x"}]}),
        "rewrite": st.just({"uri": "/", "authority": "x"}),
        "mirror": st.just({"host": "echo"}),
    },
)


@given(http=st.lists(_routes, max_size=3), principal=_words)
def test_whatever_is_read_can_be_sent(http: list[Any], principal: str) -> None:
    spec = {"hosts": ["echo"], "http": http}
    head = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "x"}}
    rule = {"from": [{"source": {"principals": [principal]}}], "to": [{"operation": {"paths": [principal]}}]}
    policy = {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "x"},
        "spec": {"rules": [rule]},
    }
    try:
        config = config_of("discovery", json.dumps({**head, "spec": spec}), json.dumps(policy))
    except ManifestError:
        return
    client = identify(config, NODE, "echo-grpc")
    assert len(generate(config, client, ROUTE, [ALL, ALL])) == 1
    for type_url in PUSH_ORDER:
        names = [ALL, V1, INBOUND, "echo:7070"]
        first = generate(config, client, type_url, names)
        assert first == generate(config, client, type_url, reversed(names)), "equal configuration, equal bytes"
    list(unresolved(config))


def destination_rule(name: str, spec: str, created: str = "", namespace: str = "echo-grpc") -> str:
    since = f", creationTimestamp: {created}" if created else ""
    return f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}{since}}}
spec: {{host: {FQDN}, {spec}}}
"""


V1_AND_V2 = "subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]"
MUTUAL = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"
LEAST_REQUEST = "trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}"


def has_tls(config: MeshConfig, name: str) -> bool:
    return bool(one(config, CLUSTER, name, cluster_pb2.Cluster).HasField("transport_socket"))


class TestSeveralRulesOfOneHost:
    """istiod merges them (``pilot/pkg/model/destination_rule.go``, mergeDestinationRule)."""

    @pytest.mark.parametrize("turned", [False, True])
    def test_subsets_of_one_get_the_policy_of_the_other(self, turned: bool) -> None:
        rules = [destination_rule("echo-versions", V1_AND_V2), destination_rule("echo-mtls", MUTUAL)]
        config = config_of("discovery", *(reversed(rules) if turned else rules))
        assert has_tls(config, ALL)
        assert has_tls(config, V1)
        assert list(unresolved(config)) == []

    def test_the_oldest_policy_wins_as_a_whole(self) -> None:
        rules = [destination_rule("b", LEAST_REQUEST), destination_rule("a", f"{MUTUAL}, {V1_AND_V2}")]
        config = config_of("discovery", *rules)
        found = one(config, CLUSTER, V1, cluster_pb2.Cluster)
        assert found.lb_policy == cluster_pb2.Cluster.LEAST_REQUEST
        assert not found.HasField("transport_socket")
        assert [note.reason for note in unresolved(config)] == [
            f"the older DestinationRule echo-grpc/b already has a trafficPolicy for {FQDN}: this one's is not used"
        ]

    def test_an_empty_policy_counts_as_one(self) -> None:
        config = config_of("discovery", destination_rule("a", "trafficPolicy: {}"), destination_rule("b", MUTUAL))
        assert not has_tls(config, ALL)

    def test_of_subsets_with_one_name_the_oldest_counts(self) -> None:
        old = destination_rule("old", "subsets: [{name: v1, labels: {version: v1}}]")
        new = destination_rule("new", "subsets: [{name: v1, labels: {version: v2}}]")
        config = config_of("discovery", old, new)
        found = one(config, ENDPOINTS, V1, endpoint_pb2.ClusterLoadAssignment)
        assert [group.lb_endpoints[0].endpoint.address.socket_address.address for group in found.endpoints] == [
            "127.0.1.11"
        ]
        assert "already has subset v1" in next(iter(unresolved(config))).reason

    @pytest.mark.parametrize("created", ["2020-01-01T00:00:00Z", "'2020-01-01T00:00:00+00:00'"])
    def test_a_creation_timestamp_says_how_old_a_rule_is(self, created: str) -> None:
        rules = [destination_rule("first", LEAST_REQUEST), destination_rule("later", MUTUAL, created)]
        assert has_tls(config_of("discovery", *rules), ALL)

    def test_rules_of_another_namespace_are_not_merged(self) -> None:
        rules = [destination_rule("a", V1_AND_V2), destination_rule("b", MUTUAL, namespace="other")]
        config = config_of("discovery", *rules)
        assert not has_tls(config, V1)
        assert "in another namespace" in next(iter(unresolved(config))).reason

    def test_an_object_that_is_applied_again_replaces_itself(self) -> None:
        rules = [destination_rule("echo", V1_AND_V2), destination_rule("echo", MUTUAL)]
        config = config_of("discovery", *rules)
        assert has_tls(config, ALL)
        assert generate(config, identify(config, NODE, "echo-grpc"), CLUSTER, [V1]) == []


def test_a_creation_timestamp_that_is_none_is_refused() -> None:
    with pytest.raises(ManifestError, match="creationTimestamp must be a time"):
        read_text(destination_rule("a", MUTUAL, "yesterday"), "a.yaml")


def routes_of(http: str) -> list[Any]:
    head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: echo, namespace: echo-grpc}\n"
    text = f"{head}spec: {{hosts: [echo], http: {http}}}"
    found = one(config_of("discovery", text), ROUTE, ALL, route_pb2.RouteConfiguration)
    return list(found.virtual_hosts[0].routes)


class TestRoutes:
    """What no capture shows, by istio's ``pilot/pkg/networking/core/route/route.go``."""

    def test_a_share_of_nothing_leaves_the_other_in_a_weighted_cluster(self) -> None:
        both = (
            "[{destination: {host: echo, subset: v1}, weight: 100}, {destination: {host: echo, subset: v2}, weight: 0}]"
        )
        (route,) = routes_of(f"[{{route: {both}}}]")
        assert [cluster.name for cluster in route.route.weighted_clusters.clusters] == [V1]
        assert route.decorator.operation == "echo:7070/*"

    def test_a_missing_header_counts_as_empty_for_envoy(self) -> None:
        route = routes_of(
            "[{match: [{withoutHeaders: {x: {exact: a}, y: {regex: '*'}}}], route: [{destination: {host: echo}}]}]"
        )[0]
        x, y = route.match.headers
        assert (x.invert_match, x.treat_missing_header_as_empty, x.string_match.exact) == (True, True, "a")
        assert (y.invert_match, y.treat_missing_header_as_empty, y.present_match) == (True, False, True)

    @pytest.mark.parametrize("uri", ["{prefix: /}", "{regex: '.*'}"])
    def test_what_follows_a_match_that_takes_everything_is_left_out(self, uri: str) -> None:
        to = "route: [{destination: {host: echo}}]"
        assert len(routes_of(f"[{{match: [{{name: all, uri: {uri}}}], name: r, {to}}}, {{{to}}}]")) == 1

    def test_a_match_adds_its_name(self) -> None:
        assert routes_of("[{name: r, match: [{name: m}], route: [{destination: {host: echo}}]}]")[0].name == "r.m"

    def test_numbers_in_retry_on_are_statuses(self) -> None:
        (route,) = routes_of(
            "[{retries: {attempts: 1, retryOn: '503, unavailable'}, route: [{destination: {host: echo}}]}]"
        )
        policy = route.route.retry_policy
        assert policy.retry_on == "unavailable,retriable-status-codes"
        assert list(policy.retriable_status_codes) == [503]

    def test_a_hashed_call_is_retried_where_its_hash_sends_it(self) -> None:
        text = destination_rule(
            "echo", "trafficPolicy: {loadBalancer: {consistentHash: {httpCookie: {name: c, ttl: 0s}}}}"
        )
        virtual = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: echo}\nspec: "
        config = config_of(
            "discovery", text, virtual + "{hosts: [echo], http: [{route: [{destination: {host: echo}}]}]}"
        )
        action = one(config, ROUTE, ALL, route_pb2.RouteConfiguration).virtual_hosts[0].routes[0].route
        assert action.hash_policy[0].cookie.name == "c"
        assert action.hash_policy[0].cookie.HasField("ttl")
        assert not action.retry_policy.retry_host_predicate


def test_a_tcp_port_has_a_listener_and_no_routes() -> None:
    """``could not find VirtualHost`` is what grpc-go 1.78 said of such a port of a real istiod 1.29.1."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: raw}\nspec: {ports: [{name: tcp-raw, port: 9090}]}"
    config = config_of("discovery", text)
    listener = one(config, LISTENER, "raw:9090", listener_pb2.Listener)
    assert listener.name == "raw:9090"
    name = "outbound|9090||raw.echo-grpc.svc.cluster.local"
    assert not one(config, ROUTE, name, route_pb2.RouteConfiguration).virtual_hosts


def test_a_locality_that_gets_no_share_has_no_endpoints() -> None:
    setting = "{distribute: [{from: '*', to: {'a/*': 100}}]}"
    text = destination_rule("echo", f"trafficPolicy: {{loadBalancer: {{localityLbSetting: {setting}}}}}")
    pods = tuple(replace(pod, locality=place) for pod, place in zip(PODS, ("a/1", "b/1"), strict=True))
    found = one(config_of("discovery", text, pods=pods), ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    shares = [
        (group.locality.region, group.load_balancing_weight.value, len(group.lb_endpoints)) for group in found.endpoints
    ]
    assert shares == [("a", 100, 1), ("b", 1, 0)]


def test_localities_are_ordered_by_how_near_they_are() -> None:
    """Without gaps, and a region that failover does not name comes last."""
    failover = "loadBalancer: {localityLbSetting: {failover: [{from: a, to: c}]}}"
    text = destination_rule("echo", f"trafficPolicy: {{outlierDetection: {{}}, {failover}}}")
    places = ("a/1/x", "a/1/y", "b/1", "c/1")
    pods = tuple(replace(PODS[0], name=f"p{index}", locality=place) for index, place in enumerate(places))
    config = config_of("discovery", text, pods=(replace(PODS[0], locality="a/1/x"), *pods))
    found = one(config, ENDPOINTS, ALL, endpoint_pb2.ClusterLoadAssignment)
    assert [(group.locality.region, group.locality.sub_zone, group.priority) for group in found.endpoints] == [
        ("a", "x", 0), ("a", "y", 1), ("b", "", 3), ("c", "", 2),
    ]  # fmt: skip
