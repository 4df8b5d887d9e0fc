"""``meshtui xds status``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from meshtui.cli.diagnostics import ExitCode, say
from meshtui.cli.layout import terminal_width
from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit
from meshtui.cli.person import PERSON
from meshtui.cli.xds.snapshot import in_order, report_problems
from meshtui.model.phrases import age_words
from meshtui.model.target import TargetOptions
from meshtui.model.xds.resource import Resource, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.model.xds.status_words import status_note
from meshtui.present.advice import NO_OUTBOUND, NO_OUTBOUND_FIX, NO_OUTBOUND_LINE
from meshtui.present.documents.document import document, resource_document
from meshtui.present.marks import HEALTH_SIGNS
from meshtui.targets import looking

if TYPE_CHECKING:
    from meshtui.model.finding import Finding
    from meshtui.present.table import Table
    from meshtui.present.text_lines import Sign


@click.command()
@click.option(
    "--check", is_flag=True, help="Exit with 1 when config is refused or calls fail for what it says or lacks."
)
@target_options()
@output_option
@click.pass_context
def status(ctx: click.Context, target: str, check: bool, options: TargetOptions, format_: str) -> None:
    """Each resource with its status, version, age and, if refused, the reason."""
    findings: Sequence[Finding] = ()
    with looking(target, options, person=PERSON) as look:
        snapshot = look()
        if check:
            from meshtui.cli.xds.check import check_config, known_bootstrap

            snapshot, findings = check_config(snapshot, look, known_bootstrap(options, look))
    report_problems(snapshot)
    resources = in_order(snapshot.resources.values())

    def data() -> dict[str, Any]:
        return document(
            target,
            node=_node_json(snapshot.node),
            summary=_summary(snapshot),
            resources=[resource_document(resource) for resource in resources],
            problems=list(snapshot.problems),
        )

    emit(format_, data, lambda: _status_table(snapshot, resources))
    if findings:
        for finding in findings:
            say(f"meshtui: {finding.title}")
        ctx.exit(ExitCode.WRONG)


def _node_json(node: NodeIdentity) -> dict[str, Any]:
    return {
        "id": node.id,
        "cluster": node.cluster,
        "user_agent": node.user_agent,
        "user_agent_version": node.user_agent_version,
        "locality": node.locality,
    }


def _summary(snapshot: Snapshot) -> dict[str, int]:
    statuses = [resource.status for resource in snapshot.resources.values()]
    return {status.name.lower(): statuses.count(status) for status in Status}


def _status_table(snapshot: Snapshot, resources: Sequence[Resource]) -> Table:
    from meshtui.present.table import Table

    ages = {at: _age(snapshot.taken_at, at) for at in {resource.last_updated for resource in resources}}
    whole = terminal_width() is None
    rows = [
        (
            (HEALTH_SIGNS[resource.health], f" {resource.status.name}"),
            resource.key.type,
            resource.key.name,
            (resource.version if whole else _short(resource.version)) or "–",
            ages[resource.last_updated],
            status_note(resource),
        )
        for resource in resources
    ]
    node = snapshot.node
    summary: list[str | Sign] = []
    for health, word, count in snapshot.counts:
        if count:
            summary += [*([" · "] if summary else []), HEALTH_SIGNS[health], f" {count} {word}"]
    head = f"{node.id or 'unnamed node'}   {node.user_agent} {node.user_agent_version}".rstrip()
    after = [] if snapshot.has_outbound else [" ".join((NO_OUTBOUND, NO_OUTBOUND_FIX, NO_OUTBOUND_LINE))]
    headings = ("STATUS", "TYPE", "NAME", "VERSION", "AGE", "NOTE")
    return Table(headings, rows, before=(head, tuple(summary) or "no resources", ""), after=after)


def _age(now: datetime, at: datetime | None) -> str:
    return age_words(now - at) if at is not None else "–"


def _short(version: str) -> str:
    """The part in which Istio's ``2026-08-01T10:00:00Z/41`` differs, as on the screen."""
    return version.rpartition("/")[2] or version
