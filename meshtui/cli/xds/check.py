"""What ``meshtui xds status --check`` judges by: the findings about the config that are errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from time import sleep
from typing import Final

from meshtui.cli.diagnostics import say
from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.errors import MeshtuiError
from meshtui.model.finding import Finding, Severity
from meshtui.model.identity.bootstrap import Bootstrap
from meshtui.model.phrases import plural, span_words
from meshtui.model.target import TargetOptions
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import Health, ResourceKey, resource_timer
from meshtui.model.xds.snapshot import Snapshot
from meshtui.targets import Looking, read_workload

STEP: Final = 1.0
"""Seconds between two looks at something that is waited for."""


def known_bootstrap(options: TargetOptions, look: Looking) -> Bootstrap | None:
    """The bootstrap that was named, else the pod's own. That none could be read is said, as the judgement is then of a
    client without features of its own."""
    if options.bootstrap:
        return read_workload(options.bootstrap, None).bootstrap
    try:
        found = look.bootstrap()
    except MeshtuiError as error:
        say(f"meshtui: judged without the pod's bootstrap: {error.what}")
        return None
    if found is not None and found.syntax is not None:
        say(f"meshtui: judged without the pod's bootstrap: {found.source}: {found.syntax.message}")
    return found


def check_config(
    snapshot: Snapshot,
    look: Callable[[], Snapshot],
    bootstrap: Bootstrap | None,
    wait: Callable[[float], None] = sleep,
) -> tuple[Snapshot, Sequence[Finding]]:
    """The look that decides, and the errors in it. ``bootstrap`` is that of the client, if it is known."""
    features = bootstrap.server_features if bootstrap is not None else frozenset()
    first = snapshot.taken_at
    snapshot, since = settled(snapshot, look, resource_timer(features), wait)
    resources = snapshot.resources
    evidence = ConfigEvidence(
        now=snapshot.taken_at,
        snapshot=snapshot,
        graph=build(snapshot),
        first_seen={key: resources[key].last_updated or first for key in since},
        server_uris=bootstrap.server_uris if bootstrap is not None else (),
        server_features=features,
    )
    found = diagnose(Evidence(config=evidence))
    return snapshot, [finding for finding in found if finding.severity is Severity.ERROR]


def settled(
    snapshot: Snapshot,
    look: Callable[[], Snapshot],
    timer: timedelta,
    wait: Callable[[float], None],
) -> tuple[Snapshot, frozenset[ResourceKey]]:
    """The first look at which nothing is waited for, or one after gRPC's timer; and what was waited for all the time.

    How long something was asked for is in no answer of most clients, so that one look cannot tell a second from an
    hour.
    """
    waited = _waited(snapshot, timer)
    end = snapshot.taken_at + timer
    if waited:
        say(f"meshtui: waits up to {span_words(timer)} for {plural(len(waited), 'resource')} the client asked for")
    while waited and snapshot.taken_at < end:
        wait(STEP)
        snapshot = look()
        waited &= _waited(snapshot, timer)
    return snapshot, waited


def _waited(snapshot: Snapshot, timer: timedelta) -> frozenset[ResourceKey]:
    """What is waited for, and not for too long by the client's own word."""
    return frozenset(
        resource.key
        for resource in snapshot.troubled
        if resource.health is Health.WAITING
        and (resource.last_updated is None or snapshot.taken_at - resource.last_updated < timer)
    )
