"""``RouteConfiguration`` (RDS, and inline in listeners), by the rules of gRFC A28, A31, A42 and A44."""

from __future__ import annotations

from typing import Any, Final

from meshtui.model.xds.config import (
    ActionKind,
    HeaderMatch,
    MatchKind,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    StringMatch,
    VirtualHost,
    WeightedCluster,
)
from meshtui.model.xds.filters import merged
from meshtui.sources.proto.decode.filters import overrides
from meshtui.sources.proto.unpack import fraction, istio_origin, seconds, string_match

RETRIED_ON: Final = frozenset({"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"})
"""The conditions of ``retry_on`` that gRPC acts on (gRFC A44); it ignores the others, Istio's defaults among them.

grpc-go and grpc-java read them in any case and with spaces, C-core and grpc-js only as they stand here.
"""

BINARY: Final = "-bin"
"""How the names of headers end that gRPC neither matches nor hashes (gRFC A28, A42)."""

CHANNEL_ID_KEY: Final = "io.grpc.channel_id"
"""The filter state key that stands for "the same for one channel" (gRFC A42)."""


def route_configuration(message: Any) -> RouteConfiguration:
    """An RDS resource or a listener's inline routes."""
    return RouteConfiguration(
        message.name,
        tuple([_virtual_host(virtual_host) for virtual_host in message.virtual_hosts[:]]),
        tuple(sorted(message.typed_per_filter_config)) if message.typed_per_filter_config else (),
    )


def _virtual_host(message: Any) -> VirtualHost:
    routes = [_route(route, message) for route in message.routes[:]]
    return VirtualHost(message.name, tuple(message.domains[:]), tuple(routes))


def _route(message: Any, host: Any) -> Route:
    return Route(
        name=message.name,
        match=_match(message.match),
        action=_action(message, host),
        faults=merged(overrides(host.typed_per_filter_config), overrides(message.typed_per_filter_config)),
        origin=istio_origin(message.metadata) if message.HasField("metadata") else "",
    )


# when


def _match(match: Any) -> RouteMatch:
    path, unsupported = _path(match)
    share = match.runtime_fraction
    if match.query_parameters:
        unsupported = unsupported or "query parameters"
    return RouteMatch(
        path=path,
        headers=tuple([_header(header) for header in match.headers[:]]),
        fraction=fraction(share.default_value) if match.HasField("runtime_fraction") else None,
        unsupported=unsupported,
        case_unsaid=not match.HasField("case_sensitive"),
        fraction_unsaid=match.HasField("runtime_fraction") and not share.HasField("default_value"),
    )


def _path(match: Any) -> tuple[StringMatch, str]:
    """The path's pattern, and what gRPC does not know about it."""
    form = match.WhichOneof("path_specifier")
    ignore_case = match.HasField("case_sensitive") and not match.case_sensitive.value
    if form == "prefix":
        return StringMatch(MatchKind.PREFIX, match.prefix, ignore_case), ""
    if form == "path":
        return StringMatch(MatchKind.EXACT, match.path, ignore_case), ""
    if form == "safe_regex":
        return StringMatch(MatchKind.REGEX, match.safe_regex.regex), ""
    if form == "path_separated_prefix":
        return StringMatch(MatchKind.PREFIX, match.path_separated_prefix, ignore_case), "path_separated_prefix"
    return StringMatch(MatchKind.PREFIX, ""), form or "no path"


def _header(header: Any) -> HeaderMatch:
    form = header.WhichOneof("header_match_specifier")
    invert = bool(header.invert_match)
    low = high = 0
    if form == "string_match":
        match = string_match(header.string_match)
    elif form == "safe_regex_match":
        match = StringMatch(MatchKind.REGEX, header.safe_regex_match.regex)
    elif form == "range_match":
        match = StringMatch(MatchKind.RANGE, "")
        low, high = header.range_match.start, header.range_match.end
    elif form in _HEADER_FORMS:
        match = StringMatch(_HEADER_FORMS[form], getattr(header, form))
    else:  # present_match, and no form at all, which means the same
        match = StringMatch(MatchKind.PRESENT, "")
        invert ^= form == "present_match" and not header.present_match
    return HeaderMatch(
        header.name,
        match,
        invert=invert,
        low=low,
        high=high,
        treat_missing_as_empty=bool(header.treat_missing_header_as_empty),
    )


_HEADER_FORMS: Final = {
    "exact_match": MatchKind.EXACT,
    "prefix_match": MatchKind.PREFIX,
    "suffix_match": MatchKind.SUFFIX,
    "contains_match": MatchKind.CONTAINS,
}


# what then


def _action(route: Any, host: Any) -> RouteAction:
    form = route.WhichOneof("action")
    if form == "non_forwarding_action":
        return RouteAction(ActionKind.NON_FORWARDING)
    if form == "direct_response":
        return RouteAction(ActionKind.FAILING, detail=f"direct response {route.direct_response.status}")
    if form != "route":
        return RouteAction(ActionKind.FAILING, detail=form.replace("_", " ") if form else "no action")
    action = route.route
    kind, clusters, detail = _destinations(action)
    hashes, mirrors = action.hash_policy, action.request_mirror_policies
    retry = action.retry_policy if action.HasField("retry_policy") else host.retry_policy
    retry_words, retry_unread = _retry_words(retry) if retry.retry_on else ("", "")
    return RouteAction(
        kind=kind,
        clusters=clusters,
        timeout=_timeout(action),
        retry=retry_words,
        hash_on=tuple([words for policy in hashes if (words := _hash_words(policy))]) if hashes else (),
        detail=detail,
        other_hash_keys=_other_hash_keys(hashes) if hashes else (),
        mirrors=tuple([policy.cluster for policy in mirrors]) if mirrors else (),
        rewrites=_rewrite_words(action),
        header_changes=_header_change_words(route, action),
        rewrites_authority=action.HasField("auto_host_rewrite") and action.auto_host_rewrite.value,
        retry_unread=retry_unread,
    )


def _destinations(action: Any) -> tuple[ActionKind, tuple[WeightedCluster, ...], str]:
    form = action.WhichOneof("cluster_specifier")
    if form == "cluster":
        return ActionKind.FORWARD, (WeightedCluster(action.cluster, 1, 1.0),), ""
    if form == "weighted_clusters":
        return ActionKind.FORWARD, _weighted(action.weighted_clusters), ""
    if form == "cluster_specifier_plugin":
        return ActionKind.FORWARD, (), f"the plugin {action.cluster_specifier_plugin} picks the cluster"
    if form == "cluster_header":
        return ActionKind.LEFT_OUT, (), f"the header {action.cluster_header} picks the cluster"
    return ActionKind.LEFT_OUT, (), form or "no cluster"


def _weighted(message: Any) -> tuple[WeightedCluster, ...]:
    """Shares of the sum of the weights: ``total_weight`` is deprecated, and gRPC does not read it."""
    weights = [(weighted, weighted.weight.value) for weighted in message.clusters[:]]
    total = sum([weight for _, weight in weights]) or 1
    return tuple(
        [
            WeightedCluster(weighted.name, weight, weight / total, overrides(weighted.typed_per_filter_config))
            for weighted, weight in weights
        ]
    )


def _timeout(action: Any) -> float | None:
    """gRPC reads ``max_stream_duration`` only, its ``grpc_timeout_header_max`` first; zero means no limit (A31).

    Where neither is there, the limit of the listener holds: an empty ``max_stream_duration`` sets none.
    """
    if not action.HasField("max_stream_duration"):
        return None
    limits = action.max_stream_duration
    if limits.HasField("grpc_timeout_header_max"):
        return seconds(limits.grpc_timeout_header_max)
    return seconds(limits.max_stream_duration) if limits.HasField("max_stream_duration") else None


def _retry_words(policy: Any) -> tuple[str, str]:
    """``up to 2 on unavailable, cancelled``, empty when gRPC retries nothing; and what it is asked to retry on where
    none of that is a condition of gRPC."""
    asked = [condition.strip() for condition in policy.retry_on.split(",") if condition.strip()]
    conditions = [condition for condition in asked if condition.lower() in RETRIED_ON]
    retries = policy.num_retries.value if policy.HasField("num_retries") else 1
    if not conditions:
        return "", ", ".join(asked)
    return (f"up to {retries} on {', '.join(conditions)}" if retries else ""), ""


def _hash_words(policy: Any) -> str:
    """What gRPC takes a hash of; policies it ignores are empty."""
    form = policy.WhichOneof("policy_specifier")
    if form == "header" and not policy.header.header_name.endswith(BINARY):
        return f"header {policy.header.header_name}"
    if form == "filter_state" and policy.filter_state.key == CHANNEL_ID_KEY:
        return "channel"
    return ""


# what gRPC does not act on


def _other_hash_keys(policies: Any) -> tuple[str, ...]:
    """Each once: istiod writes a policy for every destination."""
    return tuple(dict.fromkeys(words for policy in policies if (words := _other_hash_words(policy))))


def _other_hash_words(policy: Any) -> str:
    """What a hash policy asks for that gRPC takes no hash of (gRFC A42)."""
    form = policy.WhichOneof("policy_specifier")
    if form == "header" and policy.header.header_name.endswith(BINARY):
        return f"header {policy.header.header_name}"
    if form == "cookie":
        return f"cookie {policy.cookie.name}"
    if form == "connection_properties":
        return "source address"
    if form == "query_parameter":
        return f"query parameter {policy.query_parameter.name}"
    if form == "filter_state" and policy.filter_state.key != CHANNEL_ID_KEY:
        return f"filter state {policy.filter_state.key}"
    return ""


def _rewrite_words(action: Any) -> str:
    """The path or the host that Envoy would write in the place of the request's."""
    for field, what in _REWRITES:
        if getattr(action, field):
            return f"{what} {getattr(action, field)}"
    pattern = action.regex_rewrite.substitution if action.HasField("regex_rewrite") else ""
    return f"path by a pattern to {pattern}" if pattern else ""


_REWRITES: Final = (
    ("prefix_rewrite", "path to"),
    ("path_rewrite", "path to"),
    ("host_rewrite_literal", "host to"),
    ("host_rewrite_header", "host to that of header"),
)


def _header_change_words(route: Any, action: Any) -> str:
    """The headers that Envoy would add and remove, of the route and its destinations."""
    names: list[str] = []
    weighted = action.weighted_clusters.clusters[:] if action.HasField("weighted_clusters") else ()
    for part in (route, *weighted):
        for added in (part.request_headers_to_add, part.response_headers_to_add):
            names += [change.header.key for change in added] if added else ()
        names += part.request_headers_to_remove or ()
        names += part.response_headers_to_remove or ()
    return ", ".join(dict.fromkeys(names)) if names else ""
