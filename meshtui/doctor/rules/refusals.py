"""Rules over what a client did not take: config it refused, and errors that the control plane sent instead."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from meshtui.doctor.evidence import ConfigEvidence
from meshtui.doctor.explain.catalogue import known_refusal
from meshtui.doctor.explain.known_error import KnownError
from meshtui.doctor.explain.refusals.listeners import ENVOY_CONFIG
from meshtui.doctor.kinds import config as kinds
from meshtui.doctor.rules.advice import FOR_ENVOY, Advice
from meshtui.doctor.rules.config_words import WAYS_SHOWN, several, short_name, type_word
from meshtui.doctor.rules.effects import Effects, failing
from meshtui.doctor.rules.generator import GeneratorSaid, generator_said
from meshtui.model.finding import Finding, Severity
from meshtui.model.subject import ResourceSubject
from meshtui.model.xds.refusal_text import own_reason, shown, without_quotes
from meshtui.model.xds.resource import LDS, Resource, Status


def refused(seen: ConfigEvidence) -> Iterator[Finding]:
    """A NACK: the client will not take the newest version (gRFC A27). One cause for several resources is said once."""
    together: dict[tuple[str, str], list[_Refusal]] = {}
    for resource in seen.snapshot.troubled:
        if resource.status is Status.NACKED:
            refusal = _Refusal.of(resource)
            if refusal.known is not ENVOY_CONFIG:
                together.setdefault((resource.key.type, refusal.cause), []).append(refusal)
    all_effects, advice = Effects(seen.graph), Advice(seen)
    for refusals in together.values():
        yield _refusal(refusals, seen, all_effects, advice)


def envoy_config(seen: ConfigEvidence) -> Iterator[Finding]:
    """Config that only Envoy takes, refused: istiod was not told that the client is gRPC (grpc/grpc-go#7077)."""
    refusals = envoy_shaped(seen)
    if not refusals:
        return
    absent = absent_listeners(seen, {refusal.resource.key.scope for refusal in refusals})
    names = ", ".join(short_name(resource) for resource in absent[:WAYS_SHOWN])
    more = f" and {len(absent) - WAYS_SHOWN} more" if len(absent) > WAYS_SHOWN else ""
    of_another = Advice(seen).instead(refusals[0].resource.key, FOR_ENVOY)
    said = GeneratorSaid("", of_another) if of_another else generator_said(seen.snapshot.node.generator)
    yield kinds.ENVOY_CONFIG.finding(
        ResourceSubject(refusals[0].resource.key),
        also=(ResourceSubject(resource.key) for resource in absent),
        names=_several_of_any_type([refusal.resource for refusal in refusals]),
        first_reason=shown(refusals[0].reason),
        title_known=_sentence(ENVOY_CONFIG.title),
        absent=f" The listener of {names}{more} never came, so calls there fail." if absent else "",
        generator=f" {said.words}." if said.words else "",
        fix_known=said.fix,
        evidence=(*_statuses(refusals), *((said.words,) if said.words else ())),
    )


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One refused resource: the client's reason for it, and what that is known to mean."""

    resource: Resource
    reason: str
    known: KnownError | None

    @classmethod
    def of(cls, resource: Resource) -> _Refusal:
        details = resource.error.details if resource.error else ""
        reason = own_reason(details, resource.key.name) or details
        return cls(resource, reason or "(none given)", known_refusal(reason, resource.key.type))

    @property
    def cause(self) -> str:
        """What refusals of one cause share: grpc-go prints each resource into its reason."""
        return self.known.code if self.known else without_quotes(self.reason)


def _refusal(refusals: list[_Refusal], seen: ConfigEvidence, all_effects: Effects, advice: Advice) -> Finding:
    first = next((refusal for refusal in refusals if not refusal.resource.value), refusals[0])
    known, resource = first.known, first.resource
    version = resource.error.version if resource.error else ""
    names = several([refusal.resource for refusal in refusals])
    lost = (refusal.resource for refusal in refusals if not refusal.resource.value)
    effects = tuple(effect for refused_first in lost for effect in all_effects.of(refused_first))
    return kinds.REFUSED.finding(
        ResourceSubject(resource.key),
        title=failing(effects, f"fail: the client refused {names}"),
        fix=advice.if_it_holds(resource.key, known) if known else "",
        names=names,
        reason_known=f"The client refused it because {known.title}. " if known else "",
        kept=_kept(resource) if resource.value else _nothing_kept(seen, resource, all_effects),
        reason=shown(first.reason),
        origin=advice.changed_by(resource),
        evidence=(*_statuses(refusals), *((f"refused version {version}",) if version else ()), shown(first.reason)),
    )


def _nothing_kept(seen: ConfigEvidence, resource: Resource, effects: Effects) -> str:
    """gRFC A88: with ``fail_on_data_errors`` the client drops the config it had."""
    fate = ", so requests that need it fail"
    if effects.is_spared(resource):
        because = effects.spared_by(resource)
        fate = f" (no call is known to fail for it{f', {because}' if because else ''})"
    nothing = f"No config of it is in force{fate}: none was accepted before it"
    if "fail_on_data_errors" in seen.server_features:
        return f"{nothing}, or the client dropped it, as fail_on_data_errors of its bootstrap asks (gRFC A88)."
    if seen.server_uris:
        return f"{nothing}."
    return f"{nothing}, or the bootstrap has fail_on_data_errors and the client dropped the one it had (gRFC A88)."


def _kept(resource: Resource) -> str:
    return (
        f"The version before it ({resource.version or 'unnamed'}) stays in force: requests are served by the OLD "
        "config, and no change to it arrives until the cause is mended."
    )


def _statuses(refusals: list[_Refusal]) -> Iterator[str]:
    for refusal in refusals[:WAYS_SHOWN]:
        resource = refusal.resource
        yield f"{resource.key.type} {resource.key.name} is {resource.status.name}"


def envoy_shaped(seen: ConfigEvidence) -> list[_Refusal]:
    """The refusals of config that istiod writes for Envoy and gRPC does not take."""
    nacked = (resource for resource in seen.snapshot.troubled if resource.status is Status.NACKED)
    return [refusal for refusal in map(_Refusal.of, nacked) if refusal.known is ENVOY_CONFIG]


def absent_listeners(seen: ConfigEvidence, scopes: Set[str]) -> list[Resource]:
    """Listeners that these clients asked for and did not get: what came instead was refused."""
    return [
        resource
        for resource in seen.snapshot.troubled
        if resource.key.type == LDS and resource.key.scope in scopes and _is_absent(resource)
    ]


def _is_absent(resource: Resource) -> bool:
    return resource.status is Status.DOES_NOT_EXIST and not resource.value


def _several_of_any_type(resources: list[Resource]) -> str:
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        by_type.setdefault(resource.key.type, []).append(resource)
    return "; ".join(several(of_type) for of_type in by_type.values())


def _sentence(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]


def received_error(seen: ConfigEvidence) -> Iterator[Finding]:
    """The control plane answered with an error for the resource (xRFC TP3, gRFC A88); the client refused nothing."""
    all_effects = Effects(seen.graph)
    for resource in seen.snapshot.troubled:
        if resource.status is not Status.RECEIVED_ERROR:
            continue
        details = resource.error.details if resource.error else ""
        reason = shown(details) or "(none given)"
        kept = bool(resource.value)
        spared = kept or all_effects.is_spared(resource)
        what = f"{type_word(resource)} {short_name(resource)}"
        yield kinds.RECEIVED_ERROR.finding(
            ResourceSubject(resource.key),
            severity=Severity.WARNING if spared else None,
            title="" if kept else failing(all_effects.of(resource), f"fail: the control plane has an error for {what}"),
            type=type_word(resource),
            name=resource.key.name,
            short_name=short_name(resource),
            in_force=(
                "The config before it stays in force and requests go by it, but no change to it arrives."
                if kept
                else "No config of it is in force, so requests that need it fail."
                if not spared
                else "No config of it is in force; no call is known to fail for it."
            ),
            reason=reason,
            evidence=(f"{resource.key.type} {resource.key.name} is {resource.status.name}", reason),
        )
