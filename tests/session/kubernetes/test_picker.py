"""The picker: contexts and namespaces are switched at once, whatever a cluster does or does not do."""

from __future__ import annotations

import pytest

from meshtui.model.errors import BadInput, MeshtuiError, TargetUnreachable
from meshtui.model.kubernetes.contexts import ContextOffers
from meshtui.model.kubernetes.pod_events import PodChanged, PodsTroubled
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.session.kubernetes import picker as module
from meshtui.session.kubernetes.picker import PodPicker
from meshtui.session.kubernetes.pod_book import Phase
from meshtui.session.kubernetes.protocols import ALL_NAMESPACES
from tests.waiting import until
from tests.world.clock import Clock
from tests.world.pods import NAMESPACE, OFFERS, PROD, RIG, Clusters, ScriptedPods, echo, listed


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never ends is left behind at once."""
    monkeypatch.setattr(module, "LEAVING_S", 0.01)


def names(picker: PodPicker) -> set[str]:
    return {row.name for row in picker.state.book.pods.values()}


def started(clusters: Clusters, cluster: ClusterOptions | None = None) -> PodPicker:
    picker = PodPicker(
        clusters.open, cluster or ClusterOptions(), now=Clock(), by_hand=lambda: asked.append(len(asked))
    )
    asked.clear()
    picker.start()
    return picker


asked: list[int] = []
"""Tries that were asked for by hand."""


async def test_it_begins_in_the_namespace_of_the_current_context() -> None:
    source = ScriptedPods({NAMESPACE: listed((echo(),))})
    picker = started(Clusters({"": source}))
    await until(lambda: picker.state.book.phase is Phase.LIVE and picker.state.namespaces and picker.state.access)
    assert (picker.state.context_name, picker.state.namespace) == ("rig", NAMESPACE)
    assert names(picker) == {"echo-v1"}
    assert picker.place == ClusterOptions(context="rig", namespace=NAMESPACE)
    source.more.put_nowait(PodChanged(echo("echo-v2")))
    await until(lambda: names(picker) == {"echo-v1", "echo-v2"})
    await picker.close()
    assert source.closed


async def test_a_typed_namespace_and_context_hold() -> None:
    source = ScriptedPods({"shop": listed((echo("shop"),))}, offers=ContextOffers(offers=OFFERS, chosen=PROD))
    picker = started(Clusters({"prod": source}), ClusterOptions(context="prod", namespace="shop", read_only=True))
    await until(lambda: names(picker) == {"shop"})
    assert source.opened == ClusterOptions(context="prod", namespace="shop", read_only=True)
    assert picker.place == source.opened
    await picker.close()


async def test_a_context_without_a_namespace_means_default() -> None:
    source = ScriptedPods(offers=ContextOffers(offers=OFFERS, chosen=PROD))
    picker = started(Clusters({"": source}))
    await until(lambda: picker.state.namespace == "default")
    await picker.close()


async def test_another_namespace_is_looked_into_at_once_and_news_of_the_one_before_changes_nothing() -> None:
    source = ScriptedPods({NAMESPACE: listed((echo(),)), ALL_NAMESPACES: listed((echo("everywhere"),))})
    picker = started(Clusters({"": source}))
    await until(lambda: names(picker) == {"echo-v1"})
    picker.use_namespace(ALL_NAMESPACES)
    assert names(picker) == set()
    await until(lambda: names(picker) == {"everywhere"})
    assert picker.state.every_namespace
    await picker.close()


async def test_what_is_no_name_of_a_namespace_is_not_asked_for() -> None:
    source = ScriptedPods({NAMESPACE: listed((echo(),)), "shop/pods/log": listed((echo("another"),))})
    picker = started(Clusters({"": source}))
    await until(lambda: names(picker) == {"echo-v1"})
    picker.use_namespace("shop/pods/log")
    await until(lambda: picker.state.book.phase is Phase.FAILED and picker.state.access_problem is not None)
    assert picker.state.book.problem is not None
    assert picker.state.book.problem.what == "'shop/pods/log' is no name of a namespace."
    assert names(picker) == set()
    picker.use_namespace(NAMESPACE)
    await until(lambda: names(picker) == {"echo-v1"})
    await picker.close()


async def test_a_dead_cluster_keeps_nobody_from_another_context_or_from_leaving() -> None:
    dead = ScriptedPods(hangs=True, waits_for="an answer of https://10.0.0.1:6443")
    alive = ScriptedPods({"default": listed((echo("alive"),))}, offers=ContextOffers(offers=OFFERS, chosen=PROD))
    picker = started(Clusters({"": dead, "prod": alive}))
    await until(lambda: picker.state.namespace == NAMESPACE)
    assert picker.state.book.phase is Phase.WAITING
    assert picker.waits_for == "an answer of https://10.0.0.1:6443"
    picker.use_context("prod")
    await until(lambda: names(picker) == {"alive"})
    assert picker.state.chosen == PROD
    picker.use_context("")
    await until(lambda: picker.state.chosen == RIG)
    await picker.close()
    assert alive.closed


async def test_namespaces_that_may_not_be_listed_are_a_problem_of_their_own() -> None:
    source = ScriptedPods({NAMESPACE: listed((echo(),))}, names_error=TargetUnreachable("namespaces is forbidden"))
    picker = started(Clusters({"": source}))
    await until(lambda: picker.state.namespaces_problem is not None and names(picker))
    assert picker.state.namespaces is None
    assert picker.state.book.problem is None
    await picker.close()


async def test_a_kubeconfig_that_cannot_be_read_is_said_and_read_again_when_asked() -> None:
    broken = ScriptedPods({NAMESPACE: listed((echo(),))}, contexts_error=BadInput("The kubeconfig is no YAML."))
    picker = started(Clusters({"": broken}))
    await until(lambda: picker.state.book.phase is Phase.FAILED)
    assert picker.state.book.problem is not None
    assert picker.state.book.problem.what == "The kubeconfig is no YAML."
    broken.contexts_error = None
    picker.again()
    await until(lambda: names(picker) == {"echo-v1"})
    await picker.close()


async def test_a_current_context_that_leads_nowhere_leaves_the_choice_of_another() -> None:
    lost = ContextOffers(offers=OFFERS, chosen=None, problem=MeshtuiError("There is no context 'gone'."))
    alive = ScriptedPods({NAMESPACE: listed((echo(),))})
    picker = started(Clusters({"": ScriptedPods(offers=lost), "rig": alive}))
    await until(lambda: picker.state.book.phase is Phase.FAILED)
    assert picker.state.offers == OFFERS
    picker.use_context("rig")
    await until(lambda: names(picker) == {"echo-v1"})
    await picker.close()


async def test_tried_again_now_it_keeps_what_was_seen() -> None:
    trouble = PodsTroubled(error=TargetUnreachable("cut"), again_in=30)
    source = ScriptedPods({NAMESPACE: (*listed((echo(),)), trouble)})
    picker = started(Clusters({"": source}))
    await until(lambda: picker.state.book.phase is Phase.TROUBLED)
    source.events[NAMESPACE] = ()
    assert not asked
    picker.again()
    await until(lambda: picker.state.book.phase is Phase.WAITING)
    assert names(picker) == {"echo-v1"}
    assert len(asked) == 1
    await picker.close()


async def test_a_defect_of_a_source_is_said_like_any_other_failure() -> None:
    picker = PodPicker(Clusters({"": Broken()}).open, ClusterOptions(), now=Clock())
    picker.start()
    await until(lambda: picker.state.book.phase is Phase.FAILED)
    assert picker.state.book.problem is not None
    assert "please report this" in picker.state.book.problem.hint
    await picker.close()


class Broken(ScriptedPods):
    """A source with a defect."""

    async def contexts(self) -> ContextOffers:
        raise ValueError("a defect")
