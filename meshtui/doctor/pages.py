"""The pages of ``docs/findings``, made from the kinds. ``make findings`` writes them; a test keeps them fresh."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Final

from meshtui.doctor.kinds import KINDS
from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area

INDEX: Final = "README.md"
"""The name of the page that lists all others; a folder on GitHub opens with it."""

WIDEST: Final = 120
"""Columns of a page's text, as in the other documents."""

HOW_MADE: Final = "<!-- Made from meshtui/doctor/kinds by `make findings`; change it there. -->"

INTRODUCTION: Final = (
    "Every finding of meshtui by its code, which is stable: it is in the JSON of the headless commands and names the "
    "page. *Words in italics* stand for what was seen. An error is something that fails; a warning may come to that, "
    "or does in part; an info is good to know."
)


def pages() -> dict[str, str]:
    """The text of each page by the name of its file."""
    return {INDEX: _index(), **{f"{code}.md": _page(kind) for code, kind in KINDS.items()}}


def main() -> None:
    """Write the pages into the folder that is named, and remove those of codes that are gone."""
    folder = Path(sys.argv[1])
    made = pages()
    for path in folder.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


def _page(kind: Kind) -> str:
    severity = kind.severity.word.capitalize() + (f"; {kind.graded}" if kind.graded else "")
    paragraphs = [
        f"# {kind.code}",
        f"> {_filled_in(kind.title)}",
        f"{severity}. Area: {kind.area}.",
        *(kind.page or _filled_in(kind.why)).split("\n\n"),
        f"**Evidence**: {kind.seen}",
        f"**Fix**: {kind.page_fix or _sentence(_filled_in(kind.fix))}",
    ]
    wrapped = (
        textwrap.fill(paragraph, WIDEST, break_long_words=False, break_on_hyphens=False) for paragraph in paragraphs
    )
    return "\n\n".join((*wrapped, f"[All findings]({INDEX})", HOW_MADE)) + "\n"


def _index() -> str:
    head = ("# Findings", textwrap.fill(INTRODUCTION, WIDEST))
    return "\n\n".join((*head, *(_section(area) for area in Area), HOW_MADE)) + "\n"


def _section(area: Area) -> str:
    rows = "\n".join(
        f"| [{kind.code}]({kind.code}.md) | {kind.severity.word} | {_filled_in(kind.title)} |"
        for kind in KINDS.values()
        if kind.area is area
    )
    return f"## {area.capitalize()}\n\n| code | severity | what it says |\n|---|---|---|\n{rows}"


def _filled_in(template: str) -> str:
    """A template as Markdown, with the name of each value in italics in its place."""
    return "".join(_parts(template))


def _parts(template: str) -> Iterator[str]:
    for literal, name, _, _ in Formatter().parse(template):
        yield literal.replace("<", "\\<")
        if name is not None:
            yield f"*{name.replace('_', ' ')}*"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


if __name__ == "__main__":
    main()
