"""What names a pod of a cluster, and what is an address or a path."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import UsageError
from meshtui.model.kubernetes.reference import Kind, Reference, is_object_name, parse_reference

KINDS = {
    "po": Kind.POD,
    "pod": Kind.POD,
    "Pods": Kind.POD,
    "deploy": Kind.DEPLOYMENT,
    "deployment": Kind.DEPLOYMENT,
    "deployments.apps": Kind.DEPLOYMENT,
    "deployments.v1.apps": Kind.DEPLOYMENT,
    "svc": Kind.SERVICE,
    "service": Kind.SERVICE,
    "sts": Kind.STATEFUL_SET,
    "StatefulSet": Kind.STATEFUL_SET,
    "ds": Kind.DAEMON_SET,
    "rs": Kind.REPLICA_SET,
    "job": Kind.JOB,
    "jobs.batch": Kind.JOB,
}


@pytest.mark.parametrize(("word", "kind"), KINDS.items())
def test_kinds_are_named_as_kubectl_names_them(word: str, kind: Kind) -> None:
    assert parse_reference(f"{word}/echo-v1") == Reference(kind, "echo-v1")


@pytest.mark.parametrize(
    "text", ["localhost:17171", "unix:/tmp/x", "./pod/x", "/pod/x", "podx/y", "pod", "", "pods.apps/x", "dns:///a:1"]
)
def test_what_is_no_reference_is_left_to_others(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize("text", ["pod/", "pod/a/b", "pod/A", "pod/..", "pod/a_b", f"pod/{'a' * 254}", "svc/-a"])
def test_no_object_can_have_such_a_name(text: str) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)


def test_a_selector_stands_alone() -> None:
    assert parse_reference("", selector=" app=echo ") == Reference(selector="app=echo")
    assert str(parse_reference("", selector="app=echo")) == "-l app=echo"
    for text, selector in (("pod/a", "app=echo"), ("", " "), ("", "a\x1b=b")):
        with pytest.raises(UsageError):
            parse_reference(text, selector=selector)


@given(st.text(max_size=60))
def test_a_name_never_leaves_its_place_in_a_path(name: str) -> None:
    try:
        reference = parse_reference(f"pod/{name}")
    except UsageError:
        return
    assert reference is not None
    assert is_object_name(reference.name)
    assert not set(reference.name) & set("/?#%\\ ")


@given(st.text(max_size=80))
def test_nothing_that_is_typed_is_a_defect(text: str) -> None:
    with suppress(UsageError):
        parse_reference(text)
