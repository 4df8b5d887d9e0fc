"""Rules over endpoints that a client sends calls to and behind which the cluster has no pod that is to serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.kinds import endpoints as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.doctor.rules.ways_out import way_to_config
from meshtui.model.finding import Finding
from meshtui.model.kubernetes.ghosts import Fate, Ghost
from meshtui.model.phrases import plural, span_words
from meshtui.model.subject import ResourceSubject

GRACE: Final = timedelta(seconds=15)
"""How long an endpoint may be behind the cluster: istiod gathers changes for up to 10 s (``PILOT_DEBOUNCE_MAX``), and
two looks are some seconds apart."""

NAMED: Final = 2
"""Pods or addresses named in a sentence; the evidence has more of them."""

MOST_LINES: Final = 20
"""Lines of evidence."""

KIND_OF: Final = {
    Fate.TERMINATING: kinds.ENDING,
    Fate.ENDED: kinds.GONE,
    Fate.DELETED: kinds.GONE,
    Fate.ANOTHERS: kinds.ANOTHERS,
    Fate.UNKNOWN: kinds.UNKNOWN,
}


def ghosts(seen: ConfigEvidence) -> Iterator[Finding]:
    """One finding for all endpoints of a Service that share a fate: they have one cause."""
    together: dict[tuple[object, object], list[Ghost]] = {}
    for ghost in seen.ghosts:
        if seen.now - ghost.since >= GRACE:
            together.setdefault((ghost.service, KIND_OF[ghost.fate].code), []).append(ghost)
    for alike in together.values():
        yield _finding(alike, seen)


def _finding(alike: Sequence[Ghost], seen: ConfigEvidence) -> Finding:
    first = alike[0]
    pods = list(dict.fromkeys(f"pod {ghost.pod.name}" for ghost in alike if ghost.pod is not None))
    subject, *also = dict.fromkeys(ResourceSubject(ghost.key) for ghost in alike)
    unready = first.fate is Fate.TERMINATING and first.takes_unready
    return KIND_OF[first.fate].finding(
        subject,
        also=also,
        evidence=[_line(ghost, seen.now) for ghost in alike[:MOST_LINES]],
        service=f"{first.service.name}.{first.service.namespace}",
        namespace=first.service.namespace,
        pods=_some(pods, "pod"),
        which_is="which is" if len(pods) == 1 else "which are",
        addresses=_some(list(dict.fromkeys(ghost.address for ghost in alike)), "address", "addresses"),
        marked=f", and EndpointSlice {first.slices[0].name} marks it" if first.marked and first.slices else "",
        unready=UNREADY.format(first.service.words) if unready else "",
        fate=_fate(alike, pods),
        fix=UNREADY_FIX.format(first.service.words) if unready else way_to_config(seen) or SEE_THE_WAY,
    )


SEE_THE_WAY: Final = (
    "see why no newer endpoints came: is istiod up and does it see the API server, and does its newest push reach this "
    "client (istioctl proxy-status)"
)
UNREADY: Final = (
    " The {} has publishNotReadyAddresses, with which Kubernetes calls the endpoint ready for as long as the pod is "
    "there."
)
UNREADY_FIX: Final = (
    "take publishNotReadyAddresses out of the {}, unless its clients have to reach pods that are not ready"
)


def _some(names: Sequence[str], noun: str, nouns: str = "") -> str:
    """The first names, and how many there are beside."""
    more = len(names) - NAMED
    if more <= 0:
        return " and ".join(names)
    return f"{', '.join(names[:NAMED])} and {plural(more, f'other {noun}', nouns and f'other {nouns}')}"


def _fate(alike: Sequence[Ghost], pods: Sequence[str]) -> str:
    """What became of the pods, as the beginning of a sentence."""
    said = _some(pods, "pod")
    said = said[:1].upper() + said[1:]
    one = len(pods) == 1
    if all(ghost.fate is Fate.DELETED for ghost in alike):
        return f"{said} {'was' if one else 'were'} deleted"
    reasons = ", ".join(dict.fromkeys(ghost.reason for ghost in alike if ghost.reason))
    return f"{said} {'has' if one else 'have'} ended{f' ({reasons})' if reasons else ''}"


def _line(ghost: Ghost, now: datetime) -> str:
    """One line of evidence: which endpoint, of which object, since when."""
    pod = f"{ghost.pod.words} " if ghost.pod is not None else ""
    word = {
        Fate.TERMINATING: "is terminating",
        Fate.ENDED: f"has ended ({ghost.reason})" if ghost.reason else "has ended",
        Fate.DELETED: "is deleted",
        Fate.ANOTHERS: f"has the address, and {ghost.service.words} does not select it",
        Fate.UNKNOWN: f"nothing in {ghost.service.namespace} has the address",
    }[ghost.fate]
    slices = ", ".join(name.name for name in ghost.slices[:NAMED])
    held = f" (EndpointSlice {slices})" if slices else ""
    return f"{ghost.key.name}: {ghost.address}: {pod}{word} for {span_words(now - ghost.since)}{held}"


RULES: Final[tuple[Rule[ConfigEvidence], ...]] = (ghosts,)
"""The rules of this module."""
