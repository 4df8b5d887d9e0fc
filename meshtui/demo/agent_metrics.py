"""The agent's metrics, by the names and in the form in which a real pilot-agent 1.29.1 of a proxyless pod had them.

It has none of ``istiod_connection_failures`` and ``startup_duration_seconds``; those of its Go
runtime have no like here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]

_COUNTERS = {
    "xds_proxy_requests": "The total number of Xds Proxy Requests",
    "xds_proxy_responses": "The total number of Xds Proxy Responses",
    "istiod_connection_terminations": "The total number of connection errors to Istiod",
    "envoy_connection_terminations": "The total number of connection errors from envoy",
    "num_outgoing_requests": "Number of total outgoing requests (e.g. to a token exchange server, CA, etc.)",
    "num_failed_outgoing_requests": "Number of failed outgoing requests (e.g. to a token exchange server, CA, etc.)",
    "num_outgoing_retries": "Number of outgoing retry requests (e.g. to a token exchange server, CA, etc.)",
    "outgoing_latency": "The latency of outgoing requests (e.g. to a token exchange server, CA, etc.) in milliseconds.",
    "scrapes_total": "The total number of scrapes.",
}
"""What is only ever counted up."""

_GAUGES = {
    "cert_expiry_seconds": "The time remaining, in seconds, before the certificate chain will expire. "
    "A negative value indicates the cert is expired.",
    "pilot_xds_recv_max": "The maximum size request we have received so far.",
}
"""What is asked for when somebody looks."""

CSR: Labels = (("request_type", "csr"),)
"""The label of certificate requests."""


@dataclass(slots=True)
class Metrics:
    """Counts, and writes them in Prometheus' text format."""

    _counts: dict[tuple[str, Labels], float] = field(default_factory=dict)
    _gauges: dict[tuple[str, Labels], Callable[[], float]] = field(default_factory=dict)

    def count(self, name: str, labels: Labels = (), by: float = 1) -> None:
        """Add one, or more. As in Istio a series exists from its first count on."""
        assert name in _COUNTERS
        key = (name, labels)
        self._counts[key] = self._counts.get(key, 0) + by

    def show(self, name: str, value: Callable[[], float], labels: Labels = ()) -> None:
        """Show a value from now on; it is read anew for each scrape."""
        assert name in _GAUGES
        self._gauges[name, labels] = value

    def text(self) -> str:
        """Everything in the text exposition format, version 0.0.4."""
        series: dict[str, list[str]] = {}
        for (name, labels), value in self._counts.items():
            series.setdefault(name, []).append(_sample(name, labels, value))
        for (name, labels), read in self._gauges.items():
            series.setdefault(name, []).append(_sample(name, labels, read()))
        lines = []
        for name, help_text in sorted({**_COUNTERS, **_GAUGES}.items()):
            if name in series:
                kind = "counter" if name in _COUNTERS else "gauge"
                lines += [f"# HELP istio_agent_{name} {help_text}", f"# TYPE istio_agent_{name} {kind}"]
                lines += sorted(series[name])
        return "\n".join(lines) + "\n"


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{text}"' for key, text in labels)
    shortest = f"{value:.0f}" if float(value).is_integer() else repr(value)
    return f"istio_agent_{name}{f'{{{inside}}}' if inside else ''} {shortest}"
