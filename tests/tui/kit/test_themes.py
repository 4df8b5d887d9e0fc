"""Every theme paints every view; without colour, glyphs and words still say it all."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from meshtui.tui.kit.palette import palette_of
from meshtui.tui.kit.style import Role
from meshtui.tui.kit.themes import DAY, NAMES, NIGHT
from tests.tui.conftest import Run, screen_text
from tests.tui.scripted import Bench
from tests.world.seed import cluster, healthy, nacked


async def test_all_themes(bench: Bench, run: Run) -> None:
    bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        assert pilot.app.theme == NIGHT.name
        await pilot.press("2")
        before = screen_text(pilot.app)
        assert len(NAMES) > 20
        for name in NAMES:
            pilot.app.theme = name
            await pilot.pause()
            assert screen_text(pilot.app) == before


async def test_no_color(bench: Bench, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    source = bench.add(resources=healthy())
    async with run(bench.app(), (110, 30)) as pilot:
        source.replace(nacked(cluster("v2"), "44", "no", bench.clock()))
        await bench.frame(pilot)
        await pilot.press("2")
        assert "✗" in screen_text(pilot.app)
        assert "NACKED" in screen_text(pilot.app)
        colours = {
            segment.style.color.triplet
            for strip in pilot.app.screen._compositor.render_strips()
            for segment in strip.apply_filter(pilot.app._filters[-1], pilot.app.screen.background_colors[1])
            if segment.style and segment.style.color and segment.style.color.triplet
        }
    assert colours
    assert all(max(colour) - min(colour) <= 1 for colour in colours), colours


@pytest.mark.parametrize("theme", [NIGHT, DAY], ids=lambda theme: str(theme.name))
def test_our_text_has_the_contrast_of_wcag_aa(theme: Theme) -> None:
    variables = theme.to_color_system().generate()
    palette = palette_of(variables)
    for surface in ("background", "surface", "panel"):
        background = Color.parse(variables[surface])
        for role in (Role.DIM, Role.OK, Role.WAITING, Role.MISSING, Role.REFUSED, Role.ACCENT, Role.KEY, Role.NUMBER):
            colour = palette[role].color
            assert colour is not None
            ratio = contrast(Color.from_rich_color(colour), background)
            assert ratio >= 4.5, (surface, role, round(ratio, 2))


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: Color) -> float:
        red, green, blue = (
            part / 12.92 if part <= 0.03928 else float(((part + 0.055) / 1.055) ** 2.4)
            for part in (value / 255 for value in colour.rgb)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
