"""VirtualServices that delegate (istio 1.29.1 ``pilot/pkg/model/virtualservice.go``, mergeVirtualServicesIfNeeded)."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.config.route.v3 import route_pb2

from meshtui.demo.checks import unresolved
from meshtui.demo.xds.generate import ROUTE
from tests.demo.generated import ALL, FQDN, config_of, one, virtual_service

TO_ECHO = "route: [{destination: {host: echo}}]"


MATCH = "match: [{uri: {prefix: /proto}, headers: {x: {exact: a}}}]"
ROOT = f"[{{name: root, {MATCH}, timeout: 3s, delegate: {{name: below}}}}]"


def routes(http: str, root: str = ROOT, more: str = "") -> tuple[list[Any], list[str]]:
    below = virtual_service(http, "below", more=more).replace(f"hosts: [{FQDN}], ", "")
    config = config_of("discovery", virtual_service(root), below)
    found = one(config, ROUTE, ALL, route_pb2.RouteConfiguration)
    return list(found.virtual_hosts[0].routes), [note.reason for note in unresolved(config)]


def test_a_delegates_routes_stand_in_the_place_of_the_delegation() -> None:
    own = f"[{{name: own, match: [{{uri: {{exact: /proto.E/Echo}}}}], {TO_ECHO}}}, {{timeout: 1s, {TO_ECHO}}}]"
    (first, second), notes = routes(own)
    assert (first.name, first.match.path, first.route.timeout.seconds) == ("root-own", "/proto.E/Echo", 3)
    assert (second.name, second.match.prefix, second.route.timeout.seconds) == ("root", "/proto", 1)
    assert [header.string_match.exact for route in (first, second) for header in route.match.headers] == ["a", "a"]
    assert notes == []


@pytest.mark.parametrize(
    "match",
    [
        "uri: {prefix: /other}",
        "uri: {regex: '/proto.*'}",
        "uri: {exact: /other}",
        "headers: {x: {exact: b}}",
        "ignoreUriCase: true",
    ],
)
def test_a_route_that_contradicts_the_root_is_left_out(match: str) -> None:
    (route,), notes = routes(f"[{{match: [{{{match}}}], {TO_ECHO}}}]")
    assert route.name == "default"
    assert [note for note in notes if "matches what this one's does not" in note]


def test_a_delegate_that_is_not_there_costs_its_own_route_alone() -> None:
    root = f"[{{match: [{{uri: {{prefix: /a}}}}], delegate: {{name: gone}}}}, {{name: rest, {TO_ECHO}}}]"
    (route,), notes = routes(f"[{{{TO_ECHO}}}]", root)
    assert route.name == "rest"
    assert notes[0].startswith("there is no VirtualService echo-grpc/gone without hosts")


def test_one_that_nobody_delegates_to_is_said() -> None:
    (route,), notes = routes(f"[{{{TO_ECHO}}}]", f"[{{name: rest, {TO_ECHO}}}]")
    assert route.name == "rest"
    assert notes == ["it has no hosts, and no VirtualService delegates to it: it is not used"]


def test_a_delegate_that_is_not_exported_here() -> None:
    (route,), notes = routes(f"[{{{TO_ECHO}}}]", more=", exportTo: [elsewhere]")
    assert route.name == "default"
    assert "is not exported to echo-grpc" in notes[0]
