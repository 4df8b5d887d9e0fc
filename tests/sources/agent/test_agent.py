"""The agent over real sockets: what is read, and what can never be sent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import TargetUnreachable, UsageError
from meshtui.model.identity.agent import (
    APP_TERMINATIONS,
    CONNECTION_TERMINATIONS,
    FAILED_OUTGOING_REQUESTS,
    AgentMetrics,
    Sample,
    rates,
)
from meshtui.sources.agent.http_get import HttpProblem, HttpResponse, get
from meshtui.sources.agent.metrics import MOST_SAMPLES, parse_metrics
from meshtui.sources.agent.source import (
    METRICS_PATH,
    READ_ONLY,
    READY_PATH,
    AgentSource,
    parse_agent_address,
)
from tests.cases import DATA
from tests.loopback import listening
from tests.waiting import PATIENCE_S

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

SCRAPE = """\
# HELP istio_agent_cert_expiry_seconds The time remaining, in seconds.
# TYPE istio_agent_cert_expiry_seconds gauge
istio_agent_cert_expiry_seconds{resource_name="default"} 86399.5
# TYPE istio_agent_istiod_connection_terminations counter
istio_agent_istiod_connection_terminations{type="error"} 3
istio_agent_istiod_connection_terminations{type="cancelled"} 1
istio_agent_num_failed_outgoing_requests{request_type="csr"} 2
istio_agent_startup_duration_seconds 1.25
istio_agent_process_start_time_seconds 1.7638e+09
envoy_cluster_upstream_rq_total{cluster="x"} 99
app_metric_that_does_not_parse{ 1
"""

Answer = Callable[[str, str], bytes]


def ok(body: bytes = b"", status: str = "200 OK", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def healthy(method: str, path: str) -> bytes:
    return ok(SCRAPE.encode()) if path == METRICS_PATH else ok()


class Recorder:
    """A real server on loopback that answers with whatever bytes it is given and remembers what was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            method, path, _ = request.split(b" ", 2)
            writer.write(self.answer(method.decode(), path.decode()))
            await writer.drain()


@asynccontextmanager
async def agent(answer: Answer = healthy) -> AsyncIterator[tuple[str, Recorder]]:
    recorder = Recorder(answer)
    async with listening(recorder.serve) as address:
        yield address, recorder


async def test_istiod_is_no_agent() -> None:
    """Its own metrics (1.29.1) at the port that was named, by mistake: it is said, and none is taken for the pod's."""
    scrape = (DATA / "istio" / "istiod-metrics.prom").read_bytes()
    async with agent(lambda _, path: ok(scrape) if path == METRICS_PATH else ok(b"", "404 Not Found")) as (address, _):
        report = await AgentSource(address).poll()
    assert report.metrics is not None
    assert report.metrics.samples == ()
    assert report.ready is None
    assert report.problems == (
        f"GET {READY_PATH} was answered with status 404.",
        f"GET {METRICS_PATH} was answered without any metric of an agent (istio_agent_…).",
    )


async def test_readiness_and_metrics_are_read() -> None:
    async with agent() as (address, recorder):
        report = await AgentSource(address).poll()
    assert report.ready is True
    assert report.problems == ()
    assert report.metrics is not None
    assert report.metrics.cert_expiry == timedelta(seconds=86399.5)
    assert report.metrics.total(CONNECTION_TERMINATIONS) == 4
    assert report.metrics.total(CONNECTION_TERMINATIONS, type="error") == 3
    assert report.metrics.total(FAILED_OUTGOING_REQUESTS, request_type="csr") == 2
    assert report.metrics.total("envoy_cluster_upstream_rq_total") is None
    assert sorted(request.split(b"\r\n")[0] for request in recorder.requests) == [
        b"GET /healthz/ready HTTP/1.1",
        b"GET /stats/prometheus HTTP/1.1",
    ]


async def test_not_ready_is_an_answer_not_a_failure() -> None:
    async with agent(
        lambda _, path: ok(status="503 Service Unavailable") if path == READY_PATH else ok(b"istio_agent_x 1\n")
    ) as (
        address,
        _,
    ):
        report = await AgentSource(address).poll()
    assert report.ready is False
    assert report.ready_status == 503
    assert report.problems == ()


async def test_one_failing_path_costs_only_itself() -> None:
    async with agent(lambda _, path: b"garbage\r\n\r\n" if path == METRICS_PATH else ok()) as (address, _):
        report = await AgentSource(address).poll()
    assert report.ready is True
    assert report.metrics is None
    assert report.problems == ("GET /stats/prometheus failed: its answer is no HTTP/1.1.",)


async def test_a_redirect_is_told_and_not_followed() -> None:
    redirect = ok(b"", "302 Found", "Location: /quitquitquit")
    async with agent(lambda *_: redirect) as (address, recorder):
        report = await AgentSource(address).poll()
    assert report.ready is None
    assert len(recorder.requests) == 2
    assert "not followed" in report.problems[0]


async def test_nobody_there_is_one_sentence() -> None:
    async with agent() as (address, _):
        pass
    with pytest.raises(TargetUnreachable) as caught:
        await AgentSource(address).poll()
    assert address in caught.value.what
    assert "port-forward" in caught.value.hint


async def test_an_agent_that_never_answers_ends_in_time() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with listening(hold) as address:
        with pytest.raises(TargetUnreachable, match="no answer within"):
            await AgentSource(address, timeout=0.2).poll()


async def test_the_clocks_difference_comes_from_the_date_header() -> None:
    date = format_datetime(NOW + timedelta(minutes=5), usegmt=True)
    async with agent(lambda *_: ok(b"", "200 OK", f"Date: {date}")) as (address, _):
        report = await AgentSource(address, clock=lambda: NOW).poll()
    assert report.clock_offset == timedelta(minutes=5, seconds=0.5)


@pytest.mark.parametrize("header", ["", "Date: yesterday", "Date: Thu, 99 Foo 2026 99:99:99 GMT"])
async def test_a_date_that_is_none_says_nothing_of_the_clock(header: str) -> None:
    async with agent(lambda *_: ok(b"", "200 OK", *([header] if header else []))) as (address, _):
        assert (await AgentSource(address).poll()).clock_offset is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "localhost:15020/quitquitquit",
        "http://localhost:15020/drain",
        "http://localhost:15020/?x=/drain",
        "http://localhost:15020/#/drain",
        "https://localhost:15020",
        "localhost:99999",
        "localhost:x",
        "user:pw@localhost:15020",
        "local host:15020",
        "localhost:15020 /drain",
        "localhost\r\nPOST /quitquitquit HTTP/1.1:1",
        "[::1",
    ],
)
def test_addresses_that_could_smuggle_a_request_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_agent_address(text)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost:15020", "localhost", 15020),
        ("http://10.0.0.7", "10.0.0.7", 15020),
        ("http://[::1]:8080/", "::1", 8080),
        ("127.0.1.11:15020", "127.0.1.11", 15020),
    ],
)
def test_addresses_that_are_meant(text: str, host: str, port: int) -> None:
    parsed = parse_agent_address(text)
    assert (parsed.host, parsed.port) == (host, port)


@given(st.text())
def test_whatever_is_typed_only_the_two_paths_can_be_asked_for(text: str) -> None:
    try:
        parsed = parse_agent_address(text)
    except UsageError:
        return
    assert not set(parsed.host) & set("/?# \r\n\t@")
    assert frozenset({"/healthz/ready", "/stats/prometheus"}) == READ_ONLY


@pytest.mark.parametrize("path", ["/quitquitquit", "/drain", "/healthz/ready?x", "/healthz/ready\r\nX: y", ""])
async def test_no_other_path_leaves_this_process(path: str) -> None:
    async with agent() as (address, recorder):
        host, port = address.split(":")
        with pytest.raises(ValueError, match="read-only"):
            await get(host, int(port), path, READ_ONLY, timeout=PATIENCE_S, most_bytes=100)
    assert recorder.requests == []


async def _get(raw: bytes, most_bytes: int = 1000) -> HttpResponse:
    async with agent(lambda *_: raw) as (address, _):
        host, port = address.split(":")
        return await get(host, int(port), READY_PATH, READ_ONLY, timeout=PATIENCE_S, most_bytes=most_bytes)


async def test_bodies_of_every_framing() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    assert (await _get(head + b"Content-Length: 3\r\n\r\nabcdef")).body == b"abc"
    assert (await _get(head + b"\r\nuntil the end")).body == b"until the end"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"
    assert (await _get(head + chunked)).body == b"abc0123456789"
    assert (await _get(b"HTTP/1.1 100 Continue\r\n\r\n" + head + b"Content-Length: 1\r\n\r\nx")).body == b"x"
    assert (await _get(b"HTTP/1.0 204 No Content\r\n\r\n")).status == 204


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXX",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
async def test_answers_that_cannot_be_used_are_one_problem(raw: bytes) -> None:
    with pytest.raises((HttpProblem, OSError)):
        await _get(raw)


def test_a_broken_line_of_the_agents_own_costs_itself() -> None:
    found = parse_metrics("istio_agent_a 1\nistio_agent_b{x= 2\nistio_agent_c 3\n", NOW)
    assert [sample.name for sample in found.samples] == ["istio_agent_a", "istio_agent_c"]
    assert found.skipped_lines == 1


@given(st.text())
def test_any_text_is_parsed_without_an_exception(text: str) -> None:
    parse_metrics(text, NOW)
    parse_metrics(f'istio_agent_cert_expiry_seconds{{resource_name="{text}"}} 1\n{text}', NOW)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e300"])
def test_an_expiry_that_is_no_time_is_none(value: str) -> None:
    found = parse_metrics(f'istio_agent_cert_expiry_seconds{{resource_name="default"}} {value}\n', NOW)
    assert found.cert_expiry is None
    assert found.cert_ends_at is None


def test_a_negative_expiry_is_in_the_past() -> None:
    found = parse_metrics('istio_agent_cert_expiry_seconds{resource_name="default"} -30\n', NOW)
    assert found.cert_ends_at == NOW - timedelta(seconds=30)


def _scrape(seconds: float, evictions: float, started: float = 1.0) -> AgentMetrics:
    samples = (
        Sample(APP_TERMINATIONS, (("type", "cancelled"),), evictions),
        Sample("istio_agent_process_start_time_seconds", (), started),
        Sample("istio_agent_cert_expiry_seconds", (("resource_name", "default"),), 100 - seconds),
    )
    return AgentMetrics(NOW + timedelta(seconds=seconds), samples)


def test_rates_are_growth_over_time() -> None:
    found = rates(_scrape(0, 10), _scrape(20, 16))
    assert found is not None
    assert found.increase(APP_TERMINATIONS) == 6
    assert found.total(APP_TERMINATIONS, type="cancelled") == pytest.approx(0.3)
    assert found.total(APP_TERMINATIONS, type="error") == 0
    assert found.total("istio_agent_cert_expiry_seconds") == 0


def test_a_restart_counts_from_zero() -> None:
    for later in (_scrape(10, 4, started=2.0), _scrape(10, 4)):
        found = rates(_scrape(0, 1000), later)
        assert found is not None
        assert found.increase(APP_TERMINATIONS) == 4


def test_no_time_between_scrapes_gives_no_rates() -> None:
    assert rates(_scrape(5, 1), _scrape(5, 2)) is None
    assert rates(_scrape(6, 1), _scrape(5, 2)) is None


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=8))
def test_rates_are_never_negative(values: list[float]) -> None:
    scrapes = [_scrape(at, value) for at, value in enumerate(values)]
    for before, after in pairwise(scrapes):
        found = rates(before, after)
        assert found is not None
        assert all(rate.increase >= 0 for rate in found.rates)


def test_a_scrape_of_hundreds_of_thousands_of_samples_is_cut_before_it_is_parsed() -> None:
    lines = [f'istio_agent_pilot_xds{{n="{number}"}} {number}' for number in range(400_000)]
    calls = 0

    def count(frame: object, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        found = parse_metrics("\n".join(lines), NOW)
    finally:
        sys.setprofile(None)
    assert len(found.samples) == MOST_SAMPLES
    assert found.skipped_lines == 400_000 - MOST_SAMPLES
    assert calls < 100 * MOST_SAMPLES, "what is left out must cost no call"


def test_one_sample_of_a_megabyte_costs_only_itself() -> None:
    long = f'istio_agent_pilot_xds{{n="{"x" * 1_000_000}"}} 1'
    found = parse_metrics(f"{long}\nistio_agent_num_failed_outgoing_requests 3\n", NOW)
    assert [sample.value for sample in found.samples] == [3.0]
    assert found.skipped_lines == 1
