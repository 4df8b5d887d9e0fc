"""What is said of Istio's well-known ports, beside what was seen there. The peers themselves are in tests/faults."""

from __future__ import annotations

import pytest

from meshtui.model.address import parse_address
from meshtui.model.errors import BadAnswer, ServiceMissing, TargetUnreachable
from meshtui.model.istio_ports import KNOWN_PORTS
from meshtui.sources.grpc.failures import explain_status, no_answer

import grpc  # isort: skip

CLOSED = "failed to connect to all addresses; last error: UNAVAILABLE: ipv4:127.0.0.1:17070: Socket closed"
REFUSED = "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:17070: Connection refused (111)"


@pytest.mark.parametrize("port", sorted(KNOWN_PORTS))
def test_a_well_known_port_is_named_with_the_one_that_is_meant(port: int) -> None:
    address = parse_address(f"localhost:{port}")
    closed = explain_status(grpc.StatusCode.UNAVAILABLE, CLOSED, address, "CSDS")
    assert isinstance(closed, BadAnswer)
    known = f"{port} is {KNOWN_PORTS[port].is_what}"
    assert closed.what == f"localhost:{port} accepts connections and closes them; {known}."
    assert "17171" in closed.hint
    assert "TLS (try" not in closed.hint


def test_the_meshs_own_port_is_told_from_the_plain_one_whatever_it_does() -> None:
    address = parse_address("localhost:17070")
    for error in (
        explain_status(grpc.StatusCode.UNAVAILABLE, REFUSED, address, "CSDS"),
        explain_status(grpc.StatusCode.UNIMPLEMENTED, "Method not found!", address, "CSDS"),
        explain_status(grpc.StatusCode.PERMISSION_DENIED, "Unauthorized RPC rejected", address, "CSDS"),
        no_answer(address, "CSDS", 5, grpc.ChannelConnectivity.CONNECTING),
    ):
        assert "the mesh's own port of Istio's echo" in str(error)
        assert "17171 for Istio's echo" in error.hint


def test_another_port_is_no_guess() -> None:
    address = parse_address("localhost:17171")
    closed = explain_status(grpc.StatusCode.UNAVAILABLE, CLOSED, address, "CSDS")
    assert "mesh's own" not in str(closed)
    missing = explain_status(grpc.StatusCode.UNIMPLEMENTED, "", address, "CSDS")
    assert isinstance(missing, ServiceMissing)
    assert isinstance(explain_status(grpc.StatusCode.UNAVAILABLE, REFUSED, address, "CSDS"), TargetUnreachable)
