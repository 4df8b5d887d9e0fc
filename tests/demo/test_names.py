"""Names of istiod's: hosts and their aliases, clusters, host and port."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.demo.xds.names import aliases, parse_cluster, qualified, split_host_port
from tests.demo.generated import FQDN


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
