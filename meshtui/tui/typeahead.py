"""Keys wait for one another, so that each lands in the place that the ones before it led to.

Textual moves the focus, mounts a view and opens a screen a moment after the key that asked for it. Keys that come
faster than that (pasted, sent by a script, bunched by a slow line) would reach the old place and run as its commands.
So the app hands out one at a time, the next when everything the last one began is done: every queue is empty, every
widget is mounted, and, where the place itself is another one, it has been painted once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, runtime_checkable

from textual import events
from textual.app import ScreenStackError
from textual.screen import ModalScreen
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

QUICK_LOOKS: Final = 100
"""Looks at the state of the app in a row, one each turn of the event loop: most keys are done with within ten."""

SLOW_LOOKS: Final = 400
"""Looks with a pause between them before keys are handed out all the same: a widget that never comes to rest must not
hold them for ever. Counted, not timed: a machine that stands still for a while makes no key go astray."""

PAUSE_S: Final = 0.005
"""Between two slow looks: together they take two seconds on a machine that is not busy."""

ASIDE_S: Final = 1.0
"""A ``q`` that comes this long after the key before it is no part of a word."""

LEAVE: Final = "ctrl+q"
"""Leaves the program, whatever else waits."""

QUIT: Final = "q"
"""Leaves the program wherever no text is typed."""

Typed: TypeAlias = events.Key | events.Paste | events.MouseDown | events.MouseUp
"""What can move the focus or open something."""

Focus: TypeAlias = "tuple[Screen[object], Widget | None, int]"
"""Where keys go: the screen, what has its focus, and how many widgets there are."""


@runtime_checkable
class Passage(Protocol):
    """A screen that another one, or its own first sight, is about to follow: what is typed is meant for that."""

    @property
    def keys_wait(self) -> bool:
        """Whether what follows is still to come. Whoever says so sees to it that it ends."""
        ...


class Typeahead:
    """Holds what was typed and hands it to ``deliver``, one at a time."""

    def __init__(self, app: App[None], deliver: Callable[[events.Event], Awaitable[None]]) -> None:
        self._app = app
        self._deliver = deliver
        self._waiting: deque[Typed] = deque()
        self._looking = False
        self._looks = 0
        self._most = QUICK_LOOKS + SLOW_LOOKS
        """Looks before the next is handed out all the same; few where the one before had to be."""
        self._painted: Focus | None = None
        self._painting: Focus | None = None
        self._last_time = 0.0

    def forget(self) -> None:
        """Drop what waits: the place it was typed for does not come."""
        self._waiting.clear()

    async def take(self, event: Typed) -> None:
        """Something was typed. Called by the app, in the order of typing."""
        aside = not self._waiting or event.time - self._last_time > ASIDE_S
        self._last_time = event.time
        if isinstance(event, events.Key) and (event.key == LEAVE or (event.key == QUIT and aside and self._passing())):
            await self._deliver(event)
            return
        self._waiting.append(event)
        if not self._looking:
            await self._hand_out()

    async def _hand_out(self) -> None:
        """Deliver the first that waits if the app is at rest. Runs in the app's own turn."""
        self._looking = False
        restless = self._looks > self._most
        if self._waiting and (restless or self._settled()):
            self._most = QUICK_LOOKS if restless else QUICK_LOOKS + SLOW_LOOKS
            self._looks = 0
            await self._deliver(self._waiting.popleft())
        if self._waiting:
            self._look_later()

    def _look_later(self) -> None:
        if self._looking:
            return
        self._looking = True
        loop = asyncio.get_running_loop()
        if self._looks < QUICK_LOOKS:
            loop.call_soon(self._frame)
        else:
            loop.call_later(PAUSE_S, self._frame)

    def _frame(self) -> None:
        """Between two turns of the event loop: whether the app has come to rest."""
        passing = self._passing()
        if not passing or self._looks < QUICK_LOOKS:
            self._looks += 1
        if passing or not (self._settled() or self._looks > self._most):
            self._looking = False
            if self._waiting:
                self._look_later()
        else:
            self._app.call_later(self._hand_out)

    def _passing(self) -> bool:
        try:
            screen = self._app.screen
        except ScreenStackError:
            return True
        return isinstance(screen, Passage) and screen.keys_wait

    def _settled(self) -> bool:
        """Whether all that was begun is done, as far as it decides where the next key goes."""
        app = self._app
        try:
            screen = app.screen
        except ScreenStackError:
            return False
        if app.message_queue_size or self._passing():
            return False
        count = 0
        for widget in _widgets(app, screen):
            count += 1
            if widget.message_queue_size or not widget.is_mounted:
                return False
        if isinstance(screen, ModalScreen) and any(
            worker.node is screen and not worker.is_finished for worker in app.workers
        ):
            return False  # a dialog at work: it is about to close, or to offer what is chosen next
        return self._was_painted((screen, screen.focused, count))

    def _was_painted(self, focus: Focus) -> bool:
        if focus == self._painted:
            return True
        if focus != self._painting:
            self._painting = focus
            focus[0].call_after_refresh(self._on_painted, focus)
        return False

    def _on_painted(self, focus: Focus) -> None:
        self._painted, self._painting = focus, None


def _widgets(app: App[None], screen: Screen[object]) -> Iterator[Widget]:
    """All whose messages may move the focus; those that most likely have some come first."""
    yield from app.screen_stack
    yield from screen.walk_children(Widget, with_self=False)
