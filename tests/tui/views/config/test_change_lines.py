"""The difference of two configs: complete, and aligned by what a person calls the same line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meshtui.tui.views.config.lines.change import aligned, change_lines

texts = st.lists(
    st.sampled_from(["clusters:", "- name: v1", "- name: v2", "  weight: 20", "  weight: 80", "timeout: 5s", "", "}"])
)


def said(before: str, after: str, width: int = 60) -> str:
    return "\n".join("".join(span.text for span in line).rstrip() for line in change_lines(before, after, width))


@given(texts, texts)
def test_nothing_is_lost_and_nothing_invented(old: list[str], new: list[str]) -> None:
    rows = list(aligned(old, new))
    assert [line for sign, line in rows if sign != "+"] == old
    assert [line for sign, line in rows if sign != "-"] == new


def test_a_swap_of_weights_is_not_a_move_of_clusters() -> None:
    before = "clusters:\n- name: v1\n  weight: 80\n- name: v2\n  weight: 20\nend: 1"
    after = "clusters:\n- name: v1\n  weight: 20\n- name: v2\n  weight: 80\nend: 1"
    assert said(before, after) == (
        "   clusters:\n"
        "   - name: v1\n -   weight: 80\n +   weight: 20\n"
        "   - name: v2\n -   weight: 20\n +   weight: 80\n"
        "   end: 1"
    )


def test_far_changes_are_set_apart_and_what_lies_between_left_out() -> None:
    between = "\n".join(f"k{number}: 1" for number in range(40))
    shown = said(f"a: 1\n{between}\nz: 1", f"a: 2\n{between}\nz: 2")
    assert shown == (
        " - a: 1\n + a: 2\n   k0: 1\n   k1: 1\n   k2: 1\n\n   ⋮\n\n   k37: 1\n   k38: 1\n   k39: 1\n - z: 1\n + z: 2"
    )


def test_the_indent_all_lines_share_is_left_out_and_long_lines_hang() -> None:
    shown = said("        name: " + "x" * 30, "        name: " + "y" * 30, width=24)
    assert shown.splitlines()[0].startswith(" - name: x")
    assert all(len(line) <= 24 for line in shown.splitlines())


def test_the_same_text_says_so() -> None:
    assert said("a: 1", "a: 1") == " The two configs read the same."


def test_too_much_to_align_is_told_in_numbers() -> None:
    old = "\n".join(f"a{number}: 1" for number in range(2_000))
    new = "\n".join(f"b{number}: 1" for number in range(2_500))
    assert said(old, new) == " 2000 lines became 2500: too many to set side by side."
