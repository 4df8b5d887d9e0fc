"""What has become of a pod, in words: since when, what is live with it, and which pod to look at next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from meshtui.model.kubernetes.events import KubernetesEvent
from meshtui.model.kubernetes.objects import ObjectName
from meshtui.model.kubernetes.pod import pod_of
from meshtui.model.kubernetes.pod_fate import Gone, PodFate, Successor
from meshtui.present.pod_fate import next_pod, pod_notices, warning_words, why_no_next_pod
from meshtui.session.state import Link, LinkState, SessionState
from tests.kubernetes.double.pods import proxyless
from tests.world.clock import NOW
from tests.world.fates import FATES, NEW, OLD, replica

LATER = NOW + timedelta(hours=1)


def state(fate: PodFate, link: LinkState = LinkState.LIVE, target: str = f"pod/{OLD} -n echo-grpc") -> SessionState:
    return SessionState(target=target, link=Link(link, NOW, NOW), interval=1.0, fate=fate)


def said(name: str, link: LinkState = LinkState.LIVE) -> str:
    return " | ".join(f"{each.title} {each.text}" for each in pod_notices(state(FATES[name], link), NOW))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("terminating", "This pod is terminating: at most 23 s left of 30 s. It answers: what is shown is live"),
        ("overdue", "This pod is terminating: its 30 s ended 8 s ago, and it is still there."),
        ("gone", "This pod is gone (12 s ago): it was deleted. What is open still answers"),
        ("found-gone", "This pod is gone (found 12 s ago). What is open"),
        ("replaced", "it was deleted. Another pod has its name now."),
        ("evicted", "This pod has ended (Failed, Evicted: The node was low on resource: memory.)."),
        ("node-silent", "This pod is not ready for 1m 30s though its containers are, as when its node node-1 does not"),
        (
            "crashing",
            "Container app does not run: CrashLoopBackOff; 7 restarts; it ended 26 s ago with exit code 137 (OO",
        ),
        ("not-ready", "This pod is not ready for 1m 30s: containers with unready status: [app]. It answers"),
        (
            "restarted",
            "Container app was restarted 24 s ago (1 restart so far): the process before ended with exit code",
        ),
        (
            "unfollowed",
            "For 12 s the API server tells nothing of this pod: The API server at https://10.0.0.1:6443",
        ),
        ("terminating-unfollowed", "left of 30 s. It answers: what is shown is live. | For 12 s the API"),
    ],
)
def test_it_is_said_what_happened_and_since_when(name: str, words: str) -> None:
    assert words in said(name)


def test_a_pod_that_is_well_is_not_spoken_of() -> None:
    assert said("well") == ""


@pytest.mark.parametrize("name", sorted(set(FATES) - {"well"}))
def test_that_something_is_live_is_said_only_while_it_answers(name: str) -> None:
    assert "answers" in said(name)
    stale = said(name, LinkState.STALE)
    assert "shown is live" not in stale
    assert "last" in stale or "not live" in stale


@pytest.mark.parametrize("name", ["crashing", "not-ready", "unfollowed", "terminating"])
def test_what_never_answered_shows_nothing_old(name: str) -> None:
    seen = state(FATES[name], LinkState.DOWN)
    text = " ".join(each.text for each in pod_notices(replace(seen, link=Link(LinkState.DOWN, NOW)), NOW))
    assert "what is shown" not in text


def test_what_is_not_followed_may_be_gone() -> None:
    unheard = FATES["terminating-unfollowed"]
    (own, _) = pod_notices(state(unheard), NOW + timedelta(seconds=30))
    assert own.title.endswith("its 30 s ended 7 s ago, and whether it is still there is not known.")


def test_a_restart_is_no_news_for_ever() -> None:
    assert pod_notices(state(FATES["restarted"]), LATER) == ()


def test_the_newest_of_several_ready_successors_is_offered_with_their_number() -> None:
    found = next_pod(state(FATES["terminating"], target=f"pod/{OLD} -n echo-grpc --context prod --port 9"), NOW)
    assert found is not None
    assert found.target == f"pod/{NEW} -n echo-grpc --context prod --port 9"
    assert found.words == "follow it: newest of 2 ready, of Deployment echo-v1"
    assert not found.anew


def test_a_replica_made_before_is_not_called_a_successor() -> None:
    older = Successor(pod=replica(NEW), ready=1, is_newer=False)
    fate = replace(FATES["gone"], successor=older)
    found = next_pod(state(fate), NOW)
    assert found is not None
    assert "no newer than this one" in found.words


def test_the_pod_that_has_the_name_comes_first_once_it_runs() -> None:
    found = next_pod(state(FATES["replaced"]), NOW)
    assert found is not None
    assert (found.target, found.anew) == (f"pod/{OLD} -n echo-grpc", True)
    waits = pod_of(proxyless(OLD, phase="Pending", node="", uid="another"))
    pending = PodFate(pod=FATES["gone"].pod, gone=Gone(at=NOW, witnessed=True, replaced_by=waits))
    assert next_pod(state(pending), NOW) is None


def test_a_target_of_a_service_leads_to_a_pod_without_the_services_port() -> None:
    found = next_pod(state(FATES["gone"], target="svc/echo -n echo-grpc --port 7070 -l app=echo"), NOW)
    assert found is not None
    assert found.target == f"pod/{NEW} -n echo-grpc"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("evicted", "Its successor is not looked for: The cluster forbids it: you may not list pods."),
        ("found-gone", "There is no other ready pod of Deployment echo-v1 yet."),
        ("terminating", ""),
        ("crashing", ""),
    ],
)
def test_why_there_is_nothing_to_follow(name: str, words: str) -> None:
    assert why_no_next_pod(state(FATES[name]), NOW) == words


def test_a_fresh_warning_of_the_cluster_is_put_beside_it() -> None:
    unhealthy = KubernetesEvent(
        uid="u",
        about=ObjectName("Pod", "echo-grpc", OLD),
        is_warning=True,
        reason="Unhealthy",
        message="Readiness probe failed: connection refused",
        count=3,
        last=NOW - timedelta(seconds=5),
    )
    seen = replace(state(FATES["not-ready"]), pod_events=(unhealthy, replace(unhealthy, uid="v", is_warning=False)))
    assert warning_words(seen, NOW) == "Unhealthy (3 times) 5 s ago: Readiness probe failed: connection refused"
    assert warning_words(seen, LATER) == ""
