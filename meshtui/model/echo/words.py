"""What a run counted, in words."""

from __future__ import annotations

from typing import Final

from meshtui.model.echo.tally import EchoTally
from meshtui.model.phrases import plural, shorten

MOST_NAMED: Final = 6
"""Versions named in a sentence, those that answered most."""


def counted_words(tally: EchoTally) -> str:
    """``132 requests sent, 120 answered (v1 26, v2 94), 2 failed, 8 lost, 2 abandoned``; what there is none of is left
    out, but failures are always named."""
    named = sorted(tally.by_version.items(), key=lambda item: -item[1])
    versions = ", ".join(f"{shorten(version, 30) or 'no version'} {count}" for version, count in named[:MOST_NAMED])
    if len(named) > MOST_NAMED:
        versions += f", {len(named) - MOST_NAMED} versions more"
    answered = f"{tally.completed} answered" + (f" ({versions})" if versions else "")
    parts = [f"{plural(tally.sent, 'request')} sent", answered, f"{tally.failed} failed"]
    parts += [f"{count} {word}" for count, word in ((tally.lost, "lost"), (tally.abandoned, "abandoned")) if count]
    return ", ".join(parts)
