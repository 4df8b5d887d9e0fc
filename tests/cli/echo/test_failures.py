"""What ``meshtui echo`` says when requests fail, and of a server that says odd things."""

from __future__ import annotations

import re

import pytest

from tests.cli.echo.probing import check_accounts, echo
from tests.echo_server import EchoServer, Manner, serving


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
        (Manner.STATUS_OF_A_REQUEST, "CDS resource outbound|7070|v2|echo: does not exist", "cluster-missing"),
        (Manner.ERRORS_IN_OUTPUTS, "rpc error: code = Unavailable desc = no HTTP", "unknown"),
    ],
    ids=["the status of a request", "what only a mesh says", "errors in outputs"],
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
