"""The views there are. A new one is a class with a ``frame`` and a line here; what does not exist has no tab."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from meshtui.model.xds.resource import ResourceKey
from meshtui.tui.frame import Frame


class View(Widget):
    """One value in, messages out. Override ``watch_frame`` to paint; only the view in front is given looks."""

    frame: reactive[Frame | None] = reactive(None, init=False)

    needs_config: ClassVar[bool] = True
    """Whether there is nothing to see before the target's config was seen once."""

    sends: ClassVar[bool] = False
    """Whether the view is of use as soon as requests can be sent through the target, config or not."""

    class GoTo(Message):
        """Show this resource in the config view."""

        def __init__(self, key: ResourceKey) -> None:
            super().__init__()
            self.key = key

    class Probe(Message):
        """Send to this service, once it is agreed to."""

        def __init__(self, url: str) -> None:
            super().__init__()
            self.url = url

    class Thaw(Message):
        """A run began, paused or ended by a key, which has to be seen: the screen goes on if it stands still."""

    class Copy(Message):
        """Put ``text`` on the clipboard; ``what`` says what it is."""

        def __init__(self, text: str, what: str) -> None:
            super().__init__()
            self.text = text
            self.what = what

    class Save(Message):
        """Write what ``make`` returns for a path to a file that the user names; ``make`` runs off the event loop."""

        def __init__(self, make: Callable[[Path], str], suggested: str, title: str) -> None:
            super().__init__()
            self.make = make
            self.suggested = suggested
            self.title = title

    def enter(self) -> None:
        """The view comes to the front: put the focus where reading begins."""


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """``key`` is the number that opens it; ``place`` is ``module:class``, imported when it is first opened."""

    key: str
    id: str
    title: str
    place: str

    def load(self) -> View:
        """A new instance."""
        module, _, name = self.place.partition(":")
        view = getattr(importlib.import_module(module), name)(id=self.id)
        assert isinstance(view, View)
        return view


VIEWS: Final = (
    ViewSpec("1", "overview", "Overview", "meshtui.tui.views.overview.view:OverviewView"),
    ViewSpec("2", "config", "Config", "meshtui.tui.views.config.view:ConfigView"),
    ViewSpec("3", "echo", "Echo", "meshtui.tui.views.echo.view:EchoView"),
    ViewSpec("4", "identity", "Identity", "meshtui.tui.views.identity.view:IdentityView"),
)
"""In the order of their numbers."""
