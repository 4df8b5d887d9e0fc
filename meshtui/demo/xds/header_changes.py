"""What a VirtualService changes in headers: sent by istiod, not read by gRPC."""

from __future__ import annotations

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2 as components

from meshtui.demo.istio.routing import HeaderChanges, Headers
from meshtui.demo.istio.workload import Labels

_SET = base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
_ADD = base_pb2.HeaderValueOption.APPEND_IF_EXISTS_OR_ADD
_AUTHORITY = (":authority", "host")


def add(out: components.Route | components.WeightedCluster.ClusterWeight, headers: Headers | None) -> str:
    """Add the changes to a route, or to one share of it; the authority is returned, as it is said elsewhere.

    By istio's ``core/route/route.go``, TranslateHeadersOperations.
    """
    if headers is None:
        return ""
    out.request_headers_to_add.extend(_added(headers.request))
    out.request_headers_to_remove.extend(_own(headers.request.remove))
    out.response_headers_to_add.extend(_added(headers.response))
    out.response_headers_to_remove.extend(_own(headers.response.remove))
    return authority(headers)


def authority(headers: Headers | None) -> str:
    """The authority among the headers of requests."""
    changes = headers.request if headers else HeaderChanges()
    named = (value for pairs in (changes.set, changes.add) for key, value in pairs if key.lower() in _AUTHORITY)
    return next(named, "")


def _added(changes: HeaderChanges) -> list[base_pb2.HeaderValueOption]:
    return [*_options(changes.set, _SET), *_options(changes.add, _ADD)]


def _options(
    pairs: Labels, how: base_pb2.HeaderValueOption.HeaderAppendAction.ValueType
) -> list[base_pb2.HeaderValueOption]:
    return [
        base_pb2.HeaderValueOption(header=base_pb2.HeaderValue(key=key, value=value), append_action=how)
        for key, value in pairs
        if not _is_internal(key)
    ]


def _own(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if not _is_internal(name)]


def _is_internal(name: str) -> bool:
    """Whether Envoy lets nobody change it."""
    return name.startswith(":") or name.lower() == "host"
