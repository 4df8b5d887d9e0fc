"""From what was typed (``pod/NAME``, ``deploy/NAME``, ``svc/NAME``, a selector) to one pod, said with why that one.

Each kind is asked in the fewest questions: a pod in one, a Deployment in one and then two at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, Final, TypeVar

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.choice import Choice, choose
from meshtui.model.kubernetes.fields import at, objects, text, texts
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.reference import Kind, Reference
from meshtui.model.kubernetes.rights import LIST_PODS, LIST_SLICES, Need, Right, role_words
from meshtui.model.kubernetes.selector import labels_text, selector_text
from meshtui.model.kubernetes.service_ports import ServicePort, service_ports
from meshtui.model.phrases import one_line
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ANONYMOUS, NOT_HERE, ApiRefused
from meshtui.sources.kubernetes.paths import api_path
from meshtui.sources.kubernetes.pods import get_pod, list_pods
from meshtui.sources.kubernetes.resolved import Resolved
from meshtui.sources.kubernetes.rights import why_forbidden

T = TypeVar("T")


class _Lacking(ApiRefused):
    """A refusal, and the rights by which the pod would have been found."""

    def __init__(self, error: ApiRefused, *rights: Right) -> None:
        super().__init__(error.what, role_words(rights), refusal=error.refusal)
        self.rights = rights


class NoPod(TargetUnreachable):
    """What was typed names no pod: there is no such object, or it has no pods."""


async def resolve(api: Api, namespace: str, reference: Reference, *purpose: Need) -> Resolved:
    """The pod that the reference means, in that namespace; ``purpose`` is what it is wanted for.

    Raises ``NoPod``, and as ``Api.get``: a refusal's hint then holds the rules that are missing, those for ``purpose``
    among them.
    """
    try:
        return await _found(api, namespace, reference)
    except _Lacking as lacking:
        find = Need(name="find", rights=lacking.rights, unlocks=f"the pods of {reference}", without=NAMED)
        rules = await why_forbidden(api, namespace, find, *purpose)
        raise ApiRefused(lacking.what, rules or lacking.hint, refusal=lacking.refusal) from None


NAMED: Final = "a pod has to be named"
"""What is left without the right to find one."""


async def _found(api: Api, namespace: str, reference: Reference) -> Resolved:
    match reference.kind:
        case None:
            pods = await _listed(api, namespace, reference.selector)
            return _chosen(api, namespace, reference, pods, reference.selector)
        case Kind.POD:
            return await _named(api, namespace, reference)
        case Kind.SERVICE:
            return await _of_service(api, namespace, reference)
        case _:
            return await _of_controller(api, namespace, reference)


async def _named(api: Api, namespace: str, reference: Reference) -> Resolved:
    pod = None
    unseen = ""
    try:
        pod = await get_pod(api, namespace, reference.name)
    except ApiRefused as error:
        if error.code == 404:
            raise no_such(api, namespace, reference) from None
        if not _lacks_right(error):
            raise
        unseen = f"{error.what} {role_words([Right(verb='get', resource='pods')])}"
    return Resolved(
        reference=reference,
        namespace=namespace,
        name=reference.name,
        pod=pod,
        choice=Choice((pod,)) if pod is not None else None,
        unseen=unseen,
    )


async def _of_controller(api: Api, namespace: str, reference: Reference) -> Resolved:
    """The pods of what makes pods: all but a Deployment make them themselves."""
    try:
        document = await _object(api, namespace, reference)
    except ApiRefused as refusal:
        return await _by_owners_name(api, namespace, reference, refusal)
    selector = selector_text(at(document, "spec", "selector"))
    uid = text(document, "metadata", "uid")
    if reference.kind is not Kind.DEPLOYMENT:
        return _chosen(api, namespace, reference, _owned(await _listed(api, namespace, selector), [uid]), selector)
    pods, sets = await asyncio.gather(_listed(api, namespace, selector), _replica_sets(api, namespace, selector, uid))
    kept = _owned(pods, sets) if sets is not None else _named_after(pods, reference)
    return _chosen(api, namespace, reference, kept, selector)


async def _by_owners_name(api: Api, namespace: str, reference: Reference, refusal: ApiRefused) -> Resolved:
    """The pods whose owner has the name that was typed, where the object itself may not be read.

    Raises the refusal when that finds none: whether there is such an object is not known. Where pods may not be listed
    either, that is the right to ask for: with it alone the pods are found.
    """
    if not _lacks_right(refusal):
        raise refusal
    try:
        pods = _named_after(await _listed(api, namespace, ""), reference)
    except ApiRefused as unlisted:
        raise (unlisted if _lacks_right(unlisted) else refusal) from None
    if not pods:
        raise refusal
    return _chosen(api, namespace, reference, pods, "")


OWNERS: Final = {
    Kind.DEPLOYMENT: "ReplicaSet",
    Kind.REPLICA_SET: "ReplicaSet",
    Kind.STATEFUL_SET: "StatefulSet",
    Kind.DAEMON_SET: "DaemonSet",
    Kind.JOB: "Job",
}
"""What owns the pods of each kind, as their owner references have it."""


def _named_after(pods: Iterable[Pod], reference: Reference) -> tuple[Pod, ...]:
    """The pods whose owner's name says that they are of the object: a Deployment's ReplicaSets are called after it and
    the hash that their pods carry."""
    owner = OWNERS[reference.kind or Kind.POD]
    is_deployment = reference.kind is Kind.DEPLOYMENT

    def fits(pod: Pod) -> bool:
        name = f"{reference.name}-{pod.labels.get('pod-template-hash', '')}" if is_deployment else reference.name
        return pod.owner is not None and (pod.owner.kind, pod.owner.name) == (owner, name)

    return tuple(filter(fits, pods))


async def _replica_sets(api: Api, namespace: str, selector: str, uid: str) -> list[str] | None:
    """The UIDs of a Deployment's ReplicaSets; ``None`` when they may not be listed."""
    path = api_path("apps", "v1", "replicasets", namespace=namespace)
    try:
        found = await api.get(path, [("labelSelector", selector)])
    except ApiRefused as error:
        if not _lacks_right(error):
            raise
        return None
    return [
        text(each, "metadata", "uid")
        for each in objects(found, "items")
        if any(text(owner, "uid") == uid for owner in objects(each, "metadata", "ownerReferences"))
    ]


async def _of_service(api: Api, namespace: str, reference: Reference) -> Resolved:
    document = await _object(api, namespace, reference)
    if text(document, "spec", "type") == "ExternalName":
        outside = one_line(text(document, "spec", "externalName"), 253)
        raise NoPod(f"{reference} stands for {outside}, which is outside of the cluster: it has no pods.")
    ports = service_ports(document)
    selector = labels_text(texts(document, "spec", "selector"))
    if selector:
        pods = await _listed(api, namespace, selector)
    else:
        pods = await _of_slices(api, namespace, reference)
    return _chosen(api, namespace, reference, pods, selector, ports)


async def _of_slices(api: Api, namespace: str, reference: Reference) -> tuple[Pod, ...]:
    """The pods behind a Service without a selector, as its EndpointSlices name them."""
    path = api_path("discovery.k8s.io", "v1", "endpointslices", namespace=namespace)
    label = f"kubernetes.io/service-name={reference.name}"
    found = await _allowed(api.get(path, [("labelSelector", label)]), LIST_SLICES, LIST_PODS)
    names = {
        text(endpoint, "targetRef", "name")
        for each in objects(found, "items")
        for endpoint in objects(each, "endpoints")
        if text(endpoint, "targetRef", "kind") == "Pod"
    }
    if not names:
        return ()
    return tuple(pod for pod in await _listed(api, namespace, "") if pod.name in names)


async def _object(api: Api, namespace: str, reference: Reference) -> Any:
    kind = reference.kind or Kind.POD
    right = Right(verb="get", resource=kind.value, group=kind.group)
    asked = api.get(api_path(kind.group, "v1", kind.value, reference.name, namespace=namespace))
    try:
        return await _allowed(asked, right, LIST_PODS)
    except ApiRefused as error:
        if error.code == 404:
            raise no_such(api, namespace, reference) from None
        raise


async def _listed(api: Api, namespace: str, selector: str) -> tuple[Pod, ...]:
    return await _allowed(list_pods(api, namespace, selector), LIST_PODS)


async def _allowed(asked: Awaitable[T], right: Right, *then: Right) -> T:
    """What is asked for; when it is forbidden, the error holds the right for it and those that are needed ``then``."""
    try:
        return await asked
    except ApiRefused as error:
        if error.lacks_right:
            raise _Lacking(error, right, *then) from None
        raise


def _lacks_right(error: ApiRefused) -> bool:
    """Whether a known user lacks a right; nobody grants one to whom the cluster does not know."""
    return error.code == 403 and ANONYMOUS not in error.message


def _owned(pods: Iterable[Pod], owners: Iterable[str]) -> tuple[Pod, ...]:
    uids = set(owners)
    return tuple(pod for pod in pods if pod.owner is not None and pod.owner.uid in uids)


def _chosen(
    api: Api,
    namespace: str,
    reference: Reference,
    pods: tuple[Pod, ...],
    selector: str,
    ports: tuple[ServicePort, ...] = (),
) -> Resolved:
    if not pods:
        raise NoPod(
            f"{reference} has no pods in namespace {namespace} of context {api.context.name}."
            if reference.kind is not None
            else f"No pod in namespace {namespace} of context {api.context.name} matches {reference}.",
            f"kubectl -n {namespace} get pods tells what there is.",
        )
    choice = choose(pods)
    return Resolved(
        reference=reference,
        namespace=namespace,
        name=choice.pod.name,
        pod=choice.pod,
        choice=choice,
        selector=selector,
        ports=ports,
    )


def no_such(api: Api, namespace: str, reference: Reference) -> NoPod:
    """That there is no such object, with what to try."""
    return NoPod(
        f"There is no {reference} in namespace {namespace} of context {api.context.name}.",
        NOT_HERE,
    )
