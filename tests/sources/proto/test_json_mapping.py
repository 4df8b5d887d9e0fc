"""Canonical proto JSON, held against protobuf's own, and what protobuf's own cannot do."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.rbac.v3 import rbac_pb2
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2, tls_pb2
from google.protobuf import any_pb2, duration_pb2, field_mask_pb2, json_format, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.identity.masking import MASK
from meshtui.sources.proto.json_mapping import DEEPEST_ANY, any_json
from meshtui.tui.kit.yaml_line import as_yaml
from tests import xds_messages as xds


def said(message: Message) -> Any:
    """Our JSON without the type, parsed back from its text."""
    shown = json.loads(json.dumps(any_json(xds.packed(message).type_url, message.SerializeToString())))
    return {name: value for name, value in shown.items() if name != "@type"}


@pytest.mark.parametrize("message", xds.world(), ids=lambda message: message.DESCRIPTOR.name)
def test_it_is_what_protobuf_says(message: Any) -> None:
    assert said(message) == json_format.MessageToDict(message)


def odd_cluster() -> Any:
    """Enums that are not known, 64-bit numbers, floats, maps, bytes."""
    message = xds.cluster("v1")
    message.type = 77
    message.connect_timeout.FromMilliseconds(1500)
    message.ring_hash_lb_config.minimum_ring_size.value = 2**60
    message.common_lb_config.healthy_panic_threshold.value = 33.3
    message.upstream_config.typed_config.CopyFrom(xds.packed(wrappers_pb2.BytesValue(value=b"\x00\xff")))
    message.metadata.filter_metadata["b"].update({"list": [1, 2.5, None, True, {"x": "y"}], "n": {}})
    message.metadata.filter_metadata["a"]["k"] = "v"
    return message


def test_odd_values_are_what_protobuf_says() -> None:
    assert said(odd_cluster()) == json_format.MessageToDict(odd_cluster())


@pytest.mark.parametrize(
    "message",
    [
        duration_pb2.Duration(seconds=3, nanos=500_000_000),
        duration_pb2.Duration(seconds=-3),
        timestamp_pb2.Timestamp(seconds=1_785_000_000, nanos=1_000),
        wrappers_pb2.UInt64Value(value=2**63),
        wrappers_pb2.FloatValue(value=0.1),
        wrappers_pb2.BoolValue(value=False),
        wrappers_pb2.BytesValue(value=b"ab"),
        struct_pb2.Value(number_value=1.0),
        struct_pb2.ListValue(values=[struct_pb2.Value(string_value="x"), struct_pb2.Value(bool_value=False)]),
        field_mask_pb2.FieldMask(paths=["a", "b"]),
        any_pb2.Any(),
    ],
    ids=lambda message: message.DESCRIPTOR.name,
)
def test_well_known_types_are_what_protobuf_says(message: Message) -> None:
    shown = json.loads(json.dumps(any_json(xds.packed(message).type_url, message.SerializeToString())))
    assert shown == json_format.MessageToDict(xds.packed(message))


@given(st.floats(width=32))
def test_floats_are_what_protobuf_says(number: float) -> None:
    message = wrappers_pb2.FloatValue(value=number)
    shown = any_json(xds.packed(message).type_url, message.SerializeToString())
    assert shown["value"] == json_format.MessageToDict(message)


def test_numbers_no_json_has() -> None:
    value = struct_pb2.Struct()
    for name, number in (("nan", float("nan")), ("up", float("inf")), ("down", float("-inf"))):
        value.fields[name].number_value = number
    value.fields["nothing"].SetInParent()
    assert said(value)["value"] == {"down": "-Infinity", "nan": "NaN", "nothing": None, "up": "Infinity"}


def test_times_beyond_the_calendar() -> None:
    assert said(timestamp_pb2.Timestamp(seconds=2**60)) == {"value": f"{2**60}s since 1970"}
    assert said(duration_pb2.Duration(seconds=2**60)) == {"value": f"{2**60}s"}


def test_an_any_nobody_knows_costs_itself_only() -> None:
    message = xds.listener()
    message.api_listener.api_listener.CopyFrom(any_pb2.Any(type_url="type.googleapis.com/acme.Mine", value=b"hello"))
    with pytest.raises(TypeError):
        json_format.MessageToDict(message)
    shown = said(message)
    assert shown["name"] == f"{xds.HOST}:7070"
    assert shown["apiListener"]["apiListener"] == {
        "@type": "type.googleapis.com/acme.Mine",
        "@unread": "meshtui does not know the type acme.Mine",
        "@size": 5,
        "@preview": "aGVsbG8=",
    }


def test_a_corrupt_any_costs_itself_only() -> None:
    message = xds.cluster("v1")
    message.transport_socket.typed_config.value = b"\xff\xff"
    shown = said(message)
    assert shown["name"] == xds.cluster_name("v1")
    assert shown["transportSocket"]["typedConfig"]["@size"] == 2


def test_anys_packed_into_each_other_without_end() -> None:
    inner = any_pb2.Any(type_url="type.googleapis.com/google.protobuf.Struct")
    for _ in range(DEEPEST_ANY * 3):
        inner = xds.packed(inner)
    assert "packed too deep" in json.dumps(any_json(inner.type_url, inner.value))


def _nested_permissions(anys: int, levels: int) -> any_pb2.Any:
    """``Any`` within ``Any``, each with this many messages within each other."""
    inner = any_pb2.Any(type_url="type.googleapis.com/google.protobuf.Empty")
    for _ in range(anys):
        permission = rbac_pb2.Permission()
        top = permission
        for _ in range(levels):
            top = top.not_rule
        top.matcher.name = "m"
        top.matcher.typed_config.CopyFrom(inner)
        inner = xds.packed(permission)
    return inner


@pytest.mark.parametrize(("anys", "levels"), [(1, 45), (17, 45), (17, 95), (200, 3)])
def test_what_is_nested_without_end_is_cut_and_every_writer_takes_it(anys: int, levels: int) -> None:
    hostile = _nested_permissions(anys, levels)
    shown = any_json(hostile.type_url, hostile.value)
    text = json.dumps(shown, indent=2)
    assert json.loads(text) == shown
    assert yaml.safe_load(as_yaml(text)) == shown
    cut = "nested more than" in text or "packed too deep" in text
    assert cut == (anys > 1)


def test_a_struct_of_structs_is_cut_too() -> None:
    value = struct_pb2.Value(string_value="core")
    for _ in range(30):
        value = struct_pb2.Value(list_value=struct_pb2.ListValue(values=[value]))
    shown = said(struct_pb2.Struct(fields={"a": value}))
    assert "core" in json.dumps(shown)


def test_private_keys_and_other_secrets_are_masked() -> None:
    context = tls_pb2.UpstreamTlsContext()
    certificate = context.common_tls_context.tls_certificates.add()
    certificate.private_key.inline_string = "TOPSECRET"
    certificate.certificate_chain.inline_string = "PUBLIC"
    certificate.password.inline_bytes = b"TOPSECRET"
    message = xds.cluster("v1", tls=False)
    message.transport_socket.typed_config.CopyFrom(xds.packed(context))
    text = json.dumps(said(message))
    assert "TOPSECRET" not in text
    assert "VE9QU0VDUkVU" not in text
    assert "PUBLIC" in text
    shown = said(message)["transportSocket"]["typedConfig"]["commonTlsContext"]["tlsCertificates"][0]
    assert (shown["privateKey"], shown["password"]) == (MASK, MASK)


def test_a_secret_resource_is_masked() -> None:
    secret = secret_pb2.Secret(name="s")
    secret.generic_secret.secret.inline_string = "TOPSECRET"
    secret.generic_secret.secrets["k"].inline_string = "TOPSECRET"
    assert "TOPSECRET" not in json.dumps(said(secret))


def test_a_map_is_sorted() -> None:
    message = base_pb2.Metadata()
    for name in ("z", "a", "m"):
        message.filter_metadata[name].SetInParent()
    assert list(said(message)["filterMetadata"]) == ["a", "m", "z"]


def test_every_kind_of_resource_has_its_type_first() -> None:
    for message in (listener_pb2.Listener(name="a"), cluster_pb2.Cluster(name="b")):
        shown = any_json(xds.packed(message).type_url, message.SerializeToString())
        assert next(iter(shown)) == "@type"
