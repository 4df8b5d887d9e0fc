"""Every code the doctor can say has its page, and no page is about a code that is gone."""

from __future__ import annotations

import ast
from pathlib import Path

import meshtui.doctor

DOCTOR = Path(next(iter(meshtui.doctor.__path__)))
PAGES = Path(__file__).parents[2] / "docs" / "findings"


def codes_in_source() -> set[str]:
    """Each text given as ``code=`` anywhere in the doctor."""
    found: set[str] = set()
    for path in DOCTOR.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
    return found


def test_codes_and_pages_are_the_same_set() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"index", "README"}
    assert codes_in_source() == pages


def test_each_page_has_its_name_and_the_way_out() -> None:
    for path in PAGES.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        if path.stem in {"index", "README"}:
            continue
        assert text.startswith(f"# {path.stem}\n"), path
        assert "**Fix**" in text, path
