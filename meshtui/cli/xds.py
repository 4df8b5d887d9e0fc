"""``meshtui xds status|config|tree``."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable
from typing import Any, Final

import click

from meshtui.cli.diagnostics import ExitCode, say
from meshtui.cli.layout import cut_lines, terminal_width
from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit
from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError
from meshtui.model.phrases import age_words, plural, share_words
from meshtui.model.target import TargetOptions
from meshtui.model.xds.graph import Graph, Node
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import KNOWN_TYPES, Health, Resource, Status
from meshtui.model.xds.snapshot import NodeIdentity, Snapshot
from meshtui.model.xds.status_words import status_note
from meshtui.present.documents.document import document, resource_document
from meshtui.present.table import Table

MARKS: Final = {Health.OK: "✓", Health.WAITING: "…", Health.MISSING: "∅", Health.REFUSED: "✗"}
"""A glyph for each health, the same as on the screen."""

LONGEST_GLOB: Final = 1_000
"""Characters of ``--name``: longer than any name in a mesh, and nothing that takes time to match."""

NO_OUTBOUND: Final = (
    "No outbound config: this app has no xds: channel open now. It appears while one is open; "
    "meshtui echo TARGET --url xds:///SERVICE:PORT opens one."
)
"""Said when there is only the server's own listener, which surprises people."""


@click.group()
def xds() -> None:
    """The xDS config that the gRPC client in the target really holds."""


@xds.command()
@click.argument("target")
@click.option("--check", is_flag=True, help="Exit with 1 when something is refused or missing.")
@target_options
@output_option
@click.pass_context
def status(ctx: click.Context, target: str, check: bool, options: TargetOptions, format_: str) -> None:
    """Each resource with its status, version, age and, if refused, the reason."""
    snapshot = _look(target, options)
    _report_problems(snapshot)
    resources = in_order(snapshot.resources.values())
    data = document(
        target,
        node=_node_json(snapshot.node),
        summary=_summary(snapshot),
        resources=[resource_document(resource) for resource in resources],
        problems=list(snapshot.problems),
    )
    emit(format_, data, _status_table(snapshot, resources))
    counts = snapshot.counts()
    if check and counts[Health.REFUSED] + counts[Health.MISSING]:
        ctx.exit(ExitCode.WRONG)


@xds.command()
@click.argument("target")
@click.option("--type", "types", metavar="LIST", default="", help="Types to show, such as lds,cds (default: all).")
@click.option("--name", "pattern", metavar="GLOB", default="*", help="Names to show; * and ? as in a shell.")
@target_options
@output_option
def config(target: str, types: str, pattern: str, options: TargetOptions, format_: str) -> None:
    """The config in force, as canonical proto JSON."""
    wanted = _types(types)
    if len(pattern) > LONGEST_GLOB:
        raise UsageError(f"--name takes a pattern of at most {LONGEST_GLOB} characters.", "Use * for the rest.")

    def select(resource: Resource) -> bool:
        return (not wanted or resource.key.type in wanted) and fnmatch.fnmatchcase(resource.key.name, pattern)

    from meshtui.targets import look_with_config

    snapshot, configs = look_with_config(target, options, select)
    _report_problems(snapshot)
    resources = [
        {**resource_document(resource), "config": configs[resource.key]}
        for resource in in_order(snapshot.resources[key] for key in configs)
    ]
    text = "\n".join(_config_text(shown) for shown in resources)
    emit(
        format_, document(target, resources=resources, problems=list(snapshot.problems)), text or "no resource matches"
    )


@xds.command()
@click.argument("target")
@target_options
@output_option
def tree(target: str, options: TargetOptions, format_: str) -> None:
    """Listener → route → cluster → endpoint, with what is missing or refused."""
    snapshot = _look(target, options)
    _report_problems(snapshot)
    graph = build(snapshot)
    data = document(target, roots=roots_json(graph))
    lines = cut_lines(tree_lines(graph), terminal_width())
    emit(format_, data, "\n".join(lines) or "this client holds no xDS config")


def _look(target: str, options: TargetOptions) -> Snapshot:
    from meshtui.targets import look

    return look(target, options)


def _report_problems(snapshot: Snapshot) -> None:
    for problem in snapshot.problems:
        say(f"meshtui: {problem}")


def _types(text: str) -> frozenset[str]:
    names = frozenset(name.strip().upper() for name in text.split(",") if name.strip())
    unknown = sorted(names - set(KNOWN_TYPES))
    if unknown:
        raise UsageError(
            f"--type does not know {as_typed(', '.join(unknown))}.", f"use some of {', '.join(KNOWN_TYPES).lower()}"
        )
    return names


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """The resources as a request meets them: listeners first, by name; clients list them in any order."""
    ranks = {name: rank for rank, name in enumerate(KNOWN_TYPES)}
    return sorted(resources, key=lambda resource: (ranks.get(resource.key.type, len(ranks)), resource.key))


def roots_json(graph: Graph) -> list[dict[str, Any]]:
    """The tree: each root with all that hangs on it."""
    roots: list[dict[str, Any]] = []
    siblings = [roots]
    for depth, node, whole in graph.listed():
        del siblings[depth + 1 :]
        shown = _tree_json(node)
        if not whole:
            shown["shown_above"] = True
        siblings[depth].append(shown)
        siblings.append(shown["children"])
    return roots


def _tree_json(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind.value,
        "name": node.name,
        "label": node.label,
        "status": node.health.name.lower(),
        "worst": node.worst.name.lower(),
        "weight": node.weight,
        "share": node.share,
        "facts": list(node.facts),
        "note": node.note,
        "children": [],
    }


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


def _status_table(snapshot: Snapshot, resources: Iterable[Resource]) -> Table:
    rows = [
        (
            f"{MARKS[resource.health]} {resource.status.name}",
            resource.key.type,
            resource.key.name,
            _version(resource) or "–",
            age_words(snapshot.taken_at - resource.last_updated) if resource.last_updated else "–",
            status_note(resource),
        )
        for resource in resources
    ]
    node = snapshot.node
    counts = snapshot.counts()
    summary = " · ".join(f"{MARKS[health]} {count} {health.name.lower()}" for health, count in counts.items() if count)
    head = f"{node.id or 'unnamed node'}   {node.user_agent} {node.user_agent_version}".rstrip()
    after = [] if snapshot.has_outbound else [NO_OUTBOUND]
    headings = ("STATUS", "TYPE", "NAME", "VERSION", "AGE", "NOTE")
    return Table(headings, rows, before=(head, summary or "no resources", ""), after=after)


def _version(resource: Resource) -> str:
    """Its version; on a terminal the part in which Istio's ``2026-08-01T10:00:00Z/41`` differs, as on the screen."""
    whole = resource.version
    return whole if terminal_width() is None else whole.rpartition("/")[2] or whole


def _config_text(shown: dict[str, Any]) -> str:
    head = f"# {shown['type']} {shown['name']}  {shown['status']} {shown['version']}".rstrip()
    body = (
        json.dumps(shown["config"], indent=2, ensure_ascii=False)
        if shown["config"] is not None
        else "(nothing in force)"
    )
    return f"{head}\n{body}\n"


def tree_lines(graph: Graph) -> Iterable[str]:
    """The graph as indented text."""
    for depth, node, whole in graph.listed():
        share = f"{share_words(node.share)} " if node.share is not None else ""
        label = node.label if node.label == node.name or node.key is None else f"{node.label}  {node.name}"
        facts = "   ".join(node.facts)
        note = f"← {node.note}" if node.note else ""
        above = "" if whole else f"({plural(len(node.children), 'line')} as shown above)"
        text = "   ".join(part for part in (share + label, facts, note, above) if part)
        yield f"{'  ' * depth}{MARKS[node.worst]} {text}"
