"""Asks an API server what its user may do, by access reviews: the same question as ``kubectl auth can-i``.

Any login may ask this of itself unless an administrator has taken it away; then nothing is known, and whoever needs a
right tries.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

from meshtui.model.kubernetes.fields import mapping, text, truth
from meshtui.model.kubernetes.rights import NEEDS, Answer, Need, Right, Rights, Verdict, role_words
from meshtui.model.phrases import one_line
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.lists import AT_ONCE

REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
"""Where they are posted; nothing stays of them."""

LONGEST_REASON: Final = 300
"""Characters of an authorizer's reason."""

ALL_RIGHTS: Final = tuple(dict.fromkeys(right for need in NEEDS for right in need.rights))
"""Every right that an attached pod and the picker use."""


_VERSION: Final = re.compile(r"v([0-9]{1,4})\.([0-9]{1,4})")


async def ask_rights(api: Api, namespace: str, rights: Iterable[Right] = ALL_RIGHTS, *, pod: str = "") -> Rights:
    """Whether the user has these rights in the namespace, or for one pod there, which a role may name.

    Some are asked at a time. A review that is refused is an unknown answer; raises ``ApiUnreachable`` or
    ``LoginFailed``.
    """
    seats = asyncio.Semaphore(AT_ONCE)

    async def verdict(right: Right) -> Verdict:
        async with seats:
            return await _verdict(api, namespace, right, pod)

    try:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(verdict(right)) for right in dict.fromkeys(rights)]
            version = group.create_task(server_version(api))
    except ExceptionGroup as failed:  # they fail alike: the first says it
        raise failed.exceptions[0] from None
    verdicts = tuple(each.result() for each in asked)
    return Rights(namespace=namespace, verdicts=verdicts, pod=pod, server=version.result())


async def server_version(api: Api) -> tuple[int, int] | None:
    """The version as which the API server behaves, as (1, 37): what it emulates during an upgrade, else its own.

    ``None`` if it does not tell. Raises as :func:`ask_rights`.
    """
    try:
        said = await api.get("/version")
    except ApiRefused:
        return None
    emulated = f"v{text(said, 'emulationMajor')}.{text(said, 'emulationMinor')}"
    found = _VERSION.match(emulated) or _VERSION.match(text(said, "gitVersion"))
    return (int(found[1]), int(found[2])) if found else None


async def why_forbidden(api: Api, namespace: str, *needs: Need, pod: str = "") -> str:
    """All that is lacking for these needs after one of them was forbidden, as sentences with the rules that grant it,
    so that nobody has to ask for one right after the other. Empty when the reviews find nothing missing or cannot tell,
    and then only the server's own words are known. Raises as :func:`ask_rights`."""
    rights = await ask_rights(api, namespace, (right for need in needs for right in need.rights), pod=pod)
    missing = tuple(dict.fromkeys(right for need in needs for right in rights.missing(need)))
    if not missing:
        return ""
    *most, last = (f"{right.verb} {right.target}" for right in missing)
    lacking = f"{', '.join(most)} and {last}" if most else last
    return f"The user may not {lacking} in namespace {namespace}. {role_words(missing)}"


async def _verdict(api: Api, namespace: str, right: Right, pod: str) -> Verdict:
    try:
        answer = await api.create(REVIEWS, _review(namespace, right, pod))
    except ApiRefused as error:
        return Verdict(right=right, answer=Answer.UNKNOWN, why=one_line(error.message or error.what, LONGEST_REASON))
    status = mapping(answer, "status")
    if "allowed" not in status:
        return Verdict(right=right, answer=Answer.UNKNOWN, why="the review was answered without a verdict")
    why = one_line(text(status, "reason") or text(status, "evaluationError"), LONGEST_REASON)
    return Verdict(right=right, answer=Answer.YES if truth(status, "allowed") else Answer.NO, why=why)


def _review(namespace: str, right: Right, pod: str) -> dict[str, Any]:
    asked = {
        "namespace": "" if right.cluster_wide else namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": right.resource,
        "subresource": right.subresource,
        "name": pod if right.resource == "pods" and right.verb not in {"list", "watch"} else "",
    }
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {name: value for name, value in asked.items() if value}},
    }
