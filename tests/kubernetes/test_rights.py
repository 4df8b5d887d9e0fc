"""What a user may do, by reviews against the double: each user, older servers, and reviews that are refused."""

from __future__ import annotations

import dataclasses
import json

import pytest

from meshtui.model.kubernetes.rights import EXEC, FOLLOW, FORWARD, NEEDS, SEE_POD, Answer, Need
from meshtui.sources.kubernetes.failures import ApiUnreachable
from meshtui.sources.kubernetes.rights import ask_rights, why_forbidden
from tests.kubernetes.asked import api_of
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import Says

USED = (FORWARD, EXEC, SEE_POD, FOLLOW)


@pytest.mark.parametrize(
    ("token", "allowed"),
    [
        ("full", "yyyy"),
        ("readonly", "nnyy"),
        ("forward", "ynyy"),
        ("forward-get", "nnyy"),
        ("forward-create", "nnyy"),
        ("onens", "yyyy"),
        ("getonly", "yyyn"),
        ("nowatch", "yyyn"),
        ("nothing", "nnnn"),
    ],
)
async def test_each_user_may_what_the_roles_say(double: Double, token: str, allowed: str) -> None:
    async with api_of(double, token) as api:
        rights = await ask_rights(api, "echo-grpc", pod="echo-v1")
    assert "".join(rights.allows(need).value[0] for need in USED) == allowed
    assert rights.server == (1, 37)
    asked = [each for each in double.cluster.log if each.resource]
    assert {(each.verb, each.resource) for each in asked} == {("create", "selfsubjectaccessreviews")}


@pytest.mark.parametrize(
    "version",
    [{"gitVersion": "v1.34.9-eks-1"}, {"gitVersion": "v1.37.2", "emulationMajor": "1", "emulationMinor": "34"}],
)
async def test_an_older_server_asks_for_get_alone(double: Double, version: dict[str, str]) -> None:
    double.cluster.instead(Says(200, json.dumps(version).encode()), lambda asked: asked.path == "/version")
    async with api_of(double, "forward-get") as api:
        rights = await ask_rights(api, "echo-grpc")
        assert (rights.allows(FORWARD), rights.missing(FORWARD)) == (Answer.YES, ())
        assert await why_forbidden(api, "echo-grpc", FORWARD) == ""


@pytest.mark.parametrize(
    ("token", "need", "rule"),
    [
        ("forward-get", FORWARD, '{apiGroups: [""], resources: ["pods/portforward"], verbs: ["create"]}'),
        ("forward-create", FORWARD, '{apiGroups: [""], resources: ["pods/portforward"], verbs: ["get"]}'),
        ("forward", EXEC, '{apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"]}'),
    ],
)
async def test_what_is_missing_is_said_with_its_rule(double: Double, token: str, need: Need, rule: str) -> None:
    async with api_of(double, token) as api:
        assert rule in await why_forbidden(api, "echo-grpc", need, pod="echo-v1")


async def test_reviews_that_are_refused_leave_it_open(double: Double) -> None:
    users = double.cluster.users
    users["full"] = dataclasses.replace(users["full"], may_review=False)
    async with api_of(double) as api:
        rights = await ask_rights(api, "echo-grpc")
        assert {each.answer for each in rights.verdicts} == {Answer.UNKNOWN}
        assert all("selfsubjectaccessreviews" in each.why for each in rights.verdicts)
        assert not any(rights.rule_for(need) for need in NEEDS)
        assert await why_forbidden(api, "echo-grpc", FORWARD) == ""


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"status": 7}'])
async def test_a_review_without_a_verdict_leaves_it_open(double: Double, body: bytes) -> None:
    double.cluster.instead(Says(201, body), lambda asked: asked.verb == "create")
    async with api_of(double) as api:
        rights = await ask_rights(api, "echo-grpc")
    assert {each.answer for each in rights.verdicts} == {Answer.UNKNOWN}


async def test_a_server_that_is_gone_is_one_error(double: Double) -> None:
    double.stop()
    async with api_of(double) as api:
        with pytest.raises(ApiUnreachable):
            await ask_rights(api, "echo-grpc")
    double.start_again()
