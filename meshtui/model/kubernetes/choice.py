"""Which of several pods is meant by a name that leads to all of them, and why that one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_mesh import mesh_of
from meshtui.model.kubernetes.pod_reach import forward_to

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
"""When a pod without a time was made."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The pods in the order in which they are meant, the first being the one that is taken."""

    pods: tuple[Pod, ...]

    @property
    def pod(self) -> Pod:
        """The one that is taken."""
        return self.pods[0]

    @property
    def words(self) -> str:
        """As in "the newest ready of 3 pods": which it is, of how many; empty when there was no choice."""
        if len(self.pods) == 1:
            return ""
        what = "newest ready" if _is_well(self.pod) else "newest reachable" if _is_reachable(self.pod) else "newest"
        some_are_not = {mesh_of(pod).is_proxyless for pod in self.pods} == {True, False}
        proxyless = " proxyless" if some_are_not and mesh_of(self.pod).is_proxyless else ""
        return f"the {what}{proxyless} of {len(self.pods)} pods"


def choose(pods: Sequence[Pod]) -> Choice:
    """Ready ones that stay before others, then those that can be reached at all, then proxyless ones, then the newest.

    ``pods`` is not empty.
    """
    by_name = sorted(pods, key=lambda pod: pod.name)
    by_age = sorted(by_name, key=lambda pod: pod.created or LONG_AGO, reverse=True)
    return Choice(tuple(sorted(by_age, key=_rank)))


def _rank(pod: Pod) -> tuple[bool, bool, bool]:
    return not _is_well(pod), not _is_reachable(pod), not mesh_of(pod).is_proxyless


def _is_well(pod: Pod) -> bool:
    return pod.is_ready and pod.deleting is None and _is_reachable(pod)


def _is_reachable(pod: Pod) -> bool:
    return forward_to(pod).possible
