"""``meshtui log``: what the agent of a pod wrote, with what it says of xDS picked out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Final

import click

from meshtui.cli.diagnostics import say
from meshtui.cli.numbers import Whole
from meshtui.cli.options import output_option, target_options
from meshtui.cli.output import emit, line, write_json
from meshtui.cli.person import PERSON
from meshtui.model.errors import UsageError
from meshtui.model.kubernetes.log_book import LogBook
from meshtui.model.kubernetes.log_lines import LogLine, Topic
from meshtui.model.phrases import plural
from meshtui.model.target import TargetOptions
from meshtui.present.documents.document import document
from meshtui.present.documents.log import log_line_json, log_line_words
from meshtui.present.text_lines import Lines

TOPICS: Final = {"xds": Topic.XDS, "certificates": Topic.CERTIFICATES, "readiness": Topic.READINESS}
"""What lines can be picked by, as it is typed."""

MOST_TAIL: Final = 5_000
"""Lines at most: what is kept of a log."""


@click.command()
@target_options()
@output_option
@click.option("--tail", type=Whole(1, MOST_TAIL), default=500, show_default=True, metavar="N", help="The newest lines.")
@click.option(
    "--about",
    type=click.Choice(tuple(TOPICS)),
    multiple=True,
    help="Only lines about this; of xDS, the streams of the agent too. May be given several times.",
)
@click.option("--find", metavar="WORDS", help="Only lines with all of these words, in any case.")
@click.option("--previous", is_flag=True, help="Of the process before the container's last restart.")
@click.option("-f", "--follow", is_flag=True, help="Go on with the lines that come; with -o json one object a line.")
def log(
    target: str,
    options: TargetOptions,
    format_: str,
    tail: int,
    about: tuple[str, ...],
    find: str | None,
    previous: bool,
    follow: bool,
) -> None:
    """What the agent in a pod (istio-proxy) wrote, with what it says of xDS picked out.

    TARGET is a pod of a cluster. Its log is read from the cluster (get pods/log), whether or not the pod still runs.
    """
    if follow and (previous or format_ == "yaml"):
        raise UsageError("A log that is followed is of the present process, as text or JSON.", "leave one of them out")
    from meshtui.targets.reach import run

    with asyncio.Runner() as runner:
        if follow:
            run(runner, _followed(target, options, tail, format_, about, find))
            return
        found = run(runner, _read(target, options, tail, previous))
    lines = picked(found, about, find)
    if found and not lines:
        say(f"meshtui: {plural(len(found), 'line')} read, and none of them matches")
    emit(
        format_,
        lambda: document(target, lines=[log_line_json(found) for found in lines]),
        lambda: Lines([log_line_words(found) for found in lines], cut=False),
    )


async def _read(target: str, options: TargetOptions, tail: int, previous: bool) -> tuple[LogLine, ...]:
    """The newest lines. Where there are none, it is said why."""
    from meshtui.targets.pod_log import open_log

    async with open_log(target, options, PERSON) as log:
        lines = await log.read(tail=tail, previous=previous)
        if not lines:
            say(f"meshtui: {await log.why_empty()}")
        return lines


async def _followed(
    target: str, options: TargetOptions, tail: int, format_: str, about: Sequence[str], find: str | None
) -> None:
    from meshtui.targets.pod_log import open_log

    some = False
    async with open_log(target, options, PERSON) as log, aclosing(log.follow(tail=tail)) as batches:
        async for batch in batches:
            some = True
            for found in picked(batch, about, find):
                if format_ == "json":
                    write_json(log_line_json(found))
                else:
                    line(log_line_words(found))
        if not some:
            say(f"meshtui: {await log.why_empty()}")


def picked(lines: Iterable[LogLine], about: Sequence[str], find: str | None) -> tuple[LogLine, ...]:
    """The lines about any of these, with all of the words."""
    topics = {TOPICS[name] for name in about}
    book = LogBook().add([found for found in lines if not topics or found.topic in topics])
    return tuple([book.lines[at] for at in book.find(find)]) if find else book.lines
