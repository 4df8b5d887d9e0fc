"""The sources of a target let go of everything that was opened for them, whatever fails meanwhile."""

from __future__ import annotations

import pytest

from meshtui.session.protocols import Sources
from tests.world.sources import AnsweredConfig


@pytest.mark.parametrize("broken", [None, "channel", "forward", "config"])
async def test_everything_opened_is_closed_last_first(broken: str | None) -> None:
    closed: list[str] = []

    class Config(AnsweredConfig):
        async def close(self) -> None:
            await close("config")

    async def close(name: str) -> None:
        closed.append(name)
        if name == broken:
            raise OSError("it is gone already")

    sources = Sources(Config(), opened=(lambda: close("channel"), lambda: close("forward")))
    await sources.close()
    assert closed == ["config", "forward", "channel"]
