"""Reads Service and DestinationRule, by what istiod makes of them for proxyless gRPC."""

from __future__ import annotations

from meshtui.demo.istio import fields
from meshtui.demo.istio.fields import Block
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import (
    DestinationRule,
    Origin,
    RingHash,
    Service,
    ServicePort,
    Subset,
    TrafficPolicy,
    full_host,
)

DEFAULT_RING_SIZE = 1024
"""Istio's default for ``minimumRingSize``."""

_RING_HASH = "RING_HASH"


def read_service(document: Block, origin: Origin, notes: Notes) -> Service:
    """A Service; its ports keep only what routing needs."""
    spec = fields.block(document, "spec")
    ports = []
    for port in fields.blocks(spec, "ports"):
        number = fields.integer(port, "port", 1, 65535)
        if isinstance(port.get("targetPort"), str):
            raise port.fail("targetPort", "targetPort must be a number: the demo's pods name no ports")
        ports.append(ServicePort(number, fields.integer(port, "targetPort", 1, 65535, default=number)))
    if not ports:
        raise spec.fail("ports", "a Service needs at least one port")
    selector = fields.labels(spec, "selector")
    return Service(origin, selector, tuple(ports), _cluster_ip(origin))


def _cluster_ip(origin: Origin) -> str:
    """A stable address from the benchmarking range (RFC 2544), which is routed nowhere.

    Kubernetes would choose one; a proxyless client never dials it.
    """
    digest = sum((index + 1) * byte for index, byte in enumerate(f"{origin.namespace}/{origin.name}".encode()))
    return f"198.18.{digest // 254 % 254}.{digest % 254 + 1}"


def read_destination_rule(document: Block, origin: Origin, notes: Notes) -> DestinationRule:
    """A DestinationRule with its subsets."""
    spec = fields.block(document, "spec")
    fields.only(spec, "a DestinationRule", ("host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"))
    notes.drop_if_set(spec, ("exportTo", "workloadSelector"), "the demo mesh shows every rule to every pod")
    policy = _policy(fields.block(spec, "trafficPolicy"), notes) if spec.get("trafficPolicy") is not None else None
    subsets = tuple(_subset(item, notes) for item in fields.blocks(spec, "subsets"))
    host = full_host(fields.text(spec, "host"), origin.namespace)
    return DestinationRule(origin, host, policy, subsets)


def _subset(item: Block, notes: Notes) -> Subset:
    fields.only(item, "a subset", ("name", "labels", "trafficPolicy"))
    policy = _policy(fields.block(item, "trafficPolicy"), notes)
    return Subset(fields.text(item, "name"), fields.labels(item, "labels"), policy)


_POLICY_FIELDS = (
    "tls",
    "loadBalancer",
    "connectionPool",
    "outlierDetection",
    "portLevelSettings",
    "tunnel",
    "proxyProtocol",
    "retryBudget",
)


def _policy(policy: Block, notes: Notes) -> TrafficPolicy:
    fields.only(policy, "trafficPolicy", _POLICY_FIELDS)
    notes.drop_if_set(
        policy, ("outlierDetection", "tunnel", "proxyProtocol"), "istiod never generates it for proxyless gRPC"
    )
    notes.drop_if_set(policy, ("portLevelSettings", "retryBudget"), "the demo mesh does not model it")
    balancer, ring_hash = _balancer(fields.block(policy, "loadBalancer"), notes)
    return TrafficPolicy(
        _mutual_tls(policy, notes), balancer, ring_hash, _max_requests(fields.block(policy, "connectionPool"), notes)
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


def _balancer(balancer: Block, notes: Notes) -> tuple[str | None, RingHash | None]:
    allowed = ("simple", "consistentHash", "localityLbSetting", "warmup", "warmupDurationSecs")
    fields.only(balancer, "loadBalancer", allowed)
    notes.drop_if_set(balancer, allowed[2:], "istiod does not generate it for proxyless gRPC")
    if balancer.get("consistentHash") is not None:
        return _RING_HASH, _ring_hash(fields.block(balancer, "consistentHash"), notes)
    if balancer.get("simple") is None:
        return None, None
    words = ("UNSPECIFIED", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "RANDOM", "PASSTHROUGH")
    simple = fields.one_of(balancer, "simple", words, "UNSPECIFIED")
    if simple in ("RANDOM", "PASSTHROUGH"):
        reason = f"load balancer {simple} becomes ROUND_ROBIN for proxyless gRPC"
        notes.add("changed", balancer.line_of("simple"), reason)
    if simple in ("LEAST_REQUEST", "LEAST_CONN"):
        reason = (
            f"{simple} is sent, and gRPC's C core (Python, C++, Ruby, PHP) refuses the cluster; Go and Java take it"
        )
        notes.add("refused", balancer.line_of("simple"), reason)
        return "LEAST_REQUEST", None
    return "ROUND_ROBIN", None


def _ring_hash(settings: Block, notes: Notes) -> RingHash:
    others = ("httpCookie", "useSourceIp", "httpQueryParameterName", "maglev")
    fields.only(settings, "consistentHash", ("httpHeaderName", "minimumRingSize", "ringHash", *others))
    notes.drop_if_set(settings, others, "gRPC hashes only a header; every call gets a random hash")
    nested = fields.block(settings, "ringHash")
    size = fields.integer(settings, "minimumRingSize", 1, 8_388_608, default=DEFAULT_RING_SIZE)
    size = fields.integer(nested, "minimumRingSize", 1, 8_388_608, default=size)
    return RingHash(fields.text(settings, "httpHeaderName", ""), size)


def _max_requests(pool: Block, notes: Notes) -> int | None:
    fields.only(pool, "connectionPool", ("http", "tcp"))
    http = fields.block(pool, "http")
    ignored = "gRPC takes only http2MaxRequests from a connection pool"
    notes.drop_if_set(http, tuple(key for key in http if key != "http2MaxRequests"), ignored)
    notes.drop_if_set(pool, ("tcp",), ignored)
    if http.get("http2MaxRequests") is None:
        return None
    return fields.integer(http, "http2MaxRequests", 1, 2**31 - 1)
