"""Reads Service and DestinationRule, by what istiod makes of them for proxyless gRPC."""

from __future__ import annotations

from dataclasses import replace

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.origin import Origin, full_host
from meshtui.demo.istio.policies import (
    ConsistentHash,
    DestinationRule,
    Distribute,
    HashKey,
    LoadBalancer,
    LocalitySetting,
    Subset,
    TrafficPolicy,
)
from meshtui.demo.istio.services import NO_ADDRESS, Service, ServicePort
from meshtui.demo.istio.workload import DOMAIN

DEFAULT_RING_SIZE = 1024
"""Sent where neither ``ringHash`` nor ``maglev`` is written (istio ``core/cluster_traffic_policy.go``)."""

LARGEST_RING = 8_388_608
"""A larger ring is sent as well, and gRPC has no use for the cluster (gRFC A42)."""

OTHER_PROTOCOLS = ("tcp", "udp", "tls", "https", "mongo", "redis", "mysql")
"""Port names that istiod takes for something else than HTTP or an unknown protocol."""


_ZONE = ("topology.istio.io/network", "topology.kubernetes.io/region", "topology.kubernetes.io/zone")

_PREFERENCE_ANNOTATION = "networking.istio.io/traffic-distribution"

_PREFERENCES = {
    "preferclose": _ZONE,
    "prefersamezone": _ZONE,
    "prefersamenode": (*_ZONE, "topology.istio.io/subzone", "kubernetes.io/hostname"),
}
"""What ``trafficDistribution`` stands for (istio ``core/loadbalancer/loadbalancer.go``, GetLocalityLbSetting)."""


def read_service(document: Block, origin: Origin, notes: Notes) -> Service:
    """A Service; its ports keep only what routing needs."""
    spec = fields.block(document, "spec")
    ports = []
    for port in fields.blocks(spec, "ports"):
        number = fields.integer(port, "port", 1, 65535)
        if isinstance(port.get("targetPort"), str):
            raise port.fail("targetPort", "targetPort must be a number: the demo's pods name no ports")
        target = fields.integer(port, "targetPort", 1, 65535, default=number)
        protocol = fields.text(port, "appProtocol", "") or fields.text(port, "name", "").partition("-")[0]
        if fields.text(port, "protocol", "TCP") != "TCP":
            protocol = "udp"
        ports.append(ServicePort(number, target, protocol.lower() not in OTHER_PROTOCOLS))
    alias_of = fields.text(spec, "externalName") if spec.get("type") == "ExternalName" else ""
    if not ports and not alias_of:
        raise spec.fail("ports", "a Service needs at least one port")
    session = "istio.io/persistent-session"
    if session in fields.block(fields.block(document, "metadata"), "labels"):
        reason = (
            f"the label {session} is ignored here; istiod 1.29.1 crashes when a proxyless client asks for its routes"
        )
        notes.add("dropped", document.line_of("metadata"), reason)
    # YAML reads None as a word.
    address = NO_ADDRESS if alias_of or spec.get("clusterIP") == "None" else cluster_ip(origin)
    host = f"{origin.name}.{origin.namespace}.svc.{DOMAIN}"
    annotations = fields.block(fields.block(document, "metadata"), "annotations")
    wish = fields.text(spec, "trafficDistribution", "") or fields.text(annotations, _PREFERENCE_ANNOTATION, "")
    return Service(
        origin,
        host,
        fields.labels(spec, "selector"),
        tuple(ports),
        address,
        _PREFERENCES.get(wish.lower(), ()),
        alias_of,
        node_local=spec.get("internalTrafficPolicy") == "Local",
    )


def cluster_ip(origin: Origin) -> str:
    """A stable address from the benchmarking range (RFC 2544), which is routed nowhere.

    Kubernetes would choose one; a proxyless client never dials it.
    """
    digest = sum((index + 1) * byte for index, byte in enumerate(f"{origin.namespace}/{origin.name}".encode()))
    return f"198.18.{digest // 254 % 254}.{digest % 254 + 1}"


def read_destination_rule(document: Block, origin: Origin, notes: Notes) -> DestinationRule:
    """A DestinationRule with its subsets."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a DestinationRule", ("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"))
    policy = _policy(fields.block(spec, "trafficPolicy"), notes) if spec.get("trafficPolicy") is not None else None
    subsets = tuple(_subset(item, notes) for item in fields.blocks(spec, "subsets"))
    host = full_host(fields.text(spec, "host"), origin.namespace)
    selector = fields.block(spec, "workloadSelector")
    fields.only(selector, "a workloadSelector", ("matchLabels",))
    return DestinationRule(origin, host, policy, subsets, fields.labels(selector, "matchLabels"))


def _subset(item: Block, notes: Notes) -> Subset:
    fields.only(item, "a subset", ("name", "labels", "trafficPolicy"))
    policy = _policy(fields.block(item, "trafficPolicy"), notes)
    return Subset(fields.text(item, "name"), fields.labels(item, "labels"), policy)


_SETTINGS = ("tls", "loadBalancer", "connectionPool", "outlierDetection")
"""What a policy and one of a port alone can both say."""

_POLICY_FIELDS = (
    *_SETTINGS,
    "portLevelSettings",
    "tunnel",
    "proxyProtocol",
    "retryBudget",
)


def _policy(policy: Block, notes: Notes) -> TrafficPolicy:
    fields.only(policy, "trafficPolicy", _POLICY_FIELDS)
    never = "istiod never generates it for proxyless gRPC"
    notes.drop_if_set(policy, ("tunnel", "proxyProtocol"), never)
    notes.drop_if_set(policy, ("retryBudget",), never)
    ports = tuple(_port_policy(item, notes) for item in fields.blocks(policy, "portLevelSettings"))
    return replace(_settings(policy, notes), ports=ports)


def _port_policy(item: Block, notes: Notes) -> tuple[int, TrafficPolicy]:
    fields.only(item, "portLevelSettings", ("port", *_SETTINGS))
    return fields.integer(fields.block(item, "port"), "number", 1, 65535), _settings(item, notes)


def _settings(policy: Block, notes: Notes) -> TrafficPolicy:
    outlier = policy.get("outlierDetection") is not None
    if outlier:
        reason = "outlierDetection is dropped: istiod never generates it for proxyless gRPC"
        reason += "; all it does is order endpoints by locality (priorities)"
        notes.add("changed", policy.line_of("outlierDetection"), reason)
    return TrafficPolicy(
        _mutual_tls(policy, notes),
        _balancer(policy, notes),
        _max_requests(policy, notes),
        outlier or None,
    )


def _mutual_tls(policy: Block, notes: Notes) -> bool | None:
    if policy.get("tls") is None:
        return None
    tls = fields.block(policy, "tls")
    mode = fields.one_of(tls, "mode", ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"), "DISABLE")
    if mode in ("SIMPLE", "MUTUAL"):
        notes.add(
            "changed",
            tls.line_of("mode"),
            f"tls mode {mode} becomes plaintext: for proxyless gRPC only ISTIO_MUTUAL is generated",
        )
    return mode == "ISTIO_MUTUAL"


def _balancer(policy: Block, notes: Notes) -> LoadBalancer | None:
    if policy.get("loadBalancer") is None:
        return None
    balancer = fields.block(policy, "loadBalancer")
    allowed = ("simple", "consistentHash", "localityLbSetting", "warmup", "warmupDurationSecs")
    fields.only(balancer, "loadBalancer", allowed)
    notes.drop_if_set(balancer, allowed[3:], "istiod does not generate it for proxyless gRPC")
    written = balancer.get("localityLbSetting") is not None
    locality = _locality(fields.block(balancer, "localityLbSetting")) if written else None
    if balancer.get("consistentHash") is not None:
        hashed = _consistent_hash(fields.block(balancer, "consistentHash"), notes)
        return LoadBalancer(consistent_hash=hashed, locality=locality)
    return LoadBalancer(_simple(balancer, notes), locality=locality)


def _simple(balancer: Block, notes: Notes) -> str:
    words = ("UNSPECIFIED", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "RANDOM", "PASSTHROUGH")
    simple = fields.one_of(balancer, "simple", words, "UNSPECIFIED")
    if simple in ("RANDOM", "PASSTHROUGH", "LEAST_CONN"):
        reason = f"load balancer {simple} becomes ROUND_ROBIN for proxyless gRPC"
        notes.add("changed", balancer.line_of("simple"), reason)
    if simple != "LEAST_REQUEST":
        return ""
    reason = f"{simple} is sent, and gRPC's C core (Python, C++, Ruby, PHP) refuses the cluster; Go and Java take it"
    notes.add("refused", balancer.line_of("simple"), reason)
    return "LEAST_REQUEST"


def _locality(setting: Block) -> LocalitySetting:
    fields.only(setting, "localityLbSetting", ("enabled", "distribute", "failover", "failoverPriority"))
    distribute = []
    for item in fields.blocks(setting, "distribute"):
        fields.only(item, "distribute", ("from", "to"))
        shares = fields.block(item, "to")
        targets = tuple((pattern, fields.integer(shares, pattern, 0, 100)) for pattern in shares)
        if sum(weight for _, weight in targets) != 100:
            raise item.fail("to", "the weights of a distribute must add up to 100")
        distribute.append(Distribute(fields.text(item, "from"), targets))
    failover = []
    for item in fields.blocks(setting, "failover"):
        fields.only(item, "failover", ("from", "to"))
        failover.append((fields.text(item, "from"), fields.text(item, "to")))
    enabled = fields.boolean(setting, "enabled", default=True)
    priority = (item.partition("=") for item in fields.texts(setting, "failoverPriority"))
    labels = tuple((name, value if equals else None) for name, equals, value in priority)
    return LocalitySetting(enabled, tuple(distribute), tuple(failover), labels)


_KEYS = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")


def _consistent_hash(settings: Block, notes: Notes) -> ConsistentHash:
    fields.only(settings, "consistentHash", (*_KEYS, "minimumRingSize", "ringHash", "maglev"))
    notes.drop_if_set(settings, _KEYS[1:], "gRPC hashes only a header; every call gets a random hash")
    key = _hash_key(settings)
    if settings.get("maglev") is not None:
        reason = "maglev is sent, and no gRPC has it: Go, Java and C core refuse the cluster"
        notes.add("refused", settings.line_of("maglev"), reason)
        maglev = fields.block(settings, "maglev")
        return ConsistentHash("MAGLEV", fields.integer(maglev, "tableSize", 0, 2**32, default=0) or None, key)
    ring = fields.block(settings, "ringHash")
    written = settings.get("ringHash") is not None
    source, default = (ring, 0) if written else (settings, DEFAULT_RING_SIZE)
    size = fields.integer(source, "minimumRingSize", 0, 2**32, default=default) or (0 if written else default)
    if size > LARGEST_RING:
        reason = f"a ring of more than {LARGEST_RING} is sent, and gRPC cannot use it: calls fail or hang"
        notes.add("refused", source.line_of("minimumRingSize"), reason)
    return ConsistentHash("RING_HASH", size or None, key)


def _hash_key(settings: Block) -> HashKey | None:
    if settings.get("httpHeaderName") is not None:
        return HashKey("header", fields.text(settings, "httpHeaderName"))
    if settings.get("httpCookie") is not None:
        cookie = fields.block(settings, "httpCookie")
        fields.only(cookie, "httpCookie", ("name", "path", "ttl"))
        ttl = fields.duration(cookie, "ttl") if cookie.get("ttl") is not None else None
        return HashKey("cookie", fields.text(cookie, "name"), fields.text(cookie, "path", ""), ttl)
    if fields.boolean(settings, "useSourceIp", default=False):
        return HashKey("source")
    if settings.get("httpQueryParameterName") is not None:
        return HashKey("query", fields.text(settings, "httpQueryParameterName"))
    return None


def _max_requests(policy: Block, notes: Notes) -> int | None:
    """0 where a pool does not say it, as a subset's pool counts as a whole."""
    if policy.get("connectionPool") is None:
        return None
    pool = fields.block(policy, "connectionPool")
    fields.only(pool, "connectionPool", ("http", "tcp"))
    http = fields.block(pool, "http")
    ignored = "gRPC takes only http2MaxRequests from a connection pool"
    notes.drop_if_set(http, tuple(key for key in http if key != "http2MaxRequests"), ignored)
    notes.drop_if_set(pool, ("tcp",), ignored)
    return fields.integer(http, "http2MaxRequests", 0, 2**31 - 1, default=0)
