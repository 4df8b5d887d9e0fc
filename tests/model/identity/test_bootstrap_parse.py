"""Reading bootstraps: everything kept, nothing raised, places right, secrets gone."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.durations import parse_proto_duration
from meshtui.model.identity.bootstrap import Bootstrap, Json, MaskedPath, MaskReason, XdsServer
from meshtui.model.identity.bootstrap_lines import bootstrap_lines
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.json_text import element, member, places
from meshtui.model.identity.masking import MASK, mask
from meshtui.model.node_id import NodeId

names = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=25,
)

FULL: dict[str, Any] = {
    "xds_servers": [
        {
            "server_uri": "unix:///etc/istio/proxy/XDS",
            "channel_creds": [{"type": "tls", "config": {"ca_certificate_file": "/ca.pem"}}, {"type": "insecure"}],
            "call_creds": [{"type": "jwt_token_file", "config": {"jwt_token_file": "/var/run/secrets/token"}}],
            "server_features": ["xds_v3", "trusted_xds_server"],
        }
    ],
    "node": {
        "id": "sidecar~10.0.0.7~client-6d9f.shop.v2~shop.v2.svc.cluster.local",
        "cluster": "client",
        "locality": {"region": "r", "zone": "z", "sub_zone": "s"},
        "metadata": {"GENERATOR": "grpc"},
    },
    "authorities": {"a.example": {"xds_servers": [{"server_uri": "b:1", "channel_creds": [{"type": "insecure"}]}]}},
    "certificate_providers": {
        "default": {
            "plugin_name": "file_watcher",
            "config": {"certificate_file": "/c", "private_key_file": "/k", "ca_certificate_file": "/r"},
        }
    },
    "client_default_listener_resource_name_template": "xdstp://a.example/%s",
    "server_listener_resource_name_template": "in/%s",
    "allowed_grpc_services": {"dns:///x": {"channel_creds": [{"type": "insecure"}]}},
}


def read(document: Any) -> Bootstrap:
    return read_bootstrap(json.dumps(document, indent=2).encode(), "b.json")


def test_the_whole_schema_is_kept() -> None:
    found = read(FULL)
    assert found.syntax is None
    assert found.misfits == ()
    assert found.unknown_fields == ()
    assert found.masked == ()
    (server,) = found.servers
    assert [credentials.type for credentials in server.channel_creds] == ["tls", "insecure"]
    assert server.channel_creds[0].config == {"ca_certificate_file": "/ca.pem"}
    assert server.call_creds[0].config == {"jwt_token_file": "/var/run/secrets/token"}
    assert server.server_features == ("xds_v3", "trusted_xds_server")
    assert found.node is not None
    assert (found.node.region, found.node.zone, found.node.sub_zone, found.node.cluster) == ("r", "z", "s", "client")
    assert found.authorities[0].xds_servers[0].server_uri == "b:1"
    assert found.client_default_listener_resource_name_template == "xdstp://a.example/%s"
    assert found.server_listener_resource_name_template == "in/%s"
    provider = found.provider("default")
    assert provider is not None
    assert provider.refresh_interval == timedelta(seconds=600)
    assert found.document == FULL
    paths = ("/etc/istio/proxy/XDS", "/c", "/k", "/r", "/ca.pem", "/var/run/secrets/token")
    assert found.paths_to_look_at() == paths


def test_istios_node_id_is_taken_apart_from_the_right() -> None:
    found = read({"node": {"id": "sidecar~10.0.0.7~web.0.shop~shop.svc.cluster.local"}})
    assert found.node is not None
    assert found.node.istio == NodeId(
        kind="sidecar", ip="10.0.0.7", workload="web.0.shop", domain="shop.svc.cluster.local"
    )


@pytest.mark.parametrize(
    ("uri", "socket", "local"),
    [
        ("unix:///etc/istio/proxy/XDS", "/etc/istio/proxy/XDS", True),
        ("unix:/abs", "/abs", True),
        ("unix:rel/x", "rel/x", True),
        ("unix-abstract:x", "", True),
        ("localhost:15010", "", True),
        ("dns:///127.0.0.1:15010", "", True),
        ("[::1]:15010", "", True),
        ("istiod.istio-system.svc:15012", "", False),
        ("10.0.0.1:15010", "", False),
        ("ipv4:127.0.0.1:18000", "", True),
        ("ipv4:127.0.0.1:18000,10.0.0.1:18000", "", False),
        ("ipv6:[::1]:18000", "", True),
        ("ipv6:%5B::1%5D:18000", "", True),
        ("ipv6:[fd00::10]:18000", "", False),
        ("[::ffff:127.0.0.1]:18000", "", True),
        ("dns:localhost:18000", "", True),
        ("dns://8.8.8.8/localhost:18000", "", True),
        ("localhost", "", True),
        ("127.evil.example:443", "", False),
        ("https://localhost:443", "", False),
    ],
)
def test_server_addresses_are_read_as_grpc_reads_them(uri: str, socket: str, local: bool) -> None:
    server = XdsServer(path="xds_servers[0]", server_uri=uri)
    assert server.socket_path == socket
    assert server.is_local is local


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("900s", 900), ("1.5s", 1.5), ("-5s", -5), ("0s", 0), ("0.000001s", 0.000001), ("900", None), ("15m", None)],
)
def test_durations_are_protobufs(text: str, seconds: float | None) -> None:
    assert parse_proto_duration(text) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    parse_proto_duration(text)
    parse_proto_duration("9" * len(text) + "s")


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("{\n  'a': 1}", 2, 3),
        ('{"a": 1\n "b": 2}', 2, 2),
        ('{"a": [1,\n]}', *((1, 9) if sys.version_info >= (3, 13) else (2, 1))),  # 3.13 points at the comma itself
        ('{\n"a": }', 2, 6),
        ('{"a": 1} x', 1, 10),
    ],
)
def test_where_json_breaks(text: str, line: int, column: int) -> None:
    problem = read_bootstrap(text.encode(), "b").syntax
    assert problem is not None
    assert (problem.line, problem.column) == (line, column)
    assert len(problem.found) <= 5


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    read_bootstrap(data, "b")
    read_bootstrap(b'{"xds_servers": ' + data, "b")


@given(st.dictionaries(st.sampled_from([*FULL, "x"]), values))
def test_any_document_is_read_and_shown(document: dict[str, Any]) -> None:
    found = read(document)
    assert found.syntax is None
    text = "\n".join(line.text for line in bootstrap_lines(found))
    assert json.loads(text) == found.document
    text.encode()


@given(values)
def test_every_place_of_a_document_has_its_line(document: Any) -> None:
    """Against a plain walk: one value a line when indented, in the order of the walk."""
    found = places(json.dumps(document, indent=1))

    def walk(value: Any, path: str) -> list[str]:
        below = []
        if isinstance(value, dict):
            below = [place for name, part in value.items() for place in walk(part, member(path, name))]
        elif isinstance(value, list):
            below = [place for at, part in enumerate(value) for place in walk(part, element(path, at))]
        return [path, *below]

    paths = walk(document, "")
    assert set(found.lines) == set(paths)
    assert [found.lines[path] for path in paths] == sorted(found.lines[path] for path in paths)
    assert found.duplicates == ()


def test_names_given_twice_are_found_wherever_they_are() -> None:
    found = places('{"a": {"x y": 1, "x y": 2}, "b": [{"c": 1, "\\u0063": 2}], "a": 3}')
    assert found.duplicates == ('a["x y"]', "b[0].c", "a")


def test_a_finding_names_a_line() -> None:
    lines = bootstrap_lines(read(FULL))
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    top = lines[0]
    assert (top.opens, top.last) == (True, len(lines))
    (found,) = [line for line in lines if line.path == "node.id"]
    assert '"id"' in found.text
    assert found.depth == 2


JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJlLWJ5dGVz"
SECRETS: dict[str, Json] = {
    "DB_PASSWORD": "correct-horse",
    "apiToken": "abcdef",
    "clientSecret": "s3cret",
    "x-api-key": "k-1",
    "note": f"Bearer {JWT}",
    "pem": "-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----",
    "url": "https://me:hunter2@example.com/",
    "gh": "ghp_0123456789abcdefghij",
    "annotation": json.dumps({"password": "in-json-text"}),
    "credentials": {"deep": ["one", {"two": "three"}], "number": 12345},
    "PIN_TOKEN": 424242,
}
PIECES = ("correct-horse", "abcdef", "s3cret", "k-1", "eyJ", "MHc", "hunter2", "ghp_", "in-json", "three", "4242")
"""A part of each secret."""

HARMLESS: dict[str, Json] = {
    "GENERATOR": "grpc",
    "SERVICE_ACCOUNT": "client",
    "LABELS": {"app": "echo", "security.istio.io/tlsMode": "istio", "topology.istio.io/key": "zone"},
    "CREDENTIAL_FETCHER_TYPE": "GoogleComputeEngine",
    "TOKEN_FILE": "/var/run/secrets/tokens/istio-token",
    "keyType": "EC",
    "JWT_POLICY": "third-party-jwt",
    "ISTIO_PROXY_SHA": "istio-proxy:7b292c6175692ed690ec0f0bbba4c1ce6f6a3b8c",
    "monkey": "banana",
    "enabled": True,
    "port": 15020,
}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_secrets_are_masked_wherever_they_stand(name: str) -> None:
    documents: list[Json] = [{"node": {"metadata": {name: SECRETS[name]}}}, {"a": [{"b": {name: SECRETS[name]}}]}]
    for document in documents:
        hidden = mask(document)
        text = json.dumps(hidden.document, ensure_ascii=False)
        assert MASK in text
        assert hidden.paths
        for piece in (
            "correct-horse",
            "abcdef",
            "s3cret",
            "k-1",
            "eyJ",
            "MHc",
            "hunter2",
            "ghp_",
            "in-json",
            "three",
            "4242",
        ):
            assert piece not in text


def test_what_is_no_secret_stays() -> None:
    document = {"node": {"metadata": HARMLESS}, "certificate_providers": FULL["certificate_providers"]}
    assert mask(document) == mask(document)
    assert mask(document).document == document
    assert mask(document).paths == ()


def test_proxy_metadata_is_hidden_but_for_what_is_known_to_be_harmless() -> None:
    inside: dict[str, Json] = {
        "OUTPUT_CERTS": "/data",
        "DISABLE_ENVOY": "true",
        "ISTIO_META_X": "y",
        "MY_VAR": "something",
        "ISTIO_META_TOKEN": "t",
    }
    document: Json = {"node": {"metadata": {"PROXY_CONFIG": {"proxyMetadata": inside}}}}
    hidden = mask(document).document
    assert hidden == {
        "node": {"metadata": {"PROXY_CONFIG": {"proxyMetadata": {**inside, "MY_VAR": MASK, "ISTIO_META_TOKEN": MASK}}}}
    }


@given(values)
def test_masking_keeps_the_shape_and_is_done_once(document: Any) -> None:
    once = mask(document)
    assert mask(once.document).document == once.document
    assert mask(once.document).paths == ()

    def shape(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: shape(one) for name, one in value.items()}
        return [shape(item) for item in value] if isinstance(value, list) else None

    assert shape(once.document) == shape(document)


@pytest.mark.parametrize("name", ["proxyMetadata", "proxy_metadata"])
def test_what_is_hidden_says_whether_it_is_a_secret_or_a_variable_not_known(name: str) -> None:
    hidden = mask({"node": {"metadata": {"TOKEN": "s3cret", "PROXY_CONFIG": {name: {"MY_VAR": "s3cret"}}}}})
    assert hidden.paths == (
        MaskedPath("node.metadata.TOKEN", MaskReason.SECRET),
        MaskedPath(f"node.metadata.PROXY_CONFIG.{name}.MY_VAR", MaskReason.PROXY_VARIABLE),
    )


def test_a_bootstrap_as_read_never_holds_the_secret() -> None:
    found = read({**FULL, "node": {"id": "x", "metadata": SECRETS}})
    assert len(found.masked) >= len(SECRETS)
    for piece in ("correct-horse", "hunter2", JWT, "in-json-text"):
        assert piece not in repr(found)
