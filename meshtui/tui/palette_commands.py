"""The one provider of the command palette: every command, every choice of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from meshtui.tui.commands import Command
from meshtui.tui.kit.text import content, shown


class Commands(Provider):
    """Offers what the screen in front can do. Only the main screen has commands."""

    def _offers(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        commands: tuple[Command, ...] = getattr(self.screen, "commands", ())
        for command in commands:
            if not command.required:
                yield command.name, command.help, partial(command.run, "")
            for choice in command.choices:
                yield f"{command.name} {shown(choice)}", command.help, partial(command.run, choice)

    async def discover(self) -> Hits:
        for text, help_, run in self._offers():
            yield DiscoveryHit(content(text), run, text=text, help=help_)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for text, help_, run in self._offers():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, content(text), run, text=text, help=help_)
