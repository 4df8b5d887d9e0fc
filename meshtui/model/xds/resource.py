"""One xDS resource as a gRPC client reports it over CSDS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
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
    """What a place can mean for a reader; ``rank`` orders them so that the worst bubbles up.

    DEGRADED serves, but not as it should: an endpoint is out, calls went over to a fallback, some are dropped. No
    status of CSDS is that; what hangs on a resource may be.
    """

    OK = 0
    DEGRADED = 1
    WAITING = 2
    MISSING = 3
    REFUSED = 4

    rank: int
    """0 is fine; greater is worse."""

    def __init__(self, rank: int) -> None:
        self.rank = rank


class Status(Enum):
    """``ClientResourceStatus`` of envoy.admin.v3, by its wire number; 0 and unheard-of numbers are UNKNOWN."""

    UNKNOWN = 0, Health.WAITING
    REQUESTED = 1, Health.WAITING
    DOES_NOT_EXIST = 2, Health.MISSING
    ACKED = 3, Health.OK
    NACKED = 4, Health.REFUSED
    RECEIVED_ERROR = 5, Health.REFUSED
    TIMEOUT = 6, Health.MISSING

    health: Health
    """How bad this status is for the resource's own sake."""

    def __new__(cls, number: int, health: Health) -> Status:
        """The number is the value; the health goes with it."""
        status = object.__new__(cls)
        status._value_ = number
        status.health = health
        return status


def worst(*healths: Health) -> Health:
    """The worst of some healths; OK when there is none."""
    found = Health.OK
    for health in healths:
        if health.rank > found.rank:
            found = health
    return found


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

    @property
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
        return self.content.body

    @property
    def health(self) -> Health:
        """Health of the resource's own status, without what it refers to."""
        return self.status.health

    @property
    def size(self) -> int:
        """Size of the config in force, bytes."""
        return len(self.value)
