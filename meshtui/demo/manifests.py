"""A directory of Istio YAML as the control plane's configuration.

The unit is the file: one that cannot be used is reported and keeps the objects it had when it last could.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from meshtui.demo.istio import delegates, fields
from meshtui.demo.istio.destinations import read_destination_rule, read_service
from meshtui.demo.istio.fields import Block, ManifestError
from meshtui.demo.istio.notes import Notes
from meshtui.demo.istio.objects import (
    AuthorizationPolicy,
    IstioObject,
    MeshConfig,
    PeerAuthentication,
    Sidecar,
)
from meshtui.demo.istio.origin import Note, Origin
from meshtui.demo.istio.policies import DestinationRule
from meshtui.demo.istio.routing import VirtualService
from meshtui.demo.istio.security import read_authorization_policy, read_peer_authentication
from meshtui.demo.istio.service_entry import read_service_entry
from meshtui.demo.istio.services import Service
from meshtui.demo.istio.sidecar import read_sidecar
from meshtui.demo.istio.virtual_service import read_virtual_service
from meshtui.demo.istio.workload import NAMESPACE, MeshWorkload
from meshtui.model.clock import utc_now

MAX_FILES = 500
"""More files than any demo has; beyond it the directory was surely given by mistake."""

Reader = Callable[[Block, Origin, Notes], IstioObject]

_Identity = tuple[str, str, str]

READERS: dict[tuple[str, str], Reader] = {
    ("", "Service"): read_service,
    ("networking.istio.io", "ServiceEntry"): read_service_entry,
    ("networking.istio.io", "DestinationRule"): read_destination_rule,
    ("networking.istio.io", "VirtualService"): read_virtual_service,
    ("networking.istio.io", "Sidecar"): read_sidecar,
    ("security.istio.io", "PeerAuthentication"): read_peer_authentication,
    ("security.istio.io", "AuthorizationPolicy"): read_authorization_policy,
}
"""By API group and kind."""

_NO_EFFECT = "it has no effect on proxyless gRPC"
_PODS_ARE_GIVEN = "the demo has its own pods: echo-v1, echo-v2 and client"

_WITHOUT_EFFECT = {
    **dict.fromkeys(("EnvoyFilter", "WasmPlugin", "Telemetry", "RequestAuthentication", "Gateway"), _NO_EFFECT),
    **dict.fromkeys(
        ("Deployment", "Pod", "WorkloadEntry", "WorkloadGroup", "HorizontalPodAutoscaler"), _PODS_ARE_GIVEN
    ),
}
"""Kinds that change nothing here, and why."""

PASSED_OVER = frozenset({"Namespace", "ConfigMap", "ServiceAccount"})
"""Kinds often kept beside Istio's in which nobody expects a change of the mesh."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that cannot be used."""

    file: str
    line: int
    reason: str
    held: bool = False
    """Whether what it held when it last could be used stays in force."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What one file holds."""

    objects: tuple[IstioObject, ...] = ()
    notes: tuple[Note, ...] = ()


def read_text(text: str, file: str) -> FileContent:
    """The objects in one file's text. Raises ManifestError with the line when it cannot be used."""
    objects: list[IstioObject] = []
    notes: list[Note] = []
    for document in fields.read_documents(text):
        found = _read_document(document, file, notes)
        if found is not None:
            objects.append(found)
    return FileContent(tuple(objects), tuple(notes))


def _read_document(document: Block, file: str, notes: list[Note]) -> IstioObject | None:
    kind = fields.text(document, "kind")
    group = fields.text(document, "apiVersion").rpartition("/")[0]
    metadata = fields.block(document, "metadata")
    namespace = fields.text(metadata, "namespace", NAMESPACE)
    created = fields.timestamp(metadata, "creationTimestamp")
    origin = Origin(
        kind=kind,
        namespace=namespace,
        name=fields.text(metadata, "name"),
        file=file,
        line=document.line,
        created=created,
        exported_to=_exported_to(document, metadata),
    )
    reader = READERS.get((group, kind))
    collected = Notes(origin)
    if reader is None:
        if kind in _WITHOUT_EFFECT:
            collected.add("dropped", document.line_of("kind"), f"{kind} is dropped: {_WITHOUT_EFFECT[kind]}")
        elif kind not in PASSED_OVER:
            raise document.fail("kind", f"the demo mesh does not know the kind {kind!r:.80} of {group or 'core'!r:.80}")
        notes.extend(collected.found)
        return None
    fields.only(document, f"a {kind}", ("apiVersion", "kind", "metadata", "spec", "status"))
    found = reader(document, origin, collected)
    notes.extend(collected.found)
    return found


def _exported_to(document: Block, metadata: Block) -> tuple[str, ...]:
    """``exportTo``, which a Service has as an annotation."""
    annotation = fields.text(fields.block(metadata, "annotations"), "networking.istio.io/exportTo", "")
    named = tuple(name.strip() for name in annotation.split(",") if name.strip())
    return named or fields.texts(fields.block(document, "spec"), "exportTo")


def read_file(path: Path) -> FileContent:
    """The objects in a file. Raises ManifestError, also for a file that cannot be read or is not UTF-8."""
    try:
        if path.stat().st_size > fields.MAX_BYTES:
            raise ManifestError(1, f"the file is larger than {fields.MAX_BYTES // 1024} KiB")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ManifestError(1, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ManifestError(line, "is not UTF-8 text") from None
    return read_text(text, path.name)


@dataclass(slots=True)
class ManifestDirectory:
    """A directory that is watched by looking: ``scan`` reads what changed since the last call.

    A file that appears or changes is applied, as by ``kubectl apply``: an object exists since it was applied first,
    and of two files that hold the same object the one applied last counts.
    """

    path: Path
    clock: Callable[[], datetime] = utc_now
    _stamps: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    _content: dict[str, FileContent] = field(default_factory=dict)
    """In the order in which the files were applied last."""
    _since: dict[_Identity, datetime] = field(default_factory=dict)
    """Since when each object is here."""

    def stamps(self) -> dict[str, tuple[int, int, int]]:
        """Name → (mtime, size, inode) of every manifest. Raises OSError when the directory is unreadable."""
        found: dict[str, tuple[int, int, int]] = {}
        entries = sorted(self.path.iterdir())
        for entry in entries[: MAX_FILES * 4]:
            if entry.suffix not in (".yaml", ".yml") or entry.name.startswith(".") or len(found) >= MAX_FILES:
                continue
            try:
                status = entry.stat()
            except OSError:
                continue
            found[entry.name] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return found

    def scan(self) -> tuple[bool, list[Problem], list[Note]]:
        """Read what changed: whether the configuration may differ now, what is unusable, what is noted."""
        stamps = self.stamps()
        problems: list[Problem] = []
        notes: list[Note] = []
        changed = False
        for gone in self._stamps.keys() - stamps.keys():
            self._content.pop(gone, None)
            changed = True
        for name, stamp in stamps.items():
            if self._stamps.get(name) == stamp:
                continue
            try:
                content = read_file(self.path / name)
            except ManifestError as error:
                problems.append(Problem(name, error.line, error.reason, held=name in self._content))
                continue
            notes.extend(content.notes)
            changed = True
            self._content.pop(name, None)
            self._content[name] = content
        self._stamps = stamps
        self._date()
        return changed, problems, notes

    def _date(self) -> None:
        """Note since when each object is here; one that goes and comes back is a new one."""
        now = self.clock()
        present = {object_.origin.identity for content in self._content.values() for object_ in content.objects}
        self._since = {identity: self._since.get(identity, now) for identity in present}

    def config(self, workloads: tuple[MeshWorkload, ...]) -> MeshConfig:
        """Everything that is in force."""
        applied = [object_ for content in self._content.values() for object_ in content.objects]
        return in_force(applied, self._since, workloads)


def in_force(
    applied: Iterable[IstioObject], since: Mapping[_Identity, datetime], workloads: tuple[MeshWorkload, ...]
) -> MeshConfig:
    """The configuration that objects make which were applied in this order, the oldest first.

    As old as its ``creationTimestamp`` says, else as long as it is here. Of the same age, the name and namespace
    decide (istio ``pilot/pkg/model/config.go``, sortConfigByCreationTime).
    """

    def age(object_: IstioObject) -> tuple[datetime, str, str]:
        origin = object_.origin
        return origin.created or since[origin.identity], origin.name, origin.namespace

    objects = sorted({object_.origin.identity: object_ for object_ in applied}.values(), key=age)
    return MeshConfig(
        workloads=workloads,
        services=tuple(found for found in objects if isinstance(found, Service)),
        destination_rules=tuple(found for found in objects if isinstance(found, DestinationRule)),
        virtual_services=delegates.merged(found for found in objects if isinstance(found, VirtualService)),
        peer_authentications=tuple(found for found in objects if isinstance(found, PeerAuthentication)),
        sidecars=tuple(found for found in objects if isinstance(found, Sidecar)),
        authorization_policies=tuple(found for found in objects if isinstance(found, AuthorizationPolicy)),
    )
