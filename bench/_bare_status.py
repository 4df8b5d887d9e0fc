"""The least a Python program needs for the facts of ``xds status -o json``: one fetch, printed as JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from envoy.service.status.v3 import csds_pb2

FETCH = "/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus"
STATUS = ("UNKNOWN", "REQUESTED", "DOES_NOT_EXIST", "ACKED", "NACKED", "RECEIVED_ERROR", "TIMEOUT")
TYPES = {"Listener": "LDS", "RouteConfiguration": "RDS", "Cluster": "CDS", "ClusterLoadAssignment": "EDS"}


def moment(stamp: Any) -> str | None:
    """RFC 3339 with milliseconds, or none for the epoch's zero."""
    if not stamp.seconds:
        return None
    return datetime.fromtimestamp(stamp.seconds + stamp.nanos / 1e9, UTC).isoformat(timespec="milliseconds")


def fact(scope: str, entry: Any) -> dict[str, Any]:
    """One resource."""
    error = None
    if entry.HasField("error_state"):
        state = entry.error_state
        error = {
            "version": state.version_info,
            "details": state.details,
            "last_attempt": moment(state.last_update_attempt),
        }
    kind = entry.type_url.rpartition(".")[2]
    return {
        "scope": scope,
        "type": TYPES.get(kind, kind),
        "name": entry.name,
        "status": STATUS[entry.client_status],
        "version": entry.version_info,
        "last_updated": moment(entry.last_updated),
        "error": error,
    }


def main(address: str) -> None:
    """Fetch and print."""
    options = [("grpc.max_receive_message_length", 128 << 20)]
    with grpc.insecure_channel(address, options=options) as channel:
        call: Any = channel.unary_unary(FETCH, response_deserializer=csds_pb2.ClientStatusResponse.FromString)
        answer = call(b"", timeout=60)
    facts = [fact(config.client_scope, entry) for config in answer.config for entry in config.generic_xds_configs]
    node = answer.config[0].node
    print(json.dumps({"target": address, "node": {"id": node.id}, "resources": facts}))


if __name__ == "__main__":
    main(sys.argv[1])
