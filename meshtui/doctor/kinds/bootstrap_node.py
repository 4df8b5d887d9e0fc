"""Findings about the node of a bootstrap."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

NODE_MISSING: Final = Kind(
    code="bootstrap-node-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="The bootstrap has no node",
    why=(
        "Most gRPC implementations go on without it, Node.js does not; and a control plane such as istiod refuses "
        "a client that does not say who it is."
    ),
    fix='add "node": {{"id": "{shape}", "metadata": {{"GENERATOR": "grpc"}}}}',
    seen="the bootstrap.",
    page_fix="add `node` with an id and metadata.",
)

NODE_ID_MISSING: Final = Kind(
    code="bootstrap-node-id-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The node has no id",
    why="istiod refuses a client without an id, so it gets no config at all.",
    fix='add "id": "{shape}"',
    seen="the node and its line.",
    page_fix="add the id; Istio's agent writes `sidecar~<IP>~<pod>.<namespace>~<namespace>.svc.cluster.local`.",
)

NODE_ID_SHAPE: Final = Kind(
    code="bootstrap-node-id-shape",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The node id has not the shape that Istio expects",
    why=(
        "istiod takes it apart as {shape}; {what_is_off}. It ends the stream of a client whose id it cannot "
        "parse, or takes it for a pod of another namespace."
    ),
    fix="write {shape}; Istio's agent does so from POD_NAME, POD_NAMESPACE and INSTANCE_IP",
    page=(
        "istiod takes the id apart at `~`: kind, pod IP, `<pod>.<namespace>`, `<namespace>.svc.<domain>`. This "
        "one does not fit, so the stream is ended or the pod taken for one of another namespace."
    ),
    seen="the id and what is off.",
    page_fix="let the agent write it from POD_NAME, POD_NAMESPACE and INSTANCE_IP.",
)

NODE_DISAGREES: Final = Kind(
    code="bootstrap-node-disagrees",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="node.id says {by_id}, the metadata says {by_metadata}",
    why=(
        "istiod uses both, for different things: config is then made for one pod with the policies or labels of "
        "another. This happens when a bootstrap is copied from one pod to another."
    ),
    fix="let the agent write the bootstrap in each pod; do not copy or bake it into an image",
    seen="both values and their lines.",
)

NODE_ID_DUPLICATE: Final = Kind(
    code="bootstrap-node-id-duplicate",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="{pods} has the same node id",
    why=(
        "The control plane cannot tell the pods apart: status, load reports and per-pod config of one are taken "
        "for the other's."
    ),
    fix="let the agent write the bootstrap in each pod; do not copy or bake it into an image",
    page="Another pod that meshtui sees has the same node id. The control plane takes one for the other.",
    seen="the id and the other pods.",
)

GENERATOR_MISSING: Final = Kind(
    code="bootstrap-generator-missing",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="The node's metadata has no GENERATOR",
    why=(
        "istiod then makes config for an Envoy sidecar: listener names gRPC never asks for and fields it refuses. "
        "The client's listeners come back as not existing."
    ),
    fix='add "GENERATOR": "grpc" to node.metadata (the template grpc-agent sets ISTIO_META_GENERATOR=grpc)',
    seen="the metadata and its line.",
)

GENERATOR_OTHER: Final = Kind(
    code="bootstrap-generator-other",
    area=Area.BOOTSTRAP,
    severity=Severity.ERROR,
    title="GENERATOR is {generator!r}, not 'grpc'",
    why="istiod chooses what kind of config to make by it, and any other kind is not for gRPC.",
    fix='set "GENERATOR": "grpc"',
    seen="the value and its line.",
)

SECRET_IN_METADATA: Final = Kind(
    code="bootstrap-secret-in-metadata",
    area=Area.BOOTSTRAP,
    severity=Severity.WARNING,
    title="{values} in the node's metadata look like secrets",
    why=(
        "The whole metadata is sent to the control plane and shown by its debug pages and by CSDS. meshtui hides "
        "these values everywhere; others do not."
    ),
    fix="take them out of labels, annotations and ISTIO_META_… variables; mount them as files instead",
    seen="the paths; never the values.",
)
