"""View 8: what the mesh's agent in a pod writes, as it writes it.

::

     istio-proxy  echo-v1   ● live                 only xDS and certificates   512 lines
     20:14:31  info  xDS ✓  connected to upstream XDS server: istiod:15012  id=1
     20:14:33  warn  xDS ✗  registered overlapping stream; closing previous
     20:14:40  info  cert   generated new workload certificate  ttl=23h59m59s
     / istiod   1 of 3 lines                             n next   N before   esc ends
     ▼ 12 new lines                                                      G to the end

It needs no way into the pod: a pod whose app does not answer has a log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from meshtui.model.phrases import plural
from meshtui.present.documents.log import log_line_words
from meshtui.session.log_state import LogState
from meshtui.tui.dialogs.pick import Pick, PickDialog
from meshtui.tui.kit.bar import Bar
from meshtui.tui.kit.filter_bar import FilterBar
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.rows import Rows
from meshtui.tui.kit.style import EMPTY, Line, Role, Span
from meshtui.tui.kit.text import cut_end, span, spread
from meshtui.tui.views.log.around import container_words, foot_line, head_line, instead_lines, paste_of
from meshtui.tui.views.log.rows import LogRows
from meshtui.tui.views.registry import View


class LogBar(Bar):
    """One line, made anew with each frame."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._write: Callable[[int], Line] = lambda width: EMPTY

    def show(self, write: Callable[[int], Line]) -> None:
        """Show what is made for the width."""
        self._write = write
        self.refresh()

    def line(self, width: int) -> Line:
        return self._write(width)


class LogView(View):
    """Head, rows, what is looked for, and a foot where something is to be said."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", id="log.find", tooltip="Find lines that have some words"),
        Binding("x", "mesh", "xDS", id="log.mesh", tooltip="Only lines about xDS, streams and certificates, or all"),
        Binding("e", "trouble", "Trouble", id="log.trouble", tooltip="Only warnings, errors and streams that failed"),
        Binding("w", "wrap", "Wrap", id="log.wrap", tooltip="Long lines whole, on several rows, or cut"),
        Binding("c", "container", "Container", id="log.container", tooltip="The log of another container"),
        Binding("p", "previous", "Previous", id="log.previous", tooltip="The process before the last restart, or this"),
        Binding("y", "copy", "Copy", id="log.copy", tooltip="Copy the line, or the rule that is missing"),
        Binding("t", "times", "Ages", show=False, id="log.times", tooltip="Times as ages, or in UTC"),
        Binding("n", "seek(1)", "Next match", show=False, id="log.next", tooltip="The next line with the words"),
        Binding("N", "seek(-1)", "Match before", show=False, id="log.before", tooltip="The one before"),
        Binding("escape", "back", "Back", show=False, id="log.back", tooltip="End the search; then: show every line"),
    ]

    speaks: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._head = LogBar(id="log-head")
        self._rows = LogRows(id="log-rows")
        self._instead = Page(id="log-instead")
        self._find = FilterBar("every word must occur: plain text, in any case", id="log-find")
        self._foot = LogBar(id="log-foot")

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._rows
        yield self._instead
        yield self._find
        yield self._foot

    def on_mount(self) -> None:
        self.call_after_refresh(self.watch_frame)

    def enter(self) -> None:
        self.screen.set_focus(self._rows if self._rows.display else self._instead)

    @property
    def _log(self) -> LogState | None:
        return self.frame.state.log if self.frame is not None else None

    # painting

    def watch_frame(self) -> None:
        frame = self.frame
        if frame is None or not self.is_mounted:
            return
        if frame.log is not None:
            frame.log.start()
        self._paint()

    def _paint(self) -> None:
        frame, log = self.frame, self._log
        if frame is None or not self.is_mounted:
            return
        if log is not None:
            self._rows.paint((frame.state.target, log.begun), log.book, frame.now)
        shown = log is not None and self._rows.count() > 0
        if shown is not self._rows.display or shown is self._instead.display:
            focused = self._rows.has_focus or self._instead.has_focus
            self._rows.display, self._instead.display = shown, not shown
            if focused:
                self.enter()
            if shown:
                self.call_after_refresh(self._rows.repaint)
        if not shown:
            target, left_out = frame.state.target, not self._shows_all
            self._instead.show(lambda width: list(instead_lines(log, target, left_out, frame.now, width)))
        self._paint_around()

    def _paint_around(self) -> None:
        frame, log, rows = self.frame, self._log, self._rows
        self._head.display = log is not None
        if frame is None or log is None:
            self._foot.display = False
            return
        self._head.show(lambda width: head_line(log, frame.now, self._left_out(width), width))
        unseen = None if rows.follows or not rows.display else rows.unseen
        self._foot.show(lambda width: foot_line(log, frame.now, unseen, width))
        self._foot.display = rows.display and bool(foot_line(log, frame.now, unseen, 80))
        self._find.show(bool(rows.typed), self._found_line)

    @property
    def _shows_all(self) -> bool:
        return not (self._rows.only_mesh or self._rows.only_trouble)

    def _left_out(self, width: int) -> Line:
        if self._shows_all:
            return ()
        mesh = ("xDS, certs" if width < 100 else "xDS and certificates") if self._rows.only_mesh else ""
        words = " and ".join(word for word in (mesh, "trouble" if self._rows.only_trouble else "") if word)
        return (Span(f"  only {words}: {self._rows.layout_.shown} of", Role.NOTE),)

    def _found_line(self, width: int) -> Line:
        found = self._rows.layout_.found
        at = found.index(self._rows.number) + 1 if self._rows.number in found else 0
        count = f"{at} of {plural(len(found), 'line')}" if at else plural(len(found), "line")
        left = (Span(" / ", Role.KEY), span(cut_end(self._rows.typed, max(width - 50, 10)), Role.STRONG))
        said = (Span(f"   {count if found else 'no line has it'}", Role.DIM if found else Role.NOTE),)
        keys = (("n", "next"), ("N", "before"), ("esc", "ends"))
        right = tuple(piece for key, word in keys for piece in (Span(f" {key} ", Role.KEY), Span(f"{word} ", Role.DIM)))
        return spread((*left, *said), right, width)

    # what is chosen

    def on_rows_moved(self, message: Rows.Moved) -> None:
        message.stop()
        self._paint_around()

    def on_rows_entered(self, message: Rows.Entered) -> None:
        message.stop()
        self.action_wrap()  # the whole line is what one wants of a line that is cut

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        message.stop()
        self._rows.typed = message.text
        self._rows.repaint()
        found, number = self._rows.layout_.found, self._rows.number
        if found and number not in found:
            older = [each for each in found if number is None or each <= number]
            self._rows.go_to(older[-1] if older else found[0])
        self._paint_around()

    def on_filter_bar_left(self, message: FilterBar.Left) -> None:
        message.stop()
        self.enter()
        self.call_after_refresh(self._paint)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        log = self._log
        if action == "back":
            return bool(self._rows.typed) or not self._shows_all
        if action == "seek":
            return True if self._rows.typed else None
        if action in ("find", "mesh", "trouble", "wrap", "times", "previous", "copy"):
            return True if log is not None else None
        if action == "container":
            return True if log is not None and log.pod is not None else None
        return True

    def action_find(self) -> None:
        self._find.edit(self._rows.typed)

    def action_seek(self, step: int) -> None:
        number = self._rows.number
        found = self._rows.layout_.next_found(number if number is not None else -1, step)
        if found is None:
            self.notify(f"No line has {self._rows.typed}", markup=False)
        else:
            self._rows.go_to(found)

    def action_mesh(self) -> None:
        self._rows.only_mesh = not self._rows.only_mesh
        self._left_out_otherwise()

    def action_trouble(self) -> None:
        self._rows.only_trouble = not self._rows.only_trouble
        self._left_out_otherwise()

    def _left_out_otherwise(self) -> None:
        self._rows.repaint()
        self._paint()
        self.refresh_bindings()

    def action_wrap(self) -> None:
        self._rows.wrapped = not self._rows.wrapped
        self._rows.repaint()

    def action_times(self) -> None:
        self._rows.ages = not self._rows.ages
        self._rows.repaint()

    def action_back(self) -> None:
        if self._rows.typed:
            self._rows.typed = ""
        else:
            self._rows.only_mesh = self._rows.only_trouble = False
        self._left_out_otherwise()

    def action_previous(self) -> None:
        follower, log = self.frame.log if self.frame is not None else None, self._log
        if follower is not None and log is not None:
            follower.show(log.container, previous=not log.previous)

    def action_container(self) -> None:
        log, follower = self._log, self.frame.log if self.frame is not None else None
        if log is None or log.pod is None or follower is None:
            return
        pod = log.pod
        names = tuple((each.name, container_words(each, pod)) for each in pod.containers)
        note = "" if names else "Which containers it has may not be read: get pods is needed. Type the name."
        looked = Pick(names, note)

        def chosen(name: str | None) -> None:
            if name is not None and name != log.container:
                follower.show(name)

        dialog = PickDialog("Container", lambda: looked, placeholder="name of a container", free=not names)
        self.app.push_screen(dialog, chosen)

    def action_copy(self) -> None:
        log, line = self._log, self._rows.chosen
        if log is not None and not self._rows.display and paste_of(log):
            self.post_message(self.Copy(paste_of(log), "the rule that is missing"))
        elif line is not None and self._rows.display:
            self.post_message(self.Copy(log_line_words(line), "the line"))
