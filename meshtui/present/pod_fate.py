"""What has become of the attached pod, said for somebody on call: what happened, since when, what still works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from meshtui.model.kubernetes.events import KubernetesEvent
from meshtui.model.kubernetes.pod import Container, Pod
from meshtui.model.kubernetes.pod_changes import disruption, end_words, not_ready_words
from meshtui.model.kubernetes.pod_fate import PodFate, PodTrouble, TroubleKind, troubles
from meshtui.model.kubernetes.pod_reach import ended_words, forward_to, state_words
from meshtui.model.kubernetes.typed import line_to_pod
from meshtui.model.kubernetes.workload import LONGEST_NAME, workload_of, workload_words
from meshtui.model.phrases import ago_words, one_line, plural, span_words
from meshtui.model.xds.resource import Health
from meshtui.session.state import Link, LinkState, SessionState

WARNING_SHOWN: Final = timedelta(minutes=10)
"""How long a warning of the cluster is put beside what is wrong with the pod: an older one may be of something else."""

QUOTED: Final = 160
"""Characters of the cluster's words."""


class Sight(Enum):
    """What of the pod is on the screen; the value says so."""

    LIVE = "what is shown is live"
    LAST = "what is shown is the last that was seen"
    NEVER = "nothing of it was seen yet"

    @property
    def answers(self) -> str:
        """Whether it answers, and what that means."""
        return f"It {'answers' if self is Sight.LIVE else 'does not answer'}: {self.value}."


@dataclass(frozen=True, slots=True)
class PodNotice:
    """One thing to know: ``title`` is what happened and since when, ``text`` what of the screen is live with it."""

    health: Health
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class NextPod:
    """A pod that can be looked at in the place of this one. ``target`` is the line that means it; ``anew`` says that
    it has the name of the one before, so that a new session takes the place of the old one."""

    target: str
    title: str
    words: str
    anew: bool = False


def pod_notices(state: SessionState, now: datetime) -> tuple[PodNotice, ...]:
    """What has to be known of the pod now, the gravest first; nothing while it is well."""
    fate = state.fate
    if fate is None:
        return ()
    return tuple(_notice(trouble, fate, state, now) for trouble in troubles(fate, now))


def warning_words(state: SessionState, now: datetime) -> str:
    """The newest warning of the cluster about the pod, if that is fresh: ``Unhealthy (3 times) 5 s ago: …``."""
    event = next((event for event in reversed(state.pod_events) if event.is_warning), None)
    if event is None or event.last is None or now - event.last > WARNING_SHOWN:
        return ""
    return f"{_named(event)} {ago_words(now - event.last)}: {one_line(event.message, QUOTED)}"


def next_pod(state: SessionState, now: datetime) -> NextPod | None:
    """The pod to look at next, while this one ends or is gone; ``None`` where there is none that can be looked at."""
    fate = state.fate
    if fate is None or not any(trouble.kind.ends for trouble in troubles(fate, now)):
        return None
    other = fate.gone.replaced_by if fate.gone is not None else None
    if other is not None and forward_to(other).possible:
        name = one_line(other.name, LONGEST_NAME)
        words = f"attach to the pod that has the name now{'' if other.is_ready else ', not ready yet'}"
        return NextPod(state.target, f"pod/{name}", words, anew=True)
    found = fate.successor
    if found is None:
        return None
    name = one_line(found.pod.name, LONGEST_NAME)
    which = f"newest of {found.ready} ready" if found.ready > 1 else "ready"
    which = which if found.is_newer else f"{which}, no newer than this one"
    words = f"follow it: {which}, of {workload_words(found.pod)}"
    return NextPod(line_to_pod(state.target, found.pod.name, found.pod.namespace), f"pod/{name}", words)


def why_no_next_pod(state: SessionState, now: datetime) -> str:
    """Why nothing is offered although the pod ends; empty where nobody makes it anew, or something is offered."""
    fate = state.fate
    if fate is None or next_pod(state, now) is not None or workload_of(fate.pod) is None:
        return ""
    if not any(trouble.kind.ends for trouble in troubles(fate, now)):
        return ""
    if fate.unsought is not None:
        return f"Its successor is not looked for: {fate.unsought.what}"
    return f"There is no other ready pod of {workload_words(fate.pod)} yet."


def _notice(trouble: PodTrouble, fate: PodFate, state: SessionState, now: datetime) -> PodNotice:
    pod, sight = fate.pod, _sight(state.link)
    match trouble.kind:
        case TroubleKind.REPLACED | TroubleKind.GONE:
            return PodNotice(Health.MISSING, _gone_title(fate, now), _gone_text(sight))
        case TroubleKind.ENDED:
            when = f" {ago_words(_past(trouble.since, now))}" if trouble.since is not None else ""
            return PodNotice(Health.MISSING, f"This pod has ended{when} ({end_words(pod)}).", _over_text(sight))
        case TroubleKind.TERMINATING:
            return PodNotice(Health.DEGRADED, _terminating_title(fate, now), _terminating_text(fate, sight))
        case TroubleKind.NODE_SILENT:
            title = (
                f"This pod is not ready{_for(trouble, now)} though its containers are, as when its node "
                f"{one_line(pod.node, QUOTED)} does not answer."
            )
            return PodNotice(Health.DEGRADED, title, sight.answers)
        case TroubleKind.STOPPED:
            return PodNotice(Health.REFUSED, _stopped_title(trouble.container, now), _stopped_text(pod, sight))
        case TroubleKind.NOT_READY:
            said = not_ready_words(pod)
            title = f"This pod is not ready{_for(trouble, now)}{f': {said}' if said else ''}."
            return PodNotice(Health.DEGRADED, title, f"{sight.answers} Services leave it out by default.")
        case TroubleKind.RESTARTED:
            title = _restarted_title(trouble, now)
            return PodNotice(Health.DEGRADED, title, sight.answers)
        case TroubleKind.UNFOLLOWED:
            return _unfollowed(fate, now, sight)


def _for(trouble: PodTrouble, now: datetime) -> str:
    return f" for {span_words(_past(trouble.since, now))}" if trouble.since is not None else ""


def _past(since: datetime, now: datetime) -> timedelta:
    """The time since then; none where another clock is ahead of ours."""
    return max(now - since, timedelta())


def _sight(link: Link) -> Sight:
    if link.state is LinkState.LIVE:
        return Sight.LIVE
    return Sight.NEVER if link.last_answer is None else Sight.LAST


# that it ends


def _gone_title(fate: PodFate, now: datetime) -> str:
    gone = fate.gone
    assert gone is not None
    ago = ago_words(_past(gone.at, now))
    why = disruption(fate.pod)
    how = f": {why}" if why else ": it was deleted" if gone.witnessed else ""
    found = ago if gone.witnessed else f"found {ago}"
    by = " Another pod has its name now." if gone.replaced_by is not None else ""
    return f"This pod is gone ({found}){how}.{by}"


def _gone_text(sight: Sight) -> str:
    if sight is Sight.LIVE:
        return "What is open still answers; no new connection, file or log of it can be had."
    return f"Nothing of it is live any more: {sight.value}."


def _over_text(sight: Sight) -> str:
    if sight is Sight.LIVE:
        return "It still answers; by its status none of its containers runs."
    return f"None of its containers runs: {sight.value}."


def _terminating_title(fate: PodFate, now: datetime) -> str:
    pod = fate.pod
    assert pod.deleting is not None
    left = pod.deleting - now
    still = "and it is still there" if fate.unfollowed is None else "and whether it is still there is not known"
    if left > timedelta():
        until = f"at most {span_words(left)} left of {span_words(pod.grace_s)}"
    else:
        until = f"its {span_words(pod.grace_s)} ended {ago_words(-left)}, {still}"
    why = disruption(pod)
    return f"This pod is terminating: {until}.{f' It is {why}.' if why else ''}"


def _terminating_text(fate: PodFate, sight: Sight) -> str:
    if sight is Sight.LIVE and fate.unfollowed is None:
        return f"It answers: {sight.value}; new connections work until it is gone."
    return sight.answers


# its containers


def _stopped_title(container: Container | None, now: datetime) -> str:
    assert container is not None
    assert container.status is not None
    return f"Container {one_line(container.name, QUOTED)} does not run: {'; '.join(_stopped(container, now))}."


def _stopped(container: Container, now: datetime) -> Iterator[str]:
    status = container.status
    if status is None or status.waiting is None:
        yield state_words(container)
    else:
        yield one_line(status.waiting, QUOTED) or "it waits"
    if status is None:
        return
    if status.restarts:
        yield plural(status.restarts, "restart")
    if status.ended is None and status.ended_before is not None:
        last = status.ended_before
        when = f" {ago_words(_past(last.at, now))}" if last.at is not None else ""
        yield f"it ended{when} with {ended_words(last)}"
    if status.waiting_message:
        yield one_line(status.waiting_message, QUOTED)


def _stopped_text(pod: Pod, sight: Sight) -> str:
    if sight is Sight.LIVE:
        return f"The pod answers all the same: {sight.value}."
    running = [one_line(each.name, QUOTED) for each in pod.containers if each.is_running]
    others = f"; {', '.join(running)} {'runs' if len(running) == 1 else 'run'}" if running else ""
    return f"What it serves is not live until it runs{others}."


def _restarted_title(trouble: PodTrouble, now: datetime) -> str:
    container = trouble.container
    assert container is not None
    assert container.status is not None
    assert trouble.since is not None
    last = container.status.ended_before
    how = f": the process before ended with {ended_words(last)}" if last is not None else ""
    times = plural(container.status.restarts, "restart")
    when = ago_words(_past(trouble.since, now))
    return f"Container {one_line(container.name, QUOTED)} was restarted {when} ({times} so far){how}."


# that it is not followed


def _unfollowed(fate: PodFate, now: datetime, sight: Sight) -> PodNotice:
    unfollowed = fate.unfollowed
    assert unfollowed is not None
    span = span_words(_past(unfollowed.since, now))
    title = f"For {span} the API server tells nothing of this pod: {unfollowed.error.what}"
    if unfollowed.is_final:
        title = f"What becomes of this pod is no longer known: {unfollowed.error.what}"
        return PodNotice(Health.UNKNOWN, title, sight.answers)
    if sight is Sight.LIVE:
        waits = "waits for a login" if unfollowed.is_login else "waits"
        text = f"The open port-forward answers: {sight.value}; what is new {waits}."
    else:
        # The pod is reached through the API server: of the pod itself silence says nothing.
        login = "; what is new waits for a login" if unfollowed.is_login else ""
        text = f"Nothing comes from the pod either: {sight.value}{login}."
    return PodNotice(Health.UNKNOWN, title, text)


def _named(event: KubernetesEvent) -> str:
    times = f" ({event.count} times)" if event.count > 1 else ""
    return f"{one_line(event.reason, QUOTED) or 'Event'}{times}"
