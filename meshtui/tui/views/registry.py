"""The views there are. A new one is a folder beside these and a line in ``VIEWS``; what does not exist has no tab."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import ClassVar, Final, Protocol, runtime_checkable

from textual.message import Message
from textual.reactive import var

from meshtui.model.subject import BootstrapSubject, ResourceSubject, Subject
from meshtui.session.state import SessionState
from meshtui.tui.frame import Frame
from meshtui.tui.kit.backdrop import Backdrop


class View(Backdrop):
    """One value in, messages out. Override ``watch_frame`` to paint; only the view in front is given frames."""

    frame: var[Frame | None] = var(None, init=False)

    needs_config: ClassVar[bool] = True
    """Whether there is nothing to see before the target's config was seen once."""

    sends: ClassVar[bool] = False
    """Whether the view is of use as soon as requests can be sent through the target, config or not."""

    speaks: ClassVar[bool] = False
    """Whether the view itself says what there is and what not, config or not."""

    class GoTo(Message):
        """Show this subject in the view that :func:`place_of` names."""

        def __init__(self, subject: Subject) -> None:
            super().__init__()
            self.subject = subject

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

    def go_to(self, subject: Subject) -> None:
        """Put the cursor on a subject. Asked only of a view whose line in ``VIEWS`` says that it shows such."""

    def run_command(self, name: str, argument: str) -> None:
        """Do what was typed after a colon. Asked only for the commands in the view's line of ``VIEWS``."""


@runtime_checkable
class Sender(Protocol):
    """A view that can send requests to a service."""

    def probe(self, url: str) -> None:
        """Send to this service, once it is agreed to."""


@dataclass(frozen=True, slots=True)
class ViewCommand:
    """Something that can be typed after a colon and that a view does; see :class:`meshtui.tui.commands.Command`.

    ``key``, where there is one, begins to type it from whatever view is in front; ``tooltip`` says what the key does.
    """

    name: str
    help: str
    argument: str = ""
    _: KW_ONLY
    key: str = ""
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """``key`` is the number that opens it; ``id`` its folder beside this module, with ``view.py`` and ``view.tcss``.

    ``of_a_pod`` says that there is such a view of pods alone. ``cls`` is its class, imported when it is first opened;
    ``shows`` the kinds of subjects it can put its cursor on; ``commands`` what it adds to those after a colon.
    """

    key: str
    id: str
    _: KW_ONLY
    title: str
    cls: str
    shows: tuple[type, ...] = ()
    commands: tuple[ViewCommand, ...] = ()
    of_a_pod: bool = False

    def is_there(self, frame: Frame | None) -> bool:
        """Whether the target has such a view."""
        return not self.of_a_pod or (frame is not None and frame.log is not None)

    @property
    def css(self) -> str:
        """Its style sheet, as a path from ``meshtui/tui``."""
        return f"views/{self.id}/view.tcss"

    def load(self) -> View:
        """A new instance."""
        module = importlib.import_module(f"meshtui.tui.views.{self.id}.view")
        view = getattr(module, self.cls)(id=self.id)
        assert isinstance(view, View)
        return view


VIEWS: Final = (
    ViewSpec("1", "overview", title="Overview", cls="OverviewView"),
    ViewSpec(
        "2",
        "config",
        title="Config",
        cls="ConfigView",
        shows=(ResourceSubject,),
        commands=(
            ViewCommand(
                "filter",
                "Show only what contains these words",
                "WORDS",
                key="slash",
                tooltip="Type words; the config view shows only what contains them",
            ),
            ViewCommand("trouble", "Show only what is not fine, or everything again"),
            ViewCommand("tree", "Show the config as a tree"),
            ViewCommand("table", "Show the config as a table by type"),
        ),
    ),
    ViewSpec("3", "echo", title="Echo", cls="EchoView"),
    ViewSpec("4", "identity", title="Identity", cls="IdentityView", shows=(BootstrapSubject,)),
    ViewSpec("8", "log", title="Log", cls="LogView", of_a_pod=True),
)
"""In the order of their numbers."""


def place_of(subject: Subject, state: SessionState) -> ViewSpec | None:
    """The view that shows a subject as things are, or None while none does: every row that leads somewhere asks it."""
    if not _is_there(subject, state):
        return None
    return next((spec for spec in VIEWS if isinstance(subject, spec.shows)), None)


def _is_there(subject: Subject, state: SessionState) -> bool:
    match subject:
        case ResourceSubject(key):
            return state.snapshot is not None and key in state.snapshot.resources
        case BootstrapSubject():
            return state.workload is not None and state.workload.files.bootstrap is not None
        case _:
            return True
