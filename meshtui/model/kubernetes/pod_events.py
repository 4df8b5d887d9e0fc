"""What a source tells of a list of pods as it changes; who keeps the list applies them one after the other.

::

    PodPage(starts=True) PodPage … PodPage(complete=True) PodsLive (PodChanged | PodGone)* PodsTroubled …

A page that starts means that the list is told anew: rows of before that are not in it by the page that completes it
have gone. Until then they may be shown as what was known.
"""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.pod_row import PodRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPage:
    """Some rows of a list. ``remaining`` is how many follow, as far as the server says; ``None`` if it does not."""

    rows: tuple[PodRow, ...]
    starts: bool
    complete: bool
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class PodsLive:
    """The list is whole, and from now on every change is told as it happens; told again whenever the server was heard
    of with nothing to tell. ``polled`` holds where watching is not
    allowed, for the reason in ``why``: then the list is told anew every so often."""

    polled: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class PodChanged:
    """A pod is new or differs; the same key with another ``uid`` is another pod."""

    row: PodRow


@dataclass(frozen=True, slots=True)
class PodGone:
    """A pod was deleted, or has left what the list selects; ``row`` is its last state."""

    row: PodRow


@dataclass(frozen=True, slots=True, kw_only=True)
class PodsTroubled:
    """Listing or watching failed; what was told stands, though it may be old. It is tried again after
    ``again_in`` seconds, infinite where it takes a person who asks."""

    error: MeshtuiError
    again_in: float


PodEvent = PodPage | PodsLive | PodChanged | PodGone | PodsTroubled
"""Whatever a list of pods tells."""
