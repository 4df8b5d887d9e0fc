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

SCALE: Final = 1.5
"""Pixels a CSS pixel: sharp on the screens READMEs are read on, and still small files."""


def without_web_font(svg: str) -> str:
    """The SVG with the fonts of the machine that draws it; ``||`` in Istio's names stays two bars."""
    svg = _FONT_FACES.sub("", svg)
    return svg.replace("<style>", "<style>text{font-variant-ligatures:none;font-feature-settings:'liga' 0,'calt' 0}", 1)


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
