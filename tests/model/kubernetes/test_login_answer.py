"""What a login plugin answers, and what is no answer."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.login_answer import LoginAnswer, UnusableAnswer, read_answer

V1 = "client.authentication.k8s.io/v1"


def answer(status: Any, **more: Any) -> bytes:
    return json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status, **more}).encode()


def test_a_token_with_its_time() -> None:
    read = read_answer(answer({"token": "a\n", "expirationTimestamp": "2026-11-28T18:00:00Z"}), V1)
    assert read == LoginAnswer(token="a", expires=datetime(2026, 11, 28, 18, tzinfo=UTC))
    assert not read.expired(datetime(2026, 11, 28, 17, 59, tzinfo=UTC))
    assert read.expired(datetime(2026, 11, 28, 18, tzinfo=UTC))


def test_without_a_time_it_holds() -> None:
    assert not read_answer(answer({"token": "a"}), V1).expired(datetime.max.replace(tzinfo=UTC))


def test_a_certificate_with_its_key() -> None:
    read = read_answer(answer({"clientCertificateData": "C", "clientKeyData": "K"}), V1)
    assert (read.token, read.certificate, read.key) == ("", b"C", b"K")
    assert "K" not in repr(read).replace("LoginAnswer", "")


NONE: list[tuple[bytes, str]] = [
    (b"", "it wrote nothing"),
    (b" \n", "it wrote nothing"),
    (b"Please visit the page s3cret", "is no JSON"),
    (b"[]", "no ExecCredential"),
    (answer({"token": "s3cret"}, kind="Pod"), "no ExecCredential"),
    (answer({"token": "s3cret"}, apiVersion="client.authentication.k8s.io/v1beta1"), "v1beta1"),
    (answer(None), "no status"),
    (answer({}), "neither"),
    (answer({"token": 5}), "no text"),
    (answer({"clientCertificateData": "s3cret"}), "only one"),
    (answer({"token": "s3cret", "expirationTimestamp": "soon"}), "no time"),
]


@pytest.mark.parametrize(("data", "said"), NONE)
def test_what_is_no_answer_is_said_without_what_it_holds(data: bytes, said: str) -> None:
    with pytest.raises(UnusableAnswer, match=said) as raised:
        read_answer(data, V1)
    assert "s3cret" not in str(raised.value)


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists, max_leaves=4).map(answer))
def test_no_output_is_a_defect(data: bytes) -> None:
    with suppress(UnusableAnswer):
        assert read_answer(data, V1).token
