"""Every kind is whole, is made by some rule, and has a page that says what the kind says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import meshtui.doctor.rules
from meshtui.doctor.kinds import KINDS
from meshtui.doctor.kinds.kind import Kind
from meshtui.doctor.pages import INDEX, pages
from meshtui.model.finding import Severity
from meshtui.model.subject import ClockSubject, FileSubject

RULES = Path(next(iter(meshtui.doctor.rules.__path__)))
FOLDER = Path(__file__).parents[2] / "docs" / "findings"
EVERY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: str(kind.code))


def kinds_in_rules() -> set[str]:
    """The names of the constants that any rule reads: ``kinds.NOT_READY`` or ``NOT_READY``."""
    found: set[str] = set()
    for path in RULES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Name):
                found.add(node.id)
    return found


def test_every_kind_is_made_by_a_rule() -> None:
    used = kinds_in_rules()
    modules = [module for name, module in vars(meshtui.doctor.kinds).items() if isinstance(module, type(ast))]
    named = {name for module in modules for name, value in vars(module).items() if isinstance(value, Kind)}
    assert named, "there are kinds to look at"
    assert named <= used


def test_no_two_kinds_have_one_code() -> None:
    modules = [module for module in vars(meshtui.doctor.kinds).values() if isinstance(module, type(ast))]
    codes = [kind.code for module in modules for kind in vars(module).values() if isinstance(kind, Kind)]
    assert sorted(codes) == sorted(KINDS)


@EVERY_KIND
def test_every_kind_is_whole(kind: Kind) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.code)
    assert kind.title
    assert not kind.title.endswith(".")
    assert kind.why
    assert kind.fix
    assert not kind.fix.endswith("."), "a fix follows a colon and ends without a full stop"
    assert kind.seen.endswith(".")
    assert set(kind.covered_by) <= KINDS.keys()


def test_a_finding_takes_the_kinds_words_and_the_rules_values() -> None:
    kind = Kind(
        code="x-y",
        area=KINDS["certificate-expired"].area,
        severity=Severity.WARNING,
        title="{file} is {state!r}",
        why="It is {state}: {{braces}} stay.",
        fix="mend {file}",
        seen="the file.",
    )
    finding = kind.finding(FileSubject("a"), file="{a}", state="odd", evidence=("seen",), also=(ClockSubject(),))
    assert (finding.code, finding.area, finding.severity) == ("x-y", kind.area, Severity.WARNING)
    assert finding.title == "{a} is 'odd'", "what the mesh says is not read as a template"
    assert (finding.explanation, finding.fix) == ("It is odd: {braces} stay.", "mend {a}")
    assert (finding.evidence, finding.also) == (("seen",), (ClockSubject(),))
    other = kind.finding(
        FileSubject("a"), severity=Severity.ERROR, title="Another", fix="do nothing", state="odd", evidence=()
    )
    assert (other.severity, other.title, other.fix) == (Severity.ERROR, "Another", "do nothing")
    with pytest.raises(KeyError):
        kind.finding(FileSubject("a"), state="odd", evidence=())


def test_the_pages_are_fresh() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    made = pages()
    assert set(there) == set(made), "make findings"
    stale = [name for name, text in made.items() if there[name] != text]
    assert stale == [], "make findings"


@EVERY_KIND
def test_each_page_can_be_found_and_says_the_way_out(kind: Kind) -> None:
    made = pages()
    text = made[f"{kind.code}.md"]
    assert text.startswith(f"# {kind.code}\n")
    assert "\n**Evidence**: " in text
    assert "\n**Fix**: " in text
    assert not re.search(r"\{[a-z_]+[!:}]", text), "every value has its name in words"
    assert f"]({kind.code}.md)" in made[INDEX]
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert link in made
