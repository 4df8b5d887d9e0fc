"""JSON written fast is the JSON that Python writes, to the byte, whatever the document."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.json_writer import FEW_VALUES, indented

PADDING = list(range(FEW_VALUES))
"""Enough values for a document to be written the fast way."""

TEXT = st.text(st.characters(codec=None) | st.sampled_from('"\\/\x00\x1f\x7f\x80\u2028\ud800\udfff\U0010ffff<&\t\n'))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(TEXT, inner), max_leaves=30
)


def as_python_writes_it(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


@given(DOCUMENTS)
def test_every_document_is_written_as_json_writes_it(document: Any) -> None:
    padded = {"padding": PADDING, "document": document}
    assert indented(padded) == as_python_writes_it(padded)
    assert indented(document) == as_python_writes_it(document)


@given(st.floats())
def test_every_float_is_written_as_json_writes_it(number: float) -> None:
    assert indented([number, *PADDING]) == as_python_writes_it([number, *PADDING])


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        -math.inf,
        -0.0,
        1e-5,
        1e-4,
        1e15,
        1e16,
        -1e-7,
        5e-324,
        2**53 + 1,
        2**63,
        2**64,
        -(2**63) - 1,
        10**400,
        "\ud800",
        {"\udc00": 1},
        {1: "a number as a name"},
        {True: None},
        [[[]], {}, ()],
    ],
    ids=repr,
)
def test_what_the_two_libraries_do_not_write_alike(value: Any) -> None:
    assert indented([value, *PADDING]) == as_python_writes_it([value, *PADDING])


def test_a_document_as_deep_as_any_that_is_made() -> None:
    deep: Any = PADDING
    for _ in range(300):
        deep = [deep]
    assert indented(deep) == as_python_writes_it(deep)


def test_what_is_no_json_is_refused_as_json_refuses_it() -> None:
    with pytest.raises(TypeError):
        indented([{1, 2}, *PADDING])
