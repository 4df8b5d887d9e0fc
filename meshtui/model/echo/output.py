"""Reads what ForwardEcho answers, of all releases of Istio's echo server: leniently, and never raising.

Lines look like ``[3] Latency=1.2ms``, ``[3 body] ServiceVersion=v1``, ``[3 error] …``. Up to 1.25 there is a first line
``[3] grpcecho.Echo(…)`` and raw ``key=value`` headers; keys are therefore compared whole (``IP`` is not ``SourceIP``,
nor the header ``cluster`` the field ``Cluster``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from meshtui.model.durations import parse_go_duration
from meshtui.model.echo.spec import Answer

LONGEST_RAW = 16_384
"""Characters of one answer that are kept to be shown; a real one has about a thousand."""

MOST_FIELDS = 256
"""Fields of one answer that are kept; a real one has about 20, more with many headers."""

LONGEST_VALUE = 1_024
"""Characters of one value that are kept."""

LONGEST_KNOWN = 200
"""Characters of a line that is remembered, so that the memory for it stays below 1 MB."""

INDEX = re.compile(r"\[([0-9]{1,10})[ \]]")
LINE = re.compile(r"(?:\[([0-9]{1,10})(?: (body|error))?\] ?)?(.*)", re.DOTALL)
"""Index and kind of a line, and the rest. A line without them is taken for the body's."""

BODY, OWN = "\0b", "\0o"
"""Stand for ``[3 body] `` and ``[3] `` at the start of a line, which then is the same in every answer."""

ERROR_LINE = re.compile(r"(?:rpc )?error:", re.IGNORECASE)
"""How a line of the forwarder begins that stands in the place of an answer, as some servers write it."""

IN_ONE_LINE = frozenset(
    {"ServiceVersion", "ServicePort", "Hostname", "Namespace", "Cluster", "IP", "IstioVersion", "StatusCode", "Proto"}
)
"""Keys whose values hold no blanks: where one line has several, all are read. ``Echo`` and headers are free text."""

NEXT_KEY = re.compile(rf"\s(?=(?:{'|'.join(sorted(IN_ONE_LINE))})=)")

ERRORS = re.compile(r"(\d{1,9})/(\d{1,9}) requests had errors; first error: ?(.*)", re.DOTALL)
TIMED_OUT = re.compile(r"request set timed out after (\S{1,40}) and only (\d{1,9})/(\d{1,9}) requests completed")


def parse_output(text: str, position: int = 0) -> Answer:
    """One output string as an answer; ``position`` is its place in the list, used when no line tells the index."""
    found = INDEX.search(text, 0, 4 * LONGEST_RAW)
    index = int(found[1]) if found else position
    alike = "\n" + text[: 4 * LONGEST_RAW].replace("\r\n", "\n")
    alike = alike.replace(f"\n[{index} body] ", f"\n{BODY}").replace(f"\n[{index}] ", f"\n{OWN}")
    fields: list[tuple[str, str]] = []
    body: list[tuple[str, str]] = []
    errors: list[str] = []
    for line in alike[1:].split("\n"):
        kind, pairs, rest = _known(line) if len(line) < LONGEST_KNOWN else _read(line)
        if pairs:
            fields += pairs
            if kind:
                body += pairs
        elif kind == "error":
            errors.append(rest)
    return _answer(index, tuple(fields[:MOST_FIELDS]), body, "\n".join(errors), text)


def _read(line: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """The kind of a line, its keys and values where it has them, and what follows the index.

    The kind is ``body``, ``error``, or empty for the forwarder's own.
    """
    if line.startswith(BODY):
        kind, rest = "body", line[len(BODY) :]
    elif line.startswith(OWN):
        kind, rest = "", line[len(OWN) :]
    else:
        found = LINE.fullmatch(line)
        assert found is not None  # the pattern fits any text
        number, kind, rest = found.groups()
        if not number and ERROR_LINE.match(rest):
            kind = "error"
        kind = kind or ("" if number else "body")
    if not kind and ERROR_LINE.match(rest):
        kind = "error"
    return kind, () if kind == "error" else _pairs(rest), rest


_known = lru_cache(maxsize=1_024)(_read)
"""The answers of one run say the same over and over; what was read once is not read again."""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """The key and value of a line, or those of a line that holds all of an answer."""
    first = _pair(text)
    if first is None:
        return ()
    if first[0] not in IN_ONE_LINE or " " not in text:
        return (first,)
    pieces = (_pair(piece.strip()) for piece in NEXT_KEY.split(text))
    return tuple(pair for pair in pieces if pair is not None)


def _pair(text: str) -> tuple[str, str] | None:
    """Key and value of ``key=value``, cut where they are too long; ``None`` for other text."""
    key, separator, value = text.partition("=")
    key = key.strip()
    if not separator or not key or key.startswith("grpcecho."):
        return None
    return key[:LONGEST_VALUE], value[:LONGEST_VALUE]


def _answer(
    index: int, fields: tuple[tuple[str, str], ...], body: list[tuple[str, str]], error: str, text: str
) -> Answer:
    # Of a key's values the first counts, and the body's before the forwarder's own.
    first = dict(reversed(fields)) | dict(reversed(body))
    # The echoed message stands before the host name and may hold lines of its own, so of those the last counts.
    hostname = next((value for key, value in reversed(body) if key == "Hostname"), first.get("Hostname"))
    status = first.get("StatusCode", "").strip()
    return Answer(
        index=index,
        version=first.get("ServiceVersion") or None,
        hostname=hostname or None,
        latency_s=parse_go_duration(first.get("Latency", "")),
        status_code=int(status) if status.isascii() and status.isdigit() and len(status) <= 3 else None,
        fields=fields,
        error=error[:LONGEST_VALUE],
        raw=text[:LONGEST_RAW],
    )


@dataclass(frozen=True, slots=True)
class BatchError:
    """What the error of a whole batch tells: ``failed`` of its requests, the first ``cause``.

    ``counted`` is false when the text names no numbers (releases up to 1.11 pass the first error on as it is): then at
    least one failed and nothing is known of the others.
    """

    failed: int
    cause: str
    counted: bool = True


def is_summary(text: str, sent: int) -> bool:
    """Whether an output is no answer but the error of its whole batch, which some servers send beside status OK."""
    return not INDEX.match(text) and "requests had errors" in text and parse_batch_error(text, sent).counted


def tells_of_requests(text: str, *, own_status: bool) -> bool:
    """Whether the error of a call to ForwardEcho is that of its requests, whatever words of gRPC it quotes.

    A request that found nobody, or a web server, is quoted in the very words that our own channel has for its own
    trouble. Releases up to 1.11 quote it alone; then only a status that a Go handler gets by default
    (``own_status`` false) tells it from what a proxy says of itself.
    """
    return bool(ERRORS.search(text) or TIMED_OUT.search(text) or (not own_status and ERROR_LINE.match(text)))


def parse_batch_error(text: str, sent: int) -> BatchError:
    """The error text of a batch of ``sent`` requests; numbers that contradict what was sent are not believed."""
    found = ERRORS.search(text)
    if found:
        failed, total = int(found[1]), int(found[2])
        if total == sent and 1 <= failed <= sent:
            return BatchError(failed, found[3].strip() or text)
        return BatchError(1, found[3].strip() or text, counted=False)
    found = TIMED_OUT.search(text)
    if found:
        completed, total = int(found[2]), int(found[3])
        if total == sent and completed < sent:
            return BatchError(sent - completed, f"no answer within {found[1]}")
        return BatchError(1, f"no answer within {found[1]}", counted=False)
    return BatchError(1, text.strip() or "the server gave no reason", counted=sent == 1)
