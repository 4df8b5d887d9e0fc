"""Rules over the node: who this client says it is decides what config it gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import BootstrapEvidence
from meshtui.doctor.kinds import bootstrap_node as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.identity.bootstrap import BootstrapNode, MaskReason
from meshtui.model.identity.json_text import is_below
from meshtui.model.node_id import PARTS, parse_node_id
from meshtui.model.phrases import plural
from meshtui.model.subject import BootstrapSubject

ISTIO_SHAPE: Final = "sidecar~<pod IP>~<pod>.<namespace>~<namespace>.svc.cluster.local"
"""What istiod parses a node id as (``pilot/pkg/model``, ParseServiceNodeWithMetadata)."""


GOOGLE_SHAPE: Final = "projects/PROJECT_NUMBER/networks/NETWORK/nodes/UUID"
"""What Google's traffic-director-grpc-bootstrap generator writes."""


def missing(seen: BootstrapEvidence) -> Iterator[Finding]:
    """No node, or one without an id."""
    bootstrap = seen.bootstrap
    wrong = {misfit.path for misfit in bootstrap.misfits if not misfit.only_some_refuse}
    if bootstrap.syntax is not None or wrong & {"node", "node.id"}:
        return
    if bootstrap.node is None:
        yield kinds.NODE_MISSING.finding(BootstrapSubject(), shape=_shape(seen), evidence=(seen.at("", "has no node"),))
    elif not bootstrap.node.id:
        yield kinds.NODE_ID_MISSING.finding(
            BootstrapSubject("node"), shape=_shape(seen), evidence=(seen.at("node", "has no id"),)
        )


def _shape(seen: BootstrapEvidence) -> str:
    return GOOGLE_SHAPE if seen.bootstrap.for_google else ISTIO_SHAPE


def id_shape(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Istio takes the id apart; one of another shape is refused."""
    node = seen.bootstrap.node
    if node is None or not node.id or node.istio is not None or not seen.bootstrap.for_istio:
        return
    yield kinds.NODE_ID_SHAPE.finding(
        BootstrapSubject("node.id"),
        shape=ISTIO_SHAPE,
        what_is_off=_what_is_off(node),
        evidence=(seen.at("node.id", f"is {node.id!r}"),),
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


def id_agrees(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The id and the metadata name the same pod."""
    node = seen.bootstrap.node
    if node is None or node.istio is None:
        return
    for field, by_id in (("NAME", node.istio.pod), ("NAMESPACE", node.istio.namespace)):
        path, value = f"node.metadata.{field}", node.metadata.get(field)
        if isinstance(value, str) and value and value != by_id:
            yield kinds.NODE_DISAGREES.finding(
                BootstrapSubject(path),
                by_id=by_id,
                by_metadata=value,
                evidence=(seen.at("node.id", f"is {node.id!r}"), seen.at(path, f"is {value!r}")),
            )


def id_unique(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Two pods with one id are one client to the control plane."""
    node = seen.bootstrap.node
    if node is None or not node.id:
        return
    same = [pod for pod, other in seen.other_nodes if other == node.id]
    if same:
        yield kinds.NODE_ID_DUPLICATE.finding(
            BootstrapSubject("node.id"),
            pods=", ".join(same),
            evidence=(seen.at("node.id", f"is {node.id!r}"), *(f"{pod}: node id {node.id!r}" for pod in same)),
        )


def generator(seen: BootstrapEvidence) -> Iterator[Finding]:
    """GENERATOR=grpc is what makes istiod send config that gRPC understands."""
    node = seen.bootstrap.node
    if node is None or not seen.bootstrap.for_istio:
        return
    raw = node.metadata.get("GENERATOR")
    if raw is None:
        yield kinds.GENERATOR_MISSING.finding(
            BootstrapSubject("node.metadata" if node.metadata else "node"),
            evidence=(seen.at("node.metadata", "has no GENERATOR"),),
        )
    elif raw != "grpc":
        yield kinds.GENERATOR_OTHER.finding(
            BootstrapSubject("node.metadata.GENERATOR"),
            generator=raw,
            evidence=(seen.at("node.metadata.GENERATOR", f"is {raw!r}"),),
        )


def secrets(seen: BootstrapEvidence) -> Iterator[Finding]:
    """A secret in the metadata goes to the control plane and to everyone who may read the config."""
    inside = [
        hidden.path
        for hidden in seen.bootstrap.masked
        if is_below(hidden.path, "node.metadata") and hidden.reason is not MaskReason.PROXY_VARIABLE
    ]
    if inside:
        yield kinds.SECRET_IN_METADATA.finding(
            BootstrapSubject(inside[0]),
            values=plural(len(inside), "value"),
            evidence=tuple(seen.at(path, "is hidden here") for path in inside),
        )


RULES: Final[tuple[Rule[BootstrapEvidence], ...]] = (missing, id_shape, id_agrees, id_unique, generator, secrets)
"""The rules of this module."""
