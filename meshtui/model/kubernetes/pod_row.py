"""A pod as a line of a list: what a person chooses by, small enough for thousands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from meshtui.model.kubernetes.pod import Owner, Pod, pod_of
from meshtui.model.kubernetes.pod_mesh import Mesh, mesh_of, revision_of, version_of
from meshtui.model.kubernetes.pod_reach import Reach, forward_to
from meshtui.model.kubernetes.pod_status import PodStatus, status_of

_READY: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodRow:
    """One line; ``status`` is kubectl's STATUS, in a list as the server printed it. ``reach`` says whether it can be
    attached to now, ``mesh`` whether that will show anything; ``has_succeeded`` of one that ended as it should. Text is
    as the cluster sent it."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    status: PodStatus
    is_ready: bool
    is_terminating: bool
    has_succeeded: bool
    created: datetime | None
    node: str
    ip: str
    version: str
    revision: str
    labels: Mapping[str, str]
    owner: Owner | None
    mesh: Mesh
    reach: Reach

    @property
    def key(self) -> tuple[str, str]:
        """What names a pod at one moment: its namespace and name. Another ``uid`` under it is another pod."""
        return self.namespace, self.name


def row_of(pod: Pod) -> PodRow:
    """The line of a pod."""
    return PodRow(
        namespace=pod.namespace,
        name=pod.name,
        uid=pod.uid,
        resource_version=pod.resource_version,
        status=status_of(pod),
        is_ready=pod.is_ready,
        is_terminating=pod.deleting is not None,
        has_succeeded=pod.phase == "Succeeded",
        created=pod.created,
        node=pod.node,
        ip=pod.ip,
        version=version_of(pod),
        revision=revision_of(pod),
        labels=pod.labels,
        owner=pod.owner,
        mesh=mesh_of(pod),
        reach=forward_to(pod),
    )


def printed_row(document: object, status: str, ready: str) -> PodRow:
    """The line of a pod in the API server's JSON, with STATUS and READY as the server printed them beside it."""
    row = row_of(pod_of(document))
    said = replace(row.status, status=status or row.status.status)
    counts = _READY.fullmatch(ready)
    if counts is not None:
        said = replace(said, ready=int(counts[1]), containers=int(counts[2]))
    return row if said == row.status else replace(row, status=said)
