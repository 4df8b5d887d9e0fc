"""The ladder, Identity and the findings are asked of every capture and case: they never contradict each other.

What each says of the control plane and of certificates is compared by its marks and its words, with every way in which
an app's ADS channels and its agent were seen to stand, and with certificates in each phase of their life.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import pytest

from meshtui.model.channels import Calls, Channel, ChannelReport, ChannelState, PeerCertificate, Subchannel
from meshtui.model.finding import Area, Finding, Severity
from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.certificate import Certificate
from meshtui.model.identity.comparison import Side
from meshtui.model.identity.workload import server_uris
from meshtui.model.xds.names import is_inbound
from meshtui.model.xds.resource import LDS, Health
from meshtui.model.xds.snapshot import Snapshot
from meshtui.present.ladder import Rung, control_plane_rung
from meshtui.present.ladder_identity import certificates_rung
from meshtui.session.observation import AgentAnswered, Attached, FilesRead, Look
from meshtui.session.reduce import reduce
from meshtui.session.state import Link, LinkState, SessionState
from meshtui.sources.agent.metrics import parse_metrics
from meshtui.tui.frame import Frame
from meshtui.tui.views.identity.lines.page import body_entries, head_entries
from tests.cases import DATA, capture, case
from tests.world.workloads import EVERYTHING, certificate, looked, report

AGENT: Final = "unix:///etc/istio/proxy/XDS"
WIDTH: Final = 200
READY, FAILING = ChannelState.READY, ChannelState.TRANSIENT_FAILURE

ADS: Final[Mapping[str, tuple[tuple[Calls, ChannelState, str], ...]]] = {
    "healthy": ((Calls(1), READY, AGENT),),
    "evicted": ((Calls(12, 11), READY, AGENT), (Calls(11, 11), READY, AGENT)),
    "cut off": ((Calls(6, 0, 6), READY, AGENT),),
    "mixed": ((Calls(6, 0, 6), READY, AGENT), (Calls(11, 11), READY, AGENT)),
    "partly": ((Calls(1), READY, AGENT), (Calls(6, 0, 6), READY, AGENT)),
    "lost": ((Calls(1), FAILING, AGENT),),
    "fallback": ((Calls(1), FAILING, "dns:///a:15010"), (Calls(1), READY, "dns:///b:15010")),
    "two that serve": ((Calls(1), READY, "dns:///a:15010"), (Calls(1), READY, "dns:///b:15010")),
    "not called": ((Calls(), ChannelState.IDLE, AGENT),),
    "none": (),
}
"""The ADS calls that were seen at Istio's agent 1.29.1, and others that may be."""

NO_CHANNELZ: Final = "no channelz"

AGENTS: Final = ("healthy", "after-evictions", "evicted-steady", "istiod-dead", "istiod-down-at-start")
CAPTURES: Final = sorted(path.stem.removeprefix("csds-") for path in (DATA / "istio").glob("csds-*.pb"))
CASES: Final = sorted(path.parent.name for path in (DATA / "cases").glob("*/csds.json"))


@dataclass(frozen=True)
class Said:
    """What the three say of one state."""

    state: SessionState
    control_plane: Rung
    certificates: Rung
    identity: str

    def findings(self, *areas: Area) -> list[Finding]:
        return [found for found in self.state.findings if found.area in areas and found.severity is not Severity.INFO]


def ads_report(name: str, at: datetime, peer: PeerCertificate | None = None) -> ChannelReport:
    channels = [
        Channel(id=number, target=target, state=state, calls=calls)
        for number, (calls, state, target) in enumerate(ADS[name], 1)
    ]
    if peer is not None:
        reached = Subchannel(id=91, address=peer.address, state=READY, calls=Calls(), peers=(peer,))
        channels.append(Channel(id=90, target="xds:///x:1", state=READY, calls=Calls(), subchannels=(reached,)))
    return ChannelReport(at, tuple(channels))


def said(
    seen: Snapshot,
    ads: str,
    *,
    leaf: Certificate | None = None,
    agents: Iterable[AgentReport] = (),
    peer: Certificate | None = None,
) -> Said:
    at = seen.taken_at
    state = SessionState(target="here", link=Link(LinkState.CONNECTING, at), interval=1.0)
    shown = PeerCertificate("10.77.0.12:17070", b"peer", b"") if peer is not None else None
    certificates = {(shown, Side.REMOTE): peer, (shown, Side.LOCAL): None} if shown is not None else {}
    state = reduce(state, Attached(at=at, offers=EVERYTHING))
    if leaf is not None:
        state = reduce(state, FilesRead(at=at, files=looked(leaf, at)))
    for agent in agents:
        state = reduce(state, AgentAnswered(at=agent.at, report=agent))
    channels = ads_report(ads, at, shown) if ads in ADS else None
    state = reduce(state, Look(at=at, config=seen, channels=channels, certificates=certificates))
    workload = state.workload
    assert workload is not None
    frame = Frame(state, at, as_json=lambda _: "")
    lines = [*head_entries(frame, workload, WIDTH, ()), *body_entries(frame, workload, WIDTH)]
    text = "\n".join("".join(span.text for span in entry.line) for entry in lines)
    rung = control_plane_rung(state.channels, server_uris(workload), findings=state.findings)
    return Said(state, rung, certificates_rung(workload, at), text)


def snapshots() -> list[tuple[str, Snapshot]]:
    return [*((name, capture(name)) for name in CAPTURES), *((name, case(name)) for name in CASES)]


CONTROL_PLANE_CODES: Final = frozenset(
    {
        "control-plane-lost", "control-plane-cut-off", "control-plane-silent", "control-plane-partly",
        "agent-streams-evicted", "agent-istiod-connection",
    }
)  # fmt: skip


def agree_on_the_control_plane(found: Said) -> None:
    rung = found.control_plane
    troubles = [finding for finding in found.state.findings if finding.code in CONTROL_PLANE_CODES]
    errors = [finding for finding in troubles if finding.severity is Severity.ERROR]
    assert (rung.health is Health.OK) <= (not troubles), "✓ beside a finding"
    assert (rung.health is Health.REFUSED) == bool(errors), "✗ is an error, and an error is ✗"
    if rung.health is Health.WAITING and rung.aside:
        assert troubles, "what is said beside the rung is a finding"
    if rung.health is None:
        assert not errors
        assert "not known" in rung.text
    assert found.state.snapshot is not None
    asked = any(key.type == LDS and is_inbound(key) for key in found.state.snapshot.resources)
    assert not (asked and "runs no xDS server" in found.identity), "an xDS server that waits for its listener"
    for finding in errors:
        assert (finding.code == "agent-streams-evicted") == ("push each other out" in rung.aside)
    assert ("has trouble with its connection to istiod" in found.identity) <= bool(troubles)


def agree_on_certificates(found: Said) -> None:
    rung = found.certificates
    troubles = found.findings(Area.CERTIFICATES, Area.IDENTITY)
    errors = [finding for finding in troubles if finding.severity is Severity.ERROR]
    assert (rung.health is Health.REFUSED) == bool(errors), (rung, troubles)
    if rung.health is Health.OK:
        assert not any(" ended " in finding.title or "expired" in finding.title for finding in troubles)
        assert "still open" not in found.identity
        assert "is not valid now" not in found.identity
    for finding in troubles[:1]:
        assert finding.title.split(" ended ")[0] in found.identity, "the worst is said on Identity too"
    if "is not valid now" in found.identity:
        assert errors


@pytest.mark.parametrize("ads", [*ADS, NO_CHANNELZ])
def test_on_the_control_plane(ads: str) -> None:
    for _, seen in snapshots():
        agree_on_the_control_plane(said(seen, ads))


@pytest.mark.parametrize("ads", ["healthy", "evicted", "cut off", "none", NO_CHANNELZ])
@pytest.mark.parametrize("agent", AGENTS)
def test_on_the_control_plane_with_what_the_agent_counts(ads: str, agent: str) -> None:
    for name in ("plain", "evicting", "istiod-dead-agent-held", "istiod-down-at-start", "inbound-listener-removed"):
        seen = capture(name)
        agents = [scraped(which, seen.taken_at, ago) for which, ago in (("healthy", 60), (agent, 1))]
        agree_on_the_control_plane(said(seen, ads, agents=agents))


def scraped(name: str, now: datetime, ago: float) -> AgentReport:
    at = now - timedelta(seconds=ago)
    metrics = parse_metrics((DATA / "istio" / f"agent-metrics-{name}.prom").read_text(), at)
    return replace(report(at, now + timedelta(hours=20)), metrics=metrics)


LIVES: Final = {"fresh": (-1, 24), "late": (-20, 24), "expired": (-30, 24), "not yet valid": (2, 24)}
"""When the leaf began, in hours from now, and how many it lives."""


@pytest.mark.parametrize("life", list(LIVES))
@pytest.mark.parametrize("peer", ["none", *LIVES])
def test_on_certificates(life: str, peer: str) -> None:
    for name in ("mtls-strict", "plain", "dr-mutual-tls", "vs-cors"):
        seen = capture(name)
        agree_on_certificates(
            said(seen, "healthy", leaf=living(life, seen.taken_at, 77), peer=living(peer, seen.taken_at, 78))
        )
        agree_on_certificates(said(seen, "healthy", peer=living(peer, seen.taken_at, 78)))


def living(life: str, now: datetime, serial: int) -> Certificate | None:
    if life not in LIVES:
        return None
    begins, hours = LIVES[life]
    return certificate(serial, now + timedelta(hours=begins), timedelta(hours=hours))


HEALTHY: Final = (
    "plain", "plain-idle-v1", "plain-idle-v2", "2080", "header", "names", "multi-service", "mtls-strict", "strict",
    "agent-echo123", "dr-leastreq", "dr-random", "dr-locality", "dr-outlier", "dr-simple-tls", "dr-mutual-tls",
    "vs-regex", "vs-retry", "vs-timeout",
)  # fmt: skip
"""Captures of a mesh in which nothing was wrong (their SOURCES.md)."""


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_healthy_is_called_so_by_all_three(name: str) -> None:
    seen = capture(name)
    agents = [scraped("healthy", seen.taken_at, ago) for ago in (60, 1)]
    ends = agents[-1].metrics.cert_ends_at if agents[-1].metrics is not None else None
    assert ends is not None
    leaf = certificate(77, ends - timedelta(hours=24), timedelta(hours=24))
    found = said(seen, "healthy", leaf=leaf, agents=agents)
    assert [finding.title for finding in found.state.findings if finding.severity is not Severity.INFO] == []
    assert (found.control_plane.health, found.certificates.health) == (Health.OK, Health.OK)
    assert "✗" not in found.identity
