"""Picking a pod: the list as it changes, found by typing, and every way on when there is none."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from meshtui.model.errors import BadInput, TargetUnreachable
from meshtui.model.kubernetes.contexts import ContextOffers
from meshtui.model.kubernetes.pod_events import PodChanged, PodGone, PodPage, PodsLive, PodsTroubled
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.session.kubernetes.picker import PodPicker
from meshtui.session.kubernetes.protocols import ALL_NAMESPACES
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.screens.pods.screen import PodsScreen
from meshtui.tui.screens.pods.table import PodTable
from tests.tui.conftest import Golden, Run, screen_text
from tests.tui.scripted import Bench, settle
from tests.waiting import until
from tests.world.pods import (
    NAMESPACE,
    OFFERS,
    PROD,
    Clusters,
    ScriptedPods,
    crashing,
    echo,
    ladder,
    listed,
    some,
)
from tests.world.seed import healthy

FORBIDDEN = TargetUnreachable(
    'The cluster forbids it: pods is forbidden: User "ada" cannot list resource "pods" in API group "" in the'
    ' namespace "echo-grpc".'
)
SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=str)


def picking(bench: Bench, *sources: ScriptedPods, cluster: ClusterOptions | None = None) -> MeshtuiApp:
    """The app on the start screen, over the current context and one called ``prod``."""
    clusters = Clusters(dict(zip(("", "prod", "rig"), sources, strict=False)))
    options = cluster or ClusterOptions()
    return bench.app(None, open_picker=lambda: PodPicker(clusters.open, options, now=bench.clock))


async def seen(pilot: Pilot[None], *texts: str) -> str:
    """The screen once it shows all these."""
    await until(lambda: all(text in screen_text(pilot.app) for text in texts), f"on the screen: {texts}")
    await settle(pilot)
    return screen_text(pilot.app)


async def until_gone(pilot: Pilot[None], text: str) -> None:
    await until(lambda: text not in screen_text(pilot.app), f"not on the screen: {text}")


def name(size: tuple[int, int], what: str) -> str:
    return f"pods-{what}-{size[0]}"


@SIZES
async def test_the_pods_of_a_namespace(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    source = ScriptedPods({NAMESPACE: listed(some())})
    async with run(picking(bench, source), size) as pilot:
        await pilot.press("p")
        await seen(pilot, "6 pods, 4 proxyless", "● live")
        golden(pilot.app, name(size, "live"))
        await pilot.press("j", "j")
        await seen(pilot, "does not run: CrashLoopBackOff")
        await pilot.press("G")
        await seen(pilot, "Envoy sidecar: its istio-proxy")
        golden(pilot.app, name(size, "dimmed"))


@SIZES
async def test_the_pods_of_all_namespaces(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    rows = (*some(), echo("shop-1", where="shop"))
    source = ScriptedPods({NAMESPACE: listed(some()), ALL_NAMESPACES: listed(rows)})
    async with run(picking(bench, source), size) as pilot:
        await pilot.press("p")
        await seen(pilot, "6 pods")
        await pilot.press("0")
        await seen(pilot, "7 pods", "all namespaces", "shop-1")
        golden(pilot.app, name(size, "everywhere"))


async def test_a_pod_picked_is_attached_in_its_namespace_and_context(bench: Bench, run: Run) -> None:
    target = "pod/echo-v1 -n echo-grpc --context rig"
    bench.add(target, healthy())
    source = ScriptedPods({NAMESPACE: listed(some())})
    async with run(picking(bench, source), (110, 30)) as pilot:
        await pilot.press("p")
        await seen(pilot, "6 pods")
        await pilot.press("enter")
        await until(lambda: target in bench.sessions)
        await bench.frame(pilot, target)
        assert "config is whole" in screen_text(pilot.app)
        await until(lambda: source.closed)
        await pilot.press("colon", *"pods", "enter")
        await seen(pilot, "6 pods")
        await pilot.press("escape")
        await seen(pilot, "config is whole")
        await pilot.press("o", "down", "enter")
        await seen(pilot, "6 pods")


async def test_pods_come_change_and_go_under_the_cursor(bench: Bench, run: Run) -> None:
    source = ScriptedPods({NAMESPACE: listed((echo("b"),))})
    async with run(picking(bench, source), (110, 30)) as pilot:
        await pilot.press("p")
        await seen(pilot, "1 pod,")
        table = pilot.app.screen.query_one(PodTable)
        source.more.put_nowait(PodChanged(echo("a")))
        await seen(pilot, "2 pods")
        assert table.pod is not None
        assert table.pod.name == "a"  # nobody has chosen: the first
        await pilot.press("j")
        source.more.put_nowait(PodChanged(echo("0")))
        await seen(pilot, "3 pods")
        assert table.pod.name == "b"
        source.more.put_nowait(PodGone(echo("a")))
        await seen(pilot, "2 pods")
        assert table.pod.name == "b"
        source.more.put_nowait(PodGone(echo("b")))
        await seen(pilot, "1 pod,")
        assert table.pod.name == "0"


async def test_found_by_typing_and_sorted(bench: Bench, run: Run) -> None:
    source = ScriptedPods({NAMESPACE: listed(some())})
    async with run(picking(bench, source), (110, 30)) as pilot:
        await pilot.press("p")
        await seen(pilot, "6 pods")
        await pilot.press("slash", *"status:crash")
        await until_gone(pilot, "echo-v1")
        assert "shop-api" in screen_text(pilot.app)
        await pilot.press("enter")
        await seen(pilot, "1 pod  esc shows all")
        await pilot.press("escape")
        await seen(pilot, "echo-v1")
        await pilot.press("slash", *"colour:red")
        await seen(pilot, "No column is called colour", "0 of 6 pods")
        await pilot.press("enter")
        await seen(pilot, "0 pods  esc shows all")
        await pilot.press("escape", "slash", *"no-such")
        await seen(pilot, "No pod fits no-such.")
        await pilot.press("escape", "s", "s")
        await seen(pilot, "RESTARTS▾")
        table = pilot.app.screen.query_one(PodTable)
        assert table.rows[0].name == crashing().name
        await pilot.press("S")
        assert table.rows[0].name == "echo-v1"
        assert isinstance(pilot.app.screen, PodsScreen)


async def test_sorted_by_what_is_shown(bench: Bench, run: Run) -> None:
    async with run(picking(bench, ScriptedPods({NAMESPACE: listed(some())})), (80, 24)) as pilot:
        await pilot.press("p")
        await seen(pilot, "6 pods", "NAME▴")
        for heading in ("STATUS▴", "RESTARTS▾", "AGE▴", "VERSION▴", "READY▴", "NAME▴"):  # NODE has no room
            await pilot.press("s")
            await seen(pilot, heading)


@SIZES
async def test_a_dead_cluster_says_what_it_waits_for(
    bench: Bench, run: Run, golden: Golden, size: tuple[int, int]
) -> None:
    dead = ScriptedPods(hangs=True, waits_for="an answer of https://10.0.0.1:6443")
    alive = ScriptedPods({"default": listed((echo(),))}, offers=ContextOffers(offers=OFFERS, chosen=PROD))
    async with run(picking(bench, dead, alive, ScriptedPods(hangs=True)), size) as pilot:
        await pilot.press("p")
        await seen(pilot, "Waiting for an answer of https://10.0.0.1:6443")
        bench.clock.pass_(12)
        text = await seen(pilot, "12 s so far")
        assert "◌ connecting 12 s" in text
        _without_spinner(pilot)
        golden(pilot.app, name(size, "waiting"))
        await pilot.press("c", *"prod")
        await seen(pilot, "https://prod.example:6443 · ada")
        await pilot.press("enter")
        await seen(pilot, "default · prod", "● live")
        await pilot.press("c", *"rig", "enter")
        await seen(pilot, "Waiting for the first answer of https://10.0.0.1:6443")
        await pilot.press("escape")
        await seen(pilot, "pick one of the cluster")


def _without_spinner(pilot: Pilot[None]) -> None:
    """Hold the spinner: which of its pictures is on is a matter of time."""
    screen = pilot.app.screen
    assert isinstance(screen, PodsScreen)
    screen._tick = -1
    screen._paint()


@SIZES
async def test_no_right_to_list(bench: Bench, run: Run, golden: Golden, size: tuple[int, int]) -> None:
    source = ScriptedPods(
        {NAMESPACE: (PodsTroubled(error=FORBIDDEN, again_in=30),)},
        names_error=TargetUnreachable("The cluster forbids it: namespaces is forbidden."),
        granted=ladder(may_list=False),
    )
    target = "pod/echo-v1 -n echo-grpc --context rig"
    bench.add(target, healthy())
    async with run(picking(bench, source), size) as pilot:
        await pilot.press("p")
        await seen(pilot, "This rule of a Role gives it", "tried again in 30 s")
        golden(pilot.app, name(size, "forbidden"))
        await pilot.press("u")
        await seen(pilot, "You may not list pods.", "This gives it")
        golden(pilot.app, name(size, "access"))
        await pilot.press("y")
        assert "kind: Role\n" in pilot.app.clipboard
        await pilot.press("escape", "n")
        await seen(pilot, "namespaces is forbidden. Type its name.")
        await pilot.press("escape", "a", *"echo-v1", "enter")
        await until(lambda: target in bench.sessions)
        await bench.frame(pilot, target)


async def test_a_namespace_may_be_typed_and_found_by_some_letters(bench: Bench, run: Run) -> None:
    source = ScriptedPods({"shop": listed((echo("in-shop"),)), "secret": listed((echo("in-secret"),))})
    async with run(picking(bench, source), (80, 24)) as pilot:
        await pilot.press("p")
        await seen(pilot, "There are no pods in namespace echo-grpc")
        await pilot.press("n", *"sho", "enter")
        await seen(pilot, "in-shop")
        await pilot.press("n", *"secret", "enter")
        await seen(pilot, "in-secret")
        await pilot.press("n", *"all", "enter")
        await seen(pilot, "all namespaces")


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("deploy/echo", "deploy/echo -n echo-grpc --context rig"),
        ("svc/echo -n shop", "svc/echo -n shop --context rig"),
        ("echo-v1 --port 9999", "pod/echo-v1 -n echo-grpc --context rig --port 9999"),
    ],
)
async def test_what_is_typed_is_meant_where_one_looks(bench: Bench, run: Run, typed: str, target: str) -> None:
    bench.add(target, healthy())
    async with run(picking(bench, ScriptedPods()), (110, 30)) as pilot:
        await pilot.press("p")
        await seen(pilot, "There are no pods")
        await pilot.press("a", *typed, "enter")
        await until(lambda: target in bench.sessions)


async def test_a_name_that_no_pod_can_have_is_said(bench: Bench, run: Run) -> None:
    async with run(picking(bench, ScriptedPods()), (110, 30)) as pilot:
        await pilot.press("p", "a", *"Echo!", "enter")
        await seen(pilot, "is no name of a pod")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, PodsScreen)


async def test_a_list_that_is_no_longer_fresh_says_so_above_it(bench: Bench, run: Run, golden: Golden) -> None:
    trouble = PodsTroubled(error=TargetUnreachable("https://10.0.0.1:6443 does not answer."), again_in=8)
    source = ScriptedPods({NAMESPACE: listed(some())})
    async with run(picking(bench, source), (80, 24)) as pilot:
        await pilot.press("p")
        await seen(pilot, "● live")
        bench.clock.pass_(60)
        source.more.put_nowait(trouble)
        await seen(pilot, "does not answer. Seen 1m ago", "✗ tried again in 8 s", "echo-v1")
        golden(pilot.app, "pods-stale-80")
        for event in listed((echo(),)):
            source.more.put_nowait(event)
        await seen(pilot, "● live", "1 pod,")
        await until_gone(pilot, "does not answer")


async def test_without_the_right_to_watch_it_says_that_it_lists(bench: Bench, run: Run) -> None:
    events = (PodPage(rows=(echo(),), starts=True, complete=True), PodsLive(polled=True, why="may not watch"))
    async with run(picking(bench, ScriptedPods({NAMESPACE: events})), (110, 30)) as pilot:
        await pilot.press("p")
        await seen(pilot, "polled, no watch", "echo-v1")


async def test_a_kubeconfig_that_leads_nowhere(bench: Bench, run: Run, golden: Golden) -> None:
    error = BadInput("The kubeconfig /home/ada/.kube/config is no YAML: line 3: it cannot be read.", "Mend it.")
    async with run(picking(bench, ScriptedPods(contexts_error=error)), (80, 24)) as pilot:
        await pilot.press("p")
        await seen(pilot, "The kubeconfig leads nowhere", "Mend it.")
        golden(pilot.app, "pods-kubeconfig-80")
        await pilot.press("u")
        await seen(pilot, "First a cluster is needed")
        await pilot.press("escape", "question_mark")
        await seen(pilot, "Another context of the kubeconfig")


@pytest.mark.parametrize("known", [True, False])
async def test_pods_come_first_where_there_is_a_kubeconfig(bench: Bench, run: Run, known: bool) -> None:
    from tests.tui.rehearsal import CANARY, Rehearsal

    app = bench.app(
        None,
        scenarios=(CANARY,),
        open_demo=lambda _: Rehearsal(),
        open_picker=lambda: PodPicker(Clusters({"": ScriptedPods()}).open, ClusterOptions(), now=bench.clock),
        cluster_known=known,
    )
    async with run(app, (80, 24)) as pilot:
        await pilot.press("enter")
        await seen(pilot, "There are no pods" if known else "Starting a real mesh: canary")


async def test_hostile_names_are_shown_and_not_obeyed(bench: Bench, run: Run) -> None:
    from tests.tui.kit.test_hostile_text import HOSTILE, assert_harmless

    rows = tuple(
        echo(f"{place}{text}", version=text, labels={"x": text}, node=text or "-") for place, text in enumerate(HOSTILE)
    )
    source = ScriptedPods(
        {NAMESPACE: (*listed(rows), PodsTroubled(error=TargetUnreachable(HOSTILE[1], HOSTILE[3]), again_in=9))},
        names=tuple(HOSTILE),
    )
    async with run(picking(bench, source), (80, 24)) as pilot:
        await pilot.press("p")
        await seen(pilot, f"{len(HOSTILE)} pods")
        for keys in (("j",) * len(HOSTILE), ("y",), ("n",), ("escape",), ("c",), ("escape",), ("u",), ("escape",)):
            await pilot.press(*keys)
            assert_harmless(screen_text(pilot.app), (80, 24))


async def test_five_thousand_pods_are_listed_filtered_and_left(bench: Bench, run: Run) -> None:
    rows = tuple(echo(f"load-{number:04}") for number in range(5_000))
    pages = tuple(
        PodPage(
            rows=rows[at : at + 100], starts=at == 0, complete=at + 100 >= len(rows), remaining=len(rows) - at - 100
        )
        for at in range(0, len(rows), 100)
    )
    source = ScriptedPods({NAMESPACE: (*pages, PodsLive())})
    async with run(picking(bench, source), (160, 45)) as pilot:
        await pilot.press("p")
        await seen(pilot, "5000 pods, 5000 proxyless", "● live")
        await pilot.press("G")
        await seen(pilot, "load-4999")
        await pilot.press("slash", *"load-31", "enter")
        await seen(pilot, "100 pods  esc shows all")
