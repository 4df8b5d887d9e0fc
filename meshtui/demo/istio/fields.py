"""YAML with line numbers, and readers that say what is wrong with a field and on which line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import yaml

from meshtui.demo.istio.workload import Labels

MAX_BYTES = 256 * 1024
"""A manifest larger than this is refused: reading it would stall the control plane for every pod."""

MAX_BRACKETS = 2000
"""Opening brackets in one manifest: libyaml's time grows with the square of their depth."""

_NESTED_IN_LINE = re.compile(r"(?:[-?:][ \t]+){100}")
"""Deep nesting within a line, which would exhaust the parser's stack."""


class ManifestError(Exception):
    """A manifest that cannot be used. ``line`` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Block(dict[str, Any]):
    """A YAML mapping that remembers the line it starts on and the line of each key."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        """The line a key is written on; the block's own line when the key is missing."""
        return self.lines.get(key, self.line)

    def fail(self, key: str, reason: str) -> ManifestError:
        """The error for a key, to be raised by the caller."""
        return ManifestError(self.line_of(key), reason)


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _LineLoader(_Loader):  # type: ignore[misc]  # the base is chosen at run time: libyaml where it is built
    """A safe loader whose mappings are Blocks and whose keys are unique strings."""


def _construct_block(loader: Any, node: yaml.MappingNode) -> Iterator[Block]:
    block = Block(node.start_mark.line + 1)
    yield block
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise ManifestError(line, f"a key must be a string, not {key!r:.80}")
        if key in block:
            raise ManifestError(line, f"{key} is written twice")
        block.lines[key] = line
        block[key] = loader.construct_object(value_node, deep=True)


def _construct_text(loader: Any, node: yaml.ScalarNode) -> str:
    value: str = loader.construct_scalar(node)
    try:
        value.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, written as an escape: no protobuf can carry it.
        raise ManifestError(node.start_mark.line + 1, "a string is not valid Unicode") from None
    return value


_LineLoader.add_constructor("tag:yaml.org,2002:map", _construct_block)
_LineLoader.add_constructor("tag:yaml.org,2002:str", _construct_text)


def read_documents(text: str) -> Iterator[Block]:
    """The YAML documents of a text that are mappings; empty ones are skipped.

    Raises ManifestError for what is not YAML, not a mapping, or nested too deeply to read.
    """
    if len(text) > MAX_BYTES:
        raise ManifestError(1, f"the file is larger than {MAX_BYTES // 1024} KiB")
    if text.count("[") + text.count("{") > MAX_BRACKETS:
        raise ManifestError(1, f"the file has more than {MAX_BRACKETS} opening brackets")
    if nested := _NESTED_IN_LINE.search(text):
        raise ManifestError(text.count("\n", 0, nested.start()) + 1, "nested too deeply")
    try:
        for document in yaml.load_all(text, Loader=_LineLoader):
            if document is None:
                continue
            if not isinstance(document, Block):
                raise ManifestError(1, "a manifest must be a mapping with apiVersion and kind")
            yield document
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        last = text.count("\n") + (not text.endswith("\n"))
        # What is missing at the end is found behind it.
        raise ManifestError(max(1, min(line, last)), f"not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ManifestError(1, f"not valid YAML: {error}") from None
    except RecursionError:
        raise ManifestError(1, "nested too deeply") from None
    except ValueError as error:  # a date that does not exist, an integer with too many digits
        raise ManifestError(1, f"not valid YAML: {error}") from None


def block(parent: Block, key: str) -> Block:
    """A mapping; an empty one when it is missing."""
    value = parent.get(key)
    if value is None:
        return Block(parent.line_of(key))
    if not isinstance(value, Block):
        raise parent.fail(key, f"{key} must be a mapping")
    return value


def blocks(parent: Block, key: str) -> list[Block]:
    """A list of mappings; an empty one when it is missing."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, Block) for item in value):
        raise parent.fail(key, f"{key} must be a list of mappings")
    return value


def text(parent: Block, key: str, default: str | None = None) -> str:
    """A string. Without a default it has to be there and not be empty."""
    value = parent.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (not value and default is None):
        missing = "is missing" if value is None else "must be a string"
        raise parent.fail(key, f"{key} {missing}")
    return value


def timestamp(parent: Block, key: str) -> datetime | None:
    """A moment as Kubernetes writes it (RFC 3339, UTC unless it says otherwise), quoted or not; None when missing."""
    value = parent.get(key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        moment = None
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise parent.fail(key, f"{key} must be a time such as 2026-11-01T00:00:00Z")


def texts(parent: Block, key: str) -> tuple[str, ...]:
    """A list of strings; an empty one when it is missing."""
    value = parent.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise parent.fail(key, f"{key} must be a list of strings")
    return tuple(value)


def integer(parent: Block, key: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number between two bounds, both included."""
    value = parent.get(key)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        shown = "is missing" if value is None else f"must be a whole number from {low} to {high}"
        raise parent.fail(key, f"{key} {shown}")
    return value


def boolean(parent: Block, key: str, default: bool) -> bool:
    """True or false."""
    value = parent.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise parent.fail(key, f"{key} must be true or false")
    return value


def labels(parent: Block, key: str) -> Labels:
    """A mapping of strings to strings, sorted."""
    pairs = block(parent, key)
    for name, value in pairs.items():
        if not isinstance(value, str):
            raise pairs.fail(name, f"{key}.{name} must be a string (quote it)")
    return tuple(sorted(pairs.items()))


def one_of(parent: Block, key: str, choices: Iterable[str], default: str) -> str:
    """One of some words."""
    value = text(parent, key, default)
    allowed = tuple(choices)
    if value not in allowed:
        raise parent.fail(key, f"{key} must be one of {', '.join(allowed)}, not {value!r:.80}")
    return value


_DURATION = re.compile(r"(?:\d{1,9}(?:\.\d{1,9})?(?:h|ms|m|s))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)", re.ASCII)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LONGEST_SECONDS = 365 * 86400.0
"""Longer than any sane timeout, well inside what a protobuf Duration can hold."""


def duration(parent: Block, key: str) -> float:
    """A duration as Istio writes it (``1.5s``, ``200ms``, ``1m30s``), in seconds; 0 when missing."""
    value = parent.get(key)
    if value is None:
        return 0.0
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise parent.fail(key, f"{key} must be a duration such as 1.5s or 200ms")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION_PART.findall(value))
    if seconds > _LONGEST_SECONDS:
        raise parent.fail(key, f"{key} must be at most a year")
    return seconds


def percent(parent: Block, key: str) -> float | None:
    """A ``{value: N}`` percentage from 0 to 100; None when it is missing."""
    if parent.get(key) is None:
        return None
    value = block(parent, key).get("value", 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise parent.fail(key, f"{key}.value must be a number from 0 to 100")
    return float(value)


def only(parent: Block, what: str, known: Iterable[str]) -> None:
    """Refuse a field that is not known here, as a misspelt one would be lost in silence."""
    allowed = set(known)
    for key in parent:
        if key not in allowed:
            raise parent.fail(key, f"{what} has no field {key!r:.80} that the demo mesh knows")
