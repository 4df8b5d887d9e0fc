"""Random route tables: the cluster that a real client's call came to is the one that meshtui says.

A table goes to the client by xDS, meshtui reads it out of the client by CSDS, and what it says of each call is held
against what came of the call. docs/matching.md says what was proved so.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from google.protobuf import text_format

from meshtui.model.xds.clients import Language
from meshtui.model.xds.routing import decide
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.source import CsdsSource
from tests.attaching import attached
from tests.peers.control_plane import TableServer, table_server
from tests.peers.conversation import Answer, Call, Peer, running
from tests.peers.judging import NO_HOST, NO_ROUTE, PANIC, REFUSED, asked_for, foreseen, happened, held
from tests.peers.tables import CALLS, CLUSTERS, Trial, trial
from tests.waiting import until

pytestmark = pytest.mark.peers

PEERS_TABLES, CORE_TABLES, IN_PASSING = 200, 1_000, 150
"""Tables for each other client, for C-core, and for C-core in ``make test``; ``MESHTUI_TABLES`` says another number."""


def tables(usual: int) -> range:
    return range(int(os.environ.get("MESHTUI_TABLES", usual)))


def headers_of(call: Call, authority: str) -> dict[str, str]:
    """As gRPC joins what comes several times; the authority as Istio's echo is told it."""
    joined = {"host": authority} if authority else {}
    for name, value in call.headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


async def outcome(answer: Answer, name: str, plane: TableServer) -> str:
    """What came of a call; for a failure that is no route's the reason is that the client refused the table."""
    said = happened(answer)
    if said:
        return said
    if PANIC not in answer.text:
        await until(lambda: name in plane.refusals, f"a refusal of {name}, for which calls fail: {answer}")
    return REFUSED


class Court:
    """Holds what meshtui says against what a client does, table by table."""

    def __init__(self, plane: TableServer, peer: Peer, source: CsdsSource) -> None:
        self._plane = plane
        self._peer = peer
        self._source = source
        self.came: Counter[str] = Counter()

    async def try_one(self, tried: Trial) -> None:
        """Serve a table, make its calls and judge them."""
        self._plane.put(tried.name, tried.table, inline=tried.inline)
        answers = await self._peer.order(f"xds:///{tried.name}", tried.calls, tried.authority)
        seen = await self._source.poll()
        for call, answer in zip(tried.calls, answers, strict=True):
            await self._judge(tried, seen, call, answer)
        if not tried.authority:  # the tree knows no other than the target's
            assert asked_for(seen) == held(seen), text_format.MessageToString(tried.table)

    async def _judge(self, tried: Trial, seen: Snapshot, call: Call, answer: Answer) -> None:
        came = await outcome(answer, tried.name, self._plane)
        self.came[came] += 1
        decision = decide(seen, f"xds:///{tried.name}", call.path, headers_of(call, tried.authority))
        assert came in foreseen(decision), (
            f"{decision.problem or foreseen(decision)} of {call} to {tried.authority or tried.name} in\n"
            f"{text_format.MessageToString(tried.table)}{answer}"
        )


async def hold_court(command: list[str], folder: Path, seeds: range, language: Language) -> None:
    """Try all tables with one client; of each outcome there must be some, or little was proved."""
    async with (
        table_server(CLUSTERS) as plane,
        running(command, plane.bootstrap, folder) as peer,
        attached(peer.address) as source,
    ):
        court = Court(plane, peer, source)
        for seed in seeds:
            await court.try_one(trial(seed, language))
    assert court.came.total() == len(seeds) * CALLS
    assert set(court.came) >= {*CLUSTERS, REFUSED, NO_HOST, NO_ROUTE}


async def test_c_core(core_peer: list[str], tmp_path: Path) -> None:
    usual = CORE_TABLES if os.environ.get("MESHTUI_PEERS") else IN_PASSING
    await hold_court(core_peer, tmp_path, tables(usual), Language.CORE)


async def test_grpc_go(go_peer: list[str], tmp_path: Path) -> None:
    await hold_court(go_peer, tmp_path, tables(PEERS_TABLES), Language.GO)


async def test_grpc_java(java_peer: list[str], tmp_path: Path) -> None:
    await hold_court(java_peer, tmp_path, tables(PEERS_TABLES), Language.JAVA)
