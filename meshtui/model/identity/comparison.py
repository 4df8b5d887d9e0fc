"""Who a workload is, joined from four places: issued, on disk, in use, expected.

Pure: the parts are read elsewhere and passed in. Times are UTC.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from meshtui.model.identity.agent import AgentReport
from meshtui.model.identity.certificate import Certificate, CertificateSet, hex_bytes
from meshtui.model.identity.san import satisfies
from meshtui.model.phrases import span_words
from meshtui.model.xds.config import TlsContext, TlsMode
from meshtui.model.xds.resource import ResourceKey

ISSUED_TOLERANCE = timedelta(seconds=5)
"""The agent's metric is whole seconds at scrape time on another clock: closer ends than this count as the same."""

HALF_A_SECOND = timedelta(seconds=0.5)
"""Added before a moment of the agent's metric is cut to seconds, which rounds it."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""More than this between two clocks is said, since it looks like expiry."""


@dataclass(frozen=True, slots=True)
class ClusterTls:
    """What the accepted config says about TLS towards one cluster.

    No ``tls.sans`` under TLS means that a server certificate of any name is accepted.
    """

    cluster: str
    tls: TlsContext
    key: ResourceKey


@dataclass(frozen=True, slots=True)
class ListenerTls:
    """What the accepted config says about TLS of one inbound listener's filter chain."""

    listener: str
    tls: TlsContext
    key: ResourceKey


class Side(StrEnum):
    """Whose certificate it was on a live connection of the process looked at."""

    LOCAL = "local"
    """The process's own: what it presents."""
    REMOTE = "remote"
    """The peer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """A certificate on a live connection, from channelz.

    ``where`` names the socket (``127.0.1.11:17070``); ``cluster`` the cluster it belongs to when known; ``first_seen``
    is when this certificate was first seen there.
    """

    certificate: Certificate
    where: str
    side: Side
    first_seen: datetime
    cluster: str = ""

    def ended(self, now: datetime) -> bool:
        """Whether its time is over while the connection is open.

        TLS looks at a certificate in the handshake (RFC 8446, 4.4), and gRPC not again after it: C-core's
        ``ssl_transport_security.cc`` and grpc-go's ``credentials/xds`` verify when a connection begins. So calls on
        this one go on, and only the next one is refused.
        """
        return self.certificate.not_after < now


@dataclass(frozen=True, slots=True)
class OnDisk:
    """The workload's leaf in its file; ``changed_at`` is the file's modification time when known."""

    certificate: Certificate
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """When the certificate the agent issued last ends, by its metric; ``seen_at`` is the scrape."""

    ends_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class IdentityState:
    """Everything known about one workload's identity; what is unknown is None or empty."""

    now: datetime
    _: KW_ONLY
    issued: Issued | None = None
    on_disk: OnDisk | None = None
    in_use: tuple[InUse, ...] = ()
    clusters: tuple[ClusterTls, ...] = ()
    listeners: tuple[ListenerTls, ...] = ()
    refresh_interval: timedelta | None = None
    clock_offset: timedelta | None = None
    """How far the pod's clock is ahead of ours."""
    files_looked_at: bool = False
    """Whether the certificate files could be looked at, so that ``on_disk`` None means there is none."""

    @property
    def own_in_use(self) -> tuple[InUse, ...]:
        """This workload's own certificates on live connections, newest first."""
        own = [used for used in self.in_use if used.side is Side.LOCAL]
        return tuple(sorted(own, key=lambda seen: seen.certificate.not_before, reverse=True))

    @property
    def peers(self) -> tuple[InUse, ...]:
        """The other ends' certificates on live connections."""
        return tuple(used for used in self.in_use if used.side is Side.REMOTE)


def identity_of(found: CertificateSet | None, report: AgentReport | None, now: datetime) -> IdentityState:
    """The state as far as files and agent tell; what is in use and expected is added with ``dataclasses.replace``."""
    metrics = report.metrics if report is not None else None
    ends_at = metrics.cert_ends_at if metrics is not None else None
    leaf = found.leaf if found is not None else None
    changed = next((file.modified for file in found.files if leaf and file.path == leaf.file), None) if found else None
    return IdentityState(
        now=now,
        issued=Issued(ends_at, metrics.at) if ends_at is not None and metrics is not None else None,
        on_disk=OnDisk(leaf, changed) if leaf is not None else None,
        clock_offset=report.clock_offset if report is not None else None,
        files_looked_at=found is not None,
    )


class CornerState(StrEnum):
    """How one corner of the identity compares with the certificate on disk."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class CornerPlace(StrEnum):
    """Where a workload's certificate stands; the value is the word shown."""

    ISSUED = "issued"
    ON_DISK = "on disk"
    IN_USE = "in use"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner of the comparison.

    ``text`` is a short whole phrase that can be shown as it is; ``brief`` says it where all four stand in one line,
    empty where it would be the same.
    """

    place: CornerPlace
    state: CornerState
    text: str
    brief: str = ""


@dataclass(frozen=True, slots=True)
class IdentityComparison:
    """Issued, on disk, in use and expected beside each other, and what their difference means.

    ``reread_by`` is the latest moment at which gRPC re-reads the files when what it uses is older than what is on
    disk; None when nothing differs.
    """

    corners: tuple[Corner, ...]
    sentence: str
    reread_by: datetime | None = None

    @property
    def agrees(self) -> bool:
        """Whether no corner shows another certificate; one that is not known does not count."""
        return all(corner.state is not CornerState.DIFFERS for corner in self.corners)


def identity_comparison(state: IdentityState) -> IdentityComparison:
    """Compare the four corners of ``state``."""
    stale = stale_in_use(state)
    corners = (issued_corner(state), _on_disk(state), _in_use(state, stale), _expected(state))
    if stale is None or state.on_disk is None:
        return IdentityComparison(corners, _agreement(corners))
    since = state.on_disk.changed_at
    reread = since + state.refresh_interval if since is not None and state.refresh_interval is not None else None
    return IdentityComparison(corners, _stale_sentence(state, stale, since, reread), reread)


def stale_in_use(state: IdentityState) -> InUse | None:
    """The workload's own certificate on a live connection that is older than the one on disk, newest such one.

    A connection made before a rotation rightly keeps the old certificate until it closes, so only the newest
    certificate seen counts: when that is on disk, the process has re-read its files.
    """
    if state.on_disk is None or not state.own_in_use:
        return None
    newest = state.own_in_use[0]
    if newest.certificate.fingerprint_sha256 == state.on_disk.certificate.fingerprint_sha256:
        return None
    return newest


def predates_rotation(state: IdentityState, seen: InUse) -> bool:
    """Whether a connection may be older than the files: then its old certificate is no sign of a missed re-reading."""
    changed = state.on_disk.changed_at if state.on_disk is not None else None
    return changed is not None and seen.first_seen < changed


def _may_still_reread(state: IdentityState) -> bool:
    """Whether the next re-reading after the rotation on disk is still to come."""
    changed = state.on_disk.changed_at if state.on_disk is not None else None
    return changed is not None and state.refresh_interval is not None and changed + state.refresh_interval >= state.now


def issued_corner(state: IdentityState) -> Corner:
    """What the agent says it issued last, beside what is on disk."""
    if state.issued is None:
        return Corner(CornerPlace.ISSUED, CornerState.UNKNOWN, "no agent metric")
    ends = _clock(state.issued.ends_at + HALF_A_SECOND, state.now)
    text, brief = f"ends {ends} UTC", f"ends {ends}"
    if state.on_disk is None:
        return Corner(CornerPlace.ISSUED, CornerState.UNKNOWN, text, brief)
    changed = state.on_disk.changed_at
    if changed is not None and state.issued.seen_at < changed:
        return Corner(CornerPlace.ISSUED, CornerState.UNKNOWN, "not asked since the rotation")
    # The metric is time left by the agent's clock and the file's end is absolute: take the clocks' difference out.
    ends_at = state.issued.ends_at + (state.clock_offset or timedelta(0))
    same = abs(ends_at - state.on_disk.certificate.not_after) <= ISSUED_TOLERANCE
    return Corner(CornerPlace.ISSUED, CornerState.SAME if same else CornerState.DIFFERS, text, brief)


def _on_disk(state: IdentityState) -> Corner:
    if state.on_disk is None:
        return Corner(CornerPlace.ON_DISK, CornerState.UNKNOWN, "files not at hand")
    brief = short_serial(state.on_disk.certificate)
    if state.on_disk.changed_at is not None:
        brief += f", written {span_words(state.now - state.on_disk.changed_at)} ago"
    return Corner(CornerPlace.ON_DISK, CornerState.SAME, f"serial {brief}", brief)


def _in_use(state: IdentityState, stale: InUse | None) -> Corner:
    if not state.own_in_use:
        return Corner(CornerPlace.IN_USE, CornerState.UNKNOWN, "no live TLS connection seen")
    newest = state.own_in_use[0]
    brief = f"{short_serial(newest.certificate)} at {newest.where}"
    text = f"serial {brief}"
    if state.on_disk is None:
        return Corner(CornerPlace.IN_USE, CornerState.UNKNOWN, text, brief)
    if stale is not None and predates_rotation(state, stale) and not _may_still_reread(state):
        return Corner(
            CornerPlace.IN_USE, CornerState.UNKNOWN, f"{text}, since before the rotation", f"{brief}, from before"
        )
    return Corner(CornerPlace.IN_USE, CornerState.SAME if stale is None else CornerState.DIFFERS, text, brief)


def _expected(state: IdentityState) -> Corner:
    verdicts = cluster_verdicts(state)
    with_tls = [verdict for verdict in verdicts if verdict.wants.tls.mode is not TlsMode.PLAINTEXT]
    if not with_tls:
        return Corner(CornerPlace.EXPECTED, CornerState.UNKNOWN, "no cluster of the accepted config uses TLS")
    refused = [with_tl for with_tl in with_tls if with_tl.refused]
    if refused:
        return Corner(
            CornerPlace.EXPECTED,
            CornerState.DIFFERS,
            f"{len(refused)} of {len(with_tls)} TLS clusters refuse a peer seen",
        )
    if not any(cluster.accepted for cluster in with_tls):
        return Corner(CornerPlace.EXPECTED, CornerState.UNKNOWN, f"{len(with_tls)} TLS clusters, no peer seen yet")
    if ended := [cluster for cluster in with_tls if any(peer.ended(state.now) for peer in cluster.accepted)]:
        text = f"a peer's certificate has ended on {len(ended)} of {len(with_tls)} TLS clusters"
        return Corner(CornerPlace.EXPECTED, CornerState.UNKNOWN, text, "a peer's has ended")
    clusters = f"{len(with_tls)} TLS clusters"
    return Corner(CornerPlace.EXPECTED, CornerState.SAME, f"peers satisfy {clusters}", f"by {clusters}")


def _agreement(corners: tuple[Corner, ...]) -> str:
    differing = [corner.place for corner in corners if corner.state is CornerState.DIFFERS]
    known = [corner.place for corner in corners if corner.state is not CornerState.UNKNOWN]
    if differing:
        return f"{' and '.join(differing)} {'differs' if len(differing) == 1 else 'differ'} from what is on disk"
    if len(known) < 2:
        return "too little is known to compare"
    return f"{', '.join(known)} agree"


def _stale_sentence(state: IdentityState, stale: InUse, since: datetime | None, reread: datetime | None) -> str:
    rotated = f"on disk rotated {span_words(state.now - since)} ago" if since is not None else "on disk rotated"
    text = f"{rotated}, in use still serial {short_serial(stale.certificate)}"
    if reread is None or state.refresh_interval is None:
        return text
    if predates_rotation(state, stale) and reread < state.now:
        return f"{text}, on a connection from before: it keeps that until it closes; new ones use what is on disk"
    every = f"gRPC re-reads every {state.refresh_interval.total_seconds():g} s"
    if reread < state.now:
        return f"{text}; {every}: overdue since {_clock(reread, state.now)} UTC"
    return f"{text}; {every}: by {_clock(reread, state.now)} UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterVerdict:
    """One cluster's TLS beside the peers seen on it.

    ``undecided`` are peers for which it can't be told, as where it hangs on a regex that RE2 does not take.
    """

    wants: ClusterTls
    accepted: tuple[InUse, ...] = ()
    refused: tuple[InUse, ...] = ()
    undecided: tuple[InUse, ...] = ()


def cluster_verdicts(state: IdentityState, *, with_peers: bool = False) -> tuple[ClusterVerdict, ...]:
    """For each cluster of the accepted config, whether the peers seen on it satisfy its SAN matchers.

    A peer counts for a cluster only when it is known to belong to it. ``with_peers`` leaves out clusters on which none
    was seen: of thousands that is nearly all.
    """
    peers: dict[str, list[InUse]] = {}
    for peer in state.peers:
        peers.setdefault(peer.cluster, []).append(peer)
    verdicts = []
    for wants in state.clusters:
        on_it = peers.get(wants.cluster, [])
        if with_peers and not on_it:
            continue
        by_outcome: dict[bool | None, list[InUse]] = {True: [], False: [], None: []}
        for peer in on_it:
            by_outcome[satisfies(wants.tls.sans, peer.certificate.sans)].append(peer)
        verdicts.append(
            ClusterVerdict(
                wants=wants,
                accepted=tuple(by_outcome[True]),
                refused=tuple(by_outcome[False]),
                undecided=tuple(by_outcome[None]),
            )
        )
    return tuple(verdicts)


SHORT_SERIAL = 4
"""Bytes of a serial that tell two certificates of one workload apart at a glance."""


def short_serial(certificate: Certificate) -> str:
    """The beginning of the serial: ``3f:a1:09:5c…``."""
    sign, pairs = "-" if certificate.serial < 0 else "", hex_bytes(certificate.serial)
    return sign + ":".join(pairs[:SHORT_SERIAL]) + ("…" if len(pairs) > SHORT_SERIAL else "")


def _clock(moment: datetime, now: datetime) -> str:
    """A moment in UTC by the wall clock, with its day when that is not today."""
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M:%S}"
