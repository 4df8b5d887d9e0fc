"""HTTP filters and their overrides, and what fault injection does to calls (gRFC A33, A39)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Final, NamedTuple

from meshtui.model.phrases import share_words

FAULT_FILTER: Final = "HTTPFault"
SESSION_FILTER: Final = "StatefulSession"


class Fault(NamedTuple):
    """What a fault filter does: it delays and aborts shares of the calls, 0 to 1, each drawn on its own.

    ``delay`` is in seconds; ``None`` says that a request's header says how long, and ``status`` empty that a header
    says with what: then calls without that header are left alone.
    """

    delayed: float = 0.0
    delay: float | None = 0.0
    aborted: float = 0.0
    status: str = ""
    at_most: int | None = None

    @property
    def delays(self) -> bool:
        """Whether it delays calls of itself, without being asked by a header."""
        return bool(self.delayed and self.delay)

    @property
    def aborts(self) -> bool:
        """Whether it aborts calls of itself."""
        return bool(self.aborted and self.status)

    @property
    def words(self) -> str:
        """``delays 10 % by 2 s, aborts 50 % with UNAVAILABLE``; empty when it does nothing."""
        parts = []
        if self.delayed and self.delay != 0:
            by = f"{self.delay:g} s" if self.delay is not None else "what a header says"
            parts.append(f"delays {share_words(self.delayed)} by {by}")
        if self.aborted:
            parts.append(f"aborts {share_words(self.aborted)} with {self.status or 'what a header says'}")
        if parts and self.at_most is not None:
            parts.append(f"at most {self.at_most} at a time")
        return ", ".join(parts) if self.at_most != 0 else ""


class HttpFilter(NamedTuple):
    """An HTTP filter, or an override of the one of this ``name``.

    ``kind`` is the short type name (``Router``, ``HTTPFault``, ``RBAC``), ``summary`` in words, ``fault`` what a fault
    filter does. ``off`` says that its config asks for it to be switched off, which hardly any client reads.
    """

    name: str
    kind: str
    summary: str = ""
    fault: Fault | None = None
    off: bool = False


def merged(*layers: Iterable[HttpFilter]) -> tuple[HttpFilter, ...]:
    """The overrides in force where each later layer is the more specific one: it replaces the earlier, by name."""
    found = {override.name: override for layer in layers for override in layer}
    return tuple(found.values())


def faults_in_force(
    filters: Sequence[HttpFilter], overrides: Iterable[HttpFilter], *, off_is_read: bool
) -> tuple[Fault, ...]:
    """What the fault filters of a listener do to calls with these overrides.

    An override counts only for a filter that the listener has, by its name, and stands in the place of its whole
    config (gRFC A39), as in Envoy of its being switched off, for clients that read that.
    """
    by_name = {override.name: override for override in overrides}
    used = [by_name.get(listed.name, listed) for listed in filters if listed.kind == FAULT_FILTER]
    return tuple(
        [one.fault for one in used if one.fault is not None and one.fault.words and not (one.off and off_is_read)]
    )


def aborted(faults: Iterable[Fault]) -> float:
    """The share of calls that some fault aborts; each draws on its own (gRFC A33)."""
    return 1.0 - prod(1.0 - fault.aborted for fault in faults if fault.aborts)


def delayed(faults: Iterable[Fault]) -> float:
    """The share of calls that some fault delays."""
    return 1.0 - prod(1.0 - fault.delayed for fault in faults if fault.delays)
