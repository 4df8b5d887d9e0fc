"""Nothing that a mesh sends costs more than linear time: an input eight times as long costs some eight times as much.

Calls are counted, and processor time is compared as the shorter of two runs. Quadratic work would cost 64 times as
much, so that a busy machine can neither make nor hide a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import pytest

from meshtui.cli.layout import columns, cut_lines, words
from meshtui.cli.xds.tree import roots_json, tree_lines
from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.doctor.explain.catalogue import group_code, known_refusal
from meshtui.model.address import Address, AddressKind
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account
from meshtui.model.echo.output import is_summary, parse_batch_error, parse_output
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from meshtui.model.identity.certificate import San
from meshtui.model.identity.masking import is_secret, mask
from meshtui.model.identity.san import satisfies
from meshtui.model.printable import escaped, json_escaped, printable_lines
from meshtui.model.regex import refusal
from meshtui.model.xds.config import (
    EndpointHealth,
    HeaderMatch,
    Listener,
    MatchKind,
    Route,
    RouteMatch,
    StringMatch,
    VirtualHost,
)
from meshtui.model.xds.diff import diff
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.names import parse_service_name, short_host
from meshtui.model.xds.resource import CDS, EDS, LDS, RDS, Status
from meshtui.model.xds.routing import Request, candidates, string_matches
from meshtui.model.xds.snapshot import Snapshot
from meshtui.model.xds.virtual_hosts import HostIndex
from meshtui.present.tree_rows import Filter, rows
from meshtui.sources.agent.metrics import parse_metrics
from meshtui.sources.certificates.pem import pem_blocks
from meshtui.sources.certificates.x509 import load_certificates
from meshtui.sources.grpc.failures import explain_status
from meshtui.tui.kit.json_line import json_line
from meshtui.tui.kit.text import cut, cut_end, cut_name, wrap, wrap_hanging
from meshtui.tui.kit.yaml_line import YamlLines, yaml_line
from meshtui.tui.views.config.lines.change import change_lines
from tests.linear import calls, process_seconds
from tests.world.clock import NOW
from tests.world.config import EVERYTHING, LISTENER, ROUTES, cluster, endpoints, resource, routes, snapshot, weighted

import grpc  # isort: skip

Work: TypeAlias = Callable[[int], Callable[[], object]]
"""Makes the input of a size, and the work on it."""

FACTOR: Final = 8
"""By which the longer input is longer."""

MOST: Final = 30
"""Times the cost that is still taken for linear."""

PIECES: Final = (
    "x",
    "\x1b",
    "é\u0301\u0301\u0301",
    " ",
    '"',
    "\\",
    "a: ",
    "\n",
    "-----",
    "GOAWAY ",
    "eyJaaaaa",
    "Error code: 1; Debug Text: ",
    ")",
)
"""What hostile texts are made of, over and over."""

PEER: Final = Address(text="a:1", target="a:1", kind=AddressKind.TCP, host="a", port=1)

OF_TEXT: Final[dict[str, Callable[[str], object]]] = {
    "printable": printable_lines,
    "cut": lambda text: (cut(text, 40), cut_end(text, 40), cut_name(text, 40)),
    "lines for standard output": lambda text: (words([text], 40), cut_lines([text], 40), columns([(text, "x")], 40)),
    "wrap": lambda text: wrap(text, 40),
    "wrap_hanging": lambda text: wrap_hanging(text.replace("\n", " "), 40),
    "names": lambda text: (parse_service_name(text), short_host(text)),
    "echo output": lambda text: parse_output("[0] " + text),
    "echo fields in one line": lambda text: parse_output(f"[0 body] IP=1 {text} Hostname=a" + " IP=1" * 200),
    "echo summary": lambda text: is_summary("ERROR: 1/2 requests had errors; first error: " + text, 2),
    "escapes": lambda text: (escaped(text), json_escaped(text)),
    "echo error": lambda text: parse_batch_error("1/2 requests had errors; first error: " + text, 2),
    "explanation": group_code,
    "refusal": lambda text: known_refusal(text, CDS),
    "the reason of a failed call": lambda text: explain_status(
        grpc.StatusCode.UNAVAILABLE, f"GOAWAY {text}", PEER, "CSDS"
    ),
    "PEM": lambda text: list(pem_blocks(text.encode())),
    "certificate": lambda text: load_certificates(b"-----BEGIN CERTIFICATE-----\n" + text.encode(), "x"),
    "metrics": lambda text: parse_metrics("istio_agent_a" + text, NOW),
    "metric's label": lambda text: parse_metrics(f'istio_agent_a{{b="{text}"}} 1\n', NOW),
    "bootstrap": lambda text: read_bootstrap(text.encode(), "x"),
    "YAML line": yaml_line,
    "YAML": lambda text: YamlLines(text, 40),
    "JSON line": json_line,
    "changes": lambda text: list(change_lines(text, text + "\nend", 40)),
    "pattern": refusal,
    "masking": lambda text: (is_secret("note", text), mask({"note": '{"a": ' + text})),
    "path": lambda text: string_matches(StringMatch(MatchKind.REGEX, "(a+|x+)*(.*)+[^a]b"), text),
}


def assert_linear(work: Work, size: int) -> None:
    small, large = work(size), work(size * FACTOR)
    small()  # whatever is imported or compiled once
    few, many = calls(small), calls(large)
    assert many <= MOST * max(few, 200), f"{few} calls became {many}"
    short, long = process_seconds(small), process_seconds(large)
    assert long <= MOST * max(short, 0.002), f"{short:.4f} s of processor time became {long:.4f} s"


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
@pytest.mark.parametrize("name", OF_TEXT)
def test_texts_cost_linear_time(name: str, piece: str) -> None:
    def work(size: int) -> Callable[[], object]:
        text = (piece * size)[:size]
        return lambda: OF_TEXT[name](text)

    assert_linear(work, 3_000)


def _snapshot(size: int, status: Status = Status.ACKED) -> Snapshot:
    """One route with a share for each of many clusters; with a status other than ACKED none of them exists."""
    names = [f"outbound|80|v{number}|s.ns.svc.cluster.local" for number in range(size)]
    there = status is Status.ACKED
    return snapshot(
        [
            resource(LDS, LISTENER, Listener(LISTENER, inbound=False, route_name=ROUTES)),
            resource(RDS, ROUTES, routes(Route("r", EVERYTHING, weighted(dict.fromkeys(names, 1))))),
            *(resource(CDS, name, cluster(name) if there else None, status=status) for name in names),
        ]
    )


def judged(status: Status) -> Work:
    def work(size: int) -> Callable[[], object]:
        seen = _snapshot(size, status)
        graph = build(seen)
        return lambda: diagnose(Evidence(config=ConfigEvidence(now=NOW, snapshot=seen, graph=graph)))

    return work


def built(size: int) -> Callable[[], object]:
    seen = _snapshot(size)
    return lambda: build(seen)


def _shared(size: int, health: EndpointHealth = EndpointHealth.HEALTHY) -> Snapshot:
    """Many listeners with one route table of many routes, each to an aggregate whose clusters share their endpoints."""
    members = [f"outbound|80|v{number}|s.ns.svc.cluster.local" for number in range(size)]
    whole, hosts = "outbound|80||s.ns.svc.cluster.local", [f"l{number}" for number in range(size)]
    places = endpoints("all", *(f"10.0.0.1:{number}" for number in range(1, size)), health=health)
    return snapshot(
        [
            *(resource(LDS, name, Listener(name, inbound=False, route_name=ROUTES)) for name in hosts),
            resource(RDS, ROUTES, routes(*(Route(f"r{number}", EVERYTHING, weighted({whole: 1})) for number in hosts))),
            resource(CDS, whole, cluster(whole)._replace(children=tuple(members))),
            *(resource(CDS, name, cluster(name)._replace(endpoints_name="all")) for name in members),
            resource(EDS, "all", places),
        ]
    )


def shared(size: int) -> Callable[[], object]:
    seen = _shared(size)
    return lambda: build(seen)


def shared_again(size: int) -> Callable[[], object]:
    seen = _shared(size)
    before = build(seen)
    return lambda: build(seen, before)


def shared_and_printed(size: int) -> Callable[[], object]:
    graph = build(_shared(size))
    return lambda: (roots_json(graph), list(tree_lines(graph)))


def shared_and_filtered(size: int) -> Callable[[], object]:
    graph = build(_shared(size))
    return lambda: rows(graph, lambda path, node: False, Filter("no such word"))


def shared_and_judged(size: int) -> Callable[[], object]:
    seen = _shared(size, EndpointHealth.UNHEALTHY)
    graph = build(seen)
    return lambda: diagnose(Evidence(config=ConfigEvidence(now=NOW, snapshot=seen, graph=graph)))


def compared(size: int) -> Callable[[], object]:
    before, after = _snapshot(size), _snapshot(size, Status.DOES_NOT_EXIST)
    return lambda: [change.words for change in diff(before, after)]


def one_with_many_endpoints(size: int) -> Callable[[], object]:
    name = "outbound|80||s.ns.svc.cluster.local"
    parts = (endpoints(name, *(f"10.0.0.1:{number}" for number in range(size))), cluster(name))
    seen = snapshot([resource("EDS", name, parts[0]), resource(CDS, name, parts[1])])
    return lambda: build(seen)


def many_domains(size: int) -> Callable[[], object]:
    hosts = [VirtualHost(f"h{number}", (f"*.d{number}.example", f"d{number}.*"), ()) for number in range(size)]
    return lambda: HostIndex(hosts).find("a." * size)


def many_routes(size: int) -> Callable[[], object]:
    header = HeaderMatch("h", StringMatch(MatchKind.REGEX, "(a+)+b"))
    table = [Route(f"r{number}", RouteMatch(EVERYTHING.path, (header,)), weighted({"v1": 1})) for number in range(size)]
    return lambda: list(candidates(table, Request("a", "/a/b", {"h": "a" * 30})))


def many_names(size: int) -> Callable[[], object]:
    matchers = tuple(StringMatch(MatchKind.PREFIX, f"spiffe://{number}/") for number in range(size))
    sans = tuple(San("URI", f"spiffe://x/{number}") for number in range(size))
    return lambda: satisfies(matchers, sans)


def many_samples(size: int) -> Callable[[], object]:
    text = "".join(f'istio_agent_a{{b="{number}"}} {number}\n' for number in range(size))
    return lambda: parse_metrics(text, NOW)


def echo_reply(size: int) -> Callable[[], object]:
    """A server that answers a set of ten with very many outputs, each with many lines."""
    reply = BatchReply(ReplyKind.OUTPUTS, ("[0] a=b\n" * 20,) * size)
    batch = Batch(number=1, count=10, qps=0, timeout_s=5.0)
    return lambda: account(batch, reply.for_batch(batch))


def empty_outputs(size: int) -> Callable[[], object]:
    batch = Batch(number=1, count=size, qps=0, timeout_s=5.0)
    return lambda: account(batch, BatchReply(ReplyKind.OUTPUTS, ("",) * size).for_batch(batch))


def bootstrap_of(line: Callable[[int], str], begin: str, end: str) -> Work:
    def work(size: int) -> Callable[[], object]:
        text = begin + ",".join(map(line, range(size))) + end
        return lambda: read_bootstrap(text.encode(), "x")

    return work


OF_LISTS: Final[dict[str, tuple[Work, int]]] = {
    "clusters": (built, 250),
    "clusters that do not exist": (judged(Status.DOES_NOT_EXIST), 250),
    "clusters that were asked for": (judged(Status.REQUESTED), 250),
    "clusters that are refused": (judged(Status.NACKED), 250),
    "changes": (compared, 250),
    "what many share": (shared, 100),
    "what many share, taken over": (shared_again, 250),
    "what many share, printed": (shared_and_printed, 100),
    "what many share, filtered": (shared_and_filtered, 100),
    "what many share, in trouble": (shared_and_judged, 100),
    "endpoints": (one_with_many_endpoints, 500),
    "domains": (many_domains, 500),
    "routes with patterns": (many_routes, 250),
    "names of certificates": (many_names, 500),
    "samples": (many_samples, 4_000),
    "outputs of a set of ten": (echo_reply, 4_000),
    "empty outputs": (empty_outputs, 4_000),
    "servers in a bootstrap": (
        bootstrap_of(lambda number: f'{{"server_uri": "s{number}"}}', '{"xds_servers": [', "]}"),
        250,
    ),
    "names given twice in a bootstrap": (bootstrap_of(lambda number: f'"k{number // 2}": 1', "{", "}"), 500),
    "values under a long name in a bootstrap": (
        bootstrap_of(lambda number: "1", '{"' + "n" * 100_000 + '": [', "]}"),
        2_000,
    ),
}


@pytest.mark.parametrize("name", OF_LISTS)
def test_lists_cost_linear_time(name: str) -> None:
    assert_linear(*OF_LISTS[name])


def test_the_measure_tells_quadratic_work() -> None:
    """What the other tests assert can fail: for calls of Python, and for what one C call does alone."""

    def nested(size: int) -> Callable[[], object]:
        return lambda: [len(str(number)) for number in range(size) for _ in range(size)]

    def searched(size: int) -> Callable[[], object]:
        known = list(range(size * 40))
        return lambda: sum(-1 in known for _ in range(size))

    for work in (nested, searched):
        with pytest.raises(AssertionError, match="became"):
            assert_linear(work, 100)
