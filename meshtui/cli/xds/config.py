"""``meshtui xds config``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from typing import Any, Final

import click

from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit
from meshtui.cli.person import PERSON
from meshtui.cli.xds.snapshot import in_order, report_problems
from meshtui.json_writer import indented
from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError
from meshtui.model.target import TargetOptions
from meshtui.model.xds.resource import KNOWN_TYPES, Resource
from meshtui.present.documents.document import document, resource_document
from meshtui.present.text_lines import Lines
from meshtui.targets import look_with_config

LONGEST_GLOB: Final = 1_000
"""Characters of ``--name``: longer than any name in a mesh, and nothing that takes time to match."""


@click.command()
@click.option("--type", "types", metavar="LIST", default="", help="Types to show, such as lds,cds (default: all).")
@click.option("--name", "pattern", metavar="GLOB", default="*", help="Names to show; * and ? as in a shell.")
@target_options()
@output_option
def config(target: str, types: str, pattern: str, options: TargetOptions, format_: str) -> None:
    """The config in force, as canonical proto JSON."""
    wanted = _types(types)
    if len(pattern) > LONGEST_GLOB:
        raise UsageError(f"--name takes a pattern of at most {LONGEST_GLOB} characters.", "Use * for the rest.")

    def select(resource: Resource) -> bool:
        return (not wanted or resource.key.type in wanted) and fnmatch.fnmatchcase(resource.key.name, pattern)

    snapshot, configs = look_with_config(target, options, select, person=PERSON)
    report_problems(snapshot)
    resources = [
        {**resource_document(resource), "config": configs[resource.key]}
        for resource in in_order(snapshot.resources[key] for key in configs)
    ]
    emit(
        format_,
        lambda: document(target, resources=resources, problems=list(snapshot.problems)),
        lambda: Lines(list(_config_lines(resources)) or ["no resource matches"]),
    )


def _types(text: str) -> frozenset[str]:
    names = frozenset(name.strip().upper() for name in text.split(",") if name.strip())
    unknown = sorted(names - set(KNOWN_TYPES))
    if unknown:
        raise UsageError(
            f"--type does not know {as_typed(', '.join(unknown))}.", f"use some of {', '.join(KNOWN_TYPES).lower()}"
        )
    return names


def _config_lines(resources: Iterable[dict[str, Any]]) -> Iterator[str]:
    for number, shown in enumerate(resources):
        if number:
            yield ""
        yield f"# {shown['type']} {shown['name']}  {shown['status']} {shown['version']}".rstrip()
        yield from indented(shown["config"]).split("\n") if shown["config"] is not None else ["(nothing in force)"]
