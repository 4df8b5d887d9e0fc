"""A field for an address beside a list: whatever is typed and is no key of the list is the address."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from meshtui.tui.kit.rows import Rows


class TypedRows(Rows):
    """A list that hands what is typed, and is none of the keys in force, to the field beside it.

    Without that an address typed before the field was asked for is lost, letter for letter, and the ``enter`` after
    it opens whatever the cursor happens to be on.
    """

    field: Input | None = None

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.key not in self.screen.active_bindings:
            self._hand_on(event, events.Key(event.key, event.character))

    def on_paste(self, event: events.Paste) -> None:
        if text := event.text.strip():
            self._hand_on(event, events.Paste(text))

    def _hand_on(self, event: events.Event, typed: events.Event) -> None:
        """Queued behind the field's own focus event, on which it selects what it holds."""
        if self.field is not None:
            event.stop()
            self.screen.set_focus(self.field)
            self.field.post_message(typed)
