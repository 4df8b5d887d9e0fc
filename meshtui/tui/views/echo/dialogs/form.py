"""What a probe sends and how it is judged, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from meshtui.model.errors import UsageError
from meshtui.model.phrases import plural
from meshtui.present.echo_form import EchoForm
from meshtui.tui.dialogs.targets import Title
from meshtui.tui.kit.text import content
from meshtui.tui.views.echo.dialogs.toggle import Toggle
from meshtui.tui.views.echo.dialogs.url import UrlField

FIELDS: Final = (
    ("url", "url", "xds:///HOST:PORT"),
    ("count", "count", "a number, or ∞ for until stopped"),
    ("qps", "qps", "requests a second; 0 is as fast as 40 at a time can"),
    ("headers", "headers", "x-canary: 1, x-user: ann"),
    ("message", "message", "sent as the request's message"),
    ("method", "HTTP method", "for http: URLs; gRPC has none"),
    ("authority", "authority", "instead of the URL's host"),
    ("timeout", "timeout s", "for one request"),
    ("expect", "expect", "the accepted config's weights, or type them: v1=20,v2=80"),
    ("alpha", "α", "how often a correct split may be called a mismatch"),
    ("margin", "margin", "points a share may be off and still be called consistent"),
)
"""Name, label and hint of each text field, the ones that differ most often first."""

SWITCHES: Final = (
    ("new_connection", "a new connection for each request"),
    ("until_decided", "stop once the verdict is consistent or mismatch"),
    ("lift_limits", "lift the bounds on count and qps"),
)


NO_URL: Final = "No service is chosen. Type a part of its name, or ↓ and enter."
"""Said instead of taking a form without a URL."""

NO_MATCH: Final = "No service has {words} in its name. What is meant as it stands has a colon: xds:///HOST:PORT."
"""Said instead of sending to words that were a search."""


class EchoFormDialog(ModalScreen[EchoForm | None]):
    """Returns the form, ``None`` when left. It sends nothing: ``enter`` keeps, running is the view's own key."""

    CSS_PATH = ["../../../dialogs/dialogs.tcss", "echo.tcss"]  # noqa: RUF012 - Textual's own declaration
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="echo-form.back", tooltip="Keep what was before"),
        Binding("enter", "accept", "Keep", id="echo-form.keep", tooltip="Pick the service, or keep these values"),
        Binding("tab", "app.focus_next", "Next field", show=False, id="echo-form.next", tooltip="The next field"),
    ]

    def __init__(self, form: EchoForm, urls: Sequence[str], field: str = "url") -> None:
        super().__init__()
        self._form = form
        self._urls = tuple(urls)
        self._field = field
        self._said = Static(content(""), id="echo-form-said")

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Title("What to send", "↑ ↓ service · enter picks, then keeps · esc back")
            for name, label, hint in FIELDS:
                with Horizontal(classes="url" if name == "url" else ""):
                    yield Static(content(label), classes="label")
                    yield self._input(name, hint)
            for name, label in SWITCHES:
                yield Toggle(label, bool(getattr(self._form, name)), id=f"echo-{name}")
            yield self._said

    def _input(self, name: str, hint: str) -> Input | UrlField:
        value = str(getattr(self._form, name))
        if name == "url":
            known = f"a part of a name ({plural(len(self._urls), 'service')}), or {hint}" if self._urls else hint
            return UrlField(value, self._urls, placeholder=known, id="echo-url-field", input_id="echo-url")
        return Input(value, placeholder=hint, compact=True, select_on_focus=False, id=f"echo-{name}")

    def on_mount(self) -> None:
        self.query_one(f"#echo-{self._field}", Input).focus()

    def on_input_changed(self) -> None:
        """What was said is said of what stood there before."""
        self._said.update(content(""))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "echo-url" and self.query_one(UrlField).pick():
            return
        self.action_accept()

    def _read(self) -> EchoForm:
        form = self._form
        for name, _, _ in FIELDS:
            form = form.with_field(name, self.query_one(f"#echo-{name}", Input).value)
        for name, _ in SWITCHES:
            form = form.with_field(name, self.query_one(f"#echo-{name}", Toggle).value)
        return form

    def action_accept(self) -> None:
        form = self._read()
        try:
            if not form.url.strip():
                raise UsageError(NO_URL)
            if self.query_one(UrlField).searches:
                raise UsageError(NO_MATCH.format(words=form.url.strip()))
            spec = form.spec()
            form.expectation()
            form.judging()
        except UsageError as error:
            self._said.update(content(f"✗ {error}"))
            return
        self.dismiss(form.with_field("url", spec.url))
