"""Where a route leads: clusters, timeout, retries and what is hashed, by istio's ``core/route/route.go``."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as components
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2
from envoy.extensions.retry.priority.previous_priorities.v3 import (
    previous_priorities_config_pb2 as previous_priorities_pb2,
)
from envoy.type.v3 import percent_pb2
from google.protobuf import duration_pb2, wrappers_pb2

from meshtui.demo.istio.objects import MeshConfig
from meshtui.demo.istio.policies import ConsistentHash
from meshtui.demo.istio.routing import Destination, HttpRoute, Retries, Rewrite
from meshtui.demo.xds import header_changes
from meshtui.demo.xds.names import ClusterName

_DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
"""Istio's default (``core/route/retry/retry.go``); of these gRPC knows ``unavailable`` and ``cancelled``."""

_DEFAULT_RETRIES = 2

_STATUS_CODES = frozenset(str(status.value) for status in HTTPStatus)


def default(config: MeshConfig, name: ClusterName) -> components.RouteAction:
    """The action of a service without a VirtualService. Its unlimited timeout is said in a field gRPC does not read."""
    action = components.RouteAction(cluster=str(name), timeout=duration(0.0), max_grpc_timeout=duration(0.0))
    _retry(action, None, same_host=False)
    _hash(action, _hash_of_service(config, name))
    return action


def action(config: MeshConfig, http: HttpRoute, port: int) -> components.RouteAction:
    """The action of one entry of a VirtualService."""
    limit = duration(http.timeout_seconds or 0.0)
    out = components.RouteAction(timeout=limit)
    out.max_stream_duration.max_stream_duration.CopyFrom(limit)
    hashes = [_hash_of(config, destination) for destination in http.destinations]
    if http.weighted:
        out.weighted_clusters.SetInParent()
    for destination, hashed in zip(http.destinations, hashes, strict=True):
        name = _cluster(config, destination, port)
        if http.weighted:
            share = out.weighted_clusters.clusters.add(name=name)
            share.weight.value = destination.weight
            authority = header_changes.add(share, destination.headers)
            if authority:
                share.host_rewrite_literal = authority
        else:
            out.cluster = name
        _hash(out, hashed)
    _retry(out, http.retries, same_host=not http.weighted and any(hashes))
    _ignored(config, out, http, port)
    return out


def duration(seconds: float) -> duration_pb2.Duration:
    """Seconds as protobuf has them."""
    out = duration_pb2.Duration()
    out.FromTimedelta(timedelta(seconds=seconds))
    return out


def _cluster(config: MeshConfig, destination: Destination, port: int) -> str:
    """A destination without a port means the one that was called; an alias means what it stands for, and no further.

    Also where its Service has another port only: of a Service istiod knows here no port but the one that is called
    (istio ``core/httproute.go``, BuildSidecarOutboundVirtualHosts; ``core/route/route.go``, GetDestinationCluster).
    """
    service = config.service(destination.host)
    known = service and service.port(port) and service.host not in config.hidden
    host = service.alias_of if service and known and service.alias_of else destination.host
    return str(ClusterName(host, destination.port or port, destination.subset))


def _retry(action: components.RouteAction, retries: Retries | None, same_host: bool) -> None:
    """Istio's default with what is written over it; ``same_host``: a hashed call stays where its hash sends it."""
    if retries is not None and retries.attempts == 0:
        return
    out = action.retry_policy
    out.retry_on = _DEFAULT_RETRY_ON
    out.num_retries.value = _DEFAULT_RETRIES if retries is None else retries.attempts
    out.host_selection_retry_max_attempts = 5
    if not same_host:
        _previous_hosts(out)
    if retries is not None:
        _written(out, retries)


def _written(out: components.RetryPolicy, retries: Retries) -> None:
    """What takes the place of the default (istio, ConvertPolicy)."""
    if retries.retry_on:
        _retry_on(out, retries.retry_on)
    if retries.per_try_seconds is not None:
        out.per_try_timeout.CopyFrom(duration(retries.per_try_seconds))
    if retries.elsewhere is not None:
        del out.retry_host_predicate[:]
    if retries.elsewhere:
        _previous_hosts(out)
    if retries.in_other_localities:
        out.retry_priority.name = "envoy.retry_priorities.previous_priorities"
        out.retry_priority.typed_config.Pack(previous_priorities_pb2.PreviousPrioritiesConfig(update_frequency=2))
    if retries.backoff_seconds is not None:
        out.retry_back_off.base_interval.CopyFrom(duration(retries.backoff_seconds))


def _previous_hosts(out: components.RetryPolicy) -> None:
    predicate = out.retry_host_predicate.add(name="envoy.retry_host_predicates.previous_hosts")
    predicate.typed_config.Pack(previous_hosts_pb2.PreviousHostsPredicate())


def _retry_on(out: components.RetryPolicy, written: str) -> None:
    """Numbers among the words are HTTP statuses (istio, parseRetryOn)."""
    words = [word.strip() for word in written.split(",") if word.strip()]
    out.retriable_status_codes.extend(int(word) for word in words if word in _STATUS_CODES)
    names = [word for word in words if word not in _STATUS_CODES]
    if out.retriable_status_codes and not any("retriable-status-codes" in name for name in names):
        names.append("retriable-status-codes")
    out.retry_on = ",".join(names)


def _hash_of(config: MeshConfig, destination: Destination) -> ConsistentHash | None:
    rule = config.destination_rule(destination.host)
    return rule.hash_of(destination.subset, destination.port) if rule else None


def _hash_of_service(config: MeshConfig, name: ClusterName) -> ConsistentHash | None:
    """What is hashed where no VirtualService is: here the port that is called counts (istio, hashForService)."""
    rule = config.destination_rule(name.host)
    return rule.hash_of("", name.port) if rule else None


def _hash(action: components.RouteAction, hashed: ConsistentHash | None) -> None:
    if hashed is None or hashed.key is None:
        return
    key = hashed.key
    out = action.hash_policy.add()
    if key.how == "header":
        out.header.header_name = key.name
    elif key.how == "query":
        out.query_parameter.name = key.name
    elif key.how == "source":
        out.connection_properties.source_ip = True
    else:
        out.cookie.name, out.cookie.path = key.name, key.path
        if key.ttl_seconds is not None:
            out.cookie.ttl.CopyFrom(duration(key.ttl_seconds))


def _ignored(config: MeshConfig, action: components.RouteAction, http: HttpRoute, port: int) -> None:
    """Fields that istiod sends as well and that gRPC does not read."""
    rewrite = http.rewrite or Rewrite()
    if rewrite.regex:
        action.regex_rewrite.pattern.regex, action.regex_rewrite.substitution = rewrite.regex
    elif rewrite.uri:
        action.prefix_rewrite = rewrite.uri
    only = http.destinations[0].headers if http.destinations and not http.weighted else None
    authority = rewrite.authority or header_changes.authority(http.headers) or header_changes.authority(only)
    if authority:
        action.host_rewrite_literal = authority
    for mirror in http.mirrors:
        share = percent_pb2.FractionalPercent(numerator=100)
        if mirror.percent is not None:
            share = percentage(mirror.percent)
        action.request_mirror_policies.add(
            cluster=_cluster(config, mirror.destination, port),
            runtime_fraction=base_pb2.RuntimeFractionalPercent(default_value=share),
            trace_sampled=wrappers_pb2.BoolValue(value=False),
            disable_shadow_host_suffix_append=True,
        )


def percentage(percent: float) -> percent_pb2.FractionalPercent:
    """A percentage as istiod sends one that is written."""
    return percent_pb2.FractionalPercent(
        numerator=int(percent * 10_000), denominator=percent_pb2.FractionalPercent.MILLION
    )
