"""How ``meshtui echo`` ends when nothing is sent, nobody answers, or it is stopped."""

from __future__ import annotations

import asyncio
import errno
import re
import signal
import socket
from contextlib import suppress

import pytest

from meshtui.cli.echo.probe import Listeners, probe
from meshtui.cli.echo.request import ProbeRequest
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import TargetUnreachable
from meshtui.model.target import TargetOptions
from meshtui.session.echo.state import EchoSettings
from tests.cli.echo.probing import URL, check_accounts, echo
from tests.echo_server import EchoServer, serving
from tests.program import meshtui, running
from tests.waiting import until


async def test_no_csds_is_said_before_anything_is_sent() -> None:
    async with serving() as server:
        done = await echo(server, "--count", "5", "--expect", "config")
        assert server.echo.batches == []
    assert (done.code, done.out) == (3, "")
    assert "ClientStatusDiscoveryService" in done.err or "CSDS" in done.err
    assert "--expect v1=20,v2=80" in done.err
    assert len(done.err.splitlines()) == 2


@pytest.mark.parametrize("arguments", [(), ("--expect", "v1=1"), ("--expect", "config")], ids=" ".join)
async def test_nobody_there(arguments: tuple[str, ...]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        done = await meshtui("echo", address, "--url", URL, "--count", "1", *arguments, "-o", "json")
    assert (done.code, done.out) == (3, "")
    assert address in done.err
    assert "connection refused" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--url"),
        (("--url", "echo:7070"), "is not a URL"),
        (("--url", URL, "--count", "0"), "no whole number from 1"),
        (("--url", URL, "--count", "many"), "many"),
        (("--url", URL, "--count", "200000", "--qps", "100"), "--lift-limits"),
        (("--url", URL, "--duration", "5s"), "Set qps"),
        (("--url", URL, "--duration", "0s", "--qps", "1"), "duration of 0"),
        (("--url", URL, "--header", "nothing"), "NAME:VALUE"),
        (("--url", URL, "--header", "a b:c"), "header"),
        (("--url", URL, "--expect", "v1"), "expected share"),
        (("--url", URL, "--expect", "v1=0,v2=0"), "add up to 0"),
        (("--url", URL, "--until-decided"), "--expect"),
        (("--url", URL, "--map", "canary=v2"), "--expect config"),
        (("--url", URL, "--expect", "config", "--map", "canary"), "SUBSET=VERSION"),
        (("--url", "http://echo:80", "--expect", "config"), "xds:///"),
        (("--url", URL, "--alpha", "0"), "alpha"),
        (("--url", URL, "--alpha", "nan"), "alpha"),
        (("--url", URL, "--margin", "100"), "margin"),
        (("--url", URL, "--request-timeout", "nan"), "timeout"),
        (("--url", URL, "-o", "xml"), "xml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
async def test_what_cannot_be_meant_is_exit_code_2_and_nothing_is_sent(arguments: tuple[str, ...], said: str) -> None:
    async with serving() as server:
        done = await meshtui("echo", str(server.address), *arguments)
        assert server.echo.batches == []
    assert (done.code, done.out) == (2, "")
    assert said in done.err


async def test_a_hang_up_that_is_ignored_stops_nothing() -> None:
    """As under ``nohup``: the terminal may go, the run goes on."""
    async with serving() as server:
        arguments = ("--qps", "40", "--count", "60", "-o", "ndjson")
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            async with running("echo", str(server.address), "--url", URL, *arguments) as run:
                signal.signal(signal.SIGHUP, before)
                await run.line()
                run.send(signal.SIGHUP)
                done = await run.done()
        finally:
            signal.signal(signal.SIGHUP, before)
    assert (done.code, done.lines[-1]["phase"], done.lines[-1]["sent"]) == (0, "done", 60)


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes a connection and says nothing until the other side leaves."""
    with suppress(OSError):
        while await reader.read(4096):
            pass
    writer.close()


@pytest.mark.parametrize("expect", [(), ("--expect", "config")], ids=["without config", "with config"])
@pytest.mark.parametrize("kind", ["refuses", "is mute"])
async def test_the_first_contact_takes_no_longer_than_the_timeout(kind: str, expect: tuple[str, ...]) -> None:
    """By the program's own words: the time that a process takes here depends on the machine."""
    listener = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    address = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    if kind == "refuses":
        listener.close()
        await listener.wait_closed()
    done = await meshtui("echo", address, "--url", URL, "--timeout", "1", *expect)
    listener.close()
    assert (done.code, done.out) == (3, "")
    assert address in done.err
    if kind == "refuses":
        told = re.search(r"connection refused.* It was tried for ([\d.]+) s\.", done.err)
        assert told is not None, done.err
        assert 0.9 < float(told[1]) < EchoSettings().give_up_after_s, "not as long as in the middle of a run"
    else:
        assert "no gRPC connection came about within 1 s" in done.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_stops_it_and_what_is_known_is_printed(number: signal.Signals) -> None:
    async with serving() as server:
        # However long the machine takes until the signal, so few answers decide nothing to within a point.
        judging = ("--expect", "v1=20,v2=80", "--margin", "1")
        arguments = ("--qps", "40", "--duration", "10m", *judging, "-o", "ndjson")
        async with running("echo", str(server.address), "--url", URL, *arguments) as run:
            for _ in range(3):
                assert (await run.line())["event"] == "batch"
            run.send(number)
            done = await run.done()
        await until(lambda: not server.echo.flying)
        sent = len(server.echo.batches)
    *batches, summary = done.lines
    assert done.code == 130
    assert summary["phase"] == "cancelled"
    assert sum(line["sent"] for line in batches) == summary["sent"]
    # A batch that the signal overtook is taken back before the server has seen it.
    taken_back = [line for line in batches if line["abandoned"] == line["sent"]]
    assert len(batches) - len(taken_back) <= sent <= len(batches)
    assert (summary["p_value"], summary["verdict"]) == (None, "undecided")
    check_accounts(summary)


async def test_a_signal_before_the_first_request() -> None:
    """A listener that takes connections and never answers: the run waits for the first look at the config."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        arguments = ("--url", URL, "--expect", "config", "--timeout", "60")
        async with running("echo", address, *arguments) as run:
            mute.settimeout(60)
            connection, _ = mute.accept()  # nothing else runs in this loop
            with connection:
                run.send(signal.SIGINT)
                done = await run.done()
    assert (done.code, done.out) == (130, "")
    assert done.err == "interrupted\n"


async def test_a_server_that_is_killed_in_the_middle_and_comes_back() -> None:
    async with serving(EchoServer(latency_s=0.02)) as server:
        arguments = ("--count", "300", "--qps", "100", "-o", "ndjson")
        async with running("echo", str(server.address), "--url", URL, *arguments) as run:
            for _ in range(3):
                await run.line()
            await server.kill()
            while not (await run.line())["lost"]:
                pass
            await server.restart()
            done = await run.done()
    summary = done.lines[-1]
    assert done.code == 1
    assert (summary["phase"], summary["sent"]) == ("done", 300)
    assert 0 < summary["lost"] < 300
    assert [error["code"] for error in summary["errors"]] == ["probe-lost"]
    check_accounts(summary)


async def test_a_server_that_is_killed_and_stays_away() -> None:
    async with serving(EchoServer(latency_s=0.02)) as server:
        arguments = ("--count", "300", "--qps", "100", "-o", "ndjson")
        async with running("echo", str(server.address), "--url", URL, *arguments) as run:
            for _ in range(3):
                await run.line()
            await server.kill()
            done = await run.done()
    summary = done.lines[-1]
    assert done.code == 3
    assert summary["phase"] == "failed"
    assert summary["error"]
    assert str(server.address) in done.err
    check_accounts(summary)


def test_a_target_that_cannot_even_be_dialled_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where no more files may be opened: there is no way to the target that the time could count from."""

    def no_sources(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("meshtui.targets.can_open_files", no_sources)
    request = ProbeRequest(
        target="127.0.0.1:9",
        spec=EchoRequestSpec(URL, count=1),
        typed=None,
        from_config=True,
        mapping={},
        alpha=0.01,
        margin=0.1,
        duration_s=None,
        until_decided=False,
        allowed_failures=0.0,
    )
    with pytest.raises(TargetUnreachable, match="may open no more files"):
        probe(request, TargetOptions(timeout=0.2), Listeners())
