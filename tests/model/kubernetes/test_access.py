"""The access ladder: what is missing is named, and what is to be pasted gives exactly that."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.access import NAME, Access, ladder_of
from meshtui.model.kubernetes.rights import NEEDS, Answer, Right, Rights, Verdict

ALL = sorted({right for need in NEEDS for right in need.rights})


def rights(answers: dict[Right, Answer], namespace: str = "echo-grpc") -> Rights:
    verdicts = tuple(Verdict(right=right, answer=answers.get(right, Answer.YES)) for right in ALL)
    return Rights(namespace=namespace, verdicts=verdicts)


def test_all_rights_leave_nothing_to_paste() -> None:
    ladder = ladder_of(rights({}))
    assert {step.access for step in ladder.steps} == {Access.HAD}
    assert (ladder.missing, ladder.paste) == ((), "")


@given(st.dictionaries(st.sampled_from(ALL), st.sampled_from(Answer)), st.sampled_from(["echo-grpc", ""]))
def test_what_is_pasted_grants_what_is_missing_and_no_more(answers: dict[Right, Answer], namespace: str) -> None:
    ladder = ladder_of(rights(answers, namespace))
    granted: dict[str, set[tuple[str, str, str]]] = {"Role": set(), "ClusterRole": set()}
    for document in yaml.safe_load_all(ladder.paste):
        if document is None:
            continue
        for rule in document["rules"]:
            for group in rule["apiGroups"]:
                granted[document["kind"]] |= {
                    (group, resource, verb) for resource in rule["resources"] for verb in rule["verbs"]
                }
        assert document["metadata"].get("namespace", "") == (namespace if document["kind"] == "Role" else "")
    missing = [right for right, answer in answers.items() if answer is Answer.NO]
    wide = {(right.group, right.target, right.verb) for right in missing if right.cluster_wide or not namespace}
    own = {(right.group, right.target, right.verb) for right in missing if not right.cluster_wide and namespace}
    assert granted == {"Role": own, "ClusterRole": wide}


def test_an_unknown_right_is_neither_there_nor_missing() -> None:
    ladder = ladder_of(rights(dict.fromkeys(ALL, Answer.UNKNOWN)))
    assert {step.access for step in ladder.steps} == {Access.UNKNOWN}
    assert ladder.paste == ""


def test_some_of_istio_s_kinds_are_a_part_and_half_of_a_forward_is_none() -> None:
    lacking = {right: Answer.NO for right in ALL if right.resource == "telemetries" or right.subresource == "exec"}
    lacking.pop(next(right for right in lacking if right.subresource == "exec" and right.verb == "get"))
    by_name = {step.name: step for step in ladder_of(rights(lacking)).steps}
    assert (by_name["istio"].access, by_name["exec"].access) == (Access.PARTLY, Access.MISSING)
    assert [right.resource for right in by_name["istio"].rights] == ["telemetries"]
    assert by_name["istio"] in ladder_of(rights(lacking)).missing


def test_what_is_pasted_takes_no_role_of_our_pages_away() -> None:
    """``kubectl apply`` of a role replaces the rules of one of its name, those that are held by it among them."""
    page = (Path(__file__).parents[3] / "docs" / "locked-down-rbac.md").read_text(encoding="utf-8")
    ours = set(re.findall(r"^  name: (\S+)$", page, re.MULTILINE))
    assert ours
    assert NAME not in ours
