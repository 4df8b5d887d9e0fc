"""Exports can be read back and say what was counted; nothing from the mesh becomes a formula."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.model.echo.tally import TallyCounter
from meshtui.model.identity.masking import MASK
from meshtui.model.printable import is_printable
from meshtui.model.split.assessment import LARGEST_E, assess
from meshtui.model.split.counts import SplitCounts
from meshtui.model.split.epochs import SplitBook
from meshtui.model.split.typed import parse_expectation
from meshtui.present.documents.echo import result_document, run_csv, run_json

START = datetime(2026, 8, 1, 20, 0, 0, tzinfo=UTC)
VERSIONS = ("v1", "v2", "v2", "=cmd()")


def counted() -> TallyCounter:
    counter = TallyCounter(14)
    texts = (
        f"[{i}] Latency=2ms\n[{i} body] ServiceVersion={name}\n[{i} body] Hostname=@pod\n"
        for i, name in enumerate(VERSIONS)
    )
    counter.add(
        account(Batch(number=1, count=4, qps=0, timeout_s=5.0), BatchReply(ReplyKind.OUTPUTS, tuple(texts))), START
    )
    failed = BatchReply(ReplyKind.REFUSED, error="3/10 requests had errors; first error: Socket closed")
    counter.add(account(Batch(number=2, count=10, qps=0, timeout_s=5.0), failed), START)
    return counter


def test_json() -> None:
    tally = counted().look()
    book = SplitBook.open(parse_expectation("v1=20,v2=80"), START)
    book = book.record(SplitCounts({"v1": 1, "v2": 2, "=cmd()": 1}, 7, 3), START)
    text = run_json(
        EchoRequestSpec("xds:///x", count=14), tally, book.assess(), book.epochs, START, lambda text: f"why {text}"
    )
    document = json.loads(text)
    assert document["schema"] == 2
    assert document["started"] == "2026-08-01T20:00:00.000Z"
    assert (document["requested"], document["sent"], document["completed"], document["failed"]) == (14, 14, 11, 3)
    assert document["by_version"] == {"v1": 1, "v2": 2, "=cmd()": 1}
    assert document["errors"][0]["explanation"] == "why Socket closed"
    assert document["latency_ms"] == {"p50": 2.0, "p90": 2.0, "p99": 2.0, "max": 2.0}
    assert document["verdict"] == "mismatch"
    assert document["e_value"] == LARGEST_E
    assert document["margin"] == 10
    assert document["expected"] == {"v1": 0.2, "v2": 0.8}
    assert document["epochs"][0]["by_version"] == document["by_version"]
    assert len(document["answers"]) == 4
    assert document["over_time"][0]["unknown_version"] == 7


def test_without_expectation_and_answers() -> None:
    document = result_document(TallyCounter(None).look(), assess(SplitCounts(), None))
    assert document["expected"] is None
    assert document["latency_ms"] is None
    assert document["verdict"] == "none"
    assert document["intervals"] == {}
    assert document["requested"] is None


def test_csv() -> None:
    tally = counted().look()
    rows = list(csv.DictReader(io.StringIO(run_csv(tally))))
    assert [
        (row["v1"], row["v2"], row["'=cmd()"], row["unknown_version"], row["failed"], row["lost"]) for row in rows
    ] == [("1", "2", "1", "7", "3", "0")]


HOSTILE = "v\x1b[31m\x9b\u202e\u20281"


def hostile() -> TallyCounter:
    counter = TallyCounter(3)
    texts = [
        f"[0] Latency=2ms\n[0 body] ServiceVersion={HOSTILE}\n[0 body] Hostname={HOSTILE}\n",
        "[1 body] ServiceVersion= =1+1\n[1 body] Hostname=＝1\n",
        "[2 body] ServiceVersion=＝2\n",
    ]
    counter.add(
        account(Batch(number=1, count=3, qps=0, timeout_s=5.0), BatchReply(ReplyKind.OUTPUTS, tuple(texts))), START
    )
    counter.add(
        account(
            Batch(number=2, count=1, qps=0, timeout_s=5.0), BatchReply(ReplyKind.REFUSED, error=f"{HOSTILE} failed")
        ),
        START,
    )
    return counter


def test_no_export_holds_what_a_terminal_obeys() -> None:
    tally = hostile().look()
    spec = EchoRequestSpec("xds:///x", count=3, headers=(("x", HOSTILE),))
    book = SplitBook.open(parse_expectation("v1=20,v2=80"), START)
    texts = (run_json(spec, tally, book.assess(), book.epochs, START), run_csv(tally))
    for text in texts:
        assert all(is_printable(line) for line in text.split("\n"))
    document = json.loads(texts[0])
    assert HOSTILE in document["by_version"]
    assert document["errors"][0]["message"] == f"{HOSTILE} failed"
    assert r"v\u001b[31m\u009b\u202e\u20281" in texts[1]


def test_a_formula_behind_blanks_or_in_full_width_is_text() -> None:
    heads = next(csv.reader(io.StringIO(run_csv(hostile().look()))))
    assert "' =1+1" in heads
    assert "'＝2" in heads


def test_secret_headers_are_masked_in_exports() -> None:
    headers = (("authorization", "Bearer abcdefghijkl"), ("x-api-key", "opensesame"), ("x-canary", "1"))
    tally = counted().look()
    text = run_json(
        EchoRequestSpec("xds:///x", count=3, headers=headers), tally, assess(SplitCounts(), None), (), START
    )
    assert json.loads(text)["headers"] == [["authorization", MASK], ["x-api-key", MASK], ["x-canary", "1"]]
