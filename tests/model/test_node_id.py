"""Istio's node id, taken apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.node_id import is_istio_like, parse_node_id

PIECES = st.text(st.sampled_from("a.~x"), max_size=8)


def test_the_parts_of_a_pods_id() -> None:
    found = parse_node_id("sidecar~10.0.0.7~web.0.shop~shop.svc.cluster.local")
    assert found is not None
    assert (found.kind, found.ip, found.pod, found.namespace) == ("sidecar", "10.0.0.7", "web.0", "shop")
    assert found.is_valid


@pytest.mark.parametrize(
    ("text", "pod", "namespace"),
    [("a~b~web~d", "web", ""), ("a~b~.shop~d", ".shop", ""), ("a~b~web.~d", "web", ""), ("a~b~~d", "", "")],
)
def test_a_pod_without_a_namespace_is_still_a_pod(text: str, pod: str, namespace: str) -> None:
    found = parse_node_id(text)
    assert found is not None
    assert (found.pod, found.namespace, found.is_valid) == (pod, namespace, False)


@pytest.mark.parametrize("text", ["", "web", "a~b~c", "a~b~c~d~e"])
def test_another_number_of_parts_is_no_id_of_istios(text: str) -> None:
    assert parse_node_id(text) is None


@given(st.builds("~".join, st.lists(PIECES, max_size=5)))
def test_valid_is_what_istiod_takes(text: str) -> None:
    shape = re.fullmatch(r"[^~]+~[^~]+~(?:[^~]+)\.(?P<namespace>[^~.]+)~(?P<domain>[^~]+)", text)
    takes = shape is not None and shape["domain"].startswith(f"{shape['namespace']}.svc.")
    found = parse_node_id(text)
    assert (found is not None and found.is_valid) is takes


def test_an_id_that_only_begins_like_istios_is_meant_for_it() -> None:
    assert is_istio_like("sidecar~10.0.0.7")
    assert not is_istio_like("sidecar")
    assert not is_istio_like("projects/1/networks/mesh")
