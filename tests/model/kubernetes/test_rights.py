"""Rules that grant exactly what is missing, and answers that are not known."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.kubernetes.rights import (
    CREATE_FORWARD,
    EXEC,
    FORWARD,
    GET_FORWARD,
    NEEDS,
    Answer,
    Right,
    Rights,
    Verdict,
    rules_yaml,
)

rights = st.sets(st.sampled_from(sorted({right for need in NEEDS for right in need.rights})))


def granted(rules: str) -> set[tuple[str, str, str]]:
    """What RBAC makes of the rules: every group, resource and verb of each."""
    return {
        (group, resource, verb)
        for rule in yaml.safe_load(rules) or []
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@given(rights)
def test_rules_grant_these_rights_and_no_others(wanted: set[Right]) -> None:
    assert granted(rules_yaml(sorted(wanted))) == {(each.group, each.target, each.verb) for each in wanted}


def found(**answers: Answer) -> Rights:
    pairs = zip((GET_FORWARD, CREATE_FORWARD), answers.values(), strict=True)
    return Rights(namespace="n", verdicts=tuple(Verdict(right=right, answer=answer) for right, answer in pairs))


def test_the_rule_for_what_is_missing() -> None:
    seen = found(get=Answer.YES, create=Answer.NO)
    assert seen.missing(FORWARD) == (CREATE_FORWARD,)
    assert seen.rule_for(FORWARD) == '- apiGroups: [""]\n  resources: ["pods/portforward"]\n  verbs: ["create"]\n'


def test_what_is_not_known_is_not_missing() -> None:
    seen = found(get=Answer.YES, create=Answer.UNKNOWN)
    assert (seen.allows(FORWARD), seen.missing(FORWARD), seen.rule_for(FORWARD)) == (Answer.UNKNOWN, (), "")
    assert seen.allows(EXEC) is Answer.UNKNOWN
    assert found(get=Answer.UNKNOWN, create=Answer.NO).allows(FORWARD) is Answer.NO
    assert found(get=Answer.YES, create=Answer.YES).allows(FORWARD) is Answer.YES
