"""``meshtui bootstrap``: what a workload's gRPC reads at its start, checked."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from meshtui.cli.diagnostics import ExitCode, say
from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit
from meshtui.model.address import as_typed
from meshtui.model.clock import utc_now
from meshtui.model.errors import MeshtuiError, TargetUnreachable, UsageError
from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.identity.bootstrap_lines import bootstrap_lines
from meshtui.model.target import TargetOptions
from meshtui.present.documents.document import document
from meshtui.present.documents.findings import any_error, finding_json, finding_lines
from meshtui.present.text_lines import Lines

if TYPE_CHECKING:
    from meshtui.model.identity.workload import WorkloadFiles


@click.command()
@target_options(optional=True)
@output_option
@click.pass_context
def bootstrap(ctx: click.Context, target: str | None, options: TargetOptions, format_: str) -> None:
    """The gRPC bootstrap, with what is wrong in it. Secrets in it are masked.

    TARGET is a pod or the file; without one, GRPC_XDS_BOOTSTRAP and GRPC_XDS_BOOTSTRAP_CONFIG are read as gRPC does.
    For an address give --bootstrap FILE. What the app's accepted config asks of the bootstrap is then checked too.
    """
    found, asked = _read(target, options)
    assert found.bootstrap is not None
    from meshtui.doctor.diagnose import diagnose
    from meshtui.doctor.evidence import BootstrapEvidence, Evidence

    seen = BootstrapEvidence(
        now=utc_now(),
        bootstrap=found.bootstrap,
        files=found.facts,
        certificates=found.certificates,
        asked_providers=asked,
        tokens=found.tokens,
        both_variables=found.both_variables,
        platform=sys.platform,
    )
    findings = diagnose(Evidence(bootstrap=seen))
    data = document(
        target or found.bootstrap.source,
        source=found.bootstrap.source,
        bootstrap=dict(found.bootstrap.document) if found.bootstrap.syntax is None else None,
        masked=[hidden.path for hidden in found.bootstrap.masked],
        findings=[finding_json(finding) for finding in findings],
    )
    lines = [*_text(found.bootstrap), *finding_lines(findings)]
    emit(format_, lambda: data, lambda: Lines(lines))
    if any_error(findings):
        ctx.exit(ExitCode.WRONG)


def _text(found: Bootstrap) -> list[str]:
    return [f"# {found.source}", *("  " * line.depth + line.text for line in bootstrap_lines(found))]


def _read(target: str | None, options: TargetOptions) -> tuple[WorkloadFiles, tuple[tuple[str, str], ...]]:
    """The files, and which provider instances the accepted config asks for (none without an address)."""
    from meshtui.targets import read_workload, workload_from_environment

    if target is None:
        found = workload_from_environment(os.environ)
        if found is None:
            raise UsageError(
                "No bootstrap is named, and neither GRPC_XDS_BOOTSTRAP nor GRPC_XDS_BOOTSTRAP_CONFIG is set.",
                "meshtui bootstrap /etc/istio/proxy/grpc-bootstrap.json",
            )
        return found, ()
    from meshtui.targets import is_pod

    if is_pod(target, options):
        return _of_pod(target, options)
    is_path = os.path.exists(target) or (os.sep in target and "://" not in target) or target.endswith(".json")
    if is_path:
        return read_workload(target, options.certs), ()
    if options.bootstrap is None:
        raise UsageError(
            f"{as_typed(target)} is no file, and an address alone gives no bootstrap.", "add --bootstrap FILE"
        )
    return read_workload(options.bootstrap, options.certs), _asked(target, options)


def _of_pod(target: str, options: TargetOptions) -> tuple[WorkloadFiles, tuple[tuple[str, str], ...]]:
    """What is in the pod, and what the accepted config of that very pod asks for."""
    from meshtui.cli.person import PERSON
    from meshtui.targets.pod_identity import read_pod

    if options.certs and not options.bootstrap:
        raise UsageError("With --certs the pod's own files are not read.", "add --bootstrap FILE, or leave it out")
    pod = read_pod(target, options, PERSON)
    if isinstance(pod.files, MeshtuiError):
        raise pod.files
    if pod.files.bootstrap is None:
        raise TargetUnreachable(f"The bootstrap of {pod.target} was not found.", "--bootstrap FILE names a copy of it")
    return pod.files, _asked(pod.target, pod.options)


def _asked(target: str, options: TargetOptions) -> tuple[tuple[str, str], ...]:
    """What the app behind the address wants of its bootstrap; nothing when it cannot be asked, which is said."""
    from meshtui.cli.person import PERSON
    from meshtui.model.identity.accepted_tls import asked_providers, clusters_tls, listeners_tls
    from meshtui.targets import look

    try:
        snapshot = look(target, options, person=PERSON)
    except UsageError:
        raise
    except MeshtuiError as error:
        say(f"meshtui: the accepted config was not looked at: {error.what}")
        return ()
    return asked_providers(clusters_tls(snapshot), listeners_tls(snapshot))
