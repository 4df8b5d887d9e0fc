"""Certificates from local files: of a directory, of named files, or of a bootstrap's providers.

Functions block while they read; ``IdentityFiles`` wraps them for a session, off the event loop and cached.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import PurePath

from meshtui.model.clock import utc_now
from meshtui.model.identity.bootstrap import Bootstrap, CertificateProvider
from meshtui.model.identity.certificate import (
    Certificate,
    CertificateRole,
    CertificateSet,
    FileProblem,
    FileProblemKind,
    KeyMatch,
    KeyState,
)
from meshtui.model.identity.file_facts import FileFacts
from meshtui.sources.certificates.bundle_map import BundleMap, load_bundle_map
from meshtui.sources.certificates.chains import build_chains
from meshtui.sources.certificates.keys import compare_key
from meshtui.sources.certificates.pem import pem_blocks
from meshtui.sources.certificates.x509 import Loaded, load_certificates
from meshtui.sources.reading import LOCAL, SETTLING, Files, TooLarge, look_at, read_limited

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes of one certificate file; 20 000 certificates in PEM are about 30 MiB."""

MOST_FILES = 1_000
"""Files looked at in one directory; a certificate directory holds three to ten."""

SUFFIXES = frozenset({".pem", ".crt", ".cer", ".cert", ".der", ".key", ".bundle", ".ca-bundle"})
"""What names a certificate or key file in a directory; anything else there is left alone."""

JSON = ".json"
"""What names a trust bundle map, of which one counts; other JSON in a directory is left alone."""


def read_certificates(paths: Sequence[str], now: datetime | None = None) -> CertificateSet:
    """Everything under ``paths``, each a directory or a file, as one set. Never raises.

    A file that holds nothing but a private key is compared with the leaves and else left alone.
    """
    (found,) = _when_settled([lambda: _read_paths(paths, now)])
    return found


def _read_paths(paths: Sequence[str], now: datetime | None) -> CertificateSet:
    files, problems = _expand(paths)
    maps = [path for path in files if path.endswith(JSON)]
    keys = [path for path in files if path not in maps and _is_key_file(path)]
    certificates = [path for path in files if path not in (*maps, *keys)]
    roots = [path for path in certificates if _names_roots(path)]
    found = _read(", ".join(paths), certificates, roots, keys, now, bundle_map=maps[0] if maps else "")
    return replace(found, problems=(*problems, *found.problems))


def read_provider(provider: CertificateProvider, now: datetime | None = None) -> CertificateSet:
    """The files one ``file_watcher`` provider names."""
    (found,) = _when_settled([lambda: read_provider_once(provider, now)])
    return found


def read_provider_once(
    provider: CertificateProvider, now: datetime | None = None, files: Files = LOCAL
) -> CertificateSet:
    """The same as it is at this moment, which may be half written (:func:`may_be_half_written`). Never raises.

    Where ``files`` opens no private key, none is opened, and its outcome is NOT_COMPARED.
    """
    named = [path for path in (provider.certificate_file, provider.ca_certificate_file) if path]
    roots = [provider.ca_certificate_file] if provider.ca_certificate_file else []
    keys = [provider.private_key_file] if provider.private_key_file else []
    bundle_map = provider.spiffe_trust_bundle_map_file
    found = _read(
        provider.path,
        list(dict.fromkeys(named)),
        roots,
        keys,
        now,
        bundle_map=bundle_map,
        chain_file=provider.certificate_file,
        files=files,
    )
    return found if provider.for_mesh else replace(found, for_mesh=False)


def _when_settled(reads: Sequence[Callable[[], CertificateSet]]) -> list[CertificateSet]:
    """What each reads; where that may be half written, what it reads a moment later. Waits once for all."""
    found = [read() for read in reads]
    if any(map(may_be_half_written, found)):
        time.sleep(SETTLING)  # blocking, as all of this module; sessions call it in a thread
        found = [read() if may_be_half_written(seen) else seen for read, seen in zip(reads, found, strict=True)]
    return found


def may_be_half_written(found: CertificateSet) -> bool:
    """Whether what was read is what files show for a moment while they are replaced."""
    differs = found.key is not None and found.key.state is KeyState.DIFFERS
    return differs or any(problem.kind in _HALF_WRITTEN for problem in found.problems)


_HALF_WRITTEN = frozenset(
    {
        FileProblemKind.MISSING,
        FileProblemKind.EMPTY,
        FileProblemKind.NO_CERTIFICATE,
        FileProblemKind.CUT,
        FileProblemKind.DAMAGED,
        FileProblemKind.BUNDLE_MAP,
    }
)
"""What a file shows for a moment while it is removed and made anew, or written in place."""


def read_providers(bootstrap: Bootstrap, now: datetime | None = None) -> tuple[tuple[str, CertificateSet], ...]:
    """The certificates of every ``file_watcher`` provider by instance name, and those of ``tls`` credentials."""
    found = _when_settled([partial(read_provider_once, path, now) for path in bootstrap.watched])
    return tuple((provider.name, read) for provider, read in zip(bootstrap.watched, found, strict=True))


def _expand(paths: Sequence[str]) -> tuple[list[str], list[FileProblem]]:
    """The files meant by ``paths``, each once, and what is wrong with those that are none."""
    files: list[str] = []
    problems: list[FileProblem] = []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        try:
            names = sorted(entry.name for entry in os.scandir(path) if _wanted(entry))
        except OSError as error:
            problems.append(FileProblem(path, FileProblemKind.UNREADABLE, error.strerror or "cannot be listed"))
            continue
        if not names:
            problems.append(
                FileProblem(path, FileProblemKind.NO_CERTIFICATE, "no certificate file is in this directory")
            )
        elif len(names) > MOST_FILES:
            detail = f"it holds {len(names)} files; only the first {MOST_FILES} are read"
            problems.append(FileProblem(path, FileProblemKind.TOO_LARGE, detail))
        files += [os.path.join(path, name) for name in names[:MOST_FILES]]
    return list(dict.fromkeys(files)), problems


def _wanted(entry: os.DirEntry[str]) -> bool:
    # Kubernetes mounts are links to ..data/…; the hidden originals would be the same files again.
    if entry.name.startswith(".") or _is_directory(entry):
        return False
    return PurePath(entry.name).suffix.lower() in SUFFIXES or (entry.name.endswith(JSON) and is_bundle_map(entry.path))


def is_bundle_map(path: str) -> bool:
    """Whether a JSON file is a SPIFFE trust bundle map, by the member that every one has."""
    try:
        return b'"trust_domains"' in read_limited(path, LARGEST_FILE)
    except (OSError, ValueError):
        return False


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: reading it says so, and costs only itself
        return False


def _name_words(path: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z]+", PurePath(path).name.lower()))


def _names_roots(path: str) -> bool:
    """Whether a file's name says that it holds what is trusted: ``root-cert.pem``, ``ca.crt``, ``trust-bundle.pem``."""
    return bool(_name_words(path) & {"root", "roots", "ca", "cacert", "cacerts", "trust", "trusted", "anchors"})


def names_key(path: str) -> bool:
    """Whether a file's name says that it holds a private key: ``key.pem``, ``tls.key``."""
    return bool(_name_words(path) & {"key", "privkey", "keyfile"})


def _is_key_file(path: str) -> bool:
    """Whether a file is the private key: by its name, or for a name that says nothing by holding nothing else."""
    words = _name_words(path)
    if names_key(path):
        return True
    if words & {"cert", "certs", "certificate", "certificates", "chain", "crt", "cer", "bundle"} or _names_roots(path):
        return False
    try:
        blocks = list(pem_blocks(read_limited(path, LARGEST_FILE)))
    except (OSError, ValueError):
        return False
    return bool(blocks) and all(block.is_private_key or block.label.endswith("PARAMETERS") for block in blocks)


def _read(
    source: str,
    certificates: list[str],
    roots: list[str],
    keys: list[str],
    now: datetime | None,
    *,
    bundle_map: str = "",
    chain_file: str = "",
    files: Files = LOCAL,
) -> CertificateSet:
    at = now if now is not None else utc_now()
    loaded: list[Loaded] = []
    problems: list[FileProblem] = []
    unordered: list[str] = []
    for path in certificates:
        in_file, wrong = _read_file(path, files)
        loaded += in_file
        problems += wrong
        if _out_of_order(in_file):
            unordered.append(path)
    bundles = _read_bundle_map(bundle_map, files) if bundle_map else None
    if bundles is not None and bundles.problem is not None:
        problems.append(bundles.problem)
        bundles = None
    roots = [bundle_map] if bundles is not None else roots
    values = tuple(object_.value for object_ in (*loaded, *(bundles.everything if bundles is not None else ())))
    leaves = [value for value in values if value.role is CertificateRole.LEAF]
    chain_file = chain_file or (_chain_file(values, roots) if keys else "")
    firsts = [value for value in values if value.file == chain_file][:1]
    matches = [
        compare_key(path, [*firsts, *leaves]) if files.opens_keys else KeyMatch(path, KeyState.NOT_COMPARED)
        for path in keys
    ]
    return CertificateSet(
        source,
        at,
        certificates=values,
        chains=build_chains([*loaded, *_own_roots(bundles, leaves)], frozenset(roots)),
        key=_best(matches),
        problems=tuple(problems),
        unordered=tuple(unordered),
        files=tuple(files.look_at(path) for path in dict.fromkeys((*certificates, *keys, *filter(None, [bundle_map])))),
        chain_file=chain_file,
        trust_domains=tuple(bundles.roots) if bundles is not None else None,
        rootless_domains=bundles.rootless if bundles is not None else (),
        bundle_map=bundle_map,
    )


def _chain_file(values: Sequence[Certificate], roots: Sequence[str]) -> str:
    """Of files found in a directory with a key, the one that is the chain: the one with a leaf, or the only other."""
    others = list(dict.fromkeys(value.file for value in values if value.file not in roots))
    with_leaf = {value.file for value in values if value.role is CertificateRole.LEAF}
    named = [file for file in others if file in with_leaf] or others
    return named[0] if len(named) == 1 else ""


def _read_bundle_map(path: str, files: Files) -> BundleMap:
    data, problem = _content(path, files)
    return BundleMap(problem=problem) if problem is not None else load_bundle_map(data, path)


def _own_roots(bundles: BundleMap | None, leaves: Sequence[Certificate]) -> Iterator[Loaded]:
    """The roots by which a leaf is checked: those of its own trust domain and no others (gRFC A87)."""
    domains = {leaf.spiffe.trust_domain for leaf in leaves if leaf.spiffe is not None}
    for domain, roots in bundles.roots.items() if bundles is not None else ():
        if domain in domains:
            yield from roots


def _read_file(path: str, files: Files) -> tuple[tuple[Loaded, ...], tuple[FileProblem, ...]]:
    data, problem = _content(path, files)
    return ((), (problem,)) if problem is not None else load_certificates(data, path)


def _content(path: str, files: Files) -> tuple[bytes, FileProblem | None]:
    """The bytes of a file, or why there are none."""
    try:
        return files.read(path, LARGEST_FILE), None
    except FileNotFoundError:
        return b"", FileProblem(path, FileProblemKind.MISSING, "No such file or directory")
    except TooLarge as error:
        return b"", FileProblem(path, FileProblemKind.TOO_LARGE, error.strerror or "too large")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        return b"", FileProblem(path, FileProblemKind.UNREADABLE, reason)


def _out_of_order(loaded: Sequence[Loaded]) -> bool:
    """Whether a file with one leaf is not leaf first, each certificate followed by its issuer (RFC 8446 §4.4.2)."""
    if sum(pem.value.role is CertificateRole.LEAF for pem in loaded) != 1:
        return False
    if loaded[0].value.role is not CertificateRole.LEAF:
        return True
    names = [object_.raw.subject for object_ in loaded]
    for at in range(len(loaded) - 1):
        issuer = loaded[at].raw.issuer
        if loaded[at + 1].raw.subject != issuer and issuer in names[at + 2 :]:
            return True
    return False


def _best(matches: Sequence[KeyMatch]) -> KeyMatch | None:
    """The comparison to show: one that matches, else the first that says what is wrong."""
    order = {KeyState.MATCHES: 0, KeyState.DIFFERS: 1}
    return min(matches, key=lambda match: order.get(match.state, 2), default=None)


class IdentityFiles:
    """The certificates of some paths or of a bootstrap's provider, read again only when a file changed.

    Unchanged files give the *same object* back, so that nothing downstream is recomputed.
    """

    def __init__(self, paths: Sequence[str] = (), provider: CertificateProvider | None = None) -> None:
        self._paths = tuple(paths)
        self._provider = provider
        self._seen: tuple[FileFacts, ...] | None = None
        self._last: CertificateSet | None = None

    async def poll(self) -> CertificateSet:
        """The certificates now. Never raises for what is on disk; cancellable between reads."""
        return await asyncio.to_thread(self._poll)

    def _poll(self) -> CertificateSet:
        seen = self._stamp()
        if self._last is None or seen != self._seen:
            read = read_provider(self._provider) if self._provider is not None else read_certificates(self._paths)
            self._seen, self._last = seen, read
        return self._last

    def _stamp(self) -> tuple[FileFacts, ...]:
        """What changes when any of the files does."""
        if self._provider is not None:
            return tuple(look_at(path) for _, path in self._provider.files)
        files, _ = _expand(self._paths)
        return tuple(look_at(path) for path in files)
