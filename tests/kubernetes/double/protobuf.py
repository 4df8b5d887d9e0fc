"""Just as much of protobuf as kubectl's reviews of one's own rights take: it writes nothing else."""

from __future__ import annotations

from typing import Any, Final

MAGIC: Final = b"k8s\x00"
"""What every object of Kubernetes in protobuf begins with; a ``runtime.Unknown`` follows."""

CONTENT_TYPE: Final = "application/vnd.kubernetes.protobuf"

_ATTRIBUTES: Final = {1: "namespace", 2: "verb", 3: "group", 4: "version", 5: "resource", 6: "subresource", 7: "name"}
_NONRESOURCE: Final = {1: "path", 2: "verb"}


def review(body: bytes) -> dict[str, Any]:
    """A SelfSubjectAccessReview in protobuf as the document it stands for."""
    if not body.startswith(MAGIC):
        raise ValueError("not an object of Kubernetes")
    unknown = _fields(body[len(MAGIC) :])
    kind = {number: value.decode() for number, value in _fields(unknown[1]).items()}
    spec = _fields(_fields(unknown[2])[2])
    words: dict[str, Any] = {}
    for number, name, names in ((1, "resourceAttributes", _ATTRIBUTES), (2, "nonResourceAttributes", _NONRESOURCE)):
        if number in spec:
            found = _fields(spec[number])
            words[name] = {names[key]: value.decode() for key, value in found.items() if key in names and value}
    return {"apiVersion": kind.get(1, ""), "kind": kind.get(2, ""), "spec": words}


def _fields(data: bytes) -> dict[int, bytes]:
    """The fields of a message whose wire type is a length and so many bytes; others are passed over."""
    found, at = {}, 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 2:
            size, at = _varint(data, at)
            found[tag >> 3] = data[at : at + size]
            at += size
        else:
            _, at = _varint(data, at)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
