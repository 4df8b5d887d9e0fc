"""istio-agent over HTTP: readiness and its own metrics, by GET on two known paths."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from meshtui.model.address import LONGEST, as_typed, host_port
from meshtui.model.clock import utc_now
from meshtui.model.errors import BadAnswer, TargetUnreachable, UsageError
from meshtui.model.identity.agent import PREFIX, AgentMetrics, AgentReport
from meshtui.model.phrases import plural
from meshtui.model.printable import printable
from meshtui.model.target import DEFAULT_MAX_MESSAGE
from meshtui.sources.agent.http_get import Connect, HttpProblem, HttpResponse, HttpTooLarge, get
from meshtui.sources.agent.metrics import LONGEST_LINE, MOST_SAMPLES, parse_metrics

READY_PATH: Final = "/healthz/ready"
METRICS_PATH: Final = "/stats/prometheus"
READ_ONLY: Final = frozenset({READY_PATH, METRICS_PATH})
"""All this module can ask for. The same port takes POST /quitquitquit and /drain, which end the pod's work."""

DEFAULT_PORT: Final = 15020
"""istio-agent's status port."""

SCRAPE_PART: Final = 8
"""What part of the largest answer a scrape may be: 16 MiB of 128. The agent merges the application's metrics in, which
can be some MiB, and a scrape is held as bytes and as text."""


@dataclass(frozen=True, slots=True)
class AgentAddress:
    """Where the agent listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return host_port(self.host, self.port)


def parse_agent_address(text: str) -> AgentAddress:
    """``localhost:15020``, ``http://10.0.0.7``, ``http://[::1]:15020/``. Raises ``UsageError`` for anything else."""
    hint = "use host:port, such as localhost:15020"
    url = text.strip()
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = parts.port
    except ValueError:
        raise UsageError(f"{as_typed(text)} is no agent address.", hint) from None
    if parts.scheme != "http":
        raise UsageError(f"{as_typed(text)}: the agent speaks plain HTTP, not {as_typed(parts.scheme)}.", hint)
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise UsageError(f"{as_typed(text)} has a path; meshtui chooses the read-only paths itself.", hint)
    host = parts.hostname or ""
    plain = (
        len(url) <= LONGEST
        and port != 0
        and host.isascii()
        and host
        and all(label.isalnum() or label in ".-_:%" for label in host)
    )
    if not plain or parts.username is not None or parts.password is not None:
        raise UsageError(f"{as_typed(text)} is no agent address.", hint)
    return AgentAddress(host, port if port is not None else DEFAULT_PORT)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A request without a usable response: ``why`` ends a sentence; ``answered`` is whether anything came back."""

    why: str
    answered: bool = False


class AgentSource:
    """Asks one agent how it is. Passive: two GETs a poll."""

    def __init__(
        self,
        address: str,
        *,
        timeout: float = 5.0,
        max_message: int = DEFAULT_MAX_MESSAGE,
        clock: Callable[[], datetime] | None = None,
        words: str = "",
        hint: str = "",
        connect: Connect | None = None,
    ) -> None:
        """``timeout`` in seconds for each request; ``max_message`` bytes, of which a scrape may be an eighth.

        With ``connect`` requests go over connections of its making; ``words`` is what the address is called then, and
        ``hint`` what to do about silence.
        """
        self._words = words
        self._said_hint = hint
        self._connect = connect
        self._most_bytes = max_message // SCRAPE_PART
        self._address = parse_agent_address(address)
        self._timeout = timeout
        self._clock = clock if clock is not None else utc_now

    async def poll(self) -> AgentReport:
        """One look. A request that fails costs only itself and is told in ``problems``.

        Raises ``TargetUnreachable`` when neither request was answered.
        """
        where = self._words or str(self._address)
        began = self._clock()
        outcomes = await asyncio.gather(self._ask(READY_PATH), self._ask(METRICS_PATH))
        ended = self._clock()
        ready, metrics = outcomes
        if isinstance(ready, _Failed) and isinstance(metrics, _Failed):
            if ready.answered:
                hint = f"something else may listen there; {self._hint()}".removesuffix("; ")
                raise BadAnswer(f"The agent at {where} gives no usable answer: {ready.why}.", hint)
            raise TargetUnreachable(f"The agent at {where} does not answer: {ready.why}.", self._hint())
        middle = began + (ended - began) / 2
        read = await asyncio.to_thread(_metrics, metrics, middle)
        problems = [*_problem(READY_PATH, ready, {200, 503}), *_problem(METRICS_PATH, metrics, {200}), *_left_out(read)]
        answered = isinstance(ready, HttpResponse)
        return AgentReport(
            address=where,
            at=ended,
            ready=_ready(ready),
            ready_status=ready.status if answered and isinstance(ready, HttpResponse) else None,
            metrics=read,
            clock_offset=_clock_offset((ready, metrics), middle),
            problems=tuple(problems),
        )

    async def _ask(self, path: str) -> HttpResponse | _Failed:
        """The response, or why there is none as the end of a sentence."""
        try:
            host, port = self._address.host, self._address.port
            return await get(
                host,
                port,
                path,
                READ_ONLY,
                timeout=self._timeout,
                most_bytes=self._most_bytes,
                connect=self._connect,
            )
        except TimeoutError:
            return _Failed(f"no answer within {self._timeout:g} s")
        except HttpTooLarge as problem:
            return _Failed(f"its answer {problem}, and --max-message SIZE lets in an eighth of SIZE", answered=True)
        except HttpProblem as problem:
            return _Failed(f"its answer {problem}", answered=True)
        except (OSError, UnicodeError) as error:
            # The loop's own texts name every address tried; the system's words for the number are shorter.
            number = error.errno if isinstance(error, OSError) else None
            reason = os.strerror(number) if number and number > 0 else str(error) or type(error).__name__
            return _Failed(printable(reason).rstrip("."))

    def _hint(self) -> str:
        if self._connect is not None:
            return self._said_hint
        port = DEFAULT_PORT
        return f"forward the agent's port and name it: kubectl port-forward POD {port} and --agent localhost:{port}"


def _problem(path: str, outcome: HttpResponse | _Failed, good: set[int]) -> Iterable[str]:
    if isinstance(outcome, _Failed):
        yield f"GET {path} failed: {outcome.why}."
    elif 300 <= outcome.status < 400:
        yield f"GET {path} was redirected ({outcome.status}), which an agent does not do; it was not followed."
    elif outcome.status not in good:
        yield f"GET {path} was answered with status {outcome.status}."
    elif _is_page(outcome):
        yield f"GET {path} was answered with a web page, which an agent does not send."
    elif path == METRICS_PATH and PREFIX.encode() not in outcome.body:
        yield f"GET {path} was answered without any metric of an agent ({PREFIX}…)."


def _left_out(metrics: AgentMetrics | None) -> Iterable[str]:
    if metrics is not None and metrics.skipped_lines:
        yield (
            f"{plural(metrics.skipped_lines, 'sample')} of the agent's metrics left out: not readable, longer than"
            f" {LONGEST_LINE} characters, or beyond the {MOST_SAMPLES} that are kept."
        )


def _is_page(response: HttpResponse) -> bool:
    return response.headers.get("content-type", "").lower().startswith("text/html")


def _ready(outcome: HttpResponse | _Failed) -> bool | None:
    if isinstance(outcome, _Failed) or outcome.status not in {200, 503} or _is_page(outcome):
        return None
    return outcome.status == 200


def _metrics(outcome: HttpResponse | _Failed, at: datetime) -> AgentMetrics | None:
    if isinstance(outcome, _Failed) or outcome.status != 200:
        return None
    return parse_metrics(outcome.body.decode("utf-8", "replace"), at)


def _clock_offset(outcomes: Iterable[HttpResponse | _Failed], middle: datetime) -> timedelta | None:
    """How far the agent's clock is ahead, from the HTTP ``Date`` (whole seconds, so half a second is added)."""
    for outcome in outcomes:
        if isinstance(outcome, _Failed):
            continue
        try:
            theirs = parsedate_to_datetime(outcome.headers.get("date", ""))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if theirs.tzinfo is not None:
            return theirs + timedelta(seconds=0.5) - middle
    return None
