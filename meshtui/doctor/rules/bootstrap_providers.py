"""Rules over certificate providers: defined, complete, and with files that are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from meshtui.doctor.evidence import BootstrapEvidence
from meshtui.doctor.kinds import bootstrap_providers as kinds
from meshtui.doctor.kinds.bootstrap import REFUSES
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import CertificateProvider
from meshtui.model.identity.certificate import CertificateSet, KeyState
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.json_text import is_below
from meshtui.model.identity.lifetime import lifetime
from meshtui.model.phrases import span_words
from meshtui.model.subject import BootstrapSubject, FileSubject

ZERO_INTERVAL: Final = (
    "gRPC C++ takes it without a word, but an interval of nothing says nothing about when files are read."
)

NO_INTERVAL: Final = f"It has to be seconds with an s at the end, above zero, as in 900s. {REFUSES}"

NAMED: Final = 5
"""Clusters and listeners named in the evidence."""

CONTENT: Final = {
    "certificate_file": "certificate chain",
    "private_key_file": "private key",
    "ca_certificate_file": "CA certificates",
    "spiffe_trust_bundle_map_file": "roots of each trust domain",
}
"""What is in the file that each field names."""


GKE_FILES: Final = (
    "none is needed where no config asks for mTLS; else let GKE mount workload certificates: the annotation "
    'security.cloud.google.com/use-workload-certificates: "" on the pods, and mesh certificates enabled on the cluster'
)
"""Google's generator names these files in every bootstrap; GKE mounts them for pods that ask for it."""

GOOGLE_TLS: Final = "the client TLS policy of the backend service and the server TLS policy of the endpoint policy"
"""Where Traffic Director takes TLS settings from."""

GKE_READABLE: Final = "let the app's user read the volume that GKE mounts the workload certificates from"


def undefined(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The accepted config asks for an instance that the bootstrap does not define."""
    if seen.bootstrap.syntax is not None:
        return
    asked: dict[str, list[str]] = {}
    for instance, by in seen.asked_providers:
        if instance and seen.bootstrap.provider(instance) is None:
            asked.setdefault(instance, []).append(by)
    defined = ", ".join(provider.name for provider in seen.bootstrap.certificate_providers) or "none"
    for instance, users in asked.items():
        yield kinds.PROVIDER_UNDEFINED.finding(
            BootstrapSubject("certificate_providers" if seen.bootstrap.certificate_providers else ""),
            fix=f"define {instance!r} in certificate_providers, or take TLS out of {GOOGLE_TLS}"
            if seen.bootstrap.for_google
            else "",
            instance=instance,
            evidence=(*(f"{user} asks for {instance!r}" for user in users[:NAMED]), f"defined: {defined}"),
        )


def plugins(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The plugin behind each instance, and what it needs."""
    for provider in seen.bootstrap.certificate_providers:
        misfits = seen.bootstrap.misfits
        if any(is_below(misfit.path, provider.path) and not misfit.only_some_refuse for misfit in misfits):
            continue
        if provider.plugin_name != "file_watcher":
            yield _unknown_plugin(seen, provider)
        else:
            yield from _file_watcher(seen, provider)
    for watched in seen.bootstrap.watched:
        if not any(is_below(misfit.path, f"{watched.path}.config") for misfit in seen.bootstrap.misfits):
            yield from _interval(seen, watched)


def _unknown_plugin(seen: BootstrapEvidence, provider: CertificateProvider) -> Finding:
    what = f"has the plugin {provider.plugin_name!r}" if provider.plugin_name else "has no plugin_name"
    return kinds.PROVIDER_PLUGIN_UNKNOWN.finding(
        BootstrapSubject(provider.path),
        provider=provider.name,
        has_another_plugin=what,
        evidence=(seen.at(provider.path, what),),
    )


def _file_watcher(seen: BootstrapEvidence, provider: CertificateProvider) -> Iterator[Finding]:
    config = f"{provider.path}.config"
    has_certificate, has_key = bool(provider.certificate_file), bool(provider.private_key_file)
    has_map = bool(provider.spiffe_trust_bundle_map_file)
    if has_certificate != has_key or not (has_certificate or provider.ca_certificate_file or has_map):
        lacks = "private_key_file" if has_certificate else "certificate_file"
        path = config if provider.has_config else provider.path
        yield kinds.PROVIDER_INCOMPLETE.finding(
            BootstrapSubject(path), provider=provider.name, field=lacks, evidence=(seen.at(path, f"has no {lacks}"),)
        )
    elif has_map and not provider.ca_certificate_file:
        yield kinds.PROVIDER_ROOTS_IN_MAP.finding(
            BootstrapSubject(f"{config}.spiffe_trust_bundle_map_file"),
            provider=provider.name,
            evidence=(seen.at(config, "has spiffe_trust_bundle_map_file and no ca_certificate_file"),),
        )
    elif not provider.ca_certificate_file:
        yield kinds.PROVIDER_NO_ROOTS.finding(
            BootstrapSubject(config),
            provider=provider.name,
            evidence=(seen.at(config, "has no ca_certificate_file"),),
        )


def _interval(seen: BootstrapEvidence, provider: CertificateProvider) -> Iterator[Finding]:
    interval, path = provider.refresh_interval, f"{provider.path}.config.refresh_interval"
    if interval is not None and interval > timedelta(0):
        return
    written = provider.config.get("refresh_interval")
    zero = interval == timedelta(0)
    yield kinds.REFRESH_INTERVAL_INVALID.finding(
        BootstrapSubject(path),
        severity=Severity.WARNING if zero else Severity.ERROR,
        written=written,
        what_is_wrong=ZERO_INTERVAL if zero else NO_INTERVAL,
        evidence=(seen.at(path, f"is {written!r}"),),
    )


def files(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The files each provider names are there and can be read."""
    for provider in seen.bootstrap.watched:
        for field, path in provider.files if provider.for_mesh else ():
            place = f"{provider.path}.config.{field}"
            yield from _file(seen, provider.name, place, CONTENT[field], path, seen.facts(path))


def _file(
    seen: BootstrapEvidence, provider: str, place: str, content: str, path: str, facts: FileFacts
) -> Iterator[Finding]:
    subject, also = BootstrapSubject(place), (FileSubject(path),)
    google = seen.bootstrap.for_google
    unused = google and all(instance != provider for instance, _ in seen.asked_providers)
    if facts.kind is FileKind.MISSING:
        yield kinds.PROVIDER_FILE_MISSING.finding(
            subject,
            also=also,
            severity=Severity.WARNING if unused else Severity.ERROR,
            fix=GKE_FILES if google else "",
            path=path,
            provider=provider,
            content=content,
            evidence=(f"{path}: {facts.detail or 'missing'}", seen.at(place, f"is {path!r}")),
        )
    elif facts.kind not in {FileKind.FILE, FileKind.NOT_LOOKED}:
        reason = facts.detail or f"it is a {facts.kind}"
        yield kinds.PROVIDER_FILE_UNREADABLE.finding(
            subject,
            also=also,
            fix=GKE_READABLE if google else "",
            path=path,
            provider=provider,
            content=content,
            reason=reason,
            evidence=(f"{path}: {reason}", seen.at(place, f"is {path!r}")),
        )
    elif facts.kind is FileKind.FILE and facts.size == 0:
        yield kinds.PROVIDER_FILE_EMPTY.finding(
            subject,
            also=also,
            fix=GKE_FILES if google else "",
            path=path,
            provider=provider,
            content=content,
            evidence=(f"{path}: 0 bytes",),
        )


def refresh_interval(seen: BootstrapEvidence) -> Iterator[Finding]:
    """gRPC has to re-read before the old certificate ends, also when it has just missed a rotation."""
    for name, certificates in seen.certificates:
        provider, leaf = seen.bootstrap.watched_as(name), certificates.leaf
        if provider is None or leaf is None or provider.refresh_interval is None:
            continue
        life = lifetime(leaf, seen.now)
        after_rotation = life.not_after - life.rotation_due_at
        if provider.refresh_interval <= after_rotation or after_rotation <= timedelta(0):
            continue
        place = f"{provider.path}.config"
        yield kinds.REFRESH_INTERVAL_LONG.finding(
            BootstrapSubject(f"{place}.refresh_interval" if "refresh_interval" in provider.config else place),
            interval=span_words(provider.refresh_interval),
            left=span_words(after_rotation),
            evidence=(
                seen.at(place, f"refreshes every {provider.refresh_interval.total_seconds():g} s"),
                f"{leaf.file}: lives {span_words(life.total)}, until {leaf.not_after:%Y-%m-%d %H:%M:%S} UTC",
            ),
        )


def mismatch(seen: BootstrapEvidence) -> Iterator[Finding]:
    """The two files of a provider do not belong together."""
    for name, certificates in seen.certificates:
        provider = seen.bootstrap.watched_as(name)
        if provider is not None and _differs(certificates):
            place = f"{provider.path}.config"
            yield kinds.PROVIDER_FILES_MISMATCH.finding(
                BootstrapSubject(place),
                also=(FileSubject(provider.certificate_file), FileSubject(provider.private_key_file)),
                provider=name,
                evidence=(
                    seen.at(f"{place}.certificate_file", f"is {provider.certificate_file!r}"),
                    seen.at(f"{place}.private_key_file", f"is {provider.private_key_file!r}"),
                ),
            )


def _differs(certificates: CertificateSet) -> bool:
    return certificates.key is not None and certificates.key.state is KeyState.DIFFERS


RULES: Final[tuple[Rule[BootstrapEvidence], ...]] = (undefined, plugins, files, refresh_interval, mismatch)
"""The rules of this module."""
