"""Rules over the node: who this client says it is decides what config it gets."""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.doctor.bootstrap import BootstrapState
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import BootstrapNode, MaskReason
from meshtui.model.identity.json_text import is_below
from meshtui.model.identity.node_id import PARTS, parse_node_id
from meshtui.model.subject import BootstrapSubject

ISTIO_SHAPE = "sidecar~<pod IP>~<pod>.<namespace>~<namespace>.svc.cluster.local"
"""What istiod parses a node id as (``pilot/pkg/model``, ParseServiceNodeWithMetadata)."""


def missing(state: BootstrapState) -> Iterator[Finding]:
    """No node, or one without an id."""
    bootstrap = state.bootstrap
    if bootstrap.syntax is not None or any(misfit.path in {"node", "node.id"} for misfit in bootstrap.misfits):
        return
    if bootstrap.node is None:
        yield Finding(
            code="bootstrap-node-missing",
            severity=Severity.WARNING,
            subject=BootstrapSubject(),
            title="The bootstrap has no node",
            explanation="Most gRPC implementations go on without it, Node.js does not; and a control plane such as "
            "istiod "
            "refuses a client that does not say who it is.",
            fix=f'add "node": {{"id": "{ISTIO_SHAPE}", "metadata": {{"GENERATOR": "grpc"}}}}',
            evidence=(state.at("", "has no node"),),
        )
    elif not bootstrap.node.id:
        yield Finding(
            code="bootstrap-node-id-missing",
            severity=Severity.ERROR,
            subject=BootstrapSubject("node"),
            title="The node has no id",
            explanation="istiod refuses a client without an id, so it gets no config at all.",
            fix=f'add "id": "{ISTIO_SHAPE}"',
            evidence=(state.at("node", "has no id"),),
        )


def id_shape(state: BootstrapState) -> Iterator[Finding]:
    """Istio takes the id apart; one of another shape is refused."""
    node = state.bootstrap.node
    if node is None or not node.id or node.istio is not None or not state.bootstrap.for_istio:
        return
    yield Finding(
        code="bootstrap-node-id-shape",
        severity=Severity.ERROR,
        subject=BootstrapSubject("node.id"),
        title="The node id has not the shape that Istio expects",
        explanation=f"istiod takes it apart as {ISTIO_SHAPE}; {_what_is_off(node)}. It ends the stream of a client "
        "whose "
        "id it cannot parse, or takes it for a pod of another namespace.",
        fix=f"write {ISTIO_SHAPE}; Istio's agent does so from POD_NAME, POD_NAMESPACE and INSTANCE_IP",
        evidence=(state.at("node.id", f"is {node.id!r}"),),
    )


def _what_is_off(node: BootstrapNode) -> str:
    found = parse_node_id(node.id)
    if found is None:
        return f"this has {node.id.count('~') + 1} parts between ~, not {PARTS}"
    parts = (("kind", found.kind), ("pod IP", found.ip), ("pod", found.workload), ("domain", found.domain))
    empty = [name for name, part in parts if not part]
    if empty:
        return f"its {' and '.join(empty)} is empty"
    if not found.namespace:
        return f"{found.workload!r} is not <pod>.<namespace>"
    return f"its domain {found.domain!r} does not begin with {found.namespace}.svc."


def id_agrees(state: BootstrapState) -> Iterator[Finding]:
    """The id and the metadata name the same pod."""
    node = state.bootstrap.node
    if node is None or node.istio is None:
        return
    for field, said in (("NAME", node.istio.pod), ("NAMESPACE", node.istio.namespace)):
        value = node.metadata.get(field)
        if isinstance(value, str) and value and value != said:
            yield Finding(
                code="bootstrap-node-disagrees",
                severity=Severity.WARNING,
                subject=BootstrapSubject(f"node.metadata.{field}"),
                title=f"node.id says {said}, the metadata says {value}",
                explanation="istiod uses both, for different things: config is then made for one pod with the "
                "policies or "
                "labels of another. This happens when a bootstrap is copied from one pod to another.",
                fix="let the agent write the bootstrap in each pod; do not copy or bake it into an image",
                evidence=(state.at("node.id", f"is {node.id!r}"), state.at(f"node.metadata.{field}", f"is {value!r}")),
            )


def id_unique(state: BootstrapState) -> Iterator[Finding]:
    """Two pods with one id are one client to the control plane."""
    node = state.bootstrap.node
    if node is None or not node.id:
        return
    same = [pod for pod, other in state.other_nodes if other == node.id]
    if same:
        yield Finding(
            code="bootstrap-node-id-duplicate",
            severity=Severity.ERROR,
            subject=BootstrapSubject("node.id"),
            title=f"{', '.join(same)} has the same node id",
            explanation="The control plane cannot tell the pods apart: status, load reports and per-pod config of "
            "one are "
            "taken for the other's.",
            fix="let the agent write the bootstrap in each pod; do not copy or bake it into an image",
            evidence=(state.at("node.id", f"is {node.id!r}"), *(f"{pod}: node id {node.id!r}" for pod in same)),
        )


def generator(state: BootstrapState) -> Iterator[Finding]:
    """GENERATOR=grpc is what makes istiod send config that gRPC understands."""
    node = state.bootstrap.node
    if node is None or not state.bootstrap.for_istio:
        return
    raw = node.metadata.get("GENERATOR")
    if raw is None:
        yield Finding(
            code="bootstrap-generator-missing",
            severity=Severity.ERROR,
            subject=BootstrapSubject("node.metadata" if node.metadata else "node"),
            title="The node's metadata has no GENERATOR",
            explanation="istiod then makes config for an Envoy sidecar: listener names gRPC never asks for and "
            "fields it "
            "refuses. The client's listeners come back as not existing.",
            fix='add "GENERATOR": "grpc" to node.metadata (the template grpc-agent sets ISTIO_META_GENERATOR=grpc)',
            evidence=(state.at("node.metadata", "has no GENERATOR"),),
        )
    elif raw != "grpc":
        yield Finding(
            code="bootstrap-generator-other",
            severity=Severity.ERROR,
            subject=BootstrapSubject("node.metadata.GENERATOR"),
            title=f"GENERATOR is {raw!r}, not 'grpc'",
            explanation="istiod chooses what kind of config to make by it, and any other kind is not for gRPC.",
            fix='set "GENERATOR": "grpc"',
            evidence=(state.at("node.metadata.GENERATOR", f"is {raw!r}"),),
        )


def secrets(state: BootstrapState) -> Iterator[Finding]:
    """A secret in the metadata goes to the control plane and to everyone who may read the config."""
    inside = [
        hidden.path
        for hidden in state.bootstrap.masked
        if is_below(hidden.path, "node.metadata") and hidden.reason is not MaskReason.PROXY_VARIABLE
    ]
    if inside:
        yield Finding(
            code="bootstrap-secret-in-metadata",
            severity=Severity.WARNING,
            subject=BootstrapSubject(inside[0]),
            title=f"{len(inside)} value{'s' if len(inside) > 1 else ''} in the node's metadata look like secrets",
            explanation="The whole metadata is sent to the control plane and shown by its debug pages and by CSDS. "
            "meshtui hides these values everywhere; others do not.",
            fix="take them out of labels, annotations and ISTIO_META_… variables; mount them as files instead",
            evidence=tuple(state.at(path, "is hidden here") for path in inside),
        )
