"""The grpcurl line: one word of the shell whatever it holds, and usable once the variables it names are set."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.echo.grpcurl import grpcurl_line, grpcurl_note, grpcurl_variables
from meshtui.model.echo.spec import METHOD, EchoRequestSpec

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"
TOKEN = "Bearer s3cret-s3cret $HOME `id` 's3cret' !!"


def body_of(line: str) -> dict[str, object]:
    words = shlex.split(line)
    body = json.loads(words[words.index("-d") + 1])
    assert isinstance(body, dict)
    return body


def test_the_grpcurl_line_asks_the_same() -> None:
    spec = EchoRequestSpec(
        URL,
        count=50,
        qps=10,
        headers=(("x-canary", "1"),),
        message="hi",
        method="GET",
        timeout_s=2.0,
        new_connection=True,
        authority="echo",
    )
    line = grpcurl_line(spec, "127.0.0.1:17171")
    assert shlex.split(line)[:2] == ["grpcurl", "-plaintext"]
    assert line.endswith("127.0.0.1:17171 proto.EchoTestService/ForwardEcho")
    assert body_of(line) == {
        "url": URL,
        "count": 50,
        "qps": 10,
        "timeout_micros": 7_100_000,
        "headers": [{"key": "x-canary", "value": "1"}, {"key": "Host", "value": "echo"}],
        "message": "hi",
        "method": "GET",
        "newConnectionPerRequest": True,
    }


def test_the_grpcurl_line_for_a_unix_socket_and_a_continuous_run() -> None:
    line = grpcurl_line(EchoRequestSpec(URL, count=None, qps=50), "unix:///run/my echo.sock")
    words = shlex.split(line)
    assert words[2] == "-unix"
    assert words[-2] == "/run/my echo.sock"
    assert body_of(line)["count"] == 100


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_the_grpcurl_line_is_one_safe_shell_line_whatever_the_texts_hold(url: str, value: str, message: str) -> None:
    line = grpcurl_line(EchoRequestSpec(url, headers=(("x", value),), message=message), "127.0.0.1:1")
    body = body_of(line)
    assert body["url"] == url
    assert body["headers"] == [{"key": "x", "value": value}]
    assert len(shlex.split(line)) == 6
    assert line.isascii()
    assert line.isprintable()


def sent_by_a_shell(line: str, folder: Path, **variables: str) -> list[tuple[str, str]]:
    """The headers that a shell gives to grpcurl when the line is pasted into it."""
    program = folder / "grpcurl"
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.stdout.write(sys.argv[sys.argv.index('-d') + 1])\n")
    program.chmod(0o755)
    environment = {"PATH": str(folder), "HOME": "/home/me", "PWD": "/", **variables}
    done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=True)
    return [(header["key"], header["value"]) for header in json.loads(done.stdout)["headers"]]


def test_a_line_with_secret_headers_sends_them_once_their_variables_are_set(tmp_path: Path) -> None:
    headers = (
        ("x-canary", "a 'b' $HOME"), ("authorization", TOKEN), ("x-api-key", "k3y-k3y"),
        ("Authorization", "Basic b3RoZXI6b3RoZXI="), ("cookie", TOKEN), ("pwd", "open sesame"), ("x-b", "‹masked›"),
    )  # fmt: skip
    spec = EchoRequestSpec(URL, count=5, headers=headers, message="it's $HOME")
    line = grpcurl_line(spec, "here:1")
    values = ("s3cret", "k3y-k3y", "b3RoZXI6", "open sesame")
    assert not [value for value in values if value in line]
    assert line.isascii()
    assert '"value":"\'"$AUTHORIZATION"\'"' in line
    names = ("AUTHORIZATION", "X_API_KEY", "AUTHORIZATION_2", "COOKIE", "HEADER_PWD")
    assert grpcurl_variables(spec) == names
    given = dict(zip(names, (TOKEN, "k3y-k3y", "Basic b3RoZXI6b3RoZXI=", TOKEN, "open sesame"), strict=True))
    assert sent_by_a_shell(line, tmp_path, **given) == list(headers)


@pytest.mark.parametrize(
    ("header", "variable"),
    [
        ("authorization", "AUTHORIZATION"),
        ("x-api-key", "X_API_KEY"),
        (":authority", "AUTHORITY"),
        ("$(rm)-`id`", None),
        ("x-$a`b'c|d", "X_A_B_C_D"),
        ("2fa-token", "HEADER_2FA_TOKEN"),
        ("!!", "HEADER"),
        ("_", "HEADER"),
        ("path", "HEADER_PATH"),
        ("Lc_All", "HEADER_LC_ALL"),
    ],
)
def test_a_variable_is_named_after_its_header_and_is_none_of_the_shells_own(
    header: str, variable: str | None, tmp_path: Path
) -> None:
    """A name that is no header is refused before; should it come here all the same, it must do nothing."""
    spec = EchoRequestSpec(URL, count=1, headers=((header, TOKEN),))
    (name,) = grpcurl_variables(spec)
    assert name == (variable or "RM_ID")
    assert sent_by_a_shell(grpcurl_line(spec, "here:1"), tmp_path, **{name: TOKEN}) == [(header, TOKEN)]


def test_the_same_value_under_one_name_needs_one_variable() -> None:
    spec = EchoRequestSpec(URL, count=1, headers=(("x-token", TOKEN), ("x_token", TOKEN), ("x.token", "another")))
    assert grpcurl_variables(spec) == ("X_TOKEN", "X_TOKEN_2")


def test_the_note_says_which_variables_to_set_and_how() -> None:
    assert grpcurl_note(EchoRequestSpec(URL, headers=(("x-canary", "1"),))) == ""
    three = EchoRequestSpec(URL, headers=(("authorization", "a"), ("cookie", "b"), ("x-api-key", "c")))
    assert grpcurl_note(three) == (
        "Set AUTHORIZATION, COOKIE and X_API_KEY in the shell first: secret headers are not in the line."
    )
    quoted = EchoRequestSpec(URL, headers=(("cookie", 'a="b"'),))
    assert grpcurl_note(quoted).startswith("Set COOKIE in the shell first")
    assert "becomes part of a JSON text" in grpcurl_note(quoted)


def test_a_pod_is_asked_through_a_port_forward() -> None:
    spec = EchoRequestSpec("xds:///echo:7070")
    target = "pod/echo-v1 -n echo-grpc --context 'my cluster' --port 9999"
    assert f" localhost:9999 {METHOD}" in grpcurl_line(spec, target)
    assert grpcurl_note(spec, target) == (
        "Forward the pod's admin port first: kubectl port-forward pod/echo-v1 9999 -n echo-grpc --context 'my cluster'."
    )
    assert f" localhost:17171 {METHOD}" in grpcurl_line(spec, "-l app=echo")
    assert grpcurl_note(spec, "localhost:17171") == ""
