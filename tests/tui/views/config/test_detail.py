"""View 2, the pane beside the tree: words, JSON, and the difference to before."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meshtui.tui.kit.style import Role
from meshtui.tui.kit.yaml_line import YamlLines, as_yaml, yaml_line
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import cluster, healthy, nacked, routes


async def test_pages_beside_the_tree(bench: Bench, run: Run, golden: Golden) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        bench.clock.pass_(30)
        source.replace(routes({"v1": 20, "v2": 80}, canary=True, version="43", updated=bench.clock()))
        await bench.frame(pilot)
        await pilot.press("2", "j")
        for page in ("summary", "yaml", "change"):
            golden(pilot.app, f"detail-{page}-160")
            await pilot.press("v")


async def test_the_difference_says_both_versions(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        await pilot.press("2", "j", "v", "v")
        assert "This config has not changed since" in screen_text(pilot.app)
        source.replace(routes({"v1": 20, "v2": 80}, canary=True, version="43"))
        await bench.frame(pilot)
        text = screen_text(pilot.app)
    assert "v1 80 % → 20 %, v2 20 % → 80 %" in text
    assert "42 → 43" in text
    assert "-   weight: 80" in text
    assert "+   weight: 20" in text


async def test_narrow_detail_opens_over_the_tree(bench: Bench, run: Run, golden: Golden) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (80, 24)) as pilot:
        await pilot.press("2", "j", "j", "j")
        assert "Summary" not in screen_text(pilot.app)
        await pilot.press("enter")
        golden(pilot.app, "detail-narrow-80")
        await pilot.press("l")
        assert "name:" in screen_text(pilot.app)
        await pilot.press("escape")
        assert "Summary" not in screen_text(pilot.app)


async def test_a_refusal_is_told_with_its_reason(bench: Bench, run: Run) -> None:
    source = bench.add(resources=healthy())
    async with run(bench.app(), (160, 45)) as pilot:
        source.replace(nacked(cluster("v2"), "44", "connect_timeout must be positive", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("2", "j", "j", "j")
        pane = "\n".join(line[86:] for line in screen_text(pilot.app).split("\n"))
    assert "✗ NACKED" in pane
    assert "connect_timeout must be" in pane
    assert "still in force" in pane


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)
async def test_resizing_keeps_what_is_read(bench: Bench, run: Run, size: tuple[int, int]) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        await pilot.press("2", "j", "enter")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert "requests to echo.echo-grpc.svc.cluster.local" in screen_text(pilot.app)


DOCUMENT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(DOCUMENT)
def test_the_yaml_says_what_the_json_says(document: object) -> None:
    text = as_yaml(json.dumps(document))
    assert yaml.safe_load(text) == document
    assert all(isinstance(part.text, str) for line in YamlLines(text, 40)[0:100] for part in line)


def test_what_is_no_json_is_shown_as_it_is() -> None:
    assert as_yaml("{broken") == "{broken"


def test_keys_and_values_are_told_apart() -> None:
    assert [part.text for part in yaml_line("  - name: outbound|7070||echo")] == [
        "   - ",
        "name",
        ":",
        " outbound|7070||echo",
    ]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("weight: 80", Role.NUMBER),
        ("share: -1.5e-3", Role.NUMBER),
        ("on: true", Role.NUMBER),
        ("- 198.18.39.253", Role.STRING),
        ("- 198.18.39.253:7070", Role.STRING),
        ("version: 1.2.3", Role.STRING),
    ],
)
def test_an_address_is_no_number(text: str, role: Role) -> None:
    assert yaml_line(text)[-1].role is role
