"""``meshtui xds tree``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit
from meshtui.cli.person import PERSON
from meshtui.cli.xds.snapshot import report_problems
from meshtui.model.phrases import plural, share_words
from meshtui.model.target import TargetOptions
from meshtui.model.xds.graph import Graph, Node
from meshtui.model.xds.graph_build import build
from meshtui.present.documents.document import document
from meshtui.present.marks import HEALTH_SIGNS
from meshtui.present.text_lines import Lines, TextLine
from meshtui.targets import look


@click.command()
@target_options()
@output_option
def tree(target: str, options: TargetOptions, format_: str) -> None:
    """Listener → route → cluster → endpoint, with what is missing or refused."""
    snapshot = look(target, options, person=PERSON)
    report_problems(snapshot)
    graph = build(snapshot)

    def text() -> Lines:
        return Lines(list(tree_lines(graph)) or ["this client holds no xDS config"], cut=True)

    emit(format_, lambda: document(target, roots=roots_json(graph)), text)


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


def tree_lines(graph: Graph) -> Iterator[TextLine]:
    """The graph as indented text."""
    for depth, node, whole in graph.listed():
        share = f"{share_words(node.share)} " if node.share is not None else ""
        label = node.label if node.label == node.name or node.key is None else f"{node.label}  {node.name}"
        facts = "   ".join(node.facts)
        note = f"← {node.note}" if node.note else ""
        above = "" if whole else f"({plural(len(node.children), 'line')} as shown above)"
        text = "   ".join(part for part in (share + label, facts, note, above) if part)
        yield "  " * depth, HEALTH_SIGNS[node.worst], f" {text}"
