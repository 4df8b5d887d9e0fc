"""The pod that was meant by what was typed, what it is called in messages, and whether it can be reached at all."""

from __future__ import annotations

from dataclasses import dataclass

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.choice import Choice
from meshtui.model.kubernetes.pod import Pod
from meshtui.model.kubernetes.pod_reach import exec_in, forward_to
from meshtui.model.kubernetes.reference import Kind, Reference
from meshtui.model.kubernetes.service_ports import ServicePort
from meshtui.model.phrases import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The pod that is meant.

    ``pod`` is ``None`` only where a pod was named that the user may not get: ``unseen`` says so then, and a forward may
    work all the same. ``choice`` holds all that were meant, ``selector`` what finds their successors, ``ports`` the
    ports of the Service that was named.
    """

    reference: Reference
    namespace: str
    name: str
    pod: Pod | None
    choice: Choice | None = None
    selector: str = ""
    ports: tuple[ServicePort, ...] = ()
    unseen: str = ""

    @property
    def words(self) -> str:
        """Which pod it is, as ``pod/rolling-6f-x2, the newest ready of 3 pods of deployment/rolling``."""
        return f"pod/{one_line(self.name, 253)}, {self.picked}" if self.picked else f"pod/{self.name}"

    @property
    def picked(self) -> str:
        """Which of those that were meant it is: ``the newest ready of 3 pods of deployment/rolling``; empty of a pod
        that was named itself."""
        if self.reference.kind is Kind.POD:
            return ""
        which = (self.choice.words if self.choice is not None else "") or "the only pod"
        return f"{which} {'of' if self.reference.kind is not None else 'with'} {self.reference}"


def pod_words(resolved: Resolved) -> str:
    """The pod in a message: ``pod/echo-v1 (echo-grpc)``."""
    return f"pod/{resolved.name} ({resolved.namespace})"


def uid_of(resolved: Resolved) -> str:
    """What tells it from another of the same name; empty where it may not be read."""
    return resolved.pod.uid if resolved.pod is not None else ""


def why_not_reached(resolved: Resolved) -> TargetUnreachable | None:
    """Why nothing in the pod can be reached, by its status: neither a port-forward nor an exec is then asked for, whose
    refusals say less. ``None`` where it is worth trying, as with a pod that may not be read."""
    if resolved.pod is None or (reach := forward_to(resolved.pod)).possible:
        return None
    unreached = TargetUnreachable(
        f"{pod_words(resolved)} {reach.why}.",
        f"kubectl -n {resolved.namespace} describe pod {resolved.name} tells more.",
    )
    unreached.is_final = reach.is_over
    return unreached


def why_not_read(resolved: Resolved, container: str | None) -> TargetUnreachable | None:
    """Why nothing in the named container can be read, by the pod's spec and status, as :func:`why_not_reached`."""
    if (unreached := why_not_reached(resolved)) is not None:
        return unreached
    if resolved.pod is None or container is None or (reach := exec_in(resolved.pod, container)).possible:
        return None
    return TargetUnreachable(f"{pod_words(resolved)} {reach.why}.", "--container names another one.")


def by_status(resolved: Resolved) -> str:
    """What in the pod's status may be behind a failure, as a sentence after it, with a blank before; or nothing."""
    why = forward_to(resolved.pod).why if resolved.pod is not None else ""
    return f" By its status {why.rstrip('.')}." if why else ""


def port_in_pod(resolved: Resolved, typed: int) -> int:
    """The pod's port that is meant: of a Service its own port may be, as kubectl takes it."""
    pod = resolved.pod
    if pod is None:
        return typed
    targets = (port.in_pod(pod) for port in resolved.ports if port.number == typed)
    return next(filter(None, targets), typed)
