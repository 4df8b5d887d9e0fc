"""The frames of port-forward and exec: however they are cut, what comes out is what was sent."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.sources.kubernetes.exec_frames import ExecEnd, ExecFrames, TooMuch, read_status
from meshtui.sources.kubernetes.port_forward_frames import LONGEST_REASON, ForwardFrames, FrameProblem, data_frame

PORTS = st.integers(min_value=1, max_value=65_535)
PARTS = st.lists(st.binary(max_size=20), max_size=8)


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """``data`` cut at the places in ``cuts``, with empty parts where two are the same."""
    places = sorted(cut % (len(data) + 1) for cut in cuts)
    return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]


@given(PORTS, st.binary(max_size=200), st.lists(st.integers(min_value=0, max_value=300), max_size=6))
def test_data_comes_out_whole_however_it_is_cut(port: int, data: bytes, cuts: list[int]) -> None:
    frames = ForwardFrames(port)
    sent = _cut(struct.pack("<H", port) + data, cuts)
    assert b"".join(frames.take(b"\x00" + part) for part in sent) == data
    assert frames.reason == ""


@given(PORTS, PARTS, st.text(max_size=60), st.data())
def test_the_two_channels_do_not_mix(port: int, parts: list[bytes], said: str, data: st.DataObject) -> None:
    """Text on the error channel, at any moment between data, is the reason and no data."""
    frames = ForwardFrames(port)
    port_bytes = struct.pack("<H", port)
    words = _cut(said.encode("utf-8", "replace"), [3, 7])
    streams = [[b"\x00" + part for part in (port_bytes, *parts)], [b"\x01" + part for part in (port_bytes, *words)]]
    got = b""
    while any(streams):
        channel = data.draw(st.sampled_from([at for at in (0, 1) if streams[at]]))
        got += frames.take(streams[channel].pop(0))
    assert got == b"".join(parts)
    assert frames.reason.isprintable() or not said.isprintable()
    if said.isascii() and said.isprintable():
        assert frames.reason == said.strip()


@given(PORTS, PORTS)
def test_another_port_than_asked_for_is_no_answer(port: int, other: int) -> None:
    frames = ForwardFrames(port)
    message = b"\x00" + struct.pack("<H", other)
    if port == other:
        assert frames.take(message) == b""
        return
    with pytest.raises(FrameProblem, match=str(port)):
        frames.take(message)


@pytest.mark.parametrize("message", ["text", b"\x02xx", b"\xff\x00"])
def test_what_the_protocol_has_not_is_refused(message: bytes | str) -> None:
    with pytest.raises(FrameProblem):
        ForwardFrames(80).take(message)


def test_empty_messages_are_nothing() -> None:
    frames = ForwardFrames(80)
    assert [frames.take(message) for message in (b"", b"\x00", b"\x01", b"\x00P\x00", b"\x00", b"")] == [b""] * 6
    assert frames.take(b"\x00\x00P") == b"\x00P"


def test_a_reason_is_bounded_and_harmless() -> None:
    frames = ForwardFrames(80)
    frames.take(b"\x01P\x00")
    for _ in range(100):
        frames.take(b"\x01" + b"\x1b[31mred\r\n" * 1000)
    assert len(frames.reason) <= LONGEST_REASON
    assert "\x1b" not in frames.reason
    assert "\n" not in frames.reason


@given(st.binary())
def test_what_is_sent_goes_to_the_data_channel(data: bytes) -> None:
    assert data_frame(data) == b"\x00" + data


@given(PARTS, PARTS, st.data())
def test_a_commands_output_comes_out_whole(output: list[bytes], complaints: list[bytes], data: st.DataObject) -> None:
    frames = ExecFrames(limit=1_000)
    streams = [[b"\x01", *(b"\x01" + part for part in output)], [b"\x02" + part for part in complaints]]
    while any(streams):
        frames.take(streams[data.draw(st.sampled_from([at for at in (0, 1) if streams[at]]))].pop(0))
    assert frames.output == b"".join(output)
    assert frames.end is None
    frames.take(b'\x03{"metadata":{},"status":"Success"}')
    assert frames.end == ExecEnd(0)


@given(st.integers(min_value=0, max_value=50), st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5))
def test_output_beyond_the_limit_is_not_taken(limit: int, output: list[bytes]) -> None:
    frames = ExecFrames(limit)
    refused = 0
    for part in output:
        try:
            frames.take(b"\x01" + part)
        except TooMuch:
            refused += 1
    assert bool(refused) == (sum(map(len, output)) > limit)
    assert len(frames.output) <= limit


def test_the_exit_code_stands_among_the_causes() -> None:
    """As a kube-apiserver 1.37 writes it for ``cat /nope``."""
    message = "command terminated with non-zero exit code: command terminated with exit code 1"
    status = {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": "1"}]},
    }
    assert read_status(json.dumps(status).encode()) == ExecEnd(1, message, "NonZeroExitCode")


def test_a_status_cut_over_messages_is_one() -> None:
    frames = ExecFrames(10)
    for part in _cut(b'{"status":"Success"}', [1, 1, 9]):
        frames.take(b"\x03" + part)
    assert frames.end == ExecEnd(0)


def test_plain_text_of_an_old_node_is_the_message() -> None:
    assert read_status(b'container not found ("app")') == ExecEnd(None, 'container not found ("app")')


@given(st.binary(max_size=300))
def test_no_status_raises(data: bytes) -> None:
    read_status(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["status", "details", "causes", "reason", "message"]), inner, max_size=4)
        ),
    )
)
def test_a_status_of_any_form_is_read(document: object) -> None:
    end = read_status(json.dumps(document).encode())
    assert end.code is None or isinstance(end.code, int)


@pytest.mark.parametrize("message", ["text", b"\x04x", b"\x00x"])
def test_exec_refuses_what_it_has_not(message: bytes | str) -> None:
    with pytest.raises(FrameProblem):
        ExecFrames(10).take(message)
