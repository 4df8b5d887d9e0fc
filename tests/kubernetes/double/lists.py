"""Lists and single objects, as JSON and as tables, in pages."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.kinds import PODS, Kind
from tests.kubernetes.double.said import Says, bad_request, continue_too_old
from tests.kubernetes.double.store import Document
from tests.kubernetes.double.tables import PLAIN_COLUMNS, POD_COLUMNS, age, pod_cells, row


class Lists:
    """Answers get and list."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def page(self, asked: Asked, kind: Kind, accept: str) -> Says:
        """A page of a list: ``limit`` and ``continue``, selectors, JSON or Table."""
        store = self._cluster.store
        selector = asked.one("labelSelector")
        if selector.count("(") != selector.count(")"):
            return bad_request("unable to parse requirement: found '', expected: ',' or ')'")
        documents = store.all_of(kind, asked.namespace or None if kind.namespaced else None)
        documents = [document for document in documents if selected(document, asked)]
        version, begin = store.version, 0
        if token := asked.one("continue"):
            try:
                version, begin = _opened(token)
            except (ValueError, KeyError, binascii.Error):
                return bad_request("continue key is not valid: illegal base64 data at input byte 0")
            if version <= store.compacted:
                return continue_too_old()
        limit = int(asked.one("limit") or 0)
        taken = documents[begin : begin + limit] if limit else documents[begin:]
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        left = len(documents) - begin - len(taken)
        if left:
            metadata["continue"] = _token(version, begin + len(taken))
            if not (asked.one("labelSelector") or asked.one("fieldSelector")):
                metadata["remainingItemCount"] = left
        if "as=Table" in accept:
            return _json(self.table(asked, kind, taken, metadata))
        items = [{k: v for k, v in document.items() if k not in ("apiVersion", "kind")} for document in taken]
        if kind.group.endswith("istio.io"):
            items = [{**document, "apiVersion": kind.api_version(asked.version)} for document in taken]
        head = {"kind": f"{kind.name}List", "apiVersion": kind.api_version(asked.version)}
        return _json({**head, "metadata": metadata, "items": items})

    def single(self, asked: Asked, kind: Kind, document: Document, accept: str) -> Says:
        """One object."""
        if "as=Table" in accept:
            metadata = {"resourceVersion": document["metadata"]["resourceVersion"]}
            return _json(self.table(asked, kind, [document], metadata))
        return _json({**as_served(document, kind, asked.version)})

    def table(
        self, asked: Asked, kind: Kind, documents: list[Document], metadata: dict[str, Any], *, columns: bool = True
    ) -> dict[str, Any]:
        """A Table of these objects."""
        include, now = asked.one("includeObject") or "Metadata", self._cluster.clock()
        rows = []
        for document in documents:
            head = document["metadata"]
            plain = [head.get("name", ""), age(head.get("creationTimestamp"), now)]
            cells = pod_cells(document, now) if kind is PODS else plain
            rows.append(row(cells, as_served(document, kind, asked.version), include))
        defined = (POD_COLUMNS if kind is PODS else PLAIN_COLUMNS) if columns else None
        head = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
        return {**head, "columnDefinitions": defined, "rows": rows}


def as_served(document: Document, kind: Kind, version: str) -> Document:
    """The object with the version that was asked for in front."""
    return {"kind": kind.name, "apiVersion": kind.api_version(version), **_without_head(document)}


def _without_head(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in ("kind", "apiVersion")}


def selected(document: Document, asked: Asked) -> bool:
    """Whether the label and field selectors of the request take the object."""
    labels = document["metadata"].get("labels", {})
    if not all(_label(part, labels) for part in _split(asked.one("labelSelector"))):
        return False
    return all(_field(part, document) for part in _split(asked.one("fieldSelector")))


def _split(selector: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^(]*\))", selector) if part.strip()]


def _label(part: str, labels: dict[str, str]) -> bool:
    if found := re.fullmatch(r"(\S+)\s+(in|notin)\s+\(([^)]*)\)", part):
        key, how, values = found.groups()
        inside = labels.get(key) in [value.strip() for value in values.split(",")]
        return inside if how == "in" else not inside
    if "!=" in part:
        key, _, value = part.partition("!=")
        return labels.get(key.strip()) != value.strip()
    if "=" in part:
        key, _, value = part.replace("==", "=").partition("=")
        return labels.get(key.strip()) == value.strip()
    return part[1:] not in labels if part.startswith("!") else part in labels


def _field(part: str, document: Document) -> bool:
    key, negated, value = re.split(r"(!=|==|=)", part, maxsplit=1)
    found: Any = document
    for step in key.split("."):
        found = (found or {}).get(step, "")
    return (str(found) == value) != (negated == "!=")


def _token(version: int, begin: int) -> str:
    return base64.urlsafe_b64encode(
        json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": begin}).encode()
    ).decode()


def _opened(token: str) -> tuple[int, int]:
    read = json.loads(base64.urlsafe_b64decode(token))
    return int(read["rv"]), int(read["start"])


def _json(document: Document) -> Says:
    return Says(200, json.dumps(document, separators=(",", ":")).encode() + b"\n")
