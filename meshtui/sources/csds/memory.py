"""Resources from one poll to the next: the same object while nothing changed, decoded only when its bytes did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from meshtui.model.xds.resource import (
    CDS,
    EDS,
    KNOWN_TYPES,
    LDS,
    RDS,
    Content,
    ErrorState,
    Resource,
    ResourceKey,
    Status,
)
from meshtui.sources.csds.entries import Entry, Failure, Stamp
from meshtui.sources.proto.type_names import short_name, type_name

if TYPE_CHECKING:
    from meshtui.model.xds.config import Body

CLOCK_JITTER_NS: Final = 1_000_000
"""C-core reckons ``last_updated`` anew for each dump and is off by some hundred nanoseconds; no real update comes
within a millisecond of another unseen, since a poll takes longer."""

TURN_SECONDS: Final = 0.005
"""Work on a big answer gives way to the event loop after this time, so that keys and other targets are not held up."""

TYPE_PREFIX: Final = "type.googleapis.com/"
"""Put before type names that came without it (grpc-js)."""

TYPES: Final = {
    "envoy.config.listener.v3.Listener": LDS,
    "envoy.config.route.v3.RouteConfiguration": RDS,
    "envoy.config.cluster.v3.Cluster": CDS,
    "envoy.config.endpoint.v3.ClusterLoadAssignment": EDS,
}
"""The short names of the four types every client uses."""

TYPES_REMEMBERED: Final = 64
"""Type URLs whose short name is kept; a client uses four, a hostile one must not fill the memory."""

MOMENTS_REMEMBERED: Final = 1_024
"""Times kept; what comes in one answer of the control plane has one time."""

_NOTHING: Final = Content.of(None)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS: Final = {status.value: status for status in Status}

_Slot: TypeAlias = tuple[str, str, str]


@dataclass(slots=True)
class _Seen:
    """A resource with what its entry said, in the form in which the next entry is compared."""

    entry: Entry
    resource: Resource


class ResourceMemory:
    """Holds the newest resources of one target."""

    def __init__(self) -> None:
        self._seen: dict[_Slot, _Seen] = {}
        self._resources: Mapping[ResourceKey, Resource] = MappingProxyType({})

    async def update(self, scoped: Iterable[tuple[str, Iterable[Entry]]]) -> Mapping[ResourceKey, Resource]:
        """The resources of an answer, entries by client scope. A call that is cancelled half way leaves no trace."""
        fresh: dict[_Slot, _Seen] = {}
        changed = False
        turn_ends = time.perf_counter() + TURN_SECONDS
        for scope, entries in scoped:
            for entry in entries:
                slot = (scope, entry.type_url, entry.name)
                known = self._seen.get(slot)
                if known is None or not _same(known.entry, entry):
                    known = _Seen(entry, _resource(scope, entry, known))
                    changed = True
                fresh[slot] = known
                if time.perf_counter() > turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = time.perf_counter() + TURN_SECONDS
        if changed or len(fresh) != len(self._seen):
            resources = sorted((seen.resource for seen in fresh.values()), key=_place)
            self._resources = MappingProxyType({resource.key: resource for resource in resources})
        self._seen = fresh
        return self._resources


@lru_cache(TYPES_REMEMBERED)
def resource_type(type_url: str) -> str:
    """``LDS``, ``RDS``, ``CDS``, ``EDS``, or the last part of another type's name. A missing prefix does not matter."""
    return TYPES.get(type_name(type_url)) or short_name(type_url) or "(no type)"


_RANKS: Final = {type_: rank for rank, type_ in enumerate(KNOWN_TYPES)}


def _place(resource: Resource) -> tuple[str, int, str, str]:
    """Clients apart, types in the order a request meets them, then by name: grpc-go's answers have a random order."""
    key = resource.key
    return key.scope, _RANKS.get(key.type, len(_RANKS)), key.type, key.name


def _same(before: Entry, after: Entry) -> bool:
    return (
        before.version == after.version
        and before.status == after.status
        and before.value == after.value
        and abs(before.updated - after.updated) < CLOCK_JITTER_NS
        and _same_failure(before.failure, after.failure)
    )


def _same_failure(before: Failure | None, after: Failure | None) -> bool:
    if before is None or after is None:
        return before is after
    return before[:2] == after[:2] and abs(before[2] - after[2]) < CLOCK_JITTER_NS


def _resource(scope: str, entry: Entry, known: _Seen | None) -> Resource:
    key = known.resource.key if known else ResourceKey(scope, resource_type(entry.type_url), entry.name)
    type_url = entry.type_url if "/" in entry.type_url else TYPE_PREFIX + entry.type_url
    return Resource(
        key=key,
        status=_STATUS.get(entry.status, Status.UNKNOWN),
        version=entry.version,
        last_updated=_moment(entry.updated),
        error=_error(entry.failure),
        type_url=type_url,
        value=entry.value,
        content=_content(type_url, entry.value, known),
    )


def _content(type_url: str, value: bytes, known: _Seen | None) -> Content:
    """What the bytes say; C-core gives identical bytes a new version whenever they are sent again."""
    if not value:
        return _NOTHING
    if known is not None and known.resource.value == value and known.resource.type_url == type_url:
        return known.resource.content
    return Content(partial(_decode, type_url, value))


def _decode(type_url: str, value: bytes) -> Body:
    from meshtui.sources.proto.decode.body import decode  # a status asks for no body, and need not load what reads one

    return decode(type_url, value)


def _error(failure: Failure | None) -> ErrorState | None:
    if failure is None:
        return None
    version, details, attempt = failure
    return ErrorState(version, details, _moment(attempt))


@lru_cache(MOMENTS_REMEMBERED)
def _moment(stamp: Stamp) -> datetime | None:
    """The time of a stamp; ``None`` for none and for one no calendar has."""
    if not stamp:
        return None
    try:
        return _EPOCH + timedelta(microseconds=stamp // 1_000)
    except OverflowError:
        return None
