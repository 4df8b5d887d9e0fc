"""What istio-agent says about itself over HTTP, and how fast its counters move.

Metric names are those of pilot-agent (``pkg/istio-agent/metrics``), all prefixed ``istio_agent_``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PREFIX = "istio_agent_"
"""Everything the agent itself measures; other lines of the scrape are the application's."""

CERT_EXPIRY = "istio_agent_cert_expiry_seconds"
OUTGOING_REQUESTS = "istio_agent_num_outgoing_requests"
FAILED_OUTGOING_REQUESTS = "istio_agent_num_failed_outgoing_requests"
XDS_REQUESTS = "istio_agent_xds_proxy_requests"
XDS_RESPONSES = "istio_agent_xds_proxy_responses"
CONNECTION_FAILURES = "istio_agent_istiod_connection_failures"
CONNECTION_TERMINATIONS = "istio_agent_istiod_connection_terminations"
APP_TERMINATIONS = "istio_agent_envoy_connection_terminations"
"""Named after Envoy; in a proxyless pod the other end is the gRPC application."""
PROCESS_START = "istio_agent_process_start_time_seconds"

COUNTERS = (
    OUTGOING_REQUESTS,
    FAILED_OUTGOING_REQUESTS,
    XDS_REQUESTS,
    XDS_RESPONSES,
    CONNECTION_FAILURES,
    CONNECTION_TERMINATIONS,
    APP_TERMINATIONS,
)
"""The names that only grow while the agent lives, so that a rate means something."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of the scrape; ``labels`` are sorted by name."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float

    def label(self, name: str) -> str:
        """The value of a label, or an empty text."""
        return dict(self.labels).get(name, "")


@dataclass(frozen=True, slots=True)
class AgentMetrics:
    """One scrape: the samples of the agent's own metrics, taken at ``at`` (UTC, our clock)."""

    at: datetime
    samples: tuple[Sample, ...]
    skipped_lines: int = 0

    def total(self, name: str, **labels: str) -> float | None:
        """The sum of every sample of ``name`` that carries ``labels``; None when there is none."""
        values = [
            sample.value
            for sample in self.samples
            if sample.name == name and all(sample.label(key) == wanted for key, wanted in labels.items())
        ]
        return sum(values) if values else None

    @property
    def cert_expiry(self) -> timedelta | None:
        """Time left of the workload certificate the agent issued last, at ``at``; may be negative.

        Files that are mounted instead have the name ``file-cert:CHAIN~KEY`` (``security/pkg/nodeagent/cache`` of Istio,
        ``SdsCertificateConfig.GetResourceName``); of several, the one that ends first. ``ROOTCA`` and ``file-root:…``
        are the roots.
        """
        own = self.total(CERT_EXPIRY, resource_name="default")
        mounted = [
            sample.value
            for sample in self.samples
            if sample.name == CERT_EXPIRY and sample.label("resource_name").startswith("file-cert:")
        ]
        return _seconds(own if own is not None else min(mounted, default=None))

    @property
    def cert_ends_at(self) -> datetime | None:
        """When that certificate ends (UTC), good to about a second."""
        left = self.cert_expiry
        if left is None:
            return None
        try:
            return self.at + left
        except OverflowError:
            return None

    @property
    def started_at(self) -> float | None:
        """When the agent's process started, in Unix seconds of its own clock."""
        return self.total(PROCESS_START)


def _seconds(value: float | None) -> timedelta | None:
    """A duration from a metric, or None for what no duration can hold (NaN, infinity)."""
    if value is None or value != value or abs(value) > timedelta.max.total_seconds():
        return None
    return timedelta(seconds=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReport:
    """One look at the agent.

    ``ready`` is None when readiness could not be read; ``clock_offset`` is how far the agent's clock is ahead
    of ours (good to about a second: it comes from the HTTP ``Date``), None when it sent none. ``problems``
    are whole sentences, one for each request that failed.
    """

    address: str
    at: datetime
    ready: bool | None = None
    ready_status: int | None = None
    metrics: AgentMetrics | None = None
    clock_offset: timedelta | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """How much one counter grew between two scrapes, and per second."""

    name: str
    labels: tuple[tuple[str, str], ...]
    increase: float
    per_second: float


@dataclass(frozen=True, slots=True)
class AgentRates:
    """The growth of every counter between two scrapes, ``elapsed`` apart.

    After a restart the counters begin at 0 again, so increases are since the restart: a lower bound.
    """

    elapsed: timedelta
    rates: tuple[Rate, ...]

    def total(self, name: str, **labels: str) -> float:
        """The per-second growth of ``name`` over every sample that carries ``labels``; 0 when none did."""
        wanted = labels.items()
        return sum(rate.per_second for rate in self.rates if rate.name == name and wanted <= dict(rate.labels).items())

    def increase(self, name: str, **labels: str) -> float:
        """The growth of ``name`` over every sample that carries ``labels``; 0 when none did."""
        wanted = labels.items()
        return sum(rate.increase for rate in self.rates if rate.name == name and wanted <= dict(rate.labels).items())


def rates(previous: AgentMetrics, current: AgentMetrics) -> AgentRates | None:
    """How fast the counters moved from ``previous`` to ``current``; None when no time passed between them."""
    elapsed = current.at - previous.at
    if elapsed <= timedelta(0):
        return None
    before = {(sample.name, sample.labels): sample.value for sample in previous.samples}
    counters = [sample for sample in current.samples if sample.name in COUNTERS]
    fell = any(sample.value < before.get((sample.name, sample.labels), 0.0) for sample in counters)
    restarted = fell or previous.started_at != current.started_at
    found = []
    for sample in counters:
        start = 0.0 if restarted else before.get((sample.name, sample.labels), 0.0)
        increase = sample.value - start
        if increase >= 0.0:  # NaN compares false, so a counter that is not a number has no rate
            found.append(Rate(sample.name, sample.labels, increase, increase / elapsed.total_seconds()))
    return AgentRates(elapsed, tuple(found))
