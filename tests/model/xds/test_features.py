"""What a client reads, by its language and release; what is not known is said to be so."""

from __future__ import annotations

import pytest

from meshtui.model.xds import feature_never as never
from meshtui.model.xds import feature_table as table
from meshtui.model.xds.clients import Client, Language, Version, client_of
from meshtui.model.xds.config import Cluster, Policy
from meshtui.model.xds.features import Feature, Reads, reads, since_words
from meshtui.model.xds.readings import passed_over, policy_of
from meshtui.model.xds.snapshot import NodeIdentity


@pytest.mark.parametrize(
    ("name", "version", "release"),
    [
        ("gRPC Go", "1.68.0", Version(1, 68)),
        ("gRPC Go", "1.72.0-dev", Version(1, 72)),
        ("gRPC Java", "1.38.1", Version(1, 38, 1)),
        ("gRPC Java", "1.69.0-SNAPSHOT", Version(1, 69)),
        ("gRPC C-core linux Python", "C-core 58.0.0 Python 1.85.1", Version(1, 85, 1)),
        ("gRPC C-core linux C++", "C-core 45.0.0 C++ 1.70.0", Version(1, 70)),
        ("gRPC C-core linux", "C-core 37.0.0", None),
        ("gRPC Node Pure JS", "1.10.1", Version(1, 10, 1)),
        ("gRPC Go", "", None),
        ("gRPC Go", "(devel)", None),
        ("envoy", "1.31.0", None),
    ],
)
def test_the_release_of_a_node(name: str, version: str, release: Version | None) -> None:
    assert client_of(NodeIdentity(user_agent=name, user_agent_version=version)).version == release


GO = Language.GO
JAVA = Language.JAVA
CORE = Language.CORE
NODE = Language.NODE


@pytest.mark.parametrize(
    ("feature", "client", "found", "words"),
    [
        (table.OUTLIERS, Client(GO, Version(1, 44)), Reads.NO, "since 1.50"),
        (
            table.OUTLIERS,
            Client(GO, Version(1, 48)),
            Reads.BY_VARIABLE,
            "since 1.50, before it only with GRPC_EXPERIMENTAL_ENABLE_OUTLIER_DETECTION=true",
        ),
        (table.OUTLIERS, Client(GO, Version(1, 50)), Reads.YES, "since 1.50"),
        (table.OUTLIERS, Client(GO), Reads.UNKNOWN, "since 1.50"),
        (table.OUTLIERS, Client(GO, Version(1, 99)), Reads.YES, "since 1.50"),
        (table.CIRCUIT_BREAKERS, Client(JAVA, Version(1, 37)), Reads.NO, "since 1.37.1"),
        (table.CIRCUIT_BREAKERS, Client(JAVA, Version(1, 37, 1)), Reads.YES, "since 1.37.1"),
        (
            table.DUAL_STACK,
            Client(JAVA, Version(1, 83)),
            Reads.BY_VARIABLE,
            "only with GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS=true",
        ),
        (
            table.DUAL_STACK,
            Client(JAVA, Version(1, 60)),
            Reads.NO,
            "since 1.66, only with GRPC_EXPERIMENTAL_XDS_DUALSTACK_ENDPOINTS=true",
        ),
        (table.SESSIONS, Client(GO, Version(1, 80)), Reads.NO, "in no release up to 1.83.1"),
        (table.SESSIONS, Client(GO, Version(1, 99)), Reads.UNKNOWN, "in no release up to 1.83.1"),
        (table.SESSIONS, Client(GO), Reads.NO, "in no release up to 1.83.1"),
        (table.AUTHORITIES, Client(CORE, Version(1, 85)), Reads.YES, "since 1.85"),
        (table.AUTHORITIES, Client(CORE, Version(1, 70)), Reads.UNKNOWN, "since 1.85"),
        (table.SNI, Client(CORE, Version(1, 85)), Reads.UNKNOWN, "not known"),
        (table.LEAST_REQUEST, Client(CORE, Version(1, 85, 3)), Reads.NO, "in no release up to 1.85"),
        (table.LEAST_REQUEST, Client(CORE, Version(1, 86)), Reads.UNKNOWN, "in no release up to 1.85"),
        (never.MIRRORS, Client(GO, Version(1, 99)), Reads.NO, "in no release"),
        (never.MIRRORS, Client(), Reads.UNKNOWN, "not known"),
        (table.RBAC, Client(NODE, Version(1, 14)), Reads.BY_VARIABLE, "only with GRPC_XDS_EXPERIMENTAL_RBAC=true"),
    ],
)
def test_what_a_client_reads(feature: Feature, client: Client, found: Reads, words: str) -> None:
    assert reads(feature, client) is found
    assert since_words(feature, client) == words


OFFERED = Cluster(
    "c",
    "EDS",
    policies=(Policy("LEAST_REQUEST"), Policy("WEIGHTED_ROUND_ROBIN"), Policy("ROUND_ROBIN")),
    old_policy=Policy("RING_HASH"),
)


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (Client(GO, Version(1, 73)), "LEAST_REQUEST"),
        (Client(GO, Version(1, 72)), "WEIGHTED_ROUND_ROBIN"),
        (Client(GO, Version(1, 55)), "RING_HASH"),
        (Client(CORE, Version(1, 85)), "WEIGHTED_ROUND_ROBIN"),
        (Client(NODE, Version(1, 14)), "ROUND_ROBIN"),
        (Client(JAVA, Version(1, 47)), "ROUND_ROBIN"),
    ],
)
def test_the_policy_in_force_by_release(client: Client, name: str) -> None:
    """gRFC A52: a client that reads no lists goes by lb_policy; others take the first that they have."""
    assert policy_of(OFFERED, client).name == name


def test_what_is_passed_over() -> None:
    assert [policy.name for policy in passed_over(OFFERED, Client(GO, Version(1, 72)))] == ["LEAST_REQUEST"]
    assert passed_over(OFFERED, Client(GO, Version(1, 55))) == ()
