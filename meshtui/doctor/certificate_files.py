"""Rules over certificate and key files as files: there, whole, in order, and holding what their place says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from meshtui.doctor.registry import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.certificate import CertificateSet, FileProblem, FileProblemKind, KeyState
from meshtui.model.subject import FileSubject

PROBLEMS_SHOWN: Final = 20
"""A file of thousands of damaged blocks is one cause; so many are named."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is said about one kind of problem; ``title`` and ``explanation`` may have places to fill in."""

    code: str
    title: str
    explanation: str
    fix: str


_WORDS: Final = {
    FileProblemKind.MISSING: Words(
        code="certificate-file-missing",
        title="{file} is not there",
        explanation="gRPC has no identity without it, and TLS fails.",
        fix="see that the agent got its certificate, and that OUTPUT_CERTS and this mount are the same directory",
    ),
    FileProblemKind.UNREADABLE: Words(
        code="certificate-file-unreadable",
        title="{file} cannot be read",
        explanation="What it holds is unknown here; an app that runs as this user cannot read it either.",
        fix="let this user read it, or run meshtui as one who may",
    ),
    FileProblemKind.TOO_LARGE: Words(
        code="certificate-file-too-large",
        title="{file} is too large",
        explanation="It is more than meshtui reads of a certificate file, and a TLS library would be slow with it too.",
        fix="see what it is; a trust bundle holds a few hundred certificates",
    ),
    FileProblemKind.EMPTY: Words(
        code="certificate-file-empty",
        title="{file} is empty",
        explanation="gRPC cannot take an identity from it, and TLS fails.",
        fix="see that the volume is not full, and restart the agent",
    ),
    FileProblemKind.NO_CERTIFICATE: Words(
        code="certificate-file-not-certificate",
        title="{file} holds no certificate",
        explanation="It may be another kind of file, or a damaged one.",
        fix="give a PEM or DER certificate, or the directory the agent writes to",
    ),
    FileProblemKind.CUT: Words(
        code="certificate-file-cut",
        title="{file} is cut off",
        explanation="A certificate begins and does not end, as after an interrupted copy or a full volume. TLS "
        "libraries "
        "refuse the file "
        "or silently take only what comes before.",
        fix="write the file again as a whole; to replace one in use, write beside it and rename",
    ),
    FileProblemKind.DAMAGED: Words(
        code="certificate-file-damaged",
        title="{file} holds something that is no certificate",
        explanation="A block says CERTIFICATE and does not parse as one. TLS libraries refuse the file or leave "
        "that block out.",
        fix="write the file again from its source",
    ),
    FileProblemKind.PRIVATE_KEY: Words(
        code="private-key-in-certificate-file",
        title="{file} holds a private key",
        explanation="Certificate files are handed around freely: logged, copied, mounted into other pods. Whoever "
        "has read it "
        "can act as "
        "this workload. meshtui has not read the key itself.",
        fix="move the key to its own file that only the workload may read, and issue a new certificate with a new key",
    ),
}
"""For each way a file fails: its code, title, explanation and fix."""


def files(found: CertificateSet) -> Iterator[Finding]:
    """Files that are missing, cut, empty or something else; each kind once a file."""
    grouped: dict[tuple[str, FileProblemKind], list[FileProblem]] = {}
    for problem in found.problems:
        grouped.setdefault((problem.file, problem.kind), []).append(problem)
    for (file, kind), problems in list(grouped.items())[:PROBLEMS_SHOWN]:
        words = _WORDS[kind]
        more = f" ({len(problems)} places)" if len(problems) > 1 else ""
        yield Finding(
            code=words.code,
            severity=Severity.ERROR,
            subject=FileSubject(file),
            title=words.title.format(file=file) + more,
            explanation=words.explanation,
            fix=words.fix,
            evidence=tuple(_evidence(one) for one in problems[:PROBLEMS_SHOWN]),
        )


def _evidence(problem: FileProblem) -> str:
    place = f"{problem.file} line {problem.line}" if problem.line else problem.file
    return f"{place}: {problem.detail}"


def order(found: CertificateSet) -> Iterator[Finding]:
    """TLS sends the file as it is: leaf first, each certificate followed by its issuer."""
    for file in found.unordered:
        in_file = [one for one in found.certificates if one.file == file]
        leaf_first = bool(in_file) and not in_file[0].is_ca
        yield Finding(
            code="certificate-order",
            severity=Severity.WARNING if leaf_first else Severity.ERROR,
            subject=FileSubject(file),
            title=f"The certificates in {file} are not in order",
            explanation="The first certificate must be the workload's own and each one is followed by its issuer "
            "(RFC 8446 "
            "§4.4.2). "
            + (
                "Strict peers refuse another order; others put up with it."
                if leaf_first
                else "gRPC takes the first one as its own, which does not fit the key, and every handshake fails."
            ),
            fix="write leaf, intermediates, root, in this order",
            evidence=tuple(f"{at + 1}. {one.role} {one.name}" for at, one in enumerate(in_file[:10])),
        )


def key(found: CertificateSet) -> Iterator[Finding]:
    """The private key belongs to the leaf. Only the outcome of the comparison is known here."""
    match = found.key
    if match is None or match.state in {KeyState.MATCHES, KeyState.NOT_COMPARED}:
        return
    if match.state is KeyState.DIFFERS:
        leaf = found.leaf
        yield Finding(
            code="certificate-key-mismatch",
            severity=Severity.ERROR,
            subject=FileSubject(match.file),
            title="The private key does not belong to the certificate",
            explanation="Every handshake fails. It passes by itself when the files were looked at in the middle of "
            "a rotation, "
            "since each is replaced alone.",
            fix="look again in a few seconds; if it stays, restart the agent so that it writes both again",
            evidence=(f"{match.file}: another key than that of {leaf.file if leaf else 'the leaf'}",),
        )
        return
    words = {
        KeyState.MISSING: ("is not there", "give the app the file that its bootstrap names"),
        KeyState.UNREADABLE: ("cannot be read", "let the app's user read it; nobody else should"),
        KeyState.ENCRYPTED: ("is encrypted with a passphrase", "gRPC cannot ask for one: write the key unencrypted"),
        KeyState.NOT_A_KEY: (
            "holds no private key that can be read",
            "write the workload's PKCS #8 or SEC 1 PEM key there",
        ),
    }
    what, fix = words[match.state]
    yield Finding(
        code="certificate-key-unusable",
        severity=Severity.WARNING if match.state is KeyState.UNREADABLE else Severity.ERROR,
        subject=FileSubject(match.file),
        title=f"The key file {match.file} {what}",
        explanation="Without the key the certificate cannot be used, and TLS fails. (meshtui opens it only to "
        "compare it with "
        "the certificate.)",
        fix=fix,
        evidence=(f"{match.file}: {match.state}",),
    )


FILE_RULES: Final[tuple[Rule[CertificateSet], ...]] = (files, order, key)
