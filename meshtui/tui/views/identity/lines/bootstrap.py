"""The bootstrap to read: folded JSON, secrets masked, each finding beside the line it is about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from meshtui.model.finding import Finding
from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.identity.bootstrap_lines import BootstrapLine, bootstrap_lines
from meshtui.model.identity.json_text import is_below
from meshtui.model.identity.workload import Workload
from meshtui.model.phrases import plural
from meshtui.model.subject import BootstrapSubject
from meshtui.present.ladder_identity import UNLOCK_BOOTSTRAP, bootstrap_words
from meshtui.present.severity import SEVERITY_GLYPHS
from meshtui.session.state import Fact, MissingFact
from meshtui.tui.kit.json_line import json_line
from meshtui.tui.kit.marks import FOLDS, SEVERITY_ROLES
from meshtui.tui.kit.style import Line, Role, Span
from meshtui.tui.kit.text import cut, fit_end, span, width_of, wrap_hanging
from meshtui.tui.views.identity.lines.entry import IdentityEntry, marked_entries, text_entries, unlock_line

FOLDED: Final = ("node.metadata",)
"""Folded until opened: Istio's metadata is half of the file and rarely the trouble."""

BOOTSTRAP_TITLE: Final = "bootstrap"
"""The id of the title row."""


def bootstrap_entries(
    workload: Workload, missing: tuple[MissingFact, ...], width: int, opened: Collection[str], *, whole: bool
) -> Iterator[IdentityEntry]:
    """``whole`` says that it begins unfolded, as beside the rest; else its title row opens it."""
    bootstrap = workload.files.bootstrap
    if bootstrap is None:
        lacking = next((fact for fact in missing if fact.fact is Fact.FILES), None)
        if lacking is not None:
            yield IdentityEntry((Span("  ✗ ", Role.ALARM), Span("Bootstrap  cannot be read")))
            yield from text_entries(lacking.why, width, Role.TEXT)
        elif workload.offers.bootstrap:
            yield IdentityEntry((Span("  … ", Role.WAITING), Span("Bootstrap"), Span("  reading", Role.DIM)))
        else:
            yield IdentityEntry(unlock_line("Bootstrap", "what gRPC was told at start:", UNLOCK_BOOTSTRAP))
        return
    findings = tuple(finding for finding in workload.findings if isinstance(finding.subject, BootstrapSubject))
    is_open = (BOOTSTRAP_TITLE in opened) is not whole
    yield IdentityEntry(
        _title(bootstrap, findings, is_open, width), BOOTSTRAP_TITLE, open=is_open, copy=bootstrap.source
    )
    if is_open:
        yield from _body(bootstrap, findings, width, opened)
    elif findings:
        for finding in findings:
            yield from _finding(finding, 4, width)


def _title(bootstrap: Bootstrap, findings: Sequence[Finding], is_open: bool, width: int) -> Line:
    worst = max((finding.severity for finding in findings), default=None)
    mark = Span("✓", Role.OK) if worst is None else Span(SEVERITY_GLYPHS[worst], SEVERITY_ROLES[worst])
    fold = Span(f"  {FOLDS[is_open]} ", Role.FAINT)
    words = span(bootstrap_words(bootstrap), Role.DIM)
    head: Line = (fold, Span("Bootstrap  ", Role.TITLE), mark, Span(" "), words)
    room = width - width_of(head) - 4
    return (*head, Span(f"   {cut(bootstrap.source, room)}", Role.FAINT)) if room > 12 else fit_end(head, width - 1)


def _body(
    bootstrap: Bootstrap, findings: Sequence[Finding], width: int, opened: Collection[str]
) -> Iterator[IdentityEntry]:
    lines = bootstrap_lines(bootstrap)
    beside = _beside(lines, findings)
    for finding in beside.get(0, ()):
        yield from _finding(finding, 4, width)
    skip_to = 0
    for line in lines:
        if line.number < skip_to:
            continue
        folded = _is_folded(line, beside, opened)
        if folded:
            skip_to = line.last + 1
            inside = line.last - line.number - 1
            hint = f" {plural(inside, 'line')} {lines[line.last - 1].text}"
            whole = (*_folded(line), Span(hint, Role.FAINT))
            yield IdentityEntry(whole, _id(line.path), open=False, copy=line.path, path=line.path)
        else:
            yield from _line(line, width)
        for finding in beside.get(line.number, ()):
            yield from _finding(finding, 6 + 2 * line.depth, width)


def _id(path: str) -> str:
    return f"json {path}"


def place_in_bootstrap(entry: IdentityEntry, path: str) -> int:
    """How near a row is to the value at ``path``: the length of what it has of the path, from 1, and 0 for a row that
    does not hold it."""
    if entry.id == BOOTSTRAP_TITLE:
        return 1
    return 2 + len(entry.path) if entry.path is not None and is_below(path, entry.path) else 0


def _is_folded(line: BootstrapLine, beside: dict[int, list[Finding]], opened: Collection[str]) -> bool:
    """Whether what a line opens is hidden: turned over by hand; or by itself, long, or fine beside what is not."""
    if not line.opens or not line.depth:
        return False
    trouble = any(line.number <= number <= line.last for number in beside)
    fine_beside_trouble = bool(beside) and line.depth == 1
    return (not trouble and (line.path in FOLDED or fine_beside_trouble)) is not (_id(line.path) in opened)


def _line(line: BootstrapLine, width: int) -> Iterator[IdentityEntry]:
    room = max(width - 4, 12)
    pieces = wrap_hanging("  " * line.depth + line.text, room)
    for number, piece in enumerate(pieces):
        is_open = True if line.opens and line.depth and not number else None
        row = (Span(f"  {FOLDS[is_open]}", Role.FAINT), *json_line(piece))
        if number:
            yield IdentityEntry(row, copy=line.text)
        else:
            yield IdentityEntry(row, _id(line.path), open=is_open, copy=line.text, path=line.path)


def _folded(line: BootstrapLine) -> Line:
    return (Span(f"  {FOLDS[False]}", Role.FAINT), *json_line("  " * line.depth + line.text))


def _beside(lines: Sequence[BootstrapLine], findings: Sequence[Finding]) -> dict[int, list[Finding]]:
    """Findings by the number of the line they are about: its own, or the nearest that holds it; 0 without any."""
    numbers: dict[str, int] = {}
    for line in lines:
        numbers.setdefault(line.path, line.number)
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        path = finding.subject.path if isinstance(finding.subject, BootstrapSubject) else ""
        holders = [known for known in numbers if is_below(path, known)]
        place = numbers[max(holders, key=len)] if holders else 0
        found.setdefault(place, []).append(finding)
    return found


def _finding(finding: Finding, indent: int, width: int) -> Iterator[IdentityEntry]:
    indent = min(indent, max(width // 3, 2))
    role = SEVERITY_ROLES[finding.severity]
    lead = Span(f"{' ' * indent}{SEVERITY_GLYPHS[finding.severity]} ", role)
    yield from marked_entries((lead,), finding.title, width, role)
    if finding.fix:
        yield from text_entries(f"fix  {finding.fix}", width, Role.DIM, indent=indent + 2)
