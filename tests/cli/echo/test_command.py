"""``meshtui echo`` against a real ForwardEcho server that serves nothing else: no CSDS, no health, no channelz."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.echo.probing import URL, check_accounts, echo
from tests.echo_server import EchoServer, serving

CONTRACT = {
    "schema", "target", "requested", "completed", "failed", "by_version", "by_hostname", "errors", "latency_ms",
    "expected", "verdict", "e_value", "p_value", "alpha", "margin", "intervals", "needed_more",
}  # fmt: skip


async def test_a_document_with_the_keys_of_the_contract() -> None:
    lab = EchoServer()
    async with serving(lab) as server:
        done = await echo(server, "--count", "60", "-o", "json")
    data = done.json
    assert (done.code, done.err) == (0, "")
    assert data.keys() >= CONTRACT
    assert data["schema"] == 2
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
    assert done.out.startswith("schema: 2\n")
    assert "verdict: none\n" in done.out
