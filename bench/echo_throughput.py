"""The planner's throughput against one giant call of the same count, on the real demo mesh.

Run: ``python -m bench.echo_throughput``. The giant call is what a person does with grpcurl: nothing to see until it
ends, and one failure takes every answer with it. Fails below 0.9 of it, or when more was sent than asked.
"""

from __future__ import annotations

import asyncio
import statistics
import time

from meshtui.demo.mesh import Mesh
from meshtui.model.address import parse_address
from meshtui.model.echo.batch import Batch, ReplyKind
from meshtui.model.echo.spec import EchoRequestSpec
from meshtui.session.echo.run import EchoRun
from meshtui.session.echo.state import BatchRecord
from meshtui.sources.echo import EchoClient
from meshtui.sources.grpc.channel import open_channel

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"
CASES = ((400, 50, 1), (2_000, 200, 1), (2_000, 1_000, 3), (1_000, 0, 60), (4_000, 0, 25))
"""Requests, requests a second (0 is unthrottled), and pairs of one call and one planned run. Without a throttle a pair
is off by a tenth either way, so the median of many counts."""

LEAST = 0.9


async def giant(client: EchoClient, spec: EchoRequestSpec, count: int) -> float:
    """Seconds of one call for everything."""
    began = time.perf_counter()
    reply = await client.forward(spec, Batch(number=1, count=count, qps=spec.qps, timeout_s=300.0))
    if reply.kind is not ReplyKind.OUTPUTS or len(reply.outputs) != count:
        raise SystemExit(f"the giant call failed: {reply.error}")
    return time.perf_counter() - began


async def planned(client: EchoClient, spec: EchoRequestSpec, count: int) -> tuple[float, list[BatchRecord]]:
    """Seconds of a run until its last reply was in, which is where the giant call's clock stops too, and its sets."""
    records: list[BatchRecord] = []
    run = EchoRun(client, spec)
    run.subscribe_batches(records.append)
    run.start()
    state = await run.wait()
    if state.tally.completed != count or state.tally.sent != count:
        raise SystemExit(f"the run lost answers: {state.tally.completed} of {state.tally.sent}")
    assert state.started is not None
    return (max(record.ended for record in records) - state.started).total_seconds(), records


async def compare() -> list[str]:
    """Print the table of docs/split.md; returns what broke its promise."""
    broken = []
    async with Mesh("traffic-shift") as mesh:
        address = parse_address(mesh.pods["client"].admin)
        async with open_channel(address) as channel:
            client = EchoClient(channel, address)
            await giant(client, EchoRequestSpec(URL, count=200), 200)
            for count, qps, rounds in CASES:
                spec = EchoRequestSpec(URL, count=count, qps=qps)
                pairs = []
                records: list[BatchRecord] = []
                for turn in range(rounds):
                    # Now the one first, now the other: load that comes or goes favours one place, not one way.
                    if turn % 2:
                        seconds, records = await planned(client, spec, count)
                        pairs.append((await giant(client, spec, count), seconds))
                    else:
                        one = await giant(client, spec, count)
                        seconds, records = await planned(client, spec, count)
                        pairs.append((one, seconds))
                ratio = statistics.median(one / many for one, many in pairs)
                one, many = (statistics.median(column) for column in zip(*pairs, strict=True))
                print(
                    f"{count:5} requests, qps {qps or 'unthrottled':>11}: one call {count / one:7.1f}/s,"
                    f" planned {count / many:7.1f}/s in {len(records):3} sets; median ratio {ratio:.3f}"
                )
                if ratio < LEAST:
                    broken.append(f"{count} at {qps or 'no'} qps: {ratio:.3f}")
    return broken


def main() -> None:
    """Compare both ways on the demo mesh."""
    if broken := asyncio.run(compare()):
        raise SystemExit("below 0.9: " + "; ".join(broken))


if __name__ == "__main__":
    main()
