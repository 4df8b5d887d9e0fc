"""One xDS resource as a gRPC client reports it over CSDS."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:  # a status says nothing of what a config says
    from meshtui.model.xds.config import Body

LDS: Final = "LDS"
RDS: Final = "RDS"
CDS: Final = "CDS"
EDS: Final = "EDS"

KNOWN_TYPES: Final = (LDS, RDS, CDS, EDS)
"""The four resource types every proxyless client uses, in the order a request meets them."""

SERVER_SCOPE: Final = "#server"
"""The ``client_scope`` under which a gRPC server reports its own (inbound) xDS client, gRFC A71."""


class Health(Enum):
    """What a place means for calls; ``rank`` orders them so that the worst bubbles up.

    OK: in use as it is wanted, as far as the client reports. DEGRADED: calls are served, but not as they should: an
    endpoint is out, a fallback or a cached config serves, some calls are dropped. UNKNOWN: whether calls are served
    cannot be told from here. WAITING: asked for, and no answer yet. MISSING: nothing of it can be used, so calls that
    need it fail. REFUSED: the client did not take the newest version; whether one before it serves on is said beside.

    UNKNOWN is said of a status that no gRPC has, of a config whose bytes cannot be read, of a channel for whose
    authority there is no virtual host (the app may set another), and of an aggregate of which a member is not there
    where this gRPC's reading of that is not known.
    """

    OK = 0
    DEGRADED = 1
    UNKNOWN = 2
    WAITING = 3
    MISSING = 4
    REFUSED = 5

    rank: int
    """0 is fine; greater is worse."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    @property
    def serves(self) -> bool:
        """Whether calls are known to be served."""
        return self.rank <= 1


class Status(Enum):
    """``ClientResourceStatus`` of envoy.admin.v3, by its wire number; 0 and unheard-of numbers are UNKNOWN.

    What it means for calls depends on whether the entry still holds a config (gRFC A88): a deleted resource, an error
    of the control plane and a timeout leave in use what the client had, unless its bootstrap says otherwise, and then
    the entry is empty.
    """

    UNKNOWN = 0, Health.UNKNOWN, Health.UNKNOWN
    REQUESTED = 1, Health.WAITING, Health.WAITING
    DOES_NOT_EXIST = 2, Health.MISSING, Health.DEGRADED
    ACKED = 3, Health.OK, Health.OK
    NACKED = 4, Health.REFUSED, Health.REFUSED
    RECEIVED_ERROR = 5, Health.MISSING, Health.DEGRADED
    TIMEOUT = 6, Health.MISSING, Health.DEGRADED

    without_config: Health
    """What it means where the entry is empty."""
    with_config: Health
    """What it means where a config is in force."""

    def __new__(cls, number: int, without_config: Health, with_config: Health) -> Status:
        """The number is the value; the healths go with it."""
        status = object.__new__(cls)
        status._value_ = number
        status.without_config = without_config
        status.with_config = with_config
        return status


def worst(*healths: Health) -> Health:
    """The worst of some healths; OK when there is none."""
    found = Health.OK
    for health in healths:
        if health.rank > found.rank:
            found = health
    return found


def resource_timer(server_features: Collection[str] = ()) -> timedelta:
    """How long gRPC waits for a resource it asked for before it takes it for missing, or the control plane for slow.

    15 s (gRFC A57), 30 s where the server's features in the bootstrap say that its timer is no answer (A88).
    """
    return timedelta(seconds=30 if "resource_timer_is_transient_error" in server_features else 15)


class ResourceKey(NamedTuple):
    """What identifies a resource inside one target: the client's scope, the type and the name.

    ``scope`` is a target URI, ``#server``, or empty for clients older than gRPC 1.66. ``type`` is one of
    :data:`KNOWN_TYPES`, or the last part of a type URL that meshtui does not know.
    """

    scope: str
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class ErrorState:
    """Why the newest version was not taken: ``version`` is the refused one, ``details`` gRPC's own words.

    ``last_attempt`` is ``None`` where the client sent none or the epoch's zero, as C-core does for a resource that
    never came.
    """

    version: str
    details: str
    last_attempt: datetime | None


class Content:
    """What the bytes of a config say, taken apart when it is first asked for and then kept.

    A status needs none of it; a new version with the same bytes shares it with the one before.
    """

    __slots__ = ("_body", "_decode")

    def __init__(self, decode: Callable[[], Body | None]) -> None:
        """``decode`` is called once at most, and may be called in any thread."""
        self._decode: Callable[[], Body | None] | None = decode
        self._body: Body | None = None

    @classmethod
    def of(cls, body: Body | None) -> Content:
        """Content that is known already."""
        return cls(lambda: body)

    def body(self) -> Body | None:
        """What the bytes say; ``None`` where there are none."""
        decode = self._decode
        if decode is not None:
            self._body = decode()
            self._decode = None
        return self._body


class Resource(NamedTuple):
    """A resource with its status. Compared by identity: the decoder hands out the same object while nothing changed.

    ``value`` is the bytes of the config in force (empty where there is none), ``content`` what they say. When
    ``status`` is NACKED they are the *old* config, still serving.
    """

    key: ResourceKey
    status: Status
    version: str
    last_updated: datetime | None
    error: ErrorState | None
    type_url: str
    value: bytes
    content: Content

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __hash__(self) -> int:
        return id(self)

    @property
    def body(self) -> Body | None:
        """What the config in force says; ``None`` where there is none."""
        content = self.content
        return content.body() if content._decode is not None else content._body  # asked for at every turn

    @property
    def health(self) -> Health:
        """Health of the resource's own status, without what it refers to."""
        return self.status.with_config if self.value else self.status.without_config

    @property
    def serves(self) -> bool | None:
        """Whether calls that need it find a config in force; None where that may still come, or is not known."""
        if self.value and self.status is not Status.UNKNOWN:
            return True
        return None if self.health in (Health.WAITING, Health.UNKNOWN) else False

    @property
    def size(self) -> int:
        """Size of the config in force, bytes."""
        return len(self.value)
