"""The access ladder of an attached target: its ports and files as far as a session saw them, then the user's rights."""

from __future__ import annotations

import shlex

from meshtui.model.errors import MeshtuiError
from meshtui.model.kubernetes.access import Access, AccessLadder, Step
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.kubernetes.rights import FORWARD
from meshtui.model.kubernetes.typed import names_a_pod, parse_line
from meshtui.present.register import REGISTER
from meshtui.session.state import Fact, LinkState, SessionState


def target_ladder(state: SessionState, rights: AccessLadder | MeshtuiError | None) -> AccessLadder:
    """All steps of a target. ``rights`` are those in its namespace, or why they are not known, or ``None`` while they
    are asked for; of an address there are none."""
    steps = (_config(state, rights), _channels(state), _files(state), _agent(state), _echo(state))
    if not names_a_pod(state.target):
        return AccessLadder(about=state.target, steps=steps)
    if isinstance(rights, AccessLadder):
        return AccessLadder(about=rights.about, steps=(*steps, *rights.steps), paste=rights.paste)
    why, hint = (rights.what, rights.hint) if rights is not None else ("The API server is being asked.", "")
    unknown = Step(name="rights", access=Access.UNKNOWN, unlocks="what you may do in the namespace", why=why, hint=hint)
    return AccessLadder(about=state.target, steps=(*steps, unknown))


def _config(state: SessionState, rights: AccessLadder | MeshtuiError | None) -> Step:
    """Whether the admin port is found and serves CSDS."""
    link = state.link
    missing = {
        LinkState.LIVE: Access.HAD,
        LinkState.CONNECTING: Access.UNKNOWN,
    }.get(link.state, Access.MISSING)
    return Step(
        name="admin port",
        access=missing,
        unlocks="the xDS config that the app holds: CSDS",
        why=link.problem,
        hint=link.hint,
        paste=_to_the_port(state, rights) if missing is Access.MISSING else "",
    )


def _to_the_port(state: SessionState, rights: AccessLadder | MeshtuiError | None) -> str:
    """What leads to the admin port, as far as that is what is missing: a port that answered before is no unknown one,
    a pod that has ended opens none, and where a pod's ports may not be asked nothing is known of them."""
    link = state.link
    if link.state is LinkState.STALE or link.is_final:
        return ""
    if not names_a_pod(state.target):
        return _admin_port(state.target)
    steps = rights.steps if isinstance(rights, AccessLadder) else ()
    forward = next((step for step in steps if step.name == FORWARD.name), None)
    if forward is None or forward.access is Access.UNKNOWN:
        return _admin_port(state.target) if link.state is LinkState.MISSING else ""
    return forward.paste if forward.access is Access.MISSING else _admin_port(state.target)


def _channels(state: SessionState) -> Step:
    lost = _lost(state, Fact.CHANNELS)
    had = state.channels is not None and not lost
    return Step(
        name="channelz",
        access=_access(had=had, missing=bool(lost)),
        unlocks="live channels, calls, the certificates on connections",
        why=lost[0] if lost else "",
        hint=lost[1] if lost else "",
        paste=_code() if lost else "",
    )


def _files(state: SessionState) -> Step:
    workload, lost = state.workload, _lost(state, Fact.FILES)
    had = workload is not None and (workload.files.bootstrap is not None or workload.files.own is not None)
    offered = workload is not None and bool(workload.offers.bootstrap or workload.offers.certificates)
    missing = bool(lost) or (workload is not None and not offered)
    return Step(
        name="files",
        access=_access(had=had and not lost, missing=missing),
        unlocks="the bootstrap and the certificates on disk",
        instead="the agent's metrics and the certificates on live connections" if missing else "",
        why=lost[0] if lost else "" if offered else "No file was named.",
        hint=lost[1] if lost else "",
        paste=f"meshtui attach {state.target} --bootstrap FILE --certs FOLDER" if missing else "",
    )


def _agent(state: SessionState) -> Step:
    workload, lost = state.workload, _lost(state, Fact.AGENT)
    had = workload is not None and workload.agent is not None
    missing = bool(lost) or (workload is not None and not workload.offers.agent)
    return Step(
        name="agent",
        access=_access(had=had and not lost, missing=missing),
        unlocks="istio-agent on port 15020: its health, its connection to istiod, renewals",
        instead="the certificates on disk and on live connections" if missing else "",
        why=lost[0] if lost else "" if not missing else "No agent was named.",
        hint=lost[1] if lost else "",
        paste=f"meshtui attach {state.target} --agent HOST:15020" if missing else "",
    )


def _echo(state: SessionState) -> Step:
    """Whether the app sends requests when told to; only a run tells."""
    run = state.echo
    failed = run is not None and run.error is not None
    answered = run is not None and run.tally.completed > 0
    error = run.error if run is not None else None
    return Step(
        name="echo",
        access=_access(had=answered and not failed, missing=failed),
        unlocks="requests sent from the app itself, and their split: Istio's echo service",
        why=error.what if error is not None else "" if answered else "Only a run tells.",
        hint=error.hint if error is not None else "",
        paste="" if answered else f"meshtui echo {state.target} --url xds:///SERVICE:PORT --count 10",
    )


def _access(*, had: bool, missing: bool) -> Access:
    return Access.MISSING if missing else Access.HAD if had else Access.UNKNOWN


def _lost(state: SessionState, fact: Fact) -> tuple[str, str] | None:
    """Why a fact is missing, and what to try."""
    return next(((known.why, known.unlock) for known in state.missing if known.fact is fact), None)


def _code() -> str:
    """What registers the admin services, in each language."""
    return "\n".join("\n".join((f"# {language}", *lines)) for language, lines in REGISTER)


def _admin_port(target: str) -> str:
    """What says where the admin port of a pod is, and what makes one."""
    code = f"# Nothing serves it yet? In the app:\n{_code()}"
    if not names_a_pod(target):
        return code
    text, cluster = parse_line(target, ClusterOptions())
    if not text.startswith(("pod/", "po/", "pods/")):
        text = "pod/NAME"
    words = ["kubectl", "annotate", text, "meshtui-admin-port=PORT"]
    for option, value in (("-n", cluster.namespace), ("--context", cluster.context)):
        words += [option, value] if value else []
    return f"# It listens on another port than 17171? Of this pod, or in its template:\n{shlex.join(words)}\n{code}"
