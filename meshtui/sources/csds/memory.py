"""Resources from one poll to the next: the same object while nothing changed, decoded only when its bytes did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

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
from meshtui.sources.csds.entries import NANOSECONDS, Entry, Failure, Stamp, generic_entry, old_form_entries
from meshtui.sources.proto.type_names import short_name, type_name

if TYPE_CHECKING:
    from meshtui.model.xds.config import Body

CLOCK_JITTER_NS: Final = 1_000_000
"""C-core reckons ``last_updated`` anew for each dump and is off by some hundred nanoseconds; no real update comes
within a millisecond of another unseen, since a poll takes longer."""

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

_Slot: TypeAlias = tuple[str, str]
"""Type URL and name."""


class _Seen:
    """A resource with what its entry said, in the form in which the next entry is compared.

    ``message`` is the newest message of that content, without the time, which ``entry`` has: messages are compared in
    C, and a hundred times as often as anything is read out of them.
    """

    __slots__ = ("entry", "message", "resource")

    def __init__(self, entry: Entry, resource: Resource, message: Any) -> None:
        self.entry = entry
        self.resource = resource
        self.message = message

    def is_still(self, message: Any) -> bool:
        """Whether a message of ``generic_xds_configs`` says the same; its time is taken out of it."""
        updated = message.last_updated
        seconds, nanos = updated.seconds, updated.nanos
        if abs(seconds * NANOSECONDS + nanos - self.entry.updated) >= CLOCK_JITTER_NS:
            return False
        message.ClearField("last_updated")
        if self.message != message:
            message.last_updated.seconds, message.last_updated.nanos = seconds, nanos
            return False
        self.message = message  # the answer before need not be kept for the sake of the old one
        return True


class _Client(NamedTuple):
    """What one client holds, in the order of its answer, and by type URL and name."""

    order: tuple[_Seen, ...]
    slots: Mapping[_Slot, _Seen]


_NO_CLIENT: Final = _Client((), {})


class ResourceMemory:
    """The newest resources of one target, by the answers so far. It stays as it is: an answer makes the next one."""

    def __init__(
        self,
        clients: Mapping[str, _Client] = MappingProxyType({}),
        resources: Mapping[ResourceKey, Resource] = MappingProxyType({}),
    ) -> None:
        self._clients = clients
        self.resources = resources

    @property
    def is_empty(self) -> bool:
        """Whether nothing was held so far."""
        return not self.resources

    def after(self, configs: Iterable[tuple[str, Any]], problems: list[str]) -> ResourceMemory:
        """With an answer's ``ClientConfig`` messages, by scope. What is left out of them is said in ``problems``."""
        clients: dict[str, _Client] = {}
        changed = False
        for scope, config in configs:
            before = self._clients.get(scope, _NO_CLIENT)
            clients[scope] = client = _client(scope, config, before, problems)
            changed = changed or _differs(before, client)
        if not changed and len(clients) == len(self._clients):
            return ResourceMemory(clients, self.resources)
        everything = (seen.resource for client in clients.values() for seen in client.slots.values())
        resources = sorted(everything, key=_place)
        return ResourceMemory(clients, MappingProxyType({resource.key: resource for resource in resources}))


def _differs(before: _Client, after: _Client) -> bool:
    """Whether a client holds anything else than it did; the order of its answer says nothing (grpc-go's is random)."""
    if before is after:
        return False
    return len(before.slots) != len(after.slots) or any(
        before.slots.get(slot) is not seen for slot, seen in after.slots.items()
    )


def _client(scope: str, config: Any, before: _Client, problems: list[str]) -> _Client:
    """What a client holds; the very object of before while nothing of it differs."""
    messages = config.generic_xds_configs[:]
    if not messages:  # the old form is read only where the new one is not there
        return _made(_known_or_new(scope, entry, None, before) for entry in old_form_entries(config, problems))
    alike = 0
    for seen, message in zip(before.order, messages, strict=False):
        if not seen.is_still(message):
            break
        alike += 1
    if alike == len(before.order) == len(messages):
        return before
    rest, empty = _rest(scope, messages[alike:], before)
    if empty == 1:
        problems.append("An entry of the answer has neither name nor content and is left out.")
    elif empty:
        problems.append(f"{empty} entries of the answer have neither name nor content and are left out.")
    return _made((*before.order[:alike], *rest))


def _rest(scope: str, messages: Iterable[Any], before: _Client) -> tuple[list[_Seen], int]:
    """What messages say that are not where they were, and how many of them say nothing at all."""
    found: list[_Seen] = []
    empty = 0
    for message in messages:
        entry = generic_entry(message)
        if entry.name or entry.value:
            message.ClearField("last_updated")
            found.append(_known_or_new(scope, entry, message, before))
        else:
            empty += 1
    return found, empty


def _made(order: Iterable[_Seen]) -> _Client:
    kept = tuple(order)
    return _Client(kept, {(seen.entry.type_url, seen.entry.name): seen for seen in kept})


def _known_or_new(scope: str, entry: Entry, message: Any, before: _Client) -> _Seen:
    known = before.slots.get((entry.type_url, entry.name))
    if known is None or not _same(known.entry, entry):
        return _Seen(entry, _resource(scope, entry, known), message)
    known.message = message
    return known


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
    status = _STATUS.get(entry.status, Status.UNKNOWN)
    error = None if entry.failure is None else _error(entry.failure)
    content = _content(type_url, entry.value, known)
    return Resource(key, status, entry.version, _moment(entry.updated), error, type_url, entry.value, content)


def _content(type_url: str, value: bytes, known: _Seen | None) -> Content:
    """What the bytes say; C-core gives identical bytes a new version whenever they are sent again."""
    if not value:
        return _NOTHING
    if known is not None and known.resource.value == value and known.resource.type_url == type_url:
        return known.resource.content
    return Content(partial(_decode, type_url, value))


def _decode(type_url: str, value: bytes) -> Body:
    return _decoder()(type_url, value)


@cache
def _decoder() -> Callable[[str, bytes], Body]:
    """A status asks for no body, and need not load what reads one."""
    from meshtui.sources.proto.decode.body import decode

    return decode


def _error(failure: Failure) -> ErrorState:
    version, details, attempt = failure
    return ErrorState(version, details, _moment(attempt))


@lru_cache(MOMENTS_REMEMBERED)
def _moment(stamp: Stamp) -> datetime | None:
    """The time of a stamp; ``None`` for none and for one no calendar has.

    Before the epoch is no time either: grpc-go writes the year 1, its zero time, for what never came, grpc-java the
    epoch itself.
    """
    if stamp <= 0:
        return None
    try:
        return _EPOCH + timedelta(microseconds=stamp // 1_000)
    except OverflowError:
        return None
