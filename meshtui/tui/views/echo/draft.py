"""What the echo view remembers of one target while another is in front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.urls import known_urls, only_url
from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import Expectation, ExpectationSource, Verdict, assess
from meshtui.model.split.epochs import Epoch
from meshtui.model.split.expectation import expectation_for, subsets_of
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.echo_form import EchoForm
from meshtui.session.echo.state import EchoState
from meshtui.tui.frame import Frame
from meshtui.tui.views.echo.lines.facts import POD


def pod_of(frame: Frame) -> str:
    """Who sends: the pod's name, or the target as typed where it does not say one."""
    snapshot = frame.state.snapshot
    return (snapshot.node.workload[0] if snapshot else "") or frame.state.target


def sender_of(frame: Frame) -> str:
    """The same at this very moment, also while the screen stands still: what is sent is never a thing of the past."""
    return (frame.controller.sender if frame.controller is not None else "") or pod_of(frame)


def urls_of(frame: Frame) -> tuple[str, ...]:
    """Where a probe may go: the service under the cursor in the config, this pod's services, then those the other
    targets know."""
    known = known_urls((frame.state.snapshot, *(other.snapshot for other in frame.others)))
    pointed = frame.controller.pointed_at if frame.controller is not None else ""
    return tuple(dict.fromkeys((pointed, *known))) if pointed else known


@dataclass(slots=True, kw_only=True)
class EchoDraft:
    """``chosen`` says that the form's URL was typed, picked or sent to, and so is not replaced by a suggestion.
    ``expected`` is what the config asks for before the first run. ``subsets`` can be mapped to versions; empty when
    a mapping would change nothing. ``verdicts`` are those of all epochs of the present run."""

    form: EchoForm = field(default_factory=EchoForm)
    chosen: bool = False
    key: str = POD
    mapping: dict[str, str] = field(default_factory=dict)
    expected: Expectation | None = None
    subsets: tuple[str, ...] = ()
    _snapshot: Snapshot | None = None
    _epochs: dict[int, tuple[Epoch, Verdict]] = field(default_factory=dict)

    @property
    def verdicts(self) -> Mapping[int, Verdict]:
        """The verdict of each epoch by its number."""
        return {number: verdict for number, (_, verdict) in self._epochs.items()}

    def forget_expected(self) -> None:
        """The form differs: what is expected is asked again."""
        self.expected, self._snapshot = None, None

    def learn(self, frame: Frame) -> None:
        """Take in a frame. What depends on the config alone is worked out once for each look at the config."""
        run = frame.state.echo
        self._suggest(frame)
        if frame.state.snapshot is not self._snapshot:
            self._snapshot = frame.state.snapshot
            self._learn_config(frame, run)
        if run is not None:
            self._judge(run)

    def choose(self, url: str) -> None:
        """The person means this service."""
        if url != self.form.url:
            self.forget_expected()
        self.form, self.chosen = self.form.with_field("url", url), True

    def _suggest(self, frame: Frame) -> None:
        """Until a service is chosen: the one under the cursor in the config, or the only one there is. Among several
        none is guessed."""
        if self.chosen:
            return
        url = frame.controller.pointed_at if frame.controller is not None else ""
        if not url:
            if frame.state.snapshot is self._snapshot:
                return
            url = only_url(frame.state.snapshot, (other.snapshot for other in frame.others))
        if url != self.form.url:
            self.form = self.form.with_field("url", url)
            self.forget_expected()

    def _learn_config(self, frame: Frame, run: EchoState | None) -> None:
        if frame.controller is None or self._snapshot is None:
            return
        try:
            spec = run.spec if run else self.form.spec()
            typed = self.form.expectation()
        except UsageError:
            self.expected = None
            return
        if run is None:
            self.expected = typed or frame.controller.expected(spec)
        else:
            self.subsets = self._mappable(spec, run.assessment.expectation, self._snapshot)

    def _mappable(self, spec: EchoRequestSpec, expectation: Expectation | None, snapshot: Snapshot) -> tuple[str, ...]:
        """Subsets whose version is a guess or not known, and for which saying it would make a test."""
        if expectation is None or expectation.source is ExpectationSource.TYPED:
            return ()
        if expectation.testable and not expectation.notes:
            return self.subsets if self.mapping else ()
        headers = dict(spec.all_headers)
        names = subsets_of(snapshot, spec.url, headers)
        if len(names) < 2:
            return self.subsets if not names else ()  # a probe's config comes and goes with its channel
        tried = expectation_for(snapshot, spec.url, headers, mapping={name: name for name in names})
        return names if tried.testable else ()

    def _judge(self, run: EchoState) -> None:
        """Closed epochs are judged once."""
        kept: dict[int, tuple[Epoch, Verdict]] = {}
        for epoch in run.epochs[:-1]:
            known = self._epochs.get(epoch.number)
            if known is None or known[0] is not epoch:
                settings = run.settings
                done = assess(epoch.counts, epoch.expectation, settings.alpha, settings.margin, epoch.peak)
                known = (epoch, done.verdict)
            kept[epoch.number] = known
        if run.epochs:
            kept[run.epochs[-1].number] = (run.epochs[-1], run.assessment.verdict)
        self._epochs = kept
