"""Protobuf message classes by type name, imported when first asked for.

All of Envoy's modules take 0.3 s to import, the few that gRPC's configs use a tenth of it. The generated package's
directories follow the proto packages, so the module of a type is found by looking into its package's directory.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import re
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from google.protobuf import descriptor_pool, message_factory

MODULES: Final = MappingProxyType(
    {
        "envoy.config.cluster.v3": "cluster_pb2",
        "envoy.config.endpoint.v3": "endpoint_pb2",
        "envoy.config.listener.v3": "listener_pb2",
        "envoy.config.route.v3": "route_pb2",
        "envoy.extensions.transport_sockets.tls.v3": "tls_pb2",
    }
)
"""The one module to import for packages in which most modules would be for nothing."""

_TYPE_NAME: Final = re.compile(
    r"(?P<package>((envoy|xds|udpa)(\.[a-z][a-z0-9_]*)+|google\.(protobuf|rpc)))\.[A-Z][A-Za-z0-9_.]*"
)
"""Names come from the mesh and lead to imports: only packages of protos are ever looked into."""

KNOWN_NAMES: Final = 1_024
"""Names remembered; a mesh uses a few dozen, a hostile one must not fill the memory."""


@lru_cache(KNOWN_NAMES)
def message_class(name: str) -> Any | None:
    """The class for a full type name, or ``None`` for one that meshtui does not ship."""
    found = _TYPE_NAME.fullmatch(name)
    if found is None:
        return None
    package = found["package"]
    preferred = MODULES.get(package)
    return (preferred and _from_module(f"{package}.{preferred}", name)) or _from_package(package, name)


def _from_package(package: str, name: str) -> Any | None:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.submodule_search_locations is None:
        return None
    for module in pkgutil.iter_modules(spec.submodule_search_locations):
        if module.name.endswith("_pb2") and (found := _from_module(f"{package}.{module.name}", name)):
            return found
    return None


def _from_module(module: str, name: str) -> Any | None:
    try:
        importlib.import_module(module)
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
    except (ImportError, KeyError, TypeError):
        return None
    return message_factory.GetMessageClass(descriptor)
