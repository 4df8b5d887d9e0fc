"""The echo lab of one session: one run at a time, always informed of what the accepted config asks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from meshtui.model.clock import utc_now
from meshtui.model.echo.consent import Consent, Load, UntilDecided
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import UsageError
from meshtui.model.split.assessment import Expectation
from meshtui.model.split.expectation import ECHO_PATH, expectation_for
from meshtui.model.target import DEFAULT_TIMEOUT
from meshtui.model.xds.routing import decide
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import EchoSettings, EchoState
from meshtui.session.protocols import EchoSource

ARRIVAL: Final = timedelta(seconds=2)
"""How long config may be on its way before that is worth saying. A fresh channel has all of it within some 10 ms in the
demo, but a look can fall into them, and a route without its clusters is not another split."""


class EchoController:
    """Starts runs through one pod, none that was not agreed to, and keeps their expectation true while the config
    changes.

    ``changed`` is called with each new state of the present run. ``typed`` shares, when given for a run, stand instead
    of the config's. ``mapping`` says which version answers for a subset, where the names do not. ``now`` is the clock
    of times that are shown, ``monotonic`` that of pacing. ``contact_s`` is how long a connection to the echo server may
    take to come about.
    """

    def __init__(
        self,
        source: EchoSource,
        changed: Callable[[EchoState], None],
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        contact_s: float = DEFAULT_TIMEOUT,
    ) -> None:
        self._source = source
        self._now, self._monotonic = now, monotonic
        self._changed, self._contact_s = changed, contact_s
        self._snapshot: Snapshot | None = None
        self._run: EchoRun | None = None
        self._typed: Expectation | None = None
        self._mapping: Mapping[str, str] = {}
        self._pod_versions: Mapping[str, str] = {}
        self._arriving_since: datetime | None = None
        self._closed = False
        self.consent: Consent = Consent()
        """What was agreed to so far; replaced by :meth:`agree`."""
        self.pointed_at = ""
        """The URL of the service under the cursor in the config, empty while there is none: what to suggest."""

    @property
    def sender(self) -> str:
        """The name of the pod that sends, as last seen; empty where it says none."""
        return self._snapshot.node.workload[0] if self._snapshot is not None else ""

    def agree(self, load: Load) -> None:
        """A person said yes to this load, by answering the question or by typing it on a command line."""
        self.consent = self.consent.agree(load)

    @property
    def run(self) -> EchoRun | None:
        """The present run, or the last one; ``None`` before the first."""
        return self._run

    def start(
        self,
        spec: EchoRequestSpec,
        settings: EchoSettings,
        *,
        probe: str,
        typed: Expectation | None = None,
        mapping: Mapping[str, str] | None = None,
    ) -> EchoRun:
        """Begin a run. Raises ``UsageError`` for what cannot be sent or was not agreed to, and while another run goes
        on."""
        if self._closed:
            raise UsageError("This target was left: nothing is sent through it any more.", "attach it again")
        if not self.consent.covers(load_of(spec, settings, probe, typed)):
            raise UsageError("This run goes beyond what was agreed to.", "ask before it is sent")
        if self._run is not None and not self._run.state.phase.ended:
            raise UsageError("A run is under way.", "stop it first")
        self._typed, self._mapping = typed, dict(mapping or {})
        run = EchoRun(
            self._source, spec, replace(settings, contact_s=self._contact_s),
            expectation=self._settled(spec), probe=probe, now=self._now, monotonic=self._monotonic,
        )  # fmt: skip
        self._run = run
        run.subscribe(self._changed)
        run.start()
        return run

    def map_versions(self, mapping: Mapping[str, str]) -> None:
        """Say which version answers for which subset, from now on."""
        self._mapping = {**self._mapping, **mapping}
        if self._snapshot is not None:
            self.config_seen(self._snapshot)

    def pods_seen(self, versions: Mapping[str, str]) -> None:
        """The version labels of pods by address, where the cluster tells them."""
        if versions != self._pod_versions:
            self._pod_versions = dict(versions)
            if self._snapshot is not None:
                self.config_seen(self._snapshot)

    def config_seen(self, snapshot: Snapshot) -> None:
        """The config was looked at: a changed split starts a new epoch, an unchanged one lets answers be judged.

        A probe's channel lives only as long as one batch, and so does the config it is sent by. A look that falls
        between two batches finds none of it, one that falls into its arrival finds half: both say nothing. After the
        last batch, no later look will find it.
        """
        self._snapshot = snapshot
        run = self._run
        if run is None or run.state.phase.ended:
            return
        expected = self.expected(run.spec)
        if self._typed is not None:
            typed = self._typed if expected is None else _drawn_as(self._typed, expected)
            run.set_expectation(typed, snapshot.taken_at)
        elif expected is None:
            self._arriving_since = None
            run.config_gone()
        elif not self._on_its_way(expected, snapshot.taken_at):
            run.set_expectation(expected, snapshot.taken_at)

    def _settled(self, spec: EchoRequestSpec) -> Expectation | None:
        expected = self.expected(spec)
        if self._typed is not None:
            return self._typed if expected is None else _drawn_as(self._typed, expected)
        if expected is None or self._snapshot is None or self._on_its_way(expected, self._snapshot.taken_at):
            return None
        return expected

    def _on_its_way(self, expected: Expectation, at: datetime) -> bool:
        """Whether the rest of this config may still be about to come: such a look says nothing."""
        if not expected.arriving:
            self._arriving_since = None
            return False
        self._arriving_since = self._arriving_since or at
        return at - self._arriving_since < ARRIVAL

    async def stop(self) -> None:
        """End the present run, if one goes on; returns when nothing of it runs."""
        if self._run is not None:
            await self._run.cancel()

    async def close(self) -> None:
        """End the present run and start no other."""
        self._closed = True
        await self.stop()

    def expected(self, spec: EchoRequestSpec) -> Expectation | None:
        """What the accepted config asks of this probe's answers; ``None`` while the pod holds no such config."""
        if self._snapshot is None:
            return None
        headers = dict(spec.all_headers)
        if not spec.goes_by_config:
            return Expectation.untestable(f"{spec.url} is no xds: URL: no config says where its requests go.")
        decision = decide(self._snapshot, spec.url, ECHO_PATH, headers)
        if decision.listener is None or decision.routes is None:
            return None
        seen = frozenset(self._run.state.tally.by_version) if self._run is not None else frozenset()
        return expectation_for(
            self._snapshot,
            spec.url,
            headers,
            mapping=self._mapping,
            versions_seen=seen,
            pod_versions=self._pod_versions,
        )


def _drawn_as(typed: Expectation, configured: Expectation) -> Expectation:
    """The typed shares of answers that are drawn as the config says."""
    return replace(typed, by_locality=configured.by_locality)


def load_of(spec: EchoRequestSpec, settings: EchoSettings, sender: str, typed: Expectation | None) -> Load:
    """A run as far as it is load, to be agreed to."""
    shares = tuple(sorted(typed.shares.items())) if typed is not None else ()
    decision = UntilDecided(settings.alpha, settings.margin, shares) if settings.until_decided else None
    return Load(sender, spec, settings.duration_s, decision)
