"""Rules over certificate providers: defined, complete, and with files that are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from meshtui.doctor.bootstrap import REFUSES, BootstrapState
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import CertificateProvider
from meshtui.model.identity.certificate import CertificateSet
from meshtui.model.identity.file_facts import FileKind
from meshtui.model.identity.lifetime import lifetime
from meshtui.model.phrases import span_words
from meshtui.model.subject import BootstrapSubject

NO_TLS = "Clusters and listeners that use this provider cannot do TLS: their connections fail."
"""What follows when a provider has nothing to give."""


def undefined(state: BootstrapState) -> Iterator[Finding]:
    """The accepted config asks for an instance that the bootstrap does not define."""
    if state.bootstrap.syntax is not None:
        return
    asked: dict[str, list[str]] = {}
    for instance, by in state.asked_providers:
        if instance and state.bootstrap.provider(instance) is None:
            asked.setdefault(instance, []).append(by)
    for instance, users in asked.items():
        defined = ", ".join(one.name for one in state.bootstrap.certificate_providers) or "none"
        yield Finding(
            code="bootstrap-provider-undefined",
            severity=Severity.ERROR,
            subject=BootstrapSubject("certificate_providers" if state.bootstrap.certificate_providers else ""),
            title=f"The config asks for the certificate provider {instance!r}, which the bootstrap does not define",
            explanation="gRPC refuses (NACKs) a cluster or listener that names an unknown provider instance, and "
            "the old "
            "config stays in force; with none before, requests fail.",
            fix=f"define {instance!r} in certificate_providers, or turn mTLS off for these (DestinationRule, "
            "PeerAuthentication)",
            evidence=(*(f"{user} asks for {instance!r}" for user in users[:5]), f"defined: {defined}"),
        )


def plugins(state: BootstrapState) -> Iterator[Finding]:
    """The plugin behind each instance, and what it needs."""
    for provider in state.bootstrap.certificate_providers:
        if any(misfit.path.startswith(provider.path) for misfit in state.bootstrap.misfits):
            continue
        if provider.plugin_name != "file_watcher":
            yield _unknown_plugin(state, provider)
        else:
            yield from _file_watcher(state, provider)


def _unknown_plugin(state: BootstrapState, provider: CertificateProvider) -> Finding:
    what = f"has the plugin {provider.plugin_name!r}" if provider.plugin_name else "has no plugin_name"
    return Finding(
        code="bootstrap-provider-plugin-unknown",
        severity=Severity.ERROR,
        subject=BootstrapSubject(provider.path),
        title=f"Certificate provider {provider.name!r} {what}",
        explanation="file_watcher is the one plugin every gRPC has. C++ and the languages on it refuse the whole "
        "bootstrap "
        "for another one; Go and Java only fail when the provider is used.",
        fix='use "plugin_name": "file_watcher" with the files the agent writes',
        evidence=(state.at(provider.path, what),),
    )


def _file_watcher(state: BootstrapState, provider: CertificateProvider) -> Iterator[Finding]:
    config = f"{provider.path}.config"
    has_certificate, has_key = bool(provider.certificate_file), bool(provider.private_key_file)
    if has_certificate != has_key or not (has_certificate or provider.ca_certificate_file):
        lacks = "private_key_file" if has_certificate else "certificate_file"
        both = "certificate_file and private_key_file belong together, and one of certificate and CA is needed"
        yield Finding(
            code="bootstrap-provider-incomplete",
            severity=Severity.ERROR,
            subject=BootstrapSubject(config if provider.has_config else provider.path),
            title=f"Certificate provider {provider.name!r} lacks {lacks}",
            explanation=f"{both} (gRFC A29). {REFUSES}",
            fix=f"add {lacks}",
            evidence=(state.at(config if provider.has_config else provider.path, f"has no {lacks}"),),
        )
    elif not provider.ca_certificate_file:
        yield Finding(
            code="bootstrap-provider-no-roots",
            severity=Severity.WARNING,
            subject=BootstrapSubject(config),
            title=f"Certificate provider {provider.name!r} names no CA file",
            explanation="It can prove who this workload is, but not check peers: gRPC refuses config that takes its "
            "roots from this instance, as Istio's does.",
            fix="add ca_certificate_file (root-cert.pem)",
            evidence=(state.at(config, "has no ca_certificate_file"),),
        )
    yield from _interval(state, provider)


def _interval(state: BootstrapState, provider: CertificateProvider) -> Iterator[Finding]:
    interval, path = provider.refresh_interval, f"{provider.path}.config.refresh_interval"
    if interval is not None and interval > timedelta(0):
        return
    written = provider.config.get("refresh_interval")
    zero = interval == timedelta(0)
    yield Finding(
        code="bootstrap-refresh-interval-invalid",
        severity=Severity.WARNING if zero else Severity.ERROR,
        subject=BootstrapSubject(path),
        title=f"refresh_interval {written!r} is no usable duration",
        explanation="gRPC C++ takes it without a word, but an interval of nothing says nothing about when files "
        "are read."
        if zero
        else f"It has to be seconds with an s at the end, above zero, as in 900s. {REFUSES}",
        fix='write "refresh_interval": "900s"',
        evidence=(state.at(path, f"is {written!r}"),),
    )


def files(state: BootstrapState) -> Iterator[Finding]:
    """The files each provider names are there and can be read."""
    for provider in state.bootstrap.certificate_providers:
        for field, path in provider.files:
            facts, place = state.facts(path), f"{provider.path}.config.{field}"
            if facts.kind is FileKind.MISSING:
                yield Finding(
                    code="bootstrap-provider-file-missing",
                    severity=Severity.ERROR,
                    subject=BootstrapSubject(place),
                    title=f"{path} is not there",
                    explanation=f"Provider {provider.name!r} reads its {_what(field)} from it. {NO_TLS}",
                    fix="see that the agent got its certificate (its log, /healthz/ready) and that OUTPUT_CERTS "
                    "and this "
                    "container's mount are the same directory",
                    evidence=(f"{path}: {facts.detail or 'missing'}", state.at(place, f"is {path!r}")),
                )
            elif facts.kind not in {FileKind.FILE, FileKind.NOT_LOOKED}:
                why = facts.detail or f"it is a {facts.kind}"
                yield Finding(
                    code="bootstrap-provider-file-unreadable",
                    severity=Severity.ERROR,
                    subject=BootstrapSubject(place),
                    title=f"{path} cannot be read",
                    explanation=f"{why}. Provider {provider.name!r} reads its {_what(field)} from it. {NO_TLS}",
                    fix="let the app's user read it (fsGroup 1337 is what Istio uses)",
                    evidence=(f"{path}: {why}", state.at(place, f"is {path!r}")),
                )
            elif facts.kind is FileKind.FILE and facts.size == 0:
                yield Finding(
                    code="bootstrap-provider-file-empty",
                    severity=Severity.ERROR,
                    subject=BootstrapSubject(place),
                    title=f"{path} is empty",
                    explanation=f"Provider {provider.name!r} reads its {_what(field)} from it. {NO_TLS}",
                    fix="see that the volume is not full, and restart the agent",
                    evidence=(f"{path}: 0 bytes",),
                )


def _what(field: str) -> str:
    return {
        "certificate_file": "certificate chain",
        "private_key_file": "private key",
        "ca_certificate_file": "CA certificates",
    }[field]


def refresh_interval(state: BootstrapState) -> Iterator[Finding]:
    """gRPC has to re-read before the old certificate ends, also when it has just missed a rotation."""
    for name, certificates in state.certificates:
        provider, leaf = state.bootstrap.provider(name), certificates.leaf
        if provider is None or leaf is None or provider.refresh_interval is None:
            continue
        life = lifetime(leaf, state.now)
        after_rotation = life.not_after - life.rotation_due_at
        if provider.refresh_interval <= after_rotation or after_rotation <= timedelta(0):
            continue
        place = f"{provider.path}.config"
        every = span_words(provider.refresh_interval)
        yield Finding(
            code="bootstrap-refresh-interval-long",
            severity=Severity.WARNING,
            subject=BootstrapSubject(f"{place}.refresh_interval" if "refresh_interval" in provider.config else place),
            title="gRPC may re-read the certificate only after the old one has ended",
            explanation=f"It re-reads every {every}, but a certificate rotated at half life has only "
            f"{span_words(after_rotation)} left. Until the next re-reading the app shows an expired one, and peers "
            "refuse it.",
            fix=f"set refresh_interval well below {span_words(after_rotation)}, or let certificates live longer",
            evidence=(
                state.at(place, f"refreshes every {provider.refresh_interval.total_seconds():g} s"),
                f"{leaf.file}: lives {span_words(life.total)}, until {leaf.not_after:%Y-%m-%d %H:%M:%S} UTC",
            ),
        )


def mismatch(state: BootstrapState) -> Iterator[Finding]:
    """The two files of a provider do not belong together."""
    for name, certificates in state.certificates:
        provider = state.bootstrap.provider(name)
        if provider is not None and _differs(certificates):
            yield Finding(
                code="bootstrap-provider-files-mismatch",
                severity=Severity.ERROR,
                subject=BootstrapSubject(f"{provider.path}.config"),
                title=f"Certificate and key of provider {name!r} do not belong together",
                explanation="The key is not the one the certificate was made for, so every handshake fails. It "
                "passes by "
                "itself when the two files were looked at in the middle of a rotation (each is replaced alone).",
                fix="if it stays, see which files are meant, and restart the agent so that it writes both again",
                evidence=(
                    state.at(f"{provider.path}.config.certificate_file", f"is {provider.certificate_file!r}"),
                    state.at(f"{provider.path}.config.private_key_file", f"is {provider.private_key_file!r}"),
                ),
            )


def _differs(certificates: CertificateSet) -> bool:
    return certificates.key is not None and certificates.key.state.value == "differs"
