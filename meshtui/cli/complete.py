"""What a shell offers for contexts, namespaces and targets: soon or not at all, and never a word about an error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import click

from meshtui.model.kubernetes.reference import ClusterOptions, kind_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem  # loaded by click when a shell asks

ANSWER_S: Final = 0.7
"""Seconds that a cluster may take to answer. Somebody waits with a finger on the key."""

WITHIN_S: Final = 2.0
"""Seconds for all of it: a login plugin may have to run first."""


def complete_contexts(ctx: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
    """The kubeconfig's contexts."""

    def offered() -> Sequence[str]:
        from meshtui.targets import contexts

        return contexts(_cluster(ctx))

    return _items(offered, begun)


def complete_namespaces(ctx: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
    """The namespaces of the cluster, where they may be listed."""

    def offered() -> Sequence[str]:
        from meshtui.targets import names_in_cluster

        return names_in_cluster(None, _cluster(ctx), ANSWER_S, WITHIN_S)

    return _items(offered, begun)


def complete_labels(ctx: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
    """``KEY=VALUE`` of the pods there are; behind a comma the next one."""
    before, comma, _ = begun.rpartition(",")

    def offered() -> Sequence[str]:
        from meshtui.targets import labels_in_cluster

        return [f"{before}{comma}{label}" for label in labels_in_cluster(_cluster(ctx), ANSWER_S, WITHIN_S)]

    return _items(offered, begun)


def complete_files(_ctx: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
    """Whatever files there are, as the shell has them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(begun, type="file")]


def complete_folders(_ctx: click.Context, _option: click.Parameter, begun: str) -> list[CompletionItem]:
    """The directories."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(begun, type="dir")]


def complete_targets(ctx: click.Context, _argument: click.Parameter, begun: str) -> list[CompletionItem]:
    """Kinds before the slash, after it the names of that kind; files where a command takes them."""
    word, slash, _ = begun.partition("/")
    kind = kind_of(word) if slash else None
    if kind is None:
        from click.shell_completion import CompletionItem

        kinds = [CompletionItem(word) for word in KINDS if not slash and word.startswith(begun)]
        return kinds or [CompletionItem(begun, type="file")]

    def offered() -> Sequence[str]:
        from meshtui.targets import names_in_cluster

        return [f"{word}/{name}" for name in names_in_cluster(kind, _cluster(ctx), ANSWER_S, WITHIN_S)]

    return _items(offered, begun)


KINDS: Final = ("pod/", "deploy/", "svc/", "sts/", "ds/", "job/")
"""What is offered before a slash is typed; all the names kubectl has for them are taken."""


def _items(offered: Callable[[], Sequence[str]], begun: str) -> list[CompletionItem]:
    """What begins so. Whatever goes wrong, a shell in the middle of a line is no place to say it."""
    from click.shell_completion import CompletionItem

    with suppress(Exception), _silent():
        return [CompletionItem(name) for name in _in_time(offered) if name.startswith(begun)]
    return []


def _in_time(offered: Callable[[], Sequence[str]]) -> Sequence[str]:
    """What is offered. Raises ``queue.Empty`` when it is not there in time: looking up a name of DNS cannot be
    cancelled."""
    from queue import SimpleQueue
    from threading import Thread

    found: SimpleQueue[Sequence[str]] = SimpleQueue()

    def ask() -> None:
        with suppress(Exception):
            found.put(offered())
            return
        found.put(())

    Thread(target=ask, daemon=True).start()
    return found.get(timeout=WITHIN_S + 0.2)


def _cluster(ctx: click.Context) -> ClusterOptions:
    """The cluster that the line names, before the cursor or behind it."""
    from meshtui.cli.shells import After

    behind = ctx.find_object(After)
    words = list(behind.words) if behind is not None else []
    others = ctx.command.make_context(ctx.info_name, words, parent=ctx.parent, resilient_parsing=True)

    def typed(name: str) -> str | None:
        values = (ctx.params.get(name), others.params.get(name))
        return next((value for value in values if isinstance(value, str) and value), None)

    return ClusterOptions(context=typed("context"), kubeconfig=typed("kubeconfig"), namespace=typed("namespace"))


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing reaches the terminal, by a login plugin for instance."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
