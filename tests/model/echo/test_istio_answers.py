"""What Istio's echo app (1.29.1, and 1.23.0) answered on a real mesh: who answered, and what is said of the split.

Each set is judged by the config that the app held (``csds-NAME.pb`` beside ``forwardecho-NAME.txt``; SOURCES.md there
says what was applied). All of these meshes were in order: no set is a mismatch.
"""

from __future__ import annotations

import pytest

from meshtui.model.echo.batch import Batch, BatchAccount, BatchReply, ReplyKind, account
from meshtui.model.echo.draws import draws
from meshtui.model.echo.output import tells_of_requests
from meshtui.model.split.assessment import Expectation, Verdict, assess
from meshtui.model.split.expectation import expectation_for
from tests.cases import DATA, capture

ECHO = "xds:///echo.echo-grpc.svc.cluster.local:7070"
TEXTS = DATA / "istio"
QPS = 10
UNDECIDED, CONSISTENT, NONE = Verdict.UNDECIDED, Verdict.CONSISTENT, Verdict.NONE

HALVES = {"v1": 0.5, "v2": 0.5}
SHIFTED = {"v1": 0.2, "v2": 0.8}

SETS: dict[str, tuple[dict[str, float], dict[str, int], Verdict]] = {
    "plain": (HALVES, {"v1": 26, "v2": 24}, UNDECIDED),
    "2080": (SHIFTED, {"v1": 17, "v2": 33}, UNDECIDED),
    "agent-echo123": (SHIFTED, {"v1": 15, "v2": 85}, UNDECIDED),
    "mtls-strict": (SHIFTED, {"v1": 13, "v2": 87}, UNDECIDED),
    "multi-service": (SHIFTED, {"v1": 24, "v2": 76}, UNDECIDED),
    "names": ({"v1": 0.9, "v2": 0.1}, {"v1": 38, "v2": 2}, UNDECIDED),
    "header": ({"v1": 1.0}, {"v1": 80}, CONSISTENT),
    "vs-regex": ({"v2": 1.0}, {"v2": 60}, CONSISTENT),
    "vs-retry": (HALVES, {"v1": 38, "v2": 22}, UNDECIDED),
    "vs-timeout": (HALVES, {"v1": 31, "v2": 29}, UNDECIDED),
    "vs-cors": (HALVES, {"v1": 26, "v2": 34}, UNDECIDED),
    "dr-locality": ({"v1": 0.8, "v2": 0.2}, {"v1": 43, "v2": 7}, UNDECIDED),
    "dr-outlier": ({"v2": 1.0}, {"v2": 50}, CONSISTENT),
    "dr-random": (HALVES, {"v1": 21, "v2": 29}, UNDECIDED),
    "dr-mutual-tls": (HALVES, {"v1": 21, "v2": 29}, UNDECIDED),
    "dr-simple-tls": (HALVES, {"v1": 23, "v2": 27}, UNDECIDED),
    "dr-leastreq": ({}, {"v1": 31, "v2": 19}, NONE),
}
"""Name → the shares that the config asks for, who answered, and the verdict.

vs-cors kept the routes of before. Without a VirtualService it is the localities that are drawn, one for each pod; of
pods picked by load there is no split to test.
"""


def answered(file: str) -> BatchAccount:
    outputs = tuple(text.strip("\n") for text in (TEXTS / f"{file}.txt").read_text().split("---- output ----"))
    batch = Batch(number=1, count=len(outputs), qps=QPS, timeout_s=5.0)
    return account(batch, BatchReply(ReplyKind.OUTPUTS, outputs).for_batch(batch))


def asked(name: str) -> Expectation:
    return expectation_for(capture(name), ECHO, {})


@pytest.mark.parametrize("name", SETS)
def test_a_set_as_the_config_wants_it(name: str) -> None:
    shares, versions, verdict = SETS[name]
    told = answered(f"forwardecho-{name}")
    assert (told.failed, told.lost, told.unknown) == (0, 0, 0)
    assert told.split.by_version == versions
    assert {answer.hostname for answer in told.answers} == {f"echo-{version}-7cf5b76586-bgn6t" for version in versions}
    assert {answer.status_code for answer in told.answers} == {200}
    assert all(answer.latency_s is not None and 0 < answer.latency_s < 1 for answer in told.answers)
    expectation = asked(name)
    assert dict(expectation.shares) == pytest.approx(shares)
    assert assess(draws(told, expectation, QPS), expectation).verdict is verdict


def test_a_request_that_a_route_takes_by_its_header() -> None:
    """No request of the set had the header; those that have it go to the other version."""
    assert dict(expectation_for(capture("header"), ECHO, {"version": "v2"}).shares) == {"v2": 1.0}


@pytest.mark.parametrize(
    ("file", "config", "versions"),
    [("forwardecho-xds-plain", "plain", {"v1": 4}), ("forwardecho-echo-1.23-agent", "agent-echo123", {"v2": 3})],
)
def test_a_handful_decides_nothing(file: str, config: str, versions: dict[str, int]) -> None:
    """Of 3 or 4 answers all may come from one version; 1.23 puts the request before each answer."""
    told = answered(file)
    assert (told.split.by_version, told.failed) == (versions, 0)
    expectation = asked(config)
    assert assess(draws(told, expectation, QPS), expectation).verdict is UNDECIDED


@pytest.mark.parametrize(
    ("file", "version", "host"),
    [
        ("fe-short1", "v1", "echo:7070"),
        ("fe-short2", "v2", "echo.echo-grpc:7070"),
        ("fe-short3", "v2", "echo.echo-grpc.svc:7070"),
    ],
)
def test_short_names_reach_the_same_service(file: str, version: str, host: str) -> None:
    (answer,) = answered(file).answers
    assert (answer.version, dict(answer.fields)["Host"]) == (version, host)


def test_a_call_that_does_not_go_by_config() -> None:
    """To the plain port of one pod."""
    told = answered("forwarded-plain-grpc")
    assert told.split.by_version == {"v1": 2}
    assert {dict(answer.fields)["ServicePort"] for answer in told.answers} == {"17171"}


def test_a_connection_that_broke_says_nothing_of_requests() -> None:
    """Our own, in C-core's words, as the app ended. Requests under way are lost, and none is known to have failed."""
    text = (TEXTS / "fe-held-mtls.txt").read_text().strip()
    assert not tells_of_requests(text, own_status=True)
    batch = Batch(number=1, count=20, qps=QPS, timeout_s=5.0)
    told = account(batch, BatchReply(ReplyKind.BROKEN, error=text))
    assert (told.failed, told.lost) == (0, 20)


@pytest.mark.parametrize(
    ("file", "sent", "failed"),
    [
        ("fe-hold", 220, 220),
        ("fe-maglev-held", 250, 7),
        ("fe-grpcport-http", 1, 1),
        ("fe-nosubset", 1, 1),
        ("forwardecho-mtls-client-only", 100, 100),
        ("forwardecho-vs-direct", 60, 60),
        ("forwardecho-dr-maglev", 50, 50),
    ],
)
def test_an_error_that_counts_the_requests(file: str, sent: int, failed: int) -> None:
    """The answers of a set with one failure are gone: which of them there were is unknown."""
    text = (TEXTS / f"{file}.txt").read_text().partition(": ")[2]
    assert tells_of_requests(text, own_status=False)
    batch = Batch(number=1, count=sent, qps=QPS, timeout_s=5.0)
    told = account(batch, BatchReply(ReplyKind.REFUSED, error=text))
    assert (told.failed, told.unknown, told.lost) == (failed, sent - failed, 0)
