"""A SPIFFE trust bundle map: the roots of each trust domain in one JSON file (gRFC A87).

Strict as gRPC is: one wrong key and nothing of the file counts (``SpiffeBundleMap`` in C-core's ``spiffe_utils.cc``,
Java's ``SpiffeUtil.loadTrustBundleFromFile``). Go reads bundles by ``spiffebundle.Parse`` of go-spiffe, which leaves
out keys of another use; it and C-core demand ``keys``, for which Java takes none.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshtui.model.identity.certificate import FileProblem, FileProblemKind
from meshtui.sources.certificates.x509 import Loaded, load_certificates


@dataclass(frozen=True, slots=True)
class BundleMap:
    """The roots of each trust domain, in the order of the file; none when ``problem`` says why nothing counts."""

    roots: Mapping[str, tuple[Loaded, ...]] = field(default_factory=dict)
    problem: FileProblem | None = None

    @property
    def everything(self) -> tuple[Loaded, ...]:
        """The roots of all trust domains together."""
        return tuple(root for roots in self.roots.values() for root in roots)

    @property
    def rootless(self) -> tuple[str, ...]:
        """The trust domains that have an empty list of keys."""
        return tuple(name for name, roots in self.roots.items() if not roots)


class _Unusable(Exception):
    """Why gRPC takes nothing of the file, as the end of a sentence."""


def load_bundle_map(data: bytes, file: str) -> BundleMap:
    """The map in ``data``. Never raises for its content, and quotes none of it but trust domains."""
    if not data.strip():
        return BundleMap(problem=FileProblem(file, FileProblemKind.EMPTY, "there is nothing in it"))
    try:
        document = json.loads(data.decode("utf-8"))
        return BundleMap(dict(_domains(document, file)))
    except _Unusable as problem:
        detail = str(problem)
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        detail = "it is no JSON"
    return BundleMap(problem=FileProblem(file, FileProblemKind.BUNDLE_MAP, detail))


def _domains(document: Any, file: str) -> Iterator[tuple[str, tuple[Loaded, ...]]]:
    domains = document.get("trust_domains") if isinstance(document, dict) else None
    if not isinstance(domains, dict):
        raise _Unusable("it has no object trust_domains")
    for name, bundle in domains.items():
        keys = bundle.get("keys") if isinstance(bundle, dict) else None
        if keys is None and isinstance(bundle, dict):
            raise _Unusable(f"the bundle of {name!r} has no keys, with which only Java puts up")
        if not isinstance(keys, list):
            raise _Unusable(f"the bundle of {name!r} is no object with an array of keys")
        yield name, tuple(_root(key, f"key {at} of {name!r}", file) for at, key in enumerate(keys, start=1))


def _root(key: Any, which: str, file: str) -> Loaded:
    use = key.get("use") if isinstance(key, dict) else None
    if use != "x509-svid":
        of_go = ", which only Go leaves out" if isinstance(use, str) else ""
        raise _Unusable(f'{which} has not "use": "x509-svid"{of_go}')
    chain = key.get("x5c")
    if not isinstance(chain, list) or len(chain) != 1 or not isinstance(chain[0], str):
        raise _Unusable(f"{which} has not exactly one certificate in x5c")
    try:
        loaded, _ = load_certificates(base64.b64decode(chain[0]), file)
    except (binascii.Error, ValueError):
        loaded = ()
    if len(loaded) != 1:
        raise _Unusable(f"x5c of {which} is no certificate")
    return loaded[0]
