"""The overview: what is wrong, the way of a request rung by rung, what changed last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from meshtui.model.finding import Area, Finding, Severity, worst_first
from meshtui.model.phrases import age_words, plural
from meshtui.model.subject import ResourceSubject, Subject
from meshtui.model.timeline import Event
from meshtui.model.traffic import Traffic
from meshtui.model.xds.config import RouteConfiguration
from meshtui.model.xds.graph import Graph, Node, NodeKind
from meshtui.model.xds.resource import Health, ResourceKey
from meshtui.model.xds.virtual_hosts import in_use
from meshtui.present.advice import NO_OUTBOUND, NO_OUTBOUND_FIX, NO_OUTBOUND_LINE
from meshtui.present.blocks import sparkline, squeezed
from meshtui.present.ladder import Rung, RungName, SparkSeries
from meshtui.present.marks import HEALTH_GLYPHS
from meshtui.present.severity import SEVERITY_GLYPHS
from meshtui.session.state import LinkState, MissingFact
from meshtui.tui.frame import Frame
from meshtui.tui.kit.marks import ROLES, SEVERITY_ROLES, glyph
from meshtui.tui.kit.paragraphs import hanging, labelled, paragraph
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut, cut_end, cut_name, pad, span, width_of
from meshtui.tui.views.overview.weights import split_lines
from meshtui.tui.views.registry import place_of

NAMED: Final = 3
"""Findings said in full; a person reads one and acts."""

LISTED: Final = 5
"""Further findings given a line each."""

EVENTS_AT_LEAST: Final = 6
"""Changes shown even where the screen is short: it scrolls."""

SPARK_WIDEST: Final = 60
"""Cells of a sparkline: a minute of looks."""

RUNG_NAME: Final = 15
"""Cells of the ladder's first column."""


@dataclass(frozen=True, slots=True)
class OverviewEntry:
    """A line of the overview; ``subject`` is what ``enter`` shows from it, None where no view has a place for it."""

    line: Line
    subject: Subject | None = None


def overview_entries(frame: Frame, rungs: Iterable[Rung], width: int, height: int) -> tuple[OverviewEntry, ...]:
    """Everything on the overview in ``width`` cells; as many changes as ``height`` lines leave room for."""
    rungs = tuple(rungs)
    entries = [
        OverviewEntry(EMPTY),
        *_headline(frame, rungs, width),
        OverviewEntry(EMPTY),
        *_ladder(frame, rungs, width),
    ]
    entries += _missing(frame.state.missing, width)
    entries += _changes(frame, width, height - len(entries) - 3)
    return tuple(entries)


def _entries(lines: Iterable[Line]) -> Iterator[OverviewEntry]:
    """Lines that lead nowhere."""
    return (OverviewEntry(line) for line in lines)


# what is wrong


def _headline(frame: Frame, rungs: tuple[Rung, ...], width: int) -> Iterator[OverviewEntry]:
    yield from _stale(frame, width)
    findings = causes_first(frame.state.findings)
    if any(finding.severity is not Severity.INFO for finding in findings):
        yield from _findings(findings, frame, width)
        return
    yield from _no_alarm(frame, rungs, width)
    if findings:
        yield OverviewEntry(EMPTY)
        yield from _findings(findings, frame, width)


def _no_alarm(frame: Frame, rungs: tuple[Rung, ...], width: int) -> Iterator[OverviewEntry]:
    """Where nothing was found that may fail: what is good to know does not keep a config from being whole."""
    troubles = _troubles(frame.state.graph)
    if any(not way[-1].health.serves for way in troubles):
        yield from _trouble_lines(troubles, frame, width)
    elif frame.state.snapshot is not None and not frame.state.snapshot.has_outbound:
        yield from _entries(_no_outbound(width))
    elif frame.state.snapshot is not None:
        count = len(frame.state.snapshot.resources)
        stale = frame.state.link.state is not LinkState.LIVE
        verb = "was" if stale else "is"
        unanswered = _unanswered(frame.state.traffic, rungs)
        mark = glyph(None) if stale or unanswered else glyph(Health.OK)
        title = f"This client's config {verb} whole{unanswered}"
        yield from _entries(hanging((Span("  "), mark, Span(" ")), title, width - 6, Role.STRONG))
        text = f"All of the {plural(count, 'resource')} it asked for arrived, and it accepted every one."
        yield from _entries(paragraph(text, width, Role.DIM))
        yield from _degraded_lines([way[-1] for way in troubles if way[-1].kind is NodeKind.CLUSTER], frame, width)


def causes_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The worst first; of equally bad ones those before that say why, since calls that fail are what comes of it."""
    ordered = worst_first(findings)
    return tuple(sorted(ordered, key=lambda finding: (-finding.severity, finding.area is Area.TRAFFIC)))


def _no_outbound(width: int) -> Iterator[Line]:
    """Why only the inbound side is there."""
    yield from hanging((Span("  … ", Role.WAITING),), NO_OUTBOUND, width - 6, Role.STRONG)
    yield from paragraph(NO_OUTBOUND_FIX, width, Role.TEXT)
    yield from paragraph(NO_OUTBOUND_LINE, width, Role.ACCENT)


def _unanswered(traffic: Traffic | None, rungs: tuple[Rung, ...]) -> str:
    """What keeps a whole config from being ✓: calls that fail, or that were not seen to come back."""
    rung = next((rung for rung in rungs if rung.name is RungName.TRAFFIC), None)
    if rung is None or rung.health is Health.OK:
        return ""
    if rung.health is not None:
        return ", but its traffic is not"
    total = traffic.total if traffic is not None else None
    if total is not None and total.points and total.in_flight:
        return "; whether its calls get answers is not known"
    return ""


def _stale(frame: Frame, width: int) -> Iterator[OverviewEntry]:
    link = frame.state.link
    if link.state is not LinkState.STALE:
        return
    age = age_words((frame.now - link.last_answer).total_seconds()) if link.last_answer else "some time"
    text = f"No answer for {age}: what follows is the last that was seen"
    yield from _entries(hanging((Span("  ◌ ", Role.NOTE),), text, width - 6, Role.NOTE))
    yield from _entries(paragraph(link.problem, width, Role.TEXT))
    if link.hint:
        yield from _entries(labelled("try", link.hint, width))
    yield OverviewEntry(EMPTY)


def _degraded_lines(clusters: Sequence[Node], frame: Frame, width: int) -> Iterator[OverviewEntry]:
    """What serves, but not as it should."""
    for node in clusters[:NAMED]:
        mark = Span(f"  {HEALTH_GLYPHS[node.health]} ", ROLES[node.health])
        subject = _resource(node.key, frame)
        yield OverviewEntry((mark, span(cut_end(f"{node.label}: {node.note}", width - 5))), subject)
    if len(clusters) > NAMED:
        yield OverviewEntry((Span(f"    and {plural(len(clusters) - NAMED, 'more cluster')}", Role.DIM),))


def _findings(findings: tuple[Finding, ...], frame: Frame, width: int) -> Iterator[OverviewEntry]:
    for number, finding in enumerate(findings[:NAMED]):
        if number:
            yield OverviewEntry(EMPTY)
        yield from _finding(finding, frame, width)
    rest = findings[NAMED:]
    if rest:
        yield OverviewEntry(EMPTY)
    for finding in rest[:LISTED]:
        subject = shown_elsewhere(finding.subject, frame)
        mark = Span(f"  {SEVERITY_GLYPHS[finding.severity]} ", SEVERITY_ROLES[finding.severity])
        yield OverviewEntry((mark, Span(cut_end(finding.title, width - 5))), subject)
    if len(rest) > LISTED:
        yield OverviewEntry((Span(f"    and {plural(len(rest) - LISTED, 'more finding')}", Role.DIM),))


def _finding(finding: Finding, frame: Frame, width: int) -> Iterator[OverviewEntry]:
    subject = shown_elsewhere(finding.subject, frame)
    role = SEVERITY_ROLES[finding.severity]
    lead = Span(f"  {SEVERITY_GLYPHS[finding.severity]} ", role)
    for number, line in enumerate(hanging((lead,), finding.title, width - 6, role)):
        yield OverviewEntry(line, subject if not number else None)
    yield from _entries(paragraph(finding.explanation, width, Role.TEXT))
    if finding.fix:
        yield from _entries(labelled("fix", finding.fix, width))


def shown_elsewhere(subject: Subject, frame: Frame) -> Subject | None:
    """The subject, if a view shows it as things are."""
    return subject if place_of(subject, frame.state) is not None else None


def _resource(key: ResourceKey | None, frame: Frame) -> Subject | None:
    return shown_elsewhere(ResourceSubject(key), frame) if key is not None else None


def _troubles(graph: Graph) -> tuple[tuple[Node, ...], ...]:
    """Ways to what is wrong, each cause once, the worst first."""
    causes: dict[tuple[str, str], tuple[Node, ...]] = {}
    for way in graph.troubled():
        causes.setdefault((way[-1].kind.value, way[-1].name), way)
    return tuple(sorted(causes.values(), key=lambda way: -way[-1].health.rank))


MEANS: Final = {
    Health.OK: "",
    Health.DEGRADED: "Its calls are served all the same.",
    Health.UNKNOWN: "Whether calls are served is not known from here.",
    Health.WAITING: "The client asked and has no answer yet; after {timer:g} s gRPC gives it up.",
    Health.MISSING: "Calls that need it fail.",
    Health.REFUSED: "What the client held before, if anything, goes on.",
}
"""What a state means for calls, where no finding says it better."""


def _says(node: Node, frame: Frame) -> str:
    means = MEANS[node.health].format(timer=frame.resource_timer)
    return means if node.health is Health.WAITING else f"{node.note}. {means}"


def _trouble_lines(troubles: tuple[tuple[Node, ...], ...], frame: Frame, width: int) -> Iterator[OverviewEntry]:
    for number, way in enumerate(troubles[:NAMED]):
        if number:
            yield OverviewEntry(EMPTY)
        node = way[-1]
        key = next((node.key for node in reversed(way) if node.key is not None), None)
        role = ROLES[node.health]
        title = f"{node.kind.words.capitalize()} {node.name}"
        yield OverviewEntry(
            (Span(f"  {HEALTH_GLYPHS[node.health]} ", role), Span(cut(title, width - 5), role)), _resource(key, frame)
        )
        yield from _entries(paragraph(_says(node, frame), width, Role.TEXT))
        if len(way) > 1:
            path = " → ".join(node.label for node in way[:-1])
            yield from _entries(paragraph(f"on the way {path}", width, Role.DIM))
    if len(troubles) > NAMED:
        more = plural(len(troubles) - NAMED, "more like this", "more like this")
        yield OverviewEntry(
            (Span(f"    and {more}: ", Role.DIM), Span("2", Role.KEY), Span(" then ", Role.DIM), Span("e", Role.KEY))
        )


# the ladder


def _ladder(frame: Frame, rungs: Iterable[Rung], width: int) -> Iterator[OverviewEntry]:
    for rung in rungs:
        yield OverviewEntry(ladder_line(rung, width), _resource(rung.key, frame))
        resource = frame.state.snapshot.resources.get(rung.key) if frame.state.snapshot and rung.key else None
        if resource is not None and isinstance(resource.body, RouteConfiguration) and frame.state.snapshot:
            used = in_use(frame.state.snapshot, resource.key, resource.body)
            lines = split_lines(frame.state.snapshot, resource.key.scope, used, RUNG_NAME + 5, width)
            yield from _entries(lines)
        if any(len(series.values) > 1 for series in rung.spark):
            yield OverviewEntry(spark_line(rung.spark, width))


def spark_line(spark: tuple[SparkSeries, ...], width: int) -> Line:
    """``ok/s ▅▅▅▁▁   in flight ▁▁▁▇▇``: all that is remembered, the newest at the right."""
    lead = RUNG_NAME + 5
    names = sum(len(series.name) + 4 for series in spark)
    cells = max(min((width - lead - names - 1) // max(len(spark), 1), SPARK_WIDEST), 4)
    line: list[Span] = [Span(" " * lead)]
    for series in spark:
        line += [
            Span(f"{series.name} ", Role.DIM),
            Span(sparkline(squeezed(series.values, cells), cells), Role.ALARM if series.bad else Role.BAR),
            Span("   "),
        ]
    return tuple(line)


def ladder_line(rung: Rung, width: int) -> Line:
    """``Route  ✗  v1 80 % · v9 20 %     names v9, which is not there``."""
    health = rung.health
    head = (Span("  "), Span(pad(rung.name, RUNG_NAME), Role.DIM), glyph(health), Span("  "))
    room = max(width - width_of(head) - 1, 8)
    quiet = health is None
    bad = health is not None and health is not Health.OK
    aside = span(rung.aside, ROLES[health] if bad and health is not None else Role.DIM)
    text_role = Role.DIM if quiet else Role.TEXT
    if not rung.aside:
        return (*head, Span(rung_text(rung, room), text_role))
    wanted, column = width_of((span(rung_text(rung, UNCUT)),)), room // 2
    keeps = rung.names or wanted <= column  # asides keep their column where the text leaves it, as names can
    most = room - column if keeps else room * 2 // 3
    left = room - 2 - min(width_of((aside,)), most - 2)
    text = rung_text(rung, left)
    taken = min(max(width_of((span(text),)), column), left)
    text = pad(text, taken)
    return (*head, Span(text, text_role), Span("  "), Span(cut_end(aside.text, room - taken - 2), aside.role))


UNCUT: Final = 10_000
"""Cells in which everything has room."""

NAME_AT_LEAST: Final = 20
"""Cells below which a name that is cut says nothing."""


def rung_text(rung: Rung, cells: int) -> str:
    """``2 endpoints: 127.0.1.11:17070, +1``: as many of the names as can be read in the cells, and how many more."""
    whole = f"{rung.text}: {', '.join(rung.names)}" if rung.names else rung.text
    if not rung.names or width_of((span(whole),)) <= cells:
        return cut_name(whole, cells)
    for count in range(len(rung.names), 0, -1):
        more = f", +{len(rung.names) - count}" if count < len(rung.names) else ""
        room = (cells - width_of((span(rung.text),)) - len(": ") - len(", ") * (count - 1) - len(more)) // count
        names = {cut_name(name, room): name for name in rung.names[:count]}
        readable = room >= NAME_AT_LEAST or all(short == name for short, name in names.items())
        if readable and len(names) == count:
            return f"{rung.text}: {', '.join(names)}{more}"
    return cut_end(rung.text, cells)


def _missing(missing: tuple[MissingFact, ...], width: int) -> Iterator[OverviewEntry]:
    for fact in missing:
        yield OverviewEntry(EMPTY)
        yield OverviewEntry((Span("  ∅ ", Role.NOTE), span(cut_end(f"Not seen: {fact.fact}", width - 5))))
        yield from _entries(paragraph(fact.why, width, Role.DIM))
        if fact.unlock:
            yield from _entries(labelled("try", fact.unlock, width))
    if missing:
        yield OverviewEntry(EMPTY)
        yield OverviewEntry((Span("    A", Role.KEY), Span("  what gives each of them, to paste", Role.DIM)))


# what changed last


def _changes(frame: Frame, width: int, room: int) -> Iterator[OverviewEntry]:
    yield OverviewEntry(EMPTY)
    yield OverviewEntry((Span("  Last changes", Role.TITLE),))
    events = frame.state.events[: max(room, EVENTS_AT_LEAST)]
    if not events:
        yield OverviewEntry((Span("    none since meshtui began to look", Role.DIM),))
    for event in events:
        first, *more = event_lines(event, frame, width)
        yield OverviewEntry(first, _resource(event.key, frame))
        yield from _entries(more)


def event_lines(event: Event, frame: Frame, width: int) -> tuple[Line, ...]:
    """``3 s  ✓  RDS outbound|7070||echo…   v1 100 % → 80 %``, the phrases in one column.

    On a narrow screen a phrase too long for it has a line of its own: what became of the weights stands at its end."""
    age = age_words(max((frame.now - event.at).total_seconds(), 0))
    head = (Span(f"  {age:>5}  ", Role.DIM), glyph(event.health), Span("  "))
    room = max(width - width_of(head) - 1, 16)
    column = min(max(room * 2 // 5, 8), LONGEST_SUBJECT)
    role = Role.TEXT if event.health in (None, Health.OK) else ROLES[event.health]
    if column < LONGEST_SUBJECT and width_of((span(event.text),)) > room - column - 3:
        blanks = Span(" " * width_of(head))
        subject = Span(cut_name(event.subject, room), Role.DIM)
        return (*head, subject), (blanks, Span(cut_name(event.text, room), role))
    subject = Span(pad(cut_name(event.subject, column), column), Role.DIM)
    return ((*head, subject, Span("   "), Span(cut_name(event.text, room - column - 3), role)),)


LONGEST_SUBJECT: Final = 56
"""Cells for what an event is about: an Istio name with its type."""
