"""A screen as a picture: Textual's SVG drawn by Chromium in Fira Code, without ligatures and without the web."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")

_FONT_FACES: Final = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_VIEW_BOX: Final = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')

_RECTANGLES: Final = re.compile(r'(<rect fill="[^"]+" x="[^"]+" y="[^"]+" width=")([\d.]+)"')

MARKS: Final = "U+2713,U+2717"
"""The ticks and crosses: Fira Code draws a tick that reads as a root sign."""

MARK_FONTS: Final = ("DejaVu Sans Mono",)

SEAM: Final = 0.8
"""Units by which backgrounds overlap to the right, so that no seam shows between two of one colour."""

SCALE: Final = 1.5
"""Pixels a CSS pixel: sharp on the screens READMEs are read on, and still small files."""


def without_web_font(svg: str) -> str:
    """The SVG with the fonts of the machine that draws it; ``||`` in Istio's names stays two bars."""
    svg = _RECTANGLES.sub(lambda found: f'{found[1]}{float(found[2]) + SEAM:g}"', _FONT_FACES.sub("", svg))
    svg = _without_gaps(svg)
    faces = "".join(f"@font-face{{font-family:Marks;src:local('{font}');unicode-range:{MARKS}}}" for font in MARK_FONTS)
    svg = svg.replace("font-family: Fira Code", "font-family: Marks, Fira Code")
    plain = (
        faces
        + "text{font-variant-ligatures:none;font-feature-settings:'liga' 0,'calt' 0}rect{shape-rendering:crispEdges}"
    )
    return svg.replace("<style>", "<style>" + plain, 1)


def _without_gaps(svg: str) -> str:
    """Block characters drawn with a thin edge of their own colour: a browser leaves gaps that no terminal has."""
    colours = dict(re.findall(r"\.([\w-]+) \{ fill: (#[0-9a-f]+)", svg))

    def edged(found: re.Match[str]) -> str:
        return f'{found[1]} stroke="{colours.get(found[2], "none")}" stroke-width="1"{found[3]}'

    return re.sub(r'(<text class="([\w-]+)")([^>]*>█)', edged, svg)


def browser() -> str | None:
    """A Chromium to draw with, or ``None``."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def draw(svg: str, png: Path) -> None:
    """Write the SVG as PNG. Raises ``RuntimeError`` when there is no browser, or when it draws nothing."""
    program = browser()
    if program is None:
        raise RuntimeError(f"no PNG without a browser; looked for {', '.join(BROWSERS)}")
    box = _VIEW_BOX.search(svg)
    width, height = (round(float(number)) for number in box.groups()) if box else (1600, 1000)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "screen.html"
        style = "body{margin:0;background:transparent}svg{display:block;width:100vw;height:100vh}"
        page.write_text(f"<!doctype html><meta charset=utf-8><style>{style}</style>{without_web_font(svg)}")
        arguments = [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            f"--user-data-dir={folder}/profile",
            f"--force-device-scale-factor={SCALE}",
            f"--window-size={width},{height}",
            "--default-background-color=00000000",
            f"--screenshot={png.resolve()}",
            page.as_uri(),
        ]
        done = subprocess.run(arguments, capture_output=True, timeout=60, check=False)
    if done.returncode or not png.exists():
        raise RuntimeError(f"the browser drew nothing: {done.stderr.decode(errors='replace')[-300:]}")
