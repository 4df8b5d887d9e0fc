"""What stands in the place of the list while there is nothing to list: what is waited for, or why, and the way on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from meshtui.model.kubernetes.access import AccessLadder, Step
from meshtui.model.kubernetes.rights import FOLLOW, rules_yaml
from meshtui.model.phrases import span_words
from meshtui.session.kubernetes.pod_book import Phase, PodBook, Problem
from meshtui.session.kubernetes.state import PickerState
from meshtui.tui.kit.paragraphs import hanging, labelled, paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import span
from meshtui.tui.screens.notice import SLOW, SPINNER


def notice_lines(state: PickerState, waits_for: str, tick: int, now: datetime, width: int) -> Iterator[Line]:
    """The reason why no pod is listed. ``waits_for`` goes on after "Waiting for"."""
    book = state.book
    yield EMPTY
    if book.problem is not None:
        yield from _problem(state, now, width)
    elif book.whole and book.phase in (Phase.LIVE, Phase.POLLED):
        yield from hanging((Span("  ∅ ", Role.MISSING),), f"There are no pods {where(state)}.", max(width - 6, 8))
    else:
        yield from _waiting(book, waits_for, tick, now, width)
    yield EMPTY
    yield from _ways_on(state)


def trouble_lines(state: PickerState, now: datetime, width: int) -> Iterator[Line]:
    """Above a list that is no longer fresh: why, and when it is tried again."""
    book = state.book
    if book.problem is None:
        return
    seen = f" Seen {span_words(now - book.answered_at)} ago." if book.answered_at is not None else ""
    again = " r tries again." if book.phase is Phase.FAILED else ""
    text = f"{book.problem.what}{seen}{again}"
    yield from hanging((Span(" ✗ ", Role.ALARM),), text, max(width - 5, 12), Role.NOTE, most=3)


def where(state: PickerState) -> str:
    """``in namespace echo-grpc``, ``in any namespace``."""
    return "in any namespace" if state.every_namespace else f"in namespace {state.namespace or '?'}"


def retry_words(book: PodBook, now: datetime) -> str:
    """``tried again in 3 s``; empty when it is not."""
    if book.retry_at is None:
        return ""
    left = (book.retry_at - now).total_seconds()
    return f"tried again in {span_words(left)}" if left >= 1 else "being tried again"


def _waiting(book: PodBook, waits_for: str, tick: int, now: datetime, width: int) -> Iterator[Line]:
    spinner = Span(f"  {SPINNER[tick % len(SPINNER)]} ", Role.ACCENT)
    text = "Listing pods …" if book.phase is Phase.LISTING else f"Waiting for {waits_for} …"
    yield from hanging((spinner,), text, max(width - 6, 8))
    waited = (now - book.since).total_seconds()
    if waited >= SLOW:
        yield (Span(f"    {span_words(waited)} so far; nothing else has to wait for it", Role.DIM),)


def _problem(state: PickerState, now: datetime, width: int) -> Iterator[Line]:
    book = state.book
    if book.problem is None:
        return
    title = "The kubeconfig leads nowhere" if state.namespace is None else f"No list of the pods {where(state)}"
    yield from hanging((Span("  ✗ ", Role.ALARM),), title, max(width - 6, 8), Role.ALARM)
    yield EMPTY
    yield from paragraph(book.problem.what, width, Role.TEXT)
    if hint := _hint(state, book.problem):
        yield from labelled("try", hint, width)
    missing = _missing(state.access)
    if missing is not None:
        yield EMPTY
        role = "ClusterRole" if state.every_namespace else "Role"
        yield from paragraph(f"You {missing.why}. This rule of a {role} gives it:", width, Role.TEXT)
        yield from (((Span("      "), span(line, Role.STRONG))) for line in rules_yaml(missing.rights).splitlines())
    if book.phase is Phase.FAILED:
        yield EMPTY
        yield (Span("    It is tried again when you press r.", Role.DIM),)
    elif retry := retry_words(book, now):
        yield EMPTY
        yield (Span(f"    It is {retry}.", Role.DIM),)


def _hint(state: PickerState, problem: Problem) -> str:
    """What to try. A context is chosen here by a key, wherever the error says how a command is told one."""
    if state.namespace is None and state.offers:
        return f"c chooses a context; the kubeconfig has {len(state.offers)}."
    return problem.hint


def _missing(access: AccessLadder | None) -> Step | None:
    """The step of listing, when a right for it is missing for certain."""
    if access is None:
        return None
    return next((step for step in access.missing if step.name == FOLLOW.name and step.rights), None)


def _ways_on(state: PickerState) -> Iterator[Line]:
    ways = [("c", "another context")]
    if state.namespace is not None:
        ways = [("a", "type the name of a pod, deployment or service"), ("n", "another namespace"), *ways]
        ways.append(("u", "what you may do there, and what gives the rest"))
    ways += [("r", "try again now"), ("esc", "back")]
    for key, what in ways:
        yield (Span(f"    {key:<4}", Role.KEY), Span(what, Role.DIM))
