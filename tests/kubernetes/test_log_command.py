"""``meshtui log``: what the agent of a pod wrote, as a process."""

from __future__ import annotations

import signal

from tests.kubernetes.double.access import Rule, User
from tests.kubernetes.double.pods import container, pod, proxyless
from tests.kubernetes.double.running import Double
from tests.program import meshtui, running

KEY = ("echo-grpc", "echo-v1", "istio-proxy")

LOG = [
    f"2026-11-28T18:44:0{at}.5Z 2026-11-28T18:44:0{at}.499999Z\t{said}"
    for at, said in (
        (1, "info\tOpening status port 15020"),
        (2, "info\txdsproxy\tconnected to upstream XDS server: istiod:15012"),
        (3, "warn\txdsproxy\tregistered overlapping stream; closing previous"),
    )
]


def typed(double: Double, target: str = "pod/echo-v1", token: str = "full") -> tuple[str, ...]:
    return ("log", target, "--kubeconfig", str(double.kubeconfig(token)))


async def test_lines_about_xds_are_picked_out(double: Double) -> None:
    double.cluster.logs[KEY] = list(LOG)
    whole = await meshtui(*typed(double), "-w")
    assert (whole.code, len(whole.out.splitlines())) == (0, 3)
    picked = await meshtui(*typed(double), "--about", "xds", "-w")
    assert picked.out.splitlines() == [
        "2026-11-28T18:44:02.500Z  info     xdsproxy  [connected] connected to upstream XDS server: istiod:15012",
        "2026-11-28T18:44:03.500Z  warn     xdsproxy  [evicted] registered overlapping stream; closing previous",
    ]
    found = await meshtui(*typed(double), "--find", "OVERLAPPING stream", "-o", "json")
    assert found.json == {
        "schema": 2,
        "target": "pod/echo-v1",
        "lines": [
            {
                "at": "2026-11-28T18:44:03.500Z",
                "level": "warn",
                "scope": "xdsproxy",
                "about": "xDS",
                "step": "evicted",
                "text": "registered overlapping stream; closing previous",
                "cut": False,
            }
        ],
    }


async def test_a_log_is_followed(double: Double) -> None:
    lines = double.cluster.logs[KEY] = list(LOG[:2])
    async with running(*typed(double), "--follow", "--about", "xds", "-o", "json") as log:
        assert (await log.line())["step"] == "connected"
        lines.append(LOG[2])
        assert (await log.line())["step"] == "evicted"
        log.send(signal.SIGINT)
        assert (await log.done()).code == 130


async def test_a_log_needs_one_right(double: Double) -> None:
    double.cluster.users["reader"] = User("reader", (Rule(("get",), ("pods/log",)),))
    double.cluster.logs[KEY] = list(LOG)
    assert (await meshtui(*typed(double, token="reader"))).code == 0
    refused = await meshtui(*typed(double, token="readonly"))
    assert refused.code == 3
    assert 'cannot get resource "pods/log"' in refused.err
    assert 'resources: ["pods/log"]' in refused.err


async def test_the_agent_is_known_whatever_its_container_is_called(double: Double) -> None:
    agent = container("mesh-agent", ISTIO_META_GENERATOR="grpc")
    double.cluster.store.put(pod("own", labels={}, annotations={}, containers=[container("app"), agent]))
    double.cluster.logs["echo-grpc", "own", "mesh-agent"] = list(LOG)
    done = await meshtui(*typed(double, "pod/own"))
    assert (done.code, len(done.out.splitlines())) == (0, 3)


async def test_what_has_no_log(double: Double) -> None:
    address = await meshtui("log", "localhost:17171")
    assert (address.code, "localhost:17171 is an address" in address.err) == (2, True)
    gone = await meshtui(*typed(double, "pod/nope"))
    assert (gone.code, "There is no pod/nope in namespace echo-grpc" in gone.err) == (3, True)
    both = await meshtui(*typed(double), "--follow", "--previous")
    assert both.code == 2


async def test_a_log_without_a_line_is_explained(double: Double) -> None:
    double.cluster.store.put(proxyless("unscheduled", node="", phase="Pending"))
    for more in ((), ("--follow",)):
        done = await meshtui(*typed(double, "pod/unscheduled"), *more)
        assert (done.code, done.out) == (0, "")
        assert "no line of container istio-proxy: pod/unscheduled (echo-grpc) has no node yet" in done.err
    double.cluster.logs[KEY] = list(LOG)
    none = await meshtui(*typed(double), "--find", "nowhere")
    assert (none.code, none.out.strip(), none.err) == (0, "", "meshtui: 3 lines read, and none of them matches\n")


async def test_the_containers_are_named_where_another_was_asked_for(double: Double) -> None:
    done = await meshtui(*typed(double), "--container", "nope")
    assert (done.code, "It has app, istio-proxy: --container names another one." in done.err) == (3, True)
