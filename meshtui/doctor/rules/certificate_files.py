"""Rules over certificate and key files as files: there, whole, in order, and holding what their place says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from meshtui.doctor.evidence import CertificateEvidence
from meshtui.doctor.kinds import certificate_files as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import Certificate, CertificateRole, FileProblem, FileProblemKind, KeyState
from meshtui.model.phrases import plural
from meshtui.model.subject import FileSubject

PROBLEMS_SHOWN: Final = 20
"""A file of thousands of damaged blocks is one cause; so many are named."""

CERTIFICATES_SHOWN: Final = 10
"""Certificates of a file named as evidence of their order."""

DOMAINS_SHOWN: Final = 3
"""Trust domains of a map named in one finding; more are counted."""

BY_PROBLEM: Final = {
    FileProblemKind.MISSING: kinds.FILE_MISSING,
    FileProblemKind.UNREADABLE: kinds.FILE_UNREADABLE,
    FileProblemKind.TOO_LARGE: kinds.FILE_TOO_LARGE,
    FileProblemKind.EMPTY: kinds.FILE_EMPTY,
    FileProblemKind.NO_CERTIFICATE: kinds.FILE_NOT_CERTIFICATE,
    FileProblemKind.CUT: kinds.FILE_CUT,
    FileProblemKind.DAMAGED: kinds.FILE_DAMAGED,
    FileProblemKind.PRIVATE_KEY: kinds.PRIVATE_KEY_INSIDE,
    FileProblemKind.BUNDLE_MAP: kinds.BUNDLE_MAP,
    FileProblemKind.HIDDEN: kinds.HIDDEN,
}
"""The kind of finding for each way a file fails."""

UNUSABLE_KEYS: Final = {
    KeyState.MISSING: ("is not there", "give the app the file that its bootstrap names"),
    KeyState.UNREADABLE: ("cannot be read", "let the app's user read it; nobody else should"),
    KeyState.ENCRYPTED: ("is encrypted with a passphrase", "gRPC cannot ask for one: write the key unencrypted"),
    KeyState.NOT_A_KEY: (
        "holds no private key that gRPC can read",
        "write the workload's PKCS #8 or SEC 1 PEM key there",
    ),
}
"""For each way a key file fails: what is wrong with it, and the way out."""


def files(seen: CertificateEvidence) -> Iterator[Finding]:
    """Files that are missing, cut, empty or something else; each kind once a file."""
    grouped: dict[tuple[str, FileProblemKind], list[FileProblem]] = {}
    for problem in seen.certificates.problems:
        grouped.setdefault((problem.file, problem.kind), []).append(problem)
    for (file, kind), problems in list(grouped.items())[:PROBLEMS_SHOWN]:
        said = BY_PROBLEM[kind]
        title = said.title.format(file=file)
        yield said.finding(
            FileSubject(file),
            severity=Severity.WARNING if kind is FileProblemKind.MISSING and seen.may_be_missing else None,
            title=f"{title} ({len(problems)} places)" if len(problems) > 1 else title,
            evidence=tuple(_evidence(problem) for problem in problems[:PROBLEMS_SHOWN]),
        )


def _evidence(problem: FileProblem) -> str:
    place = f"{problem.file} line {problem.line}" if problem.line else problem.file
    return f"{place}: {problem.detail}"


def bundle_map(seen: CertificateEvidence) -> Iterator[Finding]:
    """The map of roots lacks the trust domain that this workload is of."""
    domains, leaf = seen.certificates.trust_domains, seen.certificates.leaf
    own = leaf.spiffe if leaf is not None else None
    if not domains or leaf is None or own is None or own.trust_domain in domains:
        return  # of a map without any trust domain another rule tells
    yield kinds.BUNDLE_MAP_WITHOUT_OWN.finding(
        FileSubject(leaf.file),
        domain=own.trust_domain,
        evidence=(f"{leaf.file}: {own}", f"trust domains of the map: {', '.join(map(repr, domains)) or 'none'}"),
    )


def bundle_map_without_roots(seen: CertificateEvidence) -> Iterator[Finding]:
    """A map, or trust domains of it, without a root (gRFC A87).

    grpc-go ``spiffe.GetRootsFromSPIFFEBundleMap``, C-core ``SpiffeBundleMap::GetRoots``; of ``{"trust_domains": {}}``
    grpc-java's ``SpiffeUtil.readTrustDomainsFromFile`` takes nothing, and of an empty bundle an empty list.
    """
    found = seen.certificates
    if found.trust_domains is None or (found.trust_domains and not found.rootless_domains):
        return
    own = found.leaf.spiffe if found.leaf is not None else None
    every = len(found.rootless_domains) == len(found.trust_domains)
    empty = tuple(map(repr, found.rootless_domains[:DOMAINS_SHOWN]))
    more = len(found.rootless_domains) - len(empty)
    named = ", ".join(empty) + (f" and {plural(more, 'more trust domain')}" if more else "")
    mild = not every and (own is None or own.trust_domain not in found.rootless_domains)
    yield kinds.BUNDLE_MAP_WITHOUT_ROOTS.finding(
        FileSubject(found.bundle_map),
        severity=Severity.WARNING if mild else None,
        whose="" if every else f" for {named}",
        who_fails="all peers are" if every else f"all peers of {named} are",
        java="" if found.trust_domains else " Java does not take the file at all.",
        evidence=(f"{found.bundle_map}: {f'no key of {named}' if found.trust_domains else 'trust_domains is empty'}",),
    )


def order(seen: CertificateEvidence) -> Iterator[Finding]:
    """TLS sends the file as it is: leaf first, each certificate followed by its issuer."""
    for file in seen.certificates.unordered:
        in_file = [certificate for certificate in seen.certificates.certificates if certificate.file == file]
        leaf_first = bool(in_file) and not in_file[0].is_ca
        yield kinds.ORDER.finding(
            FileSubject(file),
            severity=Severity.WARNING if leaf_first else Severity.ERROR,
            file=file,
            what_follows="Strict peers refuse another order; others put up with it."
            if leaf_first
            else "gRPC takes the first one as its own, which does not fit the key, and every handshake fails.",
            evidence=_in_order(in_file),
        )


def first_is_own(seen: CertificateEvidence) -> Iterator[Finding]:
    """The first certificate of the chain file is the identity; a CA's or another leaf there does not fit the key.

    grpcio was asked: with a chain that lacks its leaf, or has another certificate first, no server binds its port.
    """
    found = seen.certificates
    first, match = found.first, found.key
    if first is None or first.file in found.unordered:
        return  # an order that is wrong is said by the rule on it
    if match is not None and match.leaf_fingerprint == first.fingerprint_sha256:
        return
    of_another = match is not None and match.state is KeyState.MATCHES
    differs = of_another or (match is not None and match.state is KeyState.DIFFERS)
    if not (of_another or first.role is CertificateRole.INTERMEDIATE or (differs and first.is_ca)):
        return
    in_file = [certificate for certificate in found.certificates if certificate.file == first.file]
    yield kinds.FIRST_NOT_OWN.finding(
        FileSubject(first.file),
        also=(FileSubject(match.file),) if match is not None else (),
        file=first.file,
        what_it_is="a CA's, which signs others" if first.is_ca else "another leaf",
        key_words="The key is not its key." if differs else "",
        evidence=_in_order(in_file),
    )


def _in_order(in_file: Sequence[Certificate]) -> tuple[str, ...]:
    shown = enumerate(in_file[:CERTIFICATES_SHOWN], start=1)
    return tuple(f"{number}. {certificate.role} {certificate.name}" for number, certificate in shown)


def key(seen: CertificateEvidence) -> Iterator[Finding]:
    """The private key belongs to the leaf. Only the outcome of the comparison is known here."""
    match, leaf = seen.certificates.key, seen.certificates.leaf
    if match is None or match.state in {KeyState.MATCHES, KeyState.NOT_COMPARED}:
        return
    if match.state is KeyState.DIFFERS:
        yield kinds.KEY_MISMATCH.finding(
            FileSubject(match.file),
            evidence=(f"{match.file}: another key than that of {leaf.file if leaf else 'the leaf'}",),
        )
        return
    problem, way_out = UNUSABLE_KEYS[match.state]
    optional = seen.may_be_missing and match.state is KeyState.MISSING
    yield kinds.KEY_UNUSABLE.finding(
        FileSubject(match.file),
        severity=Severity.WARNING if optional or match.state is KeyState.UNREADABLE else Severity.ERROR,
        file=match.file,
        problem=problem,
        way_out=way_out,
        evidence=(f"{match.file}: {match.state}",),
    )


RULES: Final[tuple[Rule[CertificateEvidence], ...]] = (
    files,
    bundle_map,
    bundle_map_without_roots,
    order,
    first_is_own,
    key,
)
"""The rules of this module."""
