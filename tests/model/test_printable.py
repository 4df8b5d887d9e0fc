"""Text from the mesh is shown or escaped, never obeyed, whatever character it holds."""

from __future__ import annotations

import json
import unicodedata

import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.printable import escaped, is_printable, json_escaped, printable

HOSTILE = "a\x1b]0;x\x07b\x7f\x9bc\u202ed\u200be\u2028f\ufeffg\U000e0041h\n\t"


def obeyed(text: str) -> list[str]:
    """What a terminal would obey, or nobody would see."""
    return [
        character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    ]


def test_each_kind_of_character_gets_its_escape() -> None:
    assert escaped(HOSTILE) == (r"a\u001b]0;x\u0007b\u007f\u009bc\u202ed\u200be\u2028f\ufeffg\U000e0041h\u000a\u0009")
    assert json_escaped('"\U000e0041"') == r'"\udb40\udc41"'
    assert escaped("v1 – größer ✓ 日本 😀") == "v1 – größer ✓ 日本 😀"


@given(st.text(alphabet=st.characters()))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    assert not obeyed(escaped(text))
    assert not obeyed(printable(text))
    assert is_printable(text) == (not obeyed(text)) == (escaped(text) == text)


@given(st.recursive(st.text(alphabet=st.characters()), lambda inner: st.dictionaries(st.text(), inner, max_size=3)))
def test_a_json_document_means_the_same_after_it(value: object) -> None:
    document = json_escaped(json.dumps(value, indent=2, ensure_ascii=False))
    assert json.loads(document) == value
    assert not obeyed(document.replace("\n", ""))


def test_the_escapes_are_those_of_yaml() -> None:
    assert yaml.safe_load(f'"{escaped(HOSTILE)}"') == HOSTILE
