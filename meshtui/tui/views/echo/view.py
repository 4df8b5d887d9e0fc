"""View 3: where traffic goes. Runs probes through the echo controller of the session in front.

::

      ✓ done  500 of 500 answers   0 failed   10 s                                what is sent, how far it got
       ✓ CONSISTENT   with the accepted weights (always-valid, α 0.01). …         the verdict

      v1  ██████████████████████████████├─┃──┤    80.6 %  want  80  n  403        bar, tick at the configured
      v2  █████├──┃─┤                             19.4 %  want  20  n   97        share, whiskers of the interval

     100 ┤██████████████████████████████████████                                  shares over time
       0 └──────────────────────────────────────
      latency  p50 1.5 ms  p90 1.5  p99 1.5  max 1.5                              and what is known beside
      by pod   echo-v1-0 ██████████████████   403
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from meshtui.model.echo.consent import Load
from meshtui.model.echo.grpcurl import grpcurl_line, grpcurl_note
from meshtui.model.errors import MeshtuiError, UsageError
from meshtui.model.split.assessment import Expectation
from meshtui.present.echo_form import DEFAULT_COUNT, ENDLESS, EchoForm
from meshtui.session.echo.controller import EchoController, load_of
from meshtui.session.echo.state import EchoSettings, EchoState, Phase
from meshtui.tui.dialogs.consent import load_lines
from meshtui.tui.kit.page import Page
from meshtui.tui.kit.text import shown
from meshtui.tui.views.echo.draft import EchoDraft, pod_of, sender_of, urls_of
from meshtui.tui.views.echo.lines.facts import group_keys
from meshtui.tui.views.echo.lines.page import Scene, page_lines
from meshtui.tui.views.registry import View

NO_SENDER = "This target offers nothing that can send requests."


@dataclass(frozen=True, slots=True)
class Start:
    """A run that is about to begin, whole: nothing about it changes while the question stands."""

    controller: EchoController
    load: Load
    settings: EchoSettings
    typed: Expectation | None
    mapping: dict[str, str]


class EchoView(View):
    """Paints the present run, or what a run would do. What is typed is kept for each target."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "exclamation_mark", "run", "Run", id="echo.run", tooltip="Send, once you agreed; while a run goes on, anew"
        ),
        Binding("x", "stop", "Stop", id="echo.stop", tooltip="Stop the run"),
        Binding("p", "pause", "Pause", id="echo.pause", tooltip="Hold the run, or let it go on"),
        Binding("u", "endless", "∞/count", id="echo.endless", tooltip="Run until stopped, or a number of requests"),
        Binding("e,enter", "edit", "Edit", id="echo.edit", tooltip="What is sent and how it is judged"),
        Binding("a", "answers", "Answers", id="echo.answers", tooltip="Errors and last answers, as they came"),
        Binding("b", "group(1)", "By", id="echo.group", tooltip="Group answers by another key"),
        Binding("B", "group(-1)", "By the key before", show=False, id="echo.group-back", tooltip="The key before"),
        Binding("m", "map", "Map", id="echo.map", tooltip="Say which version answers for which subset"),
        Binding("y", "copy", "Copy", id="echo.copy", tooltip="Copy the same as a grpcurl line"),
        Binding("E", "export", "Export", id="echo.export", tooltip="Write the run to a new JSON or CSV file"),
    ]

    sends = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._page = Page(id="echo-page")
        self._drafts: dict[str, EchoDraft] = {}
        self._offered: tuple[tuple[str, bool], ...] = ()

    def compose(self) -> ComposeResult:
        yield self._page

    def enter(self) -> None:
        self.screen.set_focus(self._page)
        self.watch_frame()

    def probe(self, url: str) -> None:
        """Send to this service, chosen elsewhere, with the form's other values: asked for as any run."""
        self.draft.choose(url)
        self.watch_frame()
        self.action_run()

    @property
    def draft(self) -> EchoDraft:
        """What is remembered of the target in front."""
        target = self.frame.state.target if self.frame else ""
        return self._drafts.setdefault(target, EchoDraft())

    @property
    def _run(self) -> EchoState | None:
        return self.frame.state.echo if self.frame else None

    # painting

    def watch_frame(self) -> None:
        if self.frame is None:
            return
        self.draft.learn(self.frame)
        self._paint()
        offered = tuple(self._allowed().items())
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def on_mount(self) -> None:
        self.call_after_refresh(self._paint)

    def on_resize(self, event: events.Resize) -> None:
        self._paint()

    def _paint(self) -> None:
        frame = self.frame
        if frame is None or not self.is_mounted:
            return
        draft = self.draft
        scene = Scene(
            frame=frame,
            form=draft.form,
            pod=pod_of(frame),
            key=draft.key,
            expected=draft.expected,
            verdicts=draft.verdicts,
            mappable=bool(draft.subsets),
        )
        self._page.show(lambda width: page_lines(scene, width, self._page.size.height))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True if self._allowed().get(action, True) else None

    def _allowed(self) -> dict[str, bool]:
        """What can be done now, of what cannot always be."""
        run = self._run
        going = run is not None and not run.phase.ended
        return {
            "stop": going,
            "pause": going,
            "answers": run is not None,
            "export": run is not None,
            "group": run is not None and bool(group_keys(run.tally)),
            "map": bool(self.draft.subsets),
            "copy": run is not None or bool(self.draft.form.url),
        }

    # running

    def action_run(self) -> None:
        frame = self.frame
        if frame is None or frame.controller is None:
            self._complain(NO_SENDER)
            return
        if not self.draft.form.url:
            self.action_edit()
            return
        form, controller, sender = self.draft.form, frame.controller, sender_of(frame)
        try:
            spec, settings, typed = form.spec(), self._settings(), form.expectation()
        except UsageError as error:
            self._complain(str(error))
            return
        start = Start(controller, load_of(spec, settings, sender, typed), settings, typed, dict(self.draft.mapping))
        if controller.consent.covers(start.load):
            self._begin(start)
        else:
            self._ask(start)

    def _ask(self, start: Start) -> None:
        from meshtui.tui.dialogs.question import Question

        def answered(agreed: bool | None) -> None:
            if agreed:
                start.controller.agree(start.load)
                self._begin(start)

        excesses = start.controller.consent.excesses(start.load)
        self.app.push_screen(
            Question("Send this?", "sends", lambda width: load_lines(start.load, excesses, width)), answered
        )

    def _settings(self) -> EchoSettings:
        form = self.draft.form
        alpha, margin = form.judging()
        # Without config there are no looks at it that answers could wait for.
        looked_at = self.frame is not None and self.frame.state.snapshot is not None
        return EchoSettings(alpha=alpha, margin=margin, until_decided=form.until_decided, awaits_confirmation=looked_at)

    def _begin(self, start: Start) -> None:
        """Send what was agreed to, in the place of a run under way. The screen goes on if it stood still."""
        self.draft.choose(start.load.spec.url)
        self.post_message(self.Thaw())

        async def begin() -> None:
            try:
                await start.controller.stop()
                start.controller.start(
                    start.load.spec, start.settings, probe=start.load.sender, typed=start.typed, mapping=start.mapping
                )
            except MeshtuiError as error:
                self._complain(str(error))

        self.run_worker(begin(), exclusive=True, group="echo", exit_on_error=False)

    def action_stop(self) -> None:
        if self.frame is not None and self.frame.controller is not None:
            self.post_message(self.Thaw())
            self.run_worker(self.frame.controller.stop(), exclusive=True, group="echo", exit_on_error=False)

    def action_pause(self) -> None:
        run = self.frame.controller.run if self.frame and self.frame.controller else None
        if run is None:
            return
        self.post_message(self.Thaw())
        if run.state.phase is Phase.PAUSED:
            run.resume()
        else:
            run.pause()

    # what is sent and how it is judged

    def action_endless(self) -> None:
        form = self.draft.form
        self.draft.form = form.with_field("count", DEFAULT_COUNT if form.endless else ENDLESS)
        self.draft.forget_expected()
        self._paint()

    def action_edit(self) -> None:
        from meshtui.tui.views.echo.dialogs.form import EchoFormDialog

        if self.frame is None:
            return
        draft = self.draft

        def edited(form: EchoForm | None) -> None:
            if form is None:
                return
            draft.form, draft.chosen = form, True
            draft.forget_expected()
            if self.frame is not None:
                draft.learn(self.frame)
            self._paint()
            self.refresh_bindings()

        self.app.push_screen(EchoFormDialog(draft.form, urls_of(self.frame)), edited)

    def action_map(self) -> None:
        from meshtui.tui.views.echo.dialogs.subset_map import EchoMapDialog

        frame, draft = self.frame, self.draft
        if frame is None or not draft.subsets:
            return
        controller = frame.controller

        def mapped(mapping: dict[str, str] | None) -> None:
            if mapping is None:
                return
            draft.mapping = mapping
            going = controller is not None and controller.run is not None and not controller.run.state.phase.ended
            if controller is not None and going:
                controller.map_versions(mapping)
            else:
                self.notify("The next run is judged so: press !", markup=False)

        seen = tuple(self._run.tally.by_version) if self._run else ()
        self.app.push_screen(EchoMapDialog(draft.subsets, seen, draft.mapping), mapped)

    # looking closer

    def action_group(self, step: int) -> None:
        keys = group_keys(self._run.tally) if self._run else ()
        if keys:
            at = keys.index(self.draft.key) if self.draft.key in keys else -1
            self.draft.key = keys[(at + step) % len(keys)]
            self._paint()

    def action_answers(self) -> None:
        from meshtui.tui.views.echo.dialogs.answers import EchoAnswersDialog

        if self._run is not None:
            self.app.push_screen(EchoAnswersDialog(self._run))

    def action_copy(self) -> None:
        if self.frame is None:
            return
        try:
            spec = self._run.spec if self._run else self.draft.form.spec()
        except UsageError as error:
            self._complain(str(error))
            return
        note = grpcurl_note(spec, self.frame.state.reached or self.frame.state.target)
        what = f"the grpcurl line. {note}" if note else "the grpcurl line"
        self.post_message(self.Copy(grpcurl_line(spec, self.frame.state.reached or self.frame.state.target), what))

    def action_export(self) -> None:
        run = self._run
        if run is None:
            return
        from meshtui.tui.views.echo.run_file import export_text, suggested_name

        title = "Save this run to a new file, .json or .csv"
        self.post_message(self.Save(lambda path: export_text(run, path), suggested_name(run), title))

    def _complain(self, text: str) -> None:
        self.notify(shown(text), severity="error", markup=False)
