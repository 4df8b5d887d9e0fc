"""``meshtui echo`` against a real ForwardEcho server that serves nothing else: no CSDS, no health, no channelz."""

from __future__ import annotations

import asyncio
import csv
import errno
import io
import re
import signal
import socket
from contextlib import suppress
from typing import Any

import pytest

from meshtui.cli.echo.probe import Listeners, probe
from meshtui.cli.echo.request import ProbeRequest
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.errors import TargetUnreachable
from meshtui.model.target import TargetOptions
from tests.echo_server import EchoServer, Manner, Serving, serving
from tests.program import Done, meshtui, running
from tests.waiting import until

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"

CONTRACT = {
    "schema", "target", "requested", "completed", "failed", "by_version", "by_hostname", "errors", "latency_ms",
    "expected", "verdict", "e_value", "p_value", "alpha", "margin", "intervals", "needed_more",
}  # fmt: skip


async def echo(server: Serving, *arguments: str) -> Done:
    return await meshtui("echo", str(server.address), "--url", URL, *arguments)


def check_accounts(data: dict[str, Any]) -> None:
    """Every request sent is in exactly one count."""
    assert data["sent"] == data["completed"] + data["failed"] + data["lost"] + data["abandoned"]
    assert data["completed"] == sum(data["by_version"].values()) + data["unknown_version"]


async def test_a_document_with_the_keys_of_the_contract() -> None:
    lab = EchoServer()
    async with serving(lab) as server:
        done = await echo(server, "--count", "60", "-o", "json")
    data = done.json
    assert (done.code, done.err) == (0, "")
    assert data.keys() >= CONTRACT
    assert data["schema"] == 1
    assert data["target"] == data["probe"] == str(server.address)
    assert (data["requested"], data["sent"], data["completed"], data["failed"]) == (60, 60, 60, 0)
    assert data["by_version"] == lab.drawn
    assert data["by_hostname"] == {f"echo-{version}-0": count for version, count in lab.drawn.items()}
    assert data["latency_ms"] == {"p50": 1.5, "p90": 1.5, "p99": 1.5, "max": 1.5}
    assert (data["expected"], data["verdict"], data["errors"]) == (None, "none", [])
    assert lab.requests == 60
    check_accounts(data)


async def test_a_hundred_requests_unless_told_otherwise() -> None:
    async with serving() as server:
        done = await echo(server, "-o", "json")
        assert server.echo.requests == done.json["requested"] == 100


@pytest.mark.parametrize(
    ("arguments", "code", "verdict", "said"),
    [
        (("--count", "1000", "--expect", "v1=20,v2=80"), 0, "consistent", ""),
        (("--count", "400", "--expect", "v1=50,v2=50"), 1, "mismatch", "mismatch: v1 answered"),
        (("--count", "400", "--expect", "v1=100"), 1, "mismatch", "v2 answered"),
        (("--count", "20", "--expect", "v1=20,v2=80"), 1, "undecided", "more will tell"),
        (("--count", "400", "--expect", "v1=20,v2=80", "--margin", "2"), 1, "undecided", "more will tell"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
async def test_a_gate_opens_for_a_consistent_split_only(
    arguments: tuple[str, ...], code: int, verdict: str, said: str
) -> None:
    async with serving() as server:
        done = await echo(server, *arguments, "-o", "json")
    assert (done.code, done.json["verdict"]) == (code, verdict), done.out
    assert said in done.err
    assert said in done.json["sentence"]
    assert bool(done.err) == bool(code)
    assert (done.json["needed_more"] > 0) == (verdict == "undecided")


async def test_until_decided_stops_early_and_gives_no_p_value() -> None:
    async with serving() as server:
        done = await echo(server, "--until-decided", "--expect", "v1=60,v2=40", "-o", "json")
    assert done.code == 1
    data = done.json
    assert data["verdict"] == "mismatch"
    assert data["e_value"] >= 1 / data["alpha"]
    assert data["sent"] == server.echo.requests < data["requested"] == 10_000
    assert data["p_value"] is None


async def test_a_duration_ends_a_run_without_a_count() -> None:
    async with serving() as server:
        done = await echo(server, "--duration", "1s", "--qps", "50", "-o", "json")
    assert done.code == 0
    assert done.json["requested"] is None
    assert 0 < done.json["sent"] == server.echo.requests <= 75


async def test_what_is_asked_for_is_what_is_sent() -> None:
    async with serving() as server:
        done = await echo(
            server, "--count", "3", "--qps", "100", "--header", "x-canary: yes:no", "--header", "x-b:",
            "--message", "hi", "--method", "POST", "--authority", "other:7070", "--new-connection",
            "--request-timeout", "7", "--yes",
        )  # fmt: skip
    assert done.code == 0
    batches = server.echo.batches
    assert sum(request.count for request in batches) == 3
    for request in batches:
        sent = [(header.key, header.value) for header in request.headers]
        assert sent == [("x-canary", "yes:no"), ("x-b", ""), ("Host", "other:7070")]
        assert (request.url, request.qps, request.message, request.method) == (URL, 100, "hi", "POST")
        assert request.newConnectionPerRequest
        assert request.timeout_micros >= 7_000_000


async def test_ndjson_is_a_line_a_batch_and_a_summary() -> None:
    async with serving() as server:
        done = await echo(server, "--count", "150", "-o", "ndjson")
    *batches, summary = done.lines
    assert done.code == 0
    assert len(batches) > 1
    assert {line["event"] for line in batches} == {"batch"}
    assert summary["event"] == "summary"
    assert summary.keys() >= CONTRACT
    assert sum(line["sent"] for line in batches) == summary["sent"] == 150
    for version, count in summary["by_version"].items():
        assert sum(line["by_version"].get(version, 0) for line in batches) == count


async def test_csv_is_the_course_over_time() -> None:
    async with serving() as server:
        done = await echo(server, "--count", "40", "-o", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert sum(int(row[version]) for row in rows for version in ("v1", "v2")) == 40


async def test_a_table_for_people() -> None:
    async with serving() as server:
        done = await echo(server, "--count", "1000", "--expect", "v1=20,v2=80")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{URL} from {server.address}, fresh-channel probe"
    assert "1000 answered, 0 failed" in lines[1]
    bars = {line.split()[0]: line for line in lines if line.startswith("  v")}
    assert bars.keys() == {"v1", "v2"}
    assert all("┃" in line and "want" in line and max(map(len, bars.values())) < 80 for line in bars.values())
    assert bars["v2"].count("█") > bars["v1"].count("█")
    assert "consistent with the expected shares" in done.out
    assert "p50 1.5 ms" in done.out


async def test_yaml_says_the_same() -> None:
    async with serving() as server:
        done = await echo(server, "--count", "5", "-o", "yaml")
    assert done.code == 0
    assert done.out.startswith("schema: 1\n")
    assert "verdict: none\n" in done.out


async def test_failures_are_accounted_for_and_explained() -> None:
    lab = EchoServer(fails=lambda version: version == "v1")
    async with serving(lab) as server:
        done = await echo(server, "--count", "200", "-o", "json")
    data = done.json
    assert done.code == 1
    assert f"{data['failed']} of 200 requests failed" in done.err
    assert data["failed"] == lab.failed == lab.drawn["v1"]
    (error,) = data["errors"]
    assert error["code"] == "connection-refused"
    assert error["message"] == lab.error
    assert error["count"] == lab.failed
    assert "refused the connection" in error["explanation"]
    assert error["fix"]
    check_accounts(data)
    assert data["unknown_version"] < 20


async def test_failures_hide_no_split() -> None:
    """All of v1 fails: that is not a mismatch, and no verdict of consistent either."""
    async with serving(EchoServer(fails=lambda version: version == "v1")) as server:
        done = await echo(server, "--count", "300", "--expect", "v1=20,v2=80", "-o", "json")
    assert done.code == 1
    assert done.json["verdict"] == "undecided"
    assert "not known" in done.json["caveat"]


async def test_some_failures_can_be_allowed() -> None:
    async with serving(EchoServer(fails=lambda version: version == "v1")) as server:
        assert (await echo(server, "--count", "100", "--allow-failed", "45")).code == 0
        assert (await echo(server, "--count", "100", "--allow-failed", "1")).code == 1


async def test_errors_for_people_are_grouped_with_their_cause() -> None:
    async with serving(EchoServer(fails=lambda version: True)) as server:
        done = await echo(server, "--count", "6")
    assert done.code == 1
    assert "✗ 6 failed: Nothing listens at the endpoint" in done.out
    assert "fix   Look at the pod" in done.out
    assert "said  rpc error: code = Unavailable" in done.out


@pytest.mark.parametrize("manner", [Manner.GARBAGE, Manner.RAW_ERROR, Manner.INTERNAL, Manner.TOO_FEW])
async def test_a_server_that_talks_nonsense(manner: Manner) -> None:
    async with serving(EchoServer(manner=manner)) as server:
        done = await echo(server, "--count", "4", "-o", "json")
    assert done.code in (1, 3)
    data = done.json
    check_accounts(data)
    assert data["failed"] + data["lost"] > 0
    assert all(error["explanation"] for error in data["errors"])


BACKENDS = (
    "connections to all backends failing; last error: UNKNOWN: ipv4:10.1.1.1:17070: Ssl handshake failed"
    " (TSI_PROTOCOL_FAILURE): SSL_ERROR_SSL: error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED"
)


@pytest.mark.parametrize("expect", [(), ("--expect", "v1=20,v2=80")], ids=["without shares", "with shares"])
async def test_when_all_fail_every_output_says_failed_and_no_verdict_comes_before(expect: tuple[str, ...]) -> None:
    async with serving(EchoServer(fails=lambda version: True)) as server:
        table = await echo(server, "--count", "40", *expect)
        data = (await echo(server, "--count", "40", *expect, "-o", "json")).json
    assert table.code == 1
    assert "✗ FAILED  40 of 40 requests failed: Nothing listens at the endpoint." in table.out
    assert "100 %  n 40" in next(line for line in table.out.splitlines() if line.startswith("  ✗ failed"))
    assert "undecided" not in table.out
    assert (data["outcome"], data["outcome_sentence"]) == (
        "failed", "40 of 40 requests failed: Nothing listens at the endpoint.",
    )  # fmt: skip


async def test_a_version_that_answers_alone_gets_its_part_of_all_requests() -> None:
    async with serving(EchoServer(fails=lambda version: version == "v2")) as server:
        done = await echo(server, "--count", "300", "--expect", "v1=20,v2=80")
        failed = server.echo.failed
    assert done.code == 1
    assert f"✗ FAILED  {failed} of 300 requests failed: Nothing listens at the endpoint." in done.out
    (line,) = [line for line in done.out.splitlines() if line.startswith("  v1 ")]
    told = re.search(r"([\d.]+) %  n (\d+)", line)
    assert told is not None
    assert float(told[1]) == pytest.approx(int(told[2]) / 3, abs=0.05)
    assert float(told[1]) < 50
    assert f"leave it open: the other {300 - int(told[2])} went to some version too." in done.out


@pytest.mark.parametrize(
    ("manner", "error", "code"),
    [
        (Manner.STATUS_OF_A_REQUEST, BACKENDS, "certificate-refused"),
        (Manner.ERRORS_IN_OUTPUTS, "rpc error: code = Unavailable desc = no HTTP", "unknown"),
    ],
    ids=["the status of a request", "errors in outputs"],
)
async def test_a_fork_that_tells_failures_otherwise_is_understood(manner: Manner, error: str, code: str) -> None:
    """Failed requests, and no broken way to the pod."""
    async with serving(EchoServer(manner=manner, error=error)) as server:
        done = await echo(server, "--count", "12", "-o", "json")
    data = done.json
    assert (done.code, data["phase"], data["completed"]) == (1, "done", 0)
    assert data["failed"] + data["lost"] == 12
    assert data["failed"]
    assert data["outcome"] == "failed"
    assert {cause["code"].partition(":")[0] for cause in data["errors"]} == {code}
    assert {cause["message"] for cause in data["errors"]} == {error}
    check_accounts(data)


async def test_failures_within_what_is_allowed_are_said_and_let_pass() -> None:
    lab = EchoServer(weights={"v1": 1})
    lab.fails = lambda version: lab.failed < 2
    async with serving(lab) as server:
        done = await echo(server, "--count", "100", "--allow-failed", "5")
        failed = lab.failed
    assert done.code == 0
    assert f"! {failed} of 100 requests failed: " in done.out
    assert "no more than --allow-failed allows" in done.out
    assert "FAILED" not in done.out


async def test_a_server_that_says_too_much() -> None:
    async with serving(EchoServer(manner=Manner.TOO_MANY)) as server:
        done = await echo(server, "--count", "10", "-o", "json")
    assert done.code == 0
    assert done.json["completed"] == 10
    assert done.json["surplus"] > 0


async def test_hostile_text_is_shown_and_not_obeyed() -> None:
    lab = EchoServer(weights={"v\x1b[31m\u202e1": 1}, error="\x1b]0;gone\x07", fails=lambda version: False)
    async with serving(lab) as server:
        calm = await echo(server, "--count", "5")
        lab.fails = lambda version: True
        failing = await echo(server, "--count", "1")
        sheet = await echo(server, "--count", "1", "-o", "csv")
    for done in (calm, failing, sheet):
        assert not {"\x1b", "\x07", "\u202e"} & set(done.out + done.err)
    assert "v␛[31m" in calm.out


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
        assert 0.9 < float(told[1]) < 3.0
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

    monkeypatch.setattr("meshtui.targets._can_open_files", no_sources)
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
