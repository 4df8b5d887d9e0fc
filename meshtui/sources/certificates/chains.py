"""Chains from certificates in any order: every link's signature is really verified (RFC 5280 §6.1, without time)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from meshtui.model.identity.certificate import CertificateRole, Chain, LinkProblem
from meshtui.sources.certificates.x509 import Loaded

LONGEST = 10
"""Certificates in one chain; OpenSSL gives up in the same region, and real ones have two to five."""

MOST_SIGNATURES = 20_000
"""Verified in one reading at most: about 3 s of work; a file made to need more is reported as not checked."""


def build_chains(loaded: Iterable[Loaded], roots_files: frozenset[str] = frozenset()) -> tuple[Chain, ...]:
    """One chain for each leaf, in the order of the leaves; each leaf once, however often it is given.

    Trusted are the certificates of ``roots_files``; with none of those, every self-signed CA at hand.
    """
    everything = list(loaded)
    # The root often stands in the chain's file too, so who is trusted is decided before doubles are dropped.
    roots = frozenset(
        candidate.value.fingerprint_sha256 for candidate in everything if candidate.value.file in roots_files
    )
    distinct = list({candidate.value.fingerprint_sha256: candidate for candidate in reversed(everything)}.values())[
        ::-1
    ]
    builder = _ChainBuilder(distinct, roots)
    return tuple(
        builder.chain(certificate) for certificate in distinct if certificate.value.role is CertificateRole.LEAF
    )


_Path = tuple[list[Loaded], LinkProblem | None, int]
"""The certificates climbed, why it does not hold, and which one that is about."""


class _ChainBuilder:
    """Holds what finding issuers needs: certificates by subject, the trusted ones, and the work still allowed."""

    def __init__(self, everything: list[Loaded], roots: frozenset[str]) -> None:
        self._roots_known = bool(roots)
        self._trusted = roots or {
            candidate.value.fingerprint_sha256
            for candidate in everything
            if candidate.value.role is CertificateRole.ROOT
        }
        self._by_subject: dict[bytes, list[Loaded]] = defaultdict(list)
        self._by_key: dict[tuple[bytes, bytes], list[Loaded]] = defaultdict(list)
        for candidate in sorted(everything, key=self._preference):
            subject, key = candidate.raw.subject.public_bytes(), _subject_key(candidate.raw)
            self._by_subject[subject].append(candidate)
            if key is not None:
                self._by_key[subject, key].append(candidate)
        self._left = MOST_SIGNATURES
        self._signed: dict[tuple[str, str], bool] = {}

    def _preference(self, issuer: Loaded) -> tuple[bool, float]:
        """Trusted issuers first, then those that last longest."""
        return issuer.value.fingerprint_sha256 not in self._trusted, -issuer.value.not_after.timestamp()

    def chain(self, leaf: Loaded) -> Chain:
        """The best chain from ``leaf``: one that holds if there is any, else the one that gets farthest."""
        path, problem, at = self._climb([leaf])
        return Chain(tuple(node.value for node in path), problem, at)

    def _climb(self, path: list[Loaded]) -> _Path:
        top = path[-1]
        if self._is_anchor(top):
            return path, None, 0
        if len(path) >= LONGEST:
            return path, LinkProblem.TOO_LONG, len(path) - 1
        best: _Path = (path, self._dead_end(top), len(path) - 1)
        if top.value.subject == top.value.issuer and top.value.role is CertificateRole.ROOT:
            return best
        for issuer in self._candidates(top, path):
            if self._left <= 0:
                return best[0], LinkProblem.NOT_CHECKED, len(best[0]) - 1
            if not self._verifies(top, issuer):
                continue
            problem = _may_not_issue(issuer, path)
            found = ([*path, issuer], problem, len(path)) if problem is not None else self._climb([*path, issuer])
            if found[1] is None:
                return found
            if len(found[0]) > len(best[0]):
                best = found
        return best

    def _is_anchor(self, top: Loaded) -> bool:
        if top.value.fingerprint_sha256 not in self._trusted:
            return False
        return self._roots_known or self._verifies(top, top)

    def _dead_end(self, top: Loaded) -> LinkProblem:
        """Why the climb ends at ``top`` when no issuer is found."""
        if top.value.role is CertificateRole.ROOT:
            return LinkProblem.UNTRUSTED_ROOT if self._verifies(top, top) else LinkProblem.SIGNATURE
        named = self._by_subject.get(top.raw.issuer.public_bytes(), [])
        others = [
            candidate for candidate in named if candidate.value.fingerprint_sha256 != top.value.fingerprint_sha256
        ]
        return LinkProblem.SIGNATURE if others else LinkProblem.ISSUER_MISSING

    def _candidates(self, child: Loaded, path: list[Loaded]) -> Iterator[Loaded]:
        """Certificates of the issuer's name, those with the key id that the child asks for first."""
        used = {node.value.fingerprint_sha256 for node in path}
        name, wanted = child.raw.issuer.public_bytes(), _authority_key(child.raw)
        first = self._by_key.get((name, wanted), []) if wanted is not None else []
        for candidate in chain(first, self._by_subject.get(name, [])):
            if candidate.value.fingerprint_sha256 not in used:
                used.add(candidate.value.fingerprint_sha256)
                yield candidate

    def _verifies(self, child: Loaded, issuer: Loaded) -> bool:
        """Whether the issuer's key signed the child; each pair is checked once."""
        pair = (child.value.fingerprint_sha256, issuer.value.fingerprint_sha256)
        if pair not in self._signed:
            self._left -= 1
            self._signed[pair] = _signed_by(child.raw, issuer.raw)
        return self._signed[pair]


def _signed_by(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_not_issue(issuer: Loaded, path: list[Loaded]) -> LinkProblem | None:
    """Why ``issuer`` may not stand above ``path`` although its key signed (RFC 5280 §6.1.4 k, m)."""
    if not issuer.value.is_ca:
        return LinkProblem.ISSUER_NOT_CA
    below = sum(1 for node in path[1:] if node.raw.subject != node.raw.issuer)
    allowed = issuer.value.path_length
    return LinkProblem.PATH_LENGTH if allowed is not None and below > allowed else None


def _authority_key(raw: x509.Certificate) -> bytes | None:
    try:
        return raw.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return None


def _subject_key(raw: x509.Certificate) -> bytes | None:
    try:
        return raw.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        return None
