"""Looks for the pod that takes the place of one that ends, for as long as that one is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_fate import Successor
from meshtui.model.kubernetes.workload import naming_selector, successor_of
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.failures import ApiRefused
from meshtui.sources.kubernetes.pacing import Pacing
from meshtui.sources.kubernetes.pods import list_pods

AGAIN_S: Final = 30.0
"""Seconds until one that was found is looked for again: it can end too, and a newer one can be ready."""


async def follow_successor(
    api: Api, pod: Pod, selector: str, found: Callable[[Successor | None], None], *, pacing: Pacing
) -> None:
    """Tell of the successor and of each change of it, until cancelled; what goes wrong is tried again.

    ``selector`` finds it among the pods of the namespace, empty where that is not known. Raises ``ApiRefused`` where
    pods may not be listed.
    """
    selector = selector or naming_selector(pod)
    now: Successor | None = None
    tries = 0
    while True:
        try:
            now = successor_of(pod, await list_pods(api, pod.namespace, selector), now)
        except MeshtuiError as error:
            if isinstance(error, ApiRefused) and error.code == 403:
                raise
            tries += 1
            await pacing.sleep(pacing.pause_after(error, tries))
            continue
        found(now)
        is_there = now is not None and now.is_newer
        tries = 0 if is_there else tries + 1
        await pacing.sleep(AGAIN_S if is_there else pacing.pause(tries))
