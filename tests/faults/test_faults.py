"""Each fault of the table is tried for real: it ends in time, with its exit code, in one sentence and what to try."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.cli import streams
from meshtui.cli.diagnostics import fail
from meshtui.cli.main import run
from meshtui.doctor.explain.at_target import HTTP2_ERRORS
from meshtui.model.address import parse_address
from meshtui.model.errors import MeshtuiError
from tests.faults.peers import PEERS
from tests.faults.table import AGENTS_READ, FAULTS, Fault
from tests.faults.zoo import Zoo
from tests.program import meshtui
from tests.sources.grpc.tls_files import TlsFiles

SAID = Path(__file__).parent / "said.txt"

LONGEST = 900
"""Characters of all that is said of one fault: some ten lines of a terminal, the longest hint among them."""

PATIENT = ("--timeout", "40")
"""Given where no other time-out is: a fault that ends by itself ends in milliseconds, on a busy machine in seconds."""


@pytest.fixture(scope="module")
def zoo(folder: Path) -> Iterator[Zoo]:
    zoo = Zoo(folder)
    yield zoo
    zoo.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that commands of the table name."""
    folder = tmp_path_factory.mktemp("files")
    files = TlsFiles.made_in(folder)
    (folder / "empty").touch()
    (folder / "binary").write_bytes(bytes(range(256)) * 8)
    authority = x509.load_pem_x509_certificate(Path(files.ca).read_bytes())
    (folder / "ca.der").write_bytes(authority.public_bytes(Encoding.DER))
    for name in ("good", "other"):
        (folder / name).mkdir()
    good = TlsFiles.made_in(folder / "other")
    (folder / "other-ca.pem").write_bytes(Path(good.ca).read_bytes())
    (folder / "good" / "cert-chain.pem").write_bytes((folder / "client.pem").read_bytes())
    return folder


def _words(fault: Fault, address: str, folder: Path) -> list[str]:
    words = shlex.split(fault.command.replace("ADDRESS", address).replace("FOLDER", str(folder)))
    return [*words, *PATIENT] if fault.peer and "--timeout" not in words and words[0] != "channelz" else words


def _channelz(address: str) -> int:
    """No command shows channelz alone yet; this is the source as the screen has it."""
    from meshtui.sources.channelz.source import ChannelzSource
    from meshtui.sources.grpc.channel import open_channel

    async def look() -> None:
        where = parse_address(address)
        async with open_channel(where) as channel:
            await ChannelzSource(channel, where, timeout=60).poll()

    try:
        asyncio.run(look())
    except MeshtuiError as error:
        return int(fail(error))
    return 0


def _ended(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    if words[0] == "channelz":
        return _channelz(words[1])
    monkeypatch.setattr(sys, "argv", ["meshtui", *words])
    monkeypatch.setattr(streams, "install", lambda: None)  # what is written stays with pytest
    with pytest.raises(SystemExit) as ended:
        run()
    return int(ended.value.code or 0)


def _neutral(text: str, address: str, folder: Path) -> str:
    """What was said, without what differs from run to run."""
    if address:
        text = text.replace(address.removeprefix("unix:"), "ADDRESS").replace("unix:ADDRESS", "ADDRESS")
    lines = text.replace(str(folder), "FOLDER").replace("9" * 20, "…").split("\n")
    # Click's own head of a usage error names the program by how the tests were started.
    return "\n".join(line for line in lines if line and not line.startswith(("Usage: ", "Try '")))


def _recorded() -> dict[str, str]:
    blocks = SAID.read_text(encoding="utf-8").split("\n\n") if SAID.exists() else []
    pairs = (block.strip("\n").partition("\n") for block in blocks if block.strip())
    return {head: body for head, _, body in pairs}


def _heading(fault: Fault) -> str:
    """The line of ``said.txt`` that names the fault: printable, not too long, and no two alike."""
    name = fault.name if len(fault.name) < 100 else f"{fault.name[:60]}… ({len(fault.name)} characters)"
    return f"{name.encode('ascii', 'backslashreplace').decode()}  → {fault.code}".replace("\x1b", "\\x1b")


@pytest.mark.parametrize("fault", FAULTS, ids=_heading)
def test_a_fault_is_said_in_a_sentence(
    fault: Fault, zoo: Zoo, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if fault.command.startswith("attach"):
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    address = zoo.start(fault.peer) if fault.peer else ""
    code = _ended(_words(fault, address, folder), monkeypatch)
    out, err = capsys.readouterr()
    said = _neutral(err.strip("\n"), address, folder)
    assert code == fault.code, f"{out}{err}"
    assert out == ""
    assert len(err) < LONGEST
    assert "Traceback" not in err
    assert not [
        character for character in err if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs")
    ]
    if fault.peer:
        assert "ADDRESS" in said.splitlines()[0], "it does not say where"
        assert re.search(r"^try: \S", said, re.MULTILINE), "it does not say what to try"
        assert not (fault.answered and "cannot be reached" in said), "it was reached"
    heading = _heading(fault)
    if os.environ.get("UPDATE_GOLDEN"):
        known = {**_recorded(), heading: said}
        ordered = [name for name in map(_heading, FAULTS) if name in known]
        SAID.write_text("\n\n".join(f"{name}\n{known[name]}" for name in ordered) + "\n", encoding="utf-8")
        return
    assert said == _recorded().get(heading), "if that is meant: UPDATE_GOLDEN=1 (without -n), and read what it writes"


@pytest.mark.parametrize("code", range(13))
def test_a_goaway_right_at_the_start_is_said_as_it_is_seen(
    code: int, zoo: Zoo, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """gRPC either tells of it or loses it, before the call is on the connection, and then waits for an answer."""
    address = zoo.start(f"HTTP/2: GOAWAY {code} at the start")
    assert _ended(["xds", "status", address, "--timeout", "2"], monkeypatch) == 3
    out, err = capsys.readouterr()
    assert out == ""
    first, second = _neutral(err.strip("\n"), address, folder).splitlines()
    assert second.startswith("try: ")
    told = f"closed the connection before CSDS was answered (GOAWAY, {HTTP2_ERRORS[code]})."
    assert first.removeprefix("meshtui: ADDRESS ") in (told, "is connected, but CSDS did not answer within 2 s.")


@pytest.mark.parametrize("peer", AGENTS_READ)
def test_what_is_odd_about_an_agent_is_a_finding(
    peer: str, zoo: Zoo, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = zoo.start(peer)
    assert _ended(["certs", str(folder / "good"), "--agent", address, "-o", "json", *PATIENT], monkeypatch) == 1
    out, err = capsys.readouterr()
    findings = [load for load in json.loads(out)["findings"] if load["subject"] == address]
    said = [f"{finding['severity']}: {finding['title']}. {' '.join(finding['evidence'])}" for finding in findings]
    assert err == ""
    assert said == AGENT_SAID[peer]


_UNUSABLE = "warning: The agent did not answer everything."
_READY, _METRICS = "GET /healthz/ready", "GET /stats/prometheus"
_ELSEWHERE = "which an agent does not do; it was not followed."

AGENT_SAID = {
    "agent: 404": [f"{_UNUSABLE} {_READY} was answered with status 404. {_METRICS} was answered with status 404."],
    "agent: 500": [f"{_UNUSABLE} {_READY} was answered with status 500. {_METRICS} was answered with status 500."],
    "agent: 503": [
        f"error: The agent is not ready. {_READY}: status 503",
        f"{_UNUSABLE} {_METRICS} was answered with status 503.",
    ],
    "agent: redirect": [
        f"{_UNUSABLE} {_READY} was redirected (302), {_ELSEWHERE} {_METRICS} was redirected (302), {_ELSEWHERE}"
    ],
    "agent: redirect elsewhere": [
        f"{_UNUSABLE} {_READY} was redirected (301), {_ELSEWHERE} {_METRICS} was redirected (301), {_ELSEWHERE}"
    ],
    "agent: HTML": [
        f"{_UNUSABLE} {_READY} was answered with a web page, which an agent does not send."
        f" {_METRICS} was answered with a web page, which an agent does not send."
    ],
}


@pytest.mark.parametrize("descriptors", [5, 14])
@pytest.mark.parametrize(
    "command", ["xds status 127.0.0.1:1", "certs {} --agent 127.0.0.1:1", "echo 127.0.0.1:1 --url xds:///a:1 --count 1"]
)
def test_a_limit_on_files_is_a_sentence_and_nothing_else(descriptors: int, command: str, folder: Path) -> None:
    limit = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({descriptors}, {descriptors}));"
        "from meshtui.__main__ import program; program()"
    )
    words = shlex.split(command.format(folder / "good"))
    done = subprocess.run([sys.executable, "-c", limit, *words], capture_output=True, text=True, check=False)
    assert done.returncode in (3, 70), done.stderr  # with 14 some still come to the address, where nobody listens
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["meshtui", "try"]
    assert done.returncode == 3 or "Too many files are open." in done.stderr


def test_the_table_has_more_than_a_hundred_different_faults_and_every_peer_is_used() -> None:
    headings = [_heading(fault) for fault in FAULTS]
    assert len(set(headings)) == len(FAULTS) >= 100
    assert set(_recorded()) == set(headings)
    assert {fault.peer for fault in FAULTS if fault.peer} <= set(PEERS)


SMUGGLED = "HTTP/2: GOAWAY 11"


@pytest.mark.parametrize("peer", ["HTTP/2: HTML 200", "gRPC: OK without a message", SMUGGLED])
async def test_the_program_as_a_process_says_the_same(peer: str, zoo: Zoo) -> None:
    done = await meshtui("xds", "status", zoo.start(peer), "--check", *PATIENT)
    assert (done.code, done.out) == (3, "")
    assert len(done.err.splitlines()) == 2
    assert "\x1b" not in done.err
