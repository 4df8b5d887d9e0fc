"""Durations and status codes as Go prints them, since ForwardEcho's texts are made by Go."""

from __future__ import annotations

_CODE_NAMES = {"CANCELLED": "Canceled", "OK": "OK"}
"""The names that are not just the words joined."""


def duration(seconds: float) -> str:
    """As ``time.Duration.String``: ``512.3µs``, ``1.5s``, ``1m2.3s``, to the nanosecond."""
    nanoseconds = round(seconds * 1e9)
    if nanoseconds == 0:
        return "0s"
    if nanoseconds < 0:
        return f"-{duration(-seconds)}"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if nanoseconds < size * 1_000:
            return f"{_decimal(nanoseconds, size)}{unit}"
    minutes, rest = divmod(nanoseconds, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{_decimal(rest, 1_000_000_000)}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _decimal(value: int, size: int) -> str:
    whole, fraction = divmod(value, size)
    digits = len(str(size)) - 1
    text = f"{fraction:0{digits}d}".rstrip("0") if digits else ""
    return f"{whole}.{text}" if text else str(whole)


def code_name(name: str) -> str:
    """``DEADLINE_EXCEEDED`` as ``DeadlineExceeded``."""
    return _CODE_NAMES.get(name) or "".join(word.capitalize() for word in name.split("_"))


def rpc_error(code: str, details: str) -> str:
    """An error as grpc-go's ``status.Error`` prints it."""
    return f"rpc error: code = {code_name(code)} desc = {details}"
