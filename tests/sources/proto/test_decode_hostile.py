"""Whatever the bytes are: no exception, and the other resources survive."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.model.xds.config import Opaque
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.resource import Resource
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.answer import Known, read_answer
from meshtui.sources.csds.response import NoClientStatusError
from meshtui.sources.proto.decode.body import decode
from meshtui.sources.proto.json_mapping import any_json, config_json
from meshtui.sources.proto.unpack import UnreadableError, parse
from meshtui.sources.proto.wire import WireError, fields
from tests import xds_messages as xds
from tests.world.clock import NOW

TYPES = [xds.packed(message).type_url for message in xds.world()[:3] + xds.world()[4:5]]
TYPES += [
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
    "type.googleapis.com/google.protobuf.Struct",
    "type.googleapis.com/google.protobuf.Any",
    "type.googleapis.com/envoy.config.core.v3",
    "envoy...X",
    "/",
    "",
]

VALID = [xds.packed(message) for message in xds.world()]


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some of them changed, cut out or put in."""
    mutated = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(mutated)))
        change = draw(st.sampled_from(("set", "cut", "insert", "end")))
        if change == "set" and at < len(mutated):
            mutated[at] = draw(st.integers(0, 255))
        elif change == "cut":
            del mutated[at : at + draw(st.integers(1, 8))]
        elif change == "insert":
            mutated[at:at] = draw(st.binary(max_size=8))
        elif change == "end":
            del mutated[at:]
    return bytes(mutated)


def check(type_url: str, value: bytes) -> None:
    body = decode(type_url, value)
    shown = json.dumps(any_json(type_url, value), allow_nan=False)
    if isinstance(body, Opaque):
        assert body.reason
        assert body.size == len(value)
    assert json.loads(shown)["@type"] == type_url


@given(st.sampled_from(TYPES) | st.text(max_size=40), st.binary(max_size=200))
def test_any_bytes_under_any_type(type_url: str, value: bytes) -> None:
    check(type_url, value)


@given(st.sampled_from(VALID).flatmap(lambda one: st.tuples(st.just(one.type_url), mutations(one.value))))
@settings(max_examples=400)
def test_real_configs_with_some_bytes_changed(case: tuple[str, bytes]) -> None:
    check(*case)


def read(data: bytes) -> Snapshot | None:
    """An answer all the way to a snapshot, or ``None`` when it is refused in words."""
    try:
        return read_answer(Known(), data, NOW)[0]
    except NoClientStatusError:
        return None


ANSWER = xds.canary_answer().SerializeToString()


@given(mutations(ANSWER))
@settings(max_examples=400)
def test_an_answer_with_some_bytes_changed(data: bytes) -> None:
    snapshot = read(data)
    if snapshot is None:
        return
    list(build(snapshot).walk())
    for resource in snapshot.resources.values():
        assert isinstance(resource, Resource)
        config_json(resource)


@given(st.binary(max_size=300))
def test_an_answer_of_any_bytes(data: bytes) -> None:
    snapshot = read(data)
    assert snapshot is None or isinstance(snapshot, Snapshot)


@given(st.integers(0, 5), st.binary(max_size=60))
def test_the_others_survive_a_config_of_any_bytes(index: int, value: bytes) -> None:
    message = xds.canary_answer()
    message.config[0].generic_xds_configs[index].xds_config.value = value
    before, after = read(ANSWER), read(message.SerializeToString())
    assert before is not None
    assert after is not None
    assert list(after.resources) == list(before.resources)
    for at, key in enumerate(after.resources):
        if at != index:
            assert after.resources[key].body == before.resources[key].body


@given(st.integers(0, 5), st.binary(min_size=1, max_size=12))
def test_the_others_survive_an_entry_of_any_bytes(index: int, name: bytes) -> None:
    """An entry that does not parse is left out, and said to be."""
    parts: list[bytes] = [entry.SerializeToString() for entry in xds.canary_answer().config[0].generic_xds_configs]
    parts[index] = field(2, name)
    snapshot = read(field(1, b"".join(field(3, part) for part in parts)))
    assert snapshot is not None
    assert len(snapshot.resources) == (6 if is_text(name) else 5)
    assert len(snapshot.problems) == (0 if is_text(name) else 1)


def field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    size, length = len(content), b""
    while size >= 0x80:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.binary(max_size=100))
def test_the_wire_is_read_as_protobuf_reads_it(data: bytes) -> None:
    """What protobuf takes for a message without fields it knows, our reader takes apart as well."""
    try:
        parse("type.googleapis.com/google.protobuf.Empty", data)
    except UnreadableError:
        return
    refused = ""
    found = []
    try:
        found = list(fields(data))
    except WireError as error:
        refused = str(error)
    # A group (form 3) is all that may be refused: proto3 does not have them.
    assert "has the form 3" in refused or bool(found) == bool(data)


def test_names_of_other_packages_are_never_imported() -> None:
    for name in ("os.path.X", "meshtui.cli.main.X", "google.cloud.Thing", "envoy.__init__.X", "envoy/../x.Y"):
        assert isinstance(decode(f"type.googleapis.com/{name}", b""), Opaque)
