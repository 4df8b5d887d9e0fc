"""Headers come from files and the environment as well, and a secret is shown nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meshtui.cli.echo.headers import LARGEST, VARIABLE, all_headers
from meshtui.model.echo.grpcurl import grpcurl_line
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import MeshtuiError
from meshtui.model.identity.masking import MASK
from meshtui.present.echo_form import EchoForm
from tests.echo_server import EchoServer, serving
from tests.program import meshtui

TOKEN = "Bearer s3cret-s3cret-s3cret"
URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def test_headers_of_the_environment_then_of_files_then_typed(tmp_path: Path) -> None:
    file, other = tmp_path / "one", tmp_path / "other"
    file.write_bytes(b"\xef\xbb\xbf# a comment\r\n\r\nx-one: 1:2\r\n:authority: echo\r\n")
    other.write_text("x-two:2")
    assert all_headers((f"@{other}", "x-three: 3"), (str(file),), {VARIABLE: "x-zero: 0\n"}) == (
        ("x-zero", "0"), ("x-one", "1:2"), (":authority", "echo"), ("x-two", "2"), ("x-three", "3"),
    )  # fmt: skip


def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"x-token: abc\n")
    os.close(writing)
    try:
        assert all_headers((), (f"/dev/fd/{reading}",), {}) == (("x-token", "abc"),)
    finally:
        os.close(reading)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: path.write_text("fine: 1\nsecret-without-colon\n"), "Line 2 of"),
        (lambda path: path.write_bytes(b"x: \xff\xfe\n"), "not text in UTF-8"),
        (lambda path: path.write_text("x: " + "a" * LARGEST), "larger than 64 KiB"),
        (lambda path: path.symlink_to("/dev/zero"), "larger than 64 KiB"),
    ],
    ids=["missing", "a directory", "no header", "no text", "large", "endless"],
)
def test_a_file_that_cannot_be_used_is_said_in_a_sentence(tmp_path: Path, make: object, said: str) -> None:
    path = tmp_path / "headers"
    assert callable(make)
    make(path)
    with pytest.raises(MeshtuiError) as refused:
        all_headers((), (str(path),), {})
    assert said in refused.value.what
    assert refused.value.hint
    assert "secret-without-colon" not in str(refused.value)


def test_a_pipe_that_nobody_writes_to_hangs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshtui.cli.echo.headers.PIPE_TIMEOUT_S", 0.1)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(MeshtuiError, match="gave no end of its headers"):
        all_headers((), (str(path),), {})


def test_a_secret_is_left_out_of_the_line_and_masked_in_the_form() -> None:
    spec = EchoRequestSpec(URL, count=5, headers=(("authorization", TOKEN), ("x-canary", "1")))
    line = grpcurl_line(spec, "here:1")
    assert "s3cret" not in line
    assert '"$AUTHORIZATION"' in line
    assert line.isascii()
    assert EchoForm(headers=f"authorization: {TOKEN}, x-canary: 1").headers_shown == (
        f"authorization: {MASK}, x-canary: 1"
    )


@pytest.mark.parametrize("format_", ["table", "json", "yaml", "ndjson", "csv"])
async def test_a_secret_that_the_server_echoes_is_in_no_output(tmp_path: Path, format_: str) -> None:
    file = tmp_path / "token"
    file.write_text(f"authorization: {TOKEN}\n")
    lab = EchoServer(error=f"rpc error: code = Internal desc = cannot take {TOKEN}", fails=lambda version: True)
    async with serving(lab) as server:
        done = await meshtui(
            "echo", str(server.address), "--url", URL, "--count", "2", "--header-file", str(file), "-o", format_
        )
        sent = [(header.key, header.value) for asked in server.echo.batches for header in asked.headers]
    assert ("authorization", TOKEN) in sent
    assert done.code == 1
    assert "s3cret" not in done.out + done.err


async def test_a_secret_on_the_command_line_is_sent_with_a_word_about_it() -> None:
    async with serving() as server:
        done = await meshtui(
            "echo", str(server.address), "--url", URL, "--count", "1", "--header", f"authorization:{TOKEN}"
        )
    assert done.code == 0
    assert "--header-file or MESHTUI_HEADERS keeps it to you" in done.err
    assert "s3cret" not in done.out + done.err
