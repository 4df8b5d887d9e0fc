"""The objects of the double, with resource versions and a journal for watches."""

from __future__ import annotations

import copy
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.double.kinds import KINDS, Kind, kind_of

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """An event of a watch: ADDED, MODIFIED or DELETED at a resource version."""

    version: int
    kind: Kind
    type: str
    document: Document


class Store:
    """Every object there is. Tests change it from their own thread while the server reads it in its own."""

    def __init__(self) -> None:
        self.version = 500
        """The newest resource version."""
        self.compacted = 0
        """Watches and lists from this version or before are told that it is too old."""
        self.changed: Callable[[], None] = lambda: None
        """Called after every change, in the thread that made it."""
        self._lock = threading.RLock()
        self._objects: dict[Kind, dict[tuple[str, str], Document]] = {kind: {} for kind in KINDS}
        self._journal: list[Change] = []

    def put(self, document: Document) -> Document:
        """Add an object or replace the one of that name; what the server would fill in is filled in."""
        document = copy.deepcopy(document)
        kind = kind_of(document["apiVersion"], document["kind"])
        metadata = document["metadata"]
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("creationTimestamp", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        with self._lock:
            key = (metadata.get("namespace", ""), metadata["name"])
            before = self._objects[kind].get(key)
            if before is not None and before["metadata"]["uid"] != metadata["uid"]:
                self.delete(kind, *key)
                before = None
            self._record(kind, "ADDED" if before is None else "MODIFIED", document)
            self._objects[kind][key] = document
        self.changed()
        return document

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Remove an object for good, as a watch sees it once its grace is over."""
        with self._lock:
            document = copy.deepcopy(self._objects[kind].pop((namespace, name)))
            self._record(kind, "DELETED", document)
        self.changed()

    def get(self, kind: Kind, namespace: str, name: str) -> Document | None:
        """One object, or None."""
        with self._lock:
            return self._objects[kind].get((namespace, name))

    def change(self, kind: Kind, namespace: str, name: str, edit: Callable[[Document], None]) -> Document:
        """Change one object in place of a controller or the kubelet."""
        with self._lock:
            document = copy.deepcopy(self._objects[kind][namespace, name])
            edit(document)
            return self.put(document)

    def all_of(self, kind: Kind, namespace: str | None = None) -> list[Document]:
        """Every object of a kind in etcd's order; of one namespace, if given."""
        with self._lock:
            found = sorted(self._objects[kind].items())
        return [document for (where, _), document in found if namespace is None or where == namespace]

    def changes_since(self, version: int, kind: Kind) -> Iterator[Change]:
        """What a watch from that version on has to tell."""
        with self._lock:
            yield from [change for change in self._journal if change.version > version and change.kind is kind]

    def compact(self) -> None:
        """Forget what was: every watch that begins before now is too old."""
        with self._lock:
            self.compacted = self.version
            self._journal.clear()

    def _record(self, kind: Kind, what: str, document: Document) -> None:
        self.version += 1
        document["metadata"]["resourceVersion"] = str(self.version)
        self._journal.append(Change(self.version, kind, what, document))
