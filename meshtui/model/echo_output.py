"""Reads what ForwardEcho answers, of all releases of Istio's echo server: leniently, and never raising.

Lines look like ``[3] Latency=1.2ms``, ``[3 body] ServiceVersion=v1``, ``[3 error] …``. Up to 1.25 there is a first line
``[3] grpcecho.Echo(…)`` and raw ``key=value`` headers; keys are therefore compared whole (``IP`` is not ``SourceIP``,
nor the header ``cluster`` the field ``Cluster``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meshtui.model.durations import parse_go_duration
from meshtui.model.echo import Answer

LONGEST_RAW = 16_384
"""Characters of one answer that are kept to be shown; a real one has about a thousand."""

MOST_FIELDS = 256
"""Fields of one answer that are kept; a real one has about 20, more with many headers."""

LONGEST_VALUE = 1_024
"""Characters of one value that are kept."""

LONGEST_PREFIX = 24
"""Characters within which ``[index kind]`` must end; an index is an int32."""

ERRORS = re.compile(r"(\d{1,9})/(\d{1,9}) requests had errors; first error: ?(.*)", re.DOTALL)
TIMED_OUT = re.compile(r"request set timed out after (\S{1,40}) and only (\d{1,9})/(\d{1,9}) requests completed")


def parse_output(text: str, position: int = 0) -> Answer:
    """One output string as an answer; ``position`` is its place in the list, used when no line tells the index."""
    index: int | None = None
    prefixes: dict[str, tuple[int, str] | None] = {}
    fields: list[tuple[str, str]] = []
    body: list[tuple[str, str]] = []
    errors: list[str] = []
    for line in text[: 4 * LONGEST_RAW].replace("\r\n", "\n").split("\n"):
        head = line[: line.find("]", 0, LONGEST_PREFIX) + 1]
        if head not in prefixes:
            prefixes[head] = _prefix(head)
        known = prefixes[head]
        kind, rest = "body", line
        if known is not None:
            kind, rest = known[1], line[len(head) :].removeprefix(" ")
            index = known[0] if index is None else index
        key, separator, value = rest.partition("=")
        if kind == "error":
            errors.append(rest)
        elif separator and len(fields) < MOST_FIELDS and (key := key.strip()) and not key.startswith("grpcecho."):
            pair = (key[:LONGEST_VALUE], value[:LONGEST_VALUE])
            fields.append(pair)
            if kind == "body":
                body.append(pair)
    return _answer(position if index is None else index, tuple(fields), body, "\n".join(errors), text)


def _prefix(head: str) -> tuple[int, str] | None:
    """Index and kind of line (``body``, ``error`` or empty) of ``[3 body]``; ``None`` for anything else.

    A line without such a prefix is taken for the body's.
    """
    number, _, kind = head[1:-1].partition(" ")
    plain = head.startswith("[") and number.isascii() and number.isdigit()
    return (int(number), kind) if plain and kind in ("", "body", "error") else None


def _answer(
    index: int, fields: tuple[tuple[str, str], ...], body: list[tuple[str, str]], error: str, text: str
) -> Answer:
    # Of a key's values the first counts, and the body's before the forwarder's own.
    first = dict(reversed(fields)) | dict(reversed(body))
    # The echoed message stands before the host name and may hold lines of its own, so of those the last counts.
    hostname = dict(body).get("Hostname") or first.get("Hostname")
    status = first.get("StatusCode", "").strip()
    return Answer(
        index=index,
        version=first.get("ServiceVersion") or None,
        hostname=hostname or None,
        cluster=first.get("Cluster") or None,
        ip=first.get("IP") or None,
        latency_s=parse_go_duration(first.get("Latency", "")),
        status_code=int(status) if status.isascii() and status.isdigit() and len(status) <= 3 else None,
        fields=fields,
        error=error[:LONGEST_VALUE],
        raw=text[:LONGEST_RAW],
    )


@dataclass(frozen=True, slots=True)
class SetError:
    """What the error of a whole set tells: ``failed`` of ``total`` requests, the first ``cause``.

    ``told`` is false when the text names no numbers (releases up to 1.11 pass the first error on as it is): then at
    least one failed and nothing is known of the others.
    """

    failed: int
    total: int
    cause: str
    told: bool = True


def parse_set_error(text: str, sent: int) -> SetError:
    """The error text of a set of ``sent`` requests; numbers that contradict what was sent are not believed."""
    found = ERRORS.search(text)
    if found:
        failed, total = int(found[1]), int(found[2])
        if total == sent and 1 <= failed <= sent:
            return SetError(failed, sent, found[3].strip() or text)
        return SetError(1, sent, found[3].strip() or text, told=False)
    found = TIMED_OUT.search(text)
    if found:
        completed, total = int(found[2]), int(found[3])
        if total == sent and completed < sent:
            return SetError(sent - completed, sent, f"no answer within {found[1]}")
        return SetError(1, sent, f"no answer within {found[1]}", told=False)
    return SetError(1, sent, text.strip() or "the server gave no reason", told=sent == 1)
