"""A ``ClientStatusResponse`` out of its bytes; when it does not parse as a whole, the parts of it that do."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from envoy.service.status.v3 import csds_pb2
from google.protobuf.message import DecodeError

from meshtui.model.errors import BadAnswer
from meshtui.model.phrases import plural
from meshtui.model.target import DEFAULT_MAX_MESSAGE
from meshtui.sources.proto.wire import WireError, fields

_NODE: Final = 1
_SCOPE: Final = 4
_PARTS: Final = {
    2: ("xds_config", csds_pb2.PerXdsConfig),
    3: ("generic_xds_configs", csds_pb2.ClientConfig.GenericXdsConfig),
}
"""Fields of ``ClientConfig`` by number."""


class NoClientStatusError(Exception):
    """The bytes are no ClientStatusResponse."""


class Response(NamedTuple):
    """The ``ClientConfig`` messages of an answer, and a sentence for each part that could not be read."""

    configs: tuple[Any, ...]
    problems: tuple[str, ...] = ()


_FIRST_BYTES: Final = bytes(number << 3 | 2 | more for number in (1, *_PARTS) for more in (0, 0x80))
"""What a client, and an entry, begins with: its field's number and that it has a length. A number may also be written
in more bytes than it needs, of which the first then has its highest bit set."""

UNCOUNTED: Final = 4 << 20
"""Bytes of an answer that is read without counting first: nothing of this size becomes more than some 200 MiB."""

BYTES_AN_ENTRY: Final = 256
"""Of an answer's limit that one entry takes at least: real ones have more, and an empty one of two bytes becomes an
object of hundreds."""


def read_response(data: bytes, limit: int = DEFAULT_MAX_MESSAGE) -> Response:
    """The answer's client configs.

    Raises :class:`NoClientStatusError` when nothing in it can be read, and ``BadAnswer`` when it holds more entries
    than real ones would in an answer of ``limit`` bytes.
    """
    if len(data) > UNCOUNTED and not _surely_fewer(data, limit // BYTES_AN_ENTRY):
        _count(data, limit // BYTES_AN_ENTRY)
    try:
        return Response(tuple(csds_pb2.ClientStatusResponse.FromString(data).config))
    except DecodeError:
        return _salvage(data)


def _surely_fewer(data: bytes, most: int) -> bool:
    """Whether there cannot be more than ``most`` clients and entries, told by the bytes that each begins with: faster
    than counting them, and enough for the answers of real clients.
    """
    return len(data) - len(data.translate(None, _FIRST_BYTES)) <= most


def _count(data: bytes, most: int) -> None:
    """Raise ``BadAnswer`` for more clients and entries than ``most``, without making an object of each."""
    entries = 0
    try:
        for number, content in fields(data):
            entries += 1
            if number == 1 and isinstance(content, bytes):
                for _ in fields(content):
                    entries += 1
                    if entries > most:
                        break
            if entries > most:
                what = f"The answer to CSDS holds more than {most} entries, which is more than this program takes."
                raise BadAnswer(what, "--max-message SIZE lifts the limit.")
    except WireError:
        return  # what can be read of it is found out by reading it


def _salvage(data: bytes) -> Response:
    """What parses of an answer that does not parse as a whole; one text that is no UTF-8 is enough for that."""
    configs: list[Any] = []
    lost = 0
    broken = ""
    try:
        for number, content in fields(data):
            if number == 1 and isinstance(content, bytes):
                config, lost_here = _salvage_config(content)
                configs.append(config)
                lost += lost_here
    except WireError as error:
        broken = f"The answer breaks off: {error}; what came before is shown."
    if not any(config.generic_xds_configs or config.xds_config or config.HasField("node") for config in configs):
        raise NoClientStatusError
    unread = f"{plural(lost, 'entry', 'entries')} of the answer cannot be read and is left out." if lost else ""
    return Response(tuple(configs), tuple(problem for problem in (unread, broken) if problem))


def _salvage_config(data: bytes) -> tuple[Any, int]:
    """A client config made of the parts that parse, and how many do not."""
    config = csds_pb2.ClientConfig()
    lost = 0
    try:
        for number, content in fields(data):
            if isinstance(content, bytes) and not _add(config, number, content):
                lost += 1
    except WireError:
        lost += 1
    return config, lost


def _add(config: Any, number: int, content: bytes) -> bool:
    """Put one field's content into the config; whether it could be read."""
    try:
        if number == _NODE:
            config.node.MergeFromString(content)
        elif number == _SCOPE:
            config.client_scope = content.decode("utf-8", "replace")
        elif number in _PARTS:
            name, cls = _PARTS[number]
            getattr(config, name).append(cls.FromString(content))
    except DecodeError:
        return False
    return True
