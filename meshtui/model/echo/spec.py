"""A ForwardEcho probe: what is asked for, the bounds on it, and what one request answered.

The rules of Istio's server that everything here follows are in ``docs/split.md``: a batch of requests has one deadline,
one failed request fails the whole batch, at most 20 requests run at once, and a throttled batch waits one tick before
the first.
"""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass

from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError
from meshtui.model.phrases import plural
from meshtui.model.xds.names import is_xds

MOST_REQUESTS = 100_000
"""Requests of one run unless lifted on purpose: more decides no split, and is load rather than a look."""

MOST_PER_SECOND = 1_000
"""Requests a second unless lifted on purpose: a debugger must not be what takes a service down."""

SERVER_CONCURRENCY = 20
"""Requests of one batch that Istio's server has in flight at most."""

BATCHES_AT_ONCE = 2
"""Batches of a run that overlap: while the server dials a new channel for one, it answers the other."""

UNTHROTTLED_CONCURRENCY = BATCHES_AT_ONCE * SERVER_CONCURRENCY
"""Requests that a run without qps has in flight at most."""

MOST_UNTHROTTLED = 10_000
"""Requests of a run without qps unless lifted on purpose: it goes as fast as 40 at a time can."""

LONGEST_URL = 4_096
"""Characters of a URL. Web servers take 8 KiB in all; a host name has 253."""

SHORTEST_TIMEOUT = 0.001
"""Seconds one request must be given: less is no time at all, and 0 would be the server's own 5 s."""

LONGEST_TIMEOUT = 300.0
"""Seconds one request may be given. Longer only holds the server's goroutines."""

DEFAULT_TIMEOUT = 5.0
"""Seconds one request is given: what the server itself takes when nothing is set."""

METHOD = "proto.EchoTestService/ForwardEcho"
"""The gRPC method of the probe."""

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+", re.DOTALL)
HEADER_NAME = re.compile(r":?[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@dataclass(frozen=True, slots=True)
class EchoRequestSpec:
    """What the probe is asked to send. Check it with :func:`validate` before use.

    ``count`` is ``None`` for continuous. ``qps`` 0 means as fast as 40 at a time can. ``timeout_s`` is what one
    request may take; the deadline of a batch is made from it. ``method`` is the HTTP method and of no meaning to gRPC.
    ``authority`` is sent as the header ``Host``, which the server turns into the authority.
    """

    url: str
    _: KW_ONLY
    count: int | None = 100
    qps: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    message: str = ""
    method: str = ""
    timeout_s: float = DEFAULT_TIMEOUT
    new_connection: bool = False
    authority: str = ""
    lift_limits: bool = False

    @property
    def all_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers as sent, with the authority among them."""
        return (*self.headers, ("Host", self.authority)) if self.authority else self.headers

    @property
    def goes_by_config(self) -> bool:
        """Whether xDS config says where the requests go."""
        return is_xds(self.url)


def parse_header(text: str) -> tuple[str, str] | None:
    """Name and value of ``NAME: VALUE``; None for text that has not both. A name may begin with a colon."""
    at = text.find(":", 1)
    name, value = text[:at].strip(), text[at + 1 :].strip()
    return (name, value) if at > 0 and name else None


def validate(spec: EchoRequestSpec) -> EchoRequestSpec:
    """The spec, if it can be meant and keeps the bounds. Raises ``UsageError`` naming what to change."""
    if not SCHEME.fullmatch(spec.url) or not spec.url.isprintable() or " " in spec.url:
        raise UsageError(
            f"{as_typed(spec.url)} is not a URL that the echo server can call.",
            "Write scheme://host:port, as in xds:///echo.echo-grpc.svc.cluster.local:7070.",
        )
    if len(spec.url) > LONGEST_URL:
        raise UsageError(
            f"The URL has {len(spec.url)} characters, more than the {LONGEST_URL} that servers take: "
            f"{as_typed(spec.url)}.",
            "Write scheme://host:port, as in xds:///echo.echo-grpc.svc.cluster.local:7070.",
        )
    if not SHORTEST_TIMEOUT <= spec.timeout_s <= LONGEST_TIMEOUT:
        raise UsageError(
            f"A timeout of {spec.timeout_s:g} s is not between {SHORTEST_TIMEOUT:g} and {LONGEST_TIMEOUT:g} s.",
            "Give a few seconds.",
        )
    if any(ord(character) < 32 for character in spec.authority):
        raise UsageError(f"{as_typed(spec.authority)} cannot be sent as the authority.", "Write it on one line.")
    for name, value in spec.all_headers:
        if not HEADER_NAME.fullmatch(name) or any(ord(character) < 32 for character in value):
            raise UsageError(f"{as_typed(name)} cannot be sent as a header.", "Write NAME:VALUE on one line.")
    if not all(_sendable(text) for text in (spec.message, spec.method, *(value for _, value in spec.all_headers))):
        raise UsageError("The message, method or a header holds text that is not Unicode.", "Write it in UTF-8.")
    _validate_amount(spec)
    return spec


def _sendable(text: str) -> bool:
    """Whether protobuf takes the text: a lone surrogate, as from a broken command line, it does not."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _validate_amount(spec: EchoRequestSpec) -> None:
    if spec.count is not None and not 1 <= spec.count <= 2**31 - 1:
        raise UsageError(f"A count of {spec.count} makes no run.", "Give a count of at least 1.")
    if not 0 <= spec.qps <= 2**31 - 1:
        raise UsageError(f"A rate of {spec.qps} a second makes no run.", "Give at least 1, or 0 for no throttle.")
    if spec.lift_limits:
        return
    lift = "Ask for less, or lift the limits on purpose (--lift-limits)."
    if spec.qps > MOST_PER_SECOND:
        raise UsageError(f"{spec.qps} requests a second are more than the bound of {MOST_PER_SECOND}.", lift)
    if spec.count is not None and spec.count > MOST_REQUESTS:
        raise UsageError(f"{spec.count} requests are more than the bound of {MOST_REQUESTS}.", lift)
    if spec.qps == 0 and (spec.count is None or spec.count > MOST_UNTHROTTLED):
        raise UsageError(f"Without qps at most {MOST_UNTHROTTLED} requests are sent in one run.", f"Set qps. {lift}")


def intent_sentence(
    spec: EchoRequestSpec, probe: str, duration_s: float | None = None, until_decided: bool = False
) -> str:
    """What will be sent, from where, to where and how much: what a person agrees to before the first request.

    ``duration_s`` and ``until_decided`` are what else ends the run.
    """
    ends = [f"for {duration_s:g} s"] if duration_s is not None else []
    ends += ["until the split is decided"] if until_decided else []
    if spec.count is None:
        amount = f"requests {' or '.join(ends) or 'until you stop it'}"
    else:
        until = "".join(f", {end}" for end in ends)
        amount = f"at most {spec.count} requests{until}," if ends else f"{spec.count} requests"
    rate = f"at {spec.qps} a second" if spec.qps else f"as fast as {UNTHROTTLED_CONCURRENCY} at a time can"
    extra = f", with {plural(len(spec.all_headers), 'header')}" if spec.all_headers else ""
    extra += ", each on a new connection" if spec.new_connection else ""
    return f"{probe} will send {amount} to {spec.url} {rate}{extra}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one request answered. Text is as the server sent it: untrusted.

    ``version`` and ``hostname`` are ``None`` where the answer does not say. ``latency_s`` is what the server
    measured. ``fields`` are all ``key=value`` lines in order, body keys as well as the server's own (``Latency``,
    ``ResponseHeader``). ``error`` is the text of ``[i error]`` lines.
    """

    index: int
    version: str | None = None
    hostname: str | None = None
    latency_s: float | None = None
    status_code: int | None = None
    fields: tuple[tuple[str, str], ...] = ()
    error: str = ""
    raw: str = ""
