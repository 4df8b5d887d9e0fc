"""Whether a port-forward or an exec can work now, by what the API server says of the pod; else why not.

The rules are those of the API server (a pod needs a host: ``pod unscheduled does not have a host assigned``) and of the
kubelet, which forwards to a pod whose sandbox runs and executes in a container that runs. Readiness is not asked for: a
pod in CrashLoopBackOff whose istio-proxy lives forwards. A terminating pod does too, until it has gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from meshtui.model.kubernetes.pod import Container, ContainerKind, Ended, Pod
from meshtui.model.kubernetes.pod_status import status_of
from meshtui.model.phrases import one_line, plural

QUOTED: Final = 200
"""Characters of the kubelet's or scheduler's message that a sentence quotes."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``why`` says, as the end of a sentence about the pod, why not; where it is possible, what may still be in the way
    (an app that does not run), or nothing. ``is_over`` says that it will never be possible again."""

    possible: bool
    why: str = ""
    is_over: bool = False


def forward_to(pod: Pod) -> Reach:
    """Whether a port of the pod can be forwarded now."""
    if not pod.node:
        return Reach(False, _with_reason("has no node yet", pod))
    if pod.phase in {"Succeeded", "Failed"}:
        return Reach(False, _with_reason("has ended: none of its containers runs", pod), is_over=True)
    if not _has_sandbox(pod):
        return Reach(False, _with_reason("runs no container yet", pod))
    app = pod.container(pod.app_container)
    hindered = ""
    if app is not None and not app.is_running:
        hindered = f"its container {_name(app)} does not run: {state_words(app)}{_history(app)}"
    leaving = "it is terminating and will go soon" if pod.deleting is not None else ""
    return Reach(True, "; ".join(each for each in (leaving, hindered) if each))


def exec_in(pod: Pod, name: str) -> Reach:
    """Whether a command can be run in that container now."""
    base = forward_to(pod)
    if not base.possible:
        return base
    container = pod.container(name)
    if container is None:
        known = ", ".join(_name(each) for each in pod.containers)
        return Reach(False, f"has no container {one_line(name, QUOTED)}, but {known}")
    if not container.is_running:
        return Reach(False, f"has its container {_name(container)} not running: {state_words(container)}")
    return Reach(True)


def state_words(container: Container) -> str:
    """What a container does, in a few words, with the kubelet's message if it gave one."""
    status = container.status
    if status is None:
        return "nothing is known of it yet"
    if status.is_running:
        return "it runs"
    if status.ended is not None:
        how = status.ended.reason or (f"signal {status.ended.signal}" if status.ended.signal else "")
        return f"{one_line(how, QUOTED) or 'it ended'} (exit code {status.ended.exit_code})"
    why = one_line(status.waiting or "it waits", QUOTED)
    message = one_line(status.waiting_message, QUOTED)
    return f"{why} ({message})" if message else why


def ended_words(ended: Ended) -> str:
    """How a process ended: ``exit code 137 (OOMKilled)``."""
    reason = one_line(ended.reason, QUOTED)
    return f"exit code {ended.exit_code}{f' ({reason})' if reason else ''}"


def _history(container: Container) -> str:
    """How often it was restarted and how the last process ended, as far as what it does now does not say so."""
    status = container.status
    if status is None or not status.restarts:
        return ""
    last = status.ended_before if status.ended is None else None
    how = f", the last process ended with {ended_words(last)}" if last is not None else ""
    return f"; {plural(status.restarts, 'restart')}{how}"


def _has_sandbox(pod: Pod) -> bool:
    """Whether the kubelet has something to forward to: a container that runs, or the network made for them."""
    if any(each.is_running for each in pod.containers if each.kind is not ContainerKind.EPHEMERAL):
        return True
    network = pod.condition("PodReadyToStartContainers")
    return pod.phase == "Running" and (network is None or network.status == "True")


def _with_reason(what: str, pod: Pod) -> str:
    scheduled = pod.condition("PodScheduled")
    message = pod.message
    if not message and scheduled is not None and scheduled.status != "True":
        message = scheduled.message or scheduled.reason
    if not message:
        message = _first_message(pod)
    # STATUS is made of the containers' words, which hide why the pod itself was ended (Evicted, NodeShutdown).
    words = dict.fromkeys(filter(None, (status_of(pod).status, pod.reason, message)))
    return f"{what} ({': '.join(one_line(each, QUOTED) for each in words)})"


def _first_message(pod: Pod) -> str:
    return next((each.waiting_message for each in (*pod.init_statuses, *pod.statuses) if each.waiting_message), "")


def _name(container: Container) -> str:
    return one_line(container.name, QUOTED)
