"""A pod's events as the cluster tells them: what kubelet, scheduler and controllers did with it, and what failed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from meshtui.model.kubernetes import fields as read
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.objects import ObjectName


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesEvent:
    """One event, which may stand for several that were alike: ``count`` of them, from ``first`` to ``last``.

    ``about`` is the object and ``about_uid`` the very one of that name; ``container`` the container of it that is
    meant, or empty. ``reason`` is a word for programs (``Unhealthy``), ``message`` a sentence for people, ``source``
    who says so. The cluster forgets events after an hour (kube-apiserver ``--event-ttl``).
    """

    uid: str
    about: ObjectName
    about_uid: str = ""
    container: str = ""
    is_warning: bool = False
    reason: str = ""
    message: str = ""
    source: str = ""
    count: int = 1
    first: datetime | None = None
    last: datetime | None = None

    @property
    def words(self) -> str:
        """In one phrase: ``Unhealthy (3 times, kubelet): Readiness probe failed``."""
        times = f"{self.count} times" if self.count > 1 else ""
        known = ", ".join(part for part in (times, self.source) if part)
        return f"{self.reason or 'event'}{f' ({known})' if known else ''}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodEvents:
    """The events of one pod, the oldest first; ``lacking`` says why there are none to be had."""

    events: tuple[KubernetesEvent, ...] = ()
    lacking: Lacking | None = None


def event_of(document: object) -> KubernetesEvent:
    """An event from the API's JSON (``v1``), reported in the older way (count, first and last time) or the newer one
    (``eventTime``, ``series``)."""
    about = read.mapping(document, "involvedObject")
    group = read.text(about, "apiVersion").rpartition("/")[0]
    once = read.moment(document, "eventTime")
    created = read.moment(document, "metadata", "creationTimestamp")
    series = read.mapping(document, "series")
    first = read.moment(document, "firstTimestamp") or once or created
    last = read.moment(series, "lastObservedTime") or read.moment(document, "lastTimestamp")
    path = read.text(about, "fieldPath")
    return KubernetesEvent(
        uid=read.text(document, "metadata", "uid"),
        about=ObjectName(read.text(about, "kind"), read.text(about, "namespace"), read.text(about, "name"), group),
        about_uid=read.text(about, "uid"),
        container=path.partition("{")[2].rstrip("}") if path.startswith("spec.") else "",
        is_warning=read.text(document, "type") == "Warning",
        reason=read.text(document, "reason"),
        message=read.text(document, "message"),
        source=read.text(document, "source", "component") or read.text(document, "reportingComponent"),
        count=max(1, read.number(series, "count"), read.number(document, "count")),
        first=first,
        last=last or first,
    )


def in_order(events: Iterable[KubernetesEvent]) -> tuple[KubernetesEvent, ...]:
    """The oldest first by when each was last seen; those without a time before all others."""
    return tuple(
        sorted(events, key=lambda event: (event.last is not None, event.last.timestamp() if event.last else 0.0))
    )


def of_pod(events: Iterable[KubernetesEvent], uid: str) -> tuple[KubernetesEvent, ...]:
    """Those of the very pod: one before it of the same name had its own. All where the UID is not known."""
    return in_order(event for event in events if not uid or not event.about_uid or event.about_uid == uid)


def news(before: Iterable[KubernetesEvent], now: Iterable[KubernetesEvent]) -> tuple[KubernetesEvent, ...]:
    """What is new or was repeated since."""
    known = {event.uid: event.count for event in before}
    return in_order(event for event in now if known.get(event.uid) != event.count)
