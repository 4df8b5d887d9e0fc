"""Rules over certificates as read from files: whether they can be read, hold together, and last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from meshtui.doctor.certificate_files import FILE_RULES, Words
from meshtui.doctor.certificate_names import NAME_RULES
from meshtui.doctor.registry import Rule, run
from meshtui.model.finding import Finding, Severity, worst_first
from meshtui.model.identity.certificate import Certificate, CertificateSet, Chain, LinkProblem, Role
from meshtui.model.identity.lifetime import Phase, lifetime
from meshtui.model.phrases import span_words
from meshtui.model.subject import FileSubject

FINDINGS_PER_RULE: Final = 20
"""A bundle of thousands can have hundreds of expired roots: so many are named, the rest are counted."""


@dataclass(frozen=True, slots=True)
class CertificateState:
    """Certificates at the moment ``now``; ``warn`` is the least time left that was asked for, if any."""

    certificates: CertificateSet
    now: datetime
    warn: timedelta | None = None


def expired(state: CertificateState) -> Iterator[Finding]:
    """Its time is over: peers refuse it."""
    for one in _in_phase(state, Phase.EXPIRED):
        ago = span_words(state.now - one.not_after)
        yield Finding(
            code="certificate-expired",
            severity=_weight(state, one),
            subject=FileSubject(one.file),
            title=f"The {one.role} certificate {one.name} expired {ago} ago",
            explanation=f"{_effect(one)} The agent's readiness probe does not notice: it only checks that the "
            "files exist.",
            fix="see why the agent does not rotate (istio_agent_num_failed_outgoing_requests, its log), then restart it"
            if one.role is Role.LEAF
            else "replace it, and distribute the new one before its leaves change",
            evidence=(_period(one), f"now {_time(state.now)}"),
        )


def not_yet_valid(state: CertificateState) -> Iterator[Finding]:
    """Its time has not begun: often it is a clock that is wrong."""
    for one in _in_phase(state, Phase.NOT_YET_VALID):
        ahead = span_words(one.not_before - state.now)
        yield Finding(
            code="certificate-not-yet-valid",
            severity=_weight(state, one),
            subject=FileSubject(one.file),
            title=f"The {one.role} certificate {one.name} becomes valid in {ahead}",
            explanation=f"{_effect(one)} A certificate made just now that is valid later usually means that the "
            "clock here "
            "is behind the CA's.",
            fix="compare the clocks of this machine and the CA (NTP); if both are right, wait or issue it again",
            evidence=(_period(one), f"now {_time(state.now)}"),
        )


def rotation_late(state: CertificateState) -> Iterator[Finding]:
    """A third of its life or less is left, though rotation is due at one half."""
    for one in _in_phase(state, Phase.LATE):
        if one.role is Role.LEAF:
            life = lifetime(one, state.now)
            yield Finding(
                code="certificate-rotation-late",
                severity=Severity.WARNING,
                subject=FileSubject(one.file),
                title=f"{one.name} should have been rotated {span_words(-life.until_rotation)} ago",
                explanation="Istio's agent asks for a new certificate at half life. This one has "
                f"{_left(one, state.now)} of "
                f"{span_words(life.total)} left and has not been replaced.",
                fix="look at the agent's log and at istio_agent_num_failed_outgoing_requests; can it reach istiod's CA "
                "(15012)?",
                evidence=(_period(one), f"rotation was due {_time(life.rotation_due_at)}"),
            )


def ending(state: CertificateState) -> Iterator[Finding]:
    """A tenth of its life or less is left."""
    for one in _in_phase(state, Phase.ENDING):
        life = lifetime(one, state.now)
        yield Finding(
            code="certificate-ending",
            severity=Severity.WARNING,
            subject=FileSubject(one.file),
            title=f"The {one.role} certificate {one.name} ends in {span_words(life.remaining)}",
            explanation=f"Less than a tenth of its life of {span_words(life.total)} is left. After that: "
            f"{_effect(one)}",
            fix="look at the agent's log and whether it reaches istiod's CA (15012); restarting the agent asks again"
            if one.role is Role.LEAF
            else "replace it, and distribute the new one before its leaves change",
            evidence=(_period(one), f"now {_time(state.now)}"),
        )


def ends_sooner_than_asked(state: CertificateState) -> Iterator[Finding]:
    """What ``--warn`` asks for."""
    if state.warn is None:
        return
    for one in _limited(_relevant(state)):
        left = one.not_after - state.now
        if timedelta(0) <= left < state.warn:
            yield Finding(
                code="certificate-ends-sooner",
                severity=Severity.ERROR,
                subject=FileSubject(one.file),
                title=f"The {one.role} certificate {one.name} ends in {span_words(left)}, sooner than asked for",
                explanation=f"It was asked to warn of what ends within {span_words(state.warn)}.",
                fix="rotate it; for a workload see whether the agent still gets certificates",
                evidence=(_period(one), f"now {_time(state.now)}"),
            )


def period_reversed(state: CertificateState) -> Iterator[Finding]:
    """It ends before it begins, so it is never valid."""
    for one in _limited(_relevant(state)):
        if one.not_after < one.not_before:
            yield Finding(
                code="certificate-period-reversed",
                severity=Severity.ERROR,
                subject=FileSubject(one.file),
                title=f"The {one.role} certificate {one.name} ends before it begins",
                explanation="It is valid at no moment, so every peer refuses it.",
                fix="issue it again, and see what set its times",
                evidence=(_period(one),),
            )


def outlives_issuer(state: CertificateState) -> Iterator[Finding]:
    """A chain is only as long-lived as its shortest link."""
    for chain in state.certificates.chains:
        first = chain.ends_first
        if first is chain.leaf or first.not_after < state.now:
            continue
        yield Finding(
            code="certificate-outlives-issuer",
            severity=Severity.WARNING,
            subject=FileSubject(first.file),
            title=f"{chain.leaf.name} outlives the {first.role} above it",
            explanation=f"The {first.role} {first.subject} ends {_time(first.not_after)}, before the leaf does "
            f"({_time(chain.leaf.not_after)}). From then on the leaf is refused although its own time is not over.",
            fix=f"renew the {first.role}, or issue shorter leaves",
            evidence=(_period(first), _period(chain.leaf)),
        )


def broken_chain(state: CertificateState) -> Iterator[Finding]:
    """The chain does not reach a trusted root, with the link that fails."""
    for chain in state.certificates.chains[:FINDINGS_PER_RULE]:
        if chain.problem is not None:
            yield _broken(chain)


_LINKS: Final = {
    LinkProblem.ISSUER_MISSING: Words(
        code="certificate-issuer-missing",
        title="The issuer of {below} is not at hand",
        explanation="No certificate here has the name {issuer}. Peers that trust only the root cannot build the chain.",
        fix="add the missing intermediate to the chain file, or the root to the CA file",
    ),
    LinkProblem.UNTRUSTED_ROOT: Words(
        code="certificate-root-untrusted",
        title="The chain of {leaf} ends at a root that is not trusted here",
        explanation="The chain is whole, but its root {below} is not in the CA file. Peers with the same roots "
        "refuse it; "
        "after a change "
        "of root this is what a workload looks like that has only one half of it.",
        fix="distribute one CA file with the old and the new root to both sides before leaves change",
    ),
    LinkProblem.SIGNATURE: Words(
        code="certificate-signature-wrong",
        title="{below} was not signed by the {issuer} at hand",
        explanation="The names fit but the signature does not: it was signed by another key of the same name, as "
        "after a root was "
        "replaced by one of the same name, or the certificate was altered.",
        fix="compare the roots of both sides; restart the agent so that chain and root come from one CA",
    ),
    LinkProblem.ISSUER_NOT_CA: Words(
        code="certificate-issuer-not-ca",
        title="{above} signed {below} but may not",
        explanation="Its basic constraints or key usage do not allow it to sign certificates (RFC 5280 §4.2.1.9). "
        "Peers refuse "
        "the chain.",
        fix="issue from a certificate with CA:TRUE and keyCertSign",
    ),
    LinkProblem.PATH_LENGTH: Words(
        code="certificate-path-too-long",
        title="{above} allows fewer intermediates than this chain has",
        explanation="Its path length constraint is exceeded (RFC 5280 §4.2.1.9). Peers refuse the chain.",
        fix="plug in an intermediate whose path length leaves room, or issue from one level higher",
    ),
    LinkProblem.TOO_LONG: Words(
        code="certificate-chain-too-long",
        title="The chain of {leaf} is longer than any verifier accepts",
        explanation="It still had not reached a root after the most certificates that are tried.",
        fix="remove certificates that do not belong to it",
    ),
    LinkProblem.NOT_CHECKED: Words(
        code="certificate-chain-not-checked",
        title="The chain of {leaf} was not checked",
        explanation="More signatures would have to be tried than meshtui allows itself, because very many "
        "certificates share "
        "one name.",
        fix="check the files of one workload at a time",
    ),
}
"""For each way a chain fails: its code, title, explanation and fix."""


def _broken(chain: Chain) -> Finding:
    assert chain.problem is not None
    said = _LINKS[chain.problem]
    at = chain.certificates[chain.at]
    below = chain.certificates[chain.at - 1] if chain.problem in _ABOUT_THE_UPPER else at
    words = {"leaf": chain.leaf.name, "below": below.name, "above": at.name, "issuer": below.issuer or "no name"}
    unchecked = chain.problem is LinkProblem.NOT_CHECKED
    return Finding(
        code=said.code,
        severity=Severity.INFO if unchecked else Severity.ERROR,
        subject=FileSubject(chain.leaf.file),
        title=said.title.format_map(words),
        explanation=said.explanation.format_map(words),
        fix=said.fix,
        evidence=tuple(f"{one.role} {one.name}, issued by {one.issuer}" for one in chain.certificates),
    )


_ABOUT_THE_UPPER: Final = frozenset({LinkProblem.ISSUER_NOT_CA, LinkProblem.PATH_LENGTH})
"""Problems whose certificate is the issuer, not the issued."""


def _relevant(state: CertificateState) -> tuple[Certificate, ...]:
    """What must be valid: the leaves' chains; without leaves every certificate."""
    chains = state.certificates.chains
    if not chains:
        return state.certificates.certificates
    return tuple({one.fingerprint_sha256: one for chain in chains for one in chain.certificates}.values())


def _in_phase(state: CertificateState, phase: Phase) -> Iterator[Certificate]:
    """Each certificate in this phase, once: the root often stands in both files."""
    distinct = {one.fingerprint_sha256: one for one in reversed(state.certificates.certificates)}
    return _limited(one for one in reversed(distinct.values()) if lifetime(one, state.now).phase is phase)


def _limited(certificates: Iterator[Certificate] | tuple[Certificate, ...]) -> Iterator[Certificate]:
    for number, one in enumerate(certificates):
        if number >= FINDINGS_PER_RULE:
            return
        yield one


def _weight(state: CertificateState, one: Certificate) -> Severity:
    """An error when a chain needs it; an old root beside the one in use is only a warning."""
    needed = {other.fingerprint_sha256 for other in _relevant(state)}
    return Severity.ERROR if one.fingerprint_sha256 in needed else Severity.WARNING


def _effect(one: Certificate) -> str:
    if one.role is Role.LEAF:
        return "Every new mTLS connection from and to this workload fails; those already open go on."
    return "No chain through it is accepted, so every workload below it is refused."


def _left(one: Certificate, now: datetime) -> str:
    return span_words(one.not_after - now)


def _period(one: Certificate) -> str:
    return f"{one.file}: serial {one.serial_text}, valid {_time(one.not_before)} to {_time(one.not_after)}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


RULES: Final[tuple[Rule[CertificateState], ...]] = (
    expired,
    not_yet_valid,
    rotation_late,
    ending,
    ends_sooner_than_asked,
    period_reversed,
    outlives_issuer,
    broken_chain,
)


def check_certificates(state: CertificateState) -> tuple[Finding, ...]:
    """Everything that can be said about a set of certificates, worst first."""
    found = (*run(RULES, state), *run(FILE_RULES, state.certificates), *run(NAME_RULES, state.certificates))
    return worst_first(found)
