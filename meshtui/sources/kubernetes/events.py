"""A pod's events."""

from __future__ import annotations

from meshtui.model.kubernetes.events import PodEvents, event_of, of_pod
from meshtui.model.kubernetes.rights import LIST_EVENTS
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.lists import Lists, NotServedError
from meshtui.sources.kubernetes.paths import api_path


async def read_events(api: Api, namespace: str, pod: str, uid: str = "") -> PodEvents:
    """What the cluster remembers of a pod; with ``uid`` only of the very one, not of one before of the same name.

    Raises ``ApiUnreachable``, ``LoginFailed``, ``BadAnswer``, or ``ApiRefused`` for a login that is not accepted.
    """
    lists = Lists(api)
    chosen = f"involvedObject.kind=Pod,involvedObject.name={pod}"
    path = api_path("", "v1", "events", namespace=namespace)
    try:
        found = await lists.all(path, "events", namespace, LIST_EVENTS, [("fieldSelector", chosen)])
    except NotServedError:
        found = ()
    lacking = next(iter(lists.lacking), None)
    return PodEvents(events=of_pod(map(event_of, found or ()), uid), lacking=lacking)
