"""What the cluster says becomes part of the state: ghosts are findings, events come into the timeline, lists lack."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from meshtui.model.errors import TargetUnreachable
from meshtui.model.kubernetes.behind import Behind, ServiceRef
from meshtui.model.kubernetes.events import KubernetesEvent, PodEvents
from meshtui.model.kubernetes.lacking import Lacking
from meshtui.model.kubernetes.objects import EndpointPod, EndpointSlice, ObjectName, SliceEndpoint
from meshtui.model.kubernetes.rights import LIST_EVENTS, LIST_PODS, LIST_SLICES
from meshtui.model.timeline import EventKind
from meshtui.model.xds.config import ClusterLoadAssignment, Endpoint, Locality
from meshtui.model.xds.resource import EDS, Health
from meshtui.model.xds.snapshot import Snapshot
from meshtui.session.observation import ClusterSeen, Look, PodEventsSeen
from meshtui.session.reduce import reduce
from meshtui.session.state import Fact, Link, LinkState, SessionState
from tests.world.clock import NOW
from tests.world.config import canary, resource, subset, with_resource

ECHO = ServiceRef("echo-grpc", "echo")
ENDING = ObjectName("Pod", "echo-grpc", "echo-v1-b")


def config(at: datetime = NOW, *addresses: str) -> Snapshot:
    ends = tuple(
        Endpoint(f"{address}:17070", cluster="Kubernetes") for address in addresses or ("10.0.0.1", "10.0.0.2")
    )
    body = ClusterLoadAssignment(subset("v1"), (Locality("", "", "", 0, 1, ends),))
    empty = with_resource(canary(at), resource(EDS, subset("v2"), ClusterLoadAssignment(subset("v2"), ())), at)
    return with_resource(empty, resource(EDS, subset("v1"), body), at)


def behind(at: datetime = NOW, lacking: tuple[Lacking, ...] = ()) -> Behind:
    """The second pod of echo is ending."""
    alive = EndpointPod(
        name=ObjectName("Pod", "echo-grpc", "echo-v1-a"), uid="a", addresses=("10.0.0.1",), labels={"version": "v1"}
    )
    ending = EndpointPod(name=ENDING, uid="b", addresses=("10.0.0.2",), deleted_at=NOW)
    listed = (
        SliceEndpoint(addresses=("10.0.0.1",), pod=alive.name),
        SliceEndpoint(addresses=("10.0.0.2",), pod=ENDING, ready=False, terminating=True),
    )
    slices = (EndpointSlice(name=ObjectName("EndpointSlice", "echo-grpc", "echo-1"), service="echo", endpoints=listed),)
    return Behind(taken_at=at, slices={ECHO: slices}, pods={ECHO: (alive, ending)}, lacking=lacking)


def begun() -> SessionState:
    state = SessionState(target="pod/client", link=Link(LinkState.CONNECTING, NOW), interval=1.0)
    return reduce(state, Look(at=NOW, config=config()))


def codes(state: SessionState) -> set[str]:
    return {finding.code for finding in state.findings}


def test_a_ghost_is_a_finding_once_istiod_had_its_time() -> None:
    state = reduce(begun(), ClusterSeen(at=NOW, behind=behind()))
    assert "endpoint-pod-ending" not in codes(state)
    later = NOW + timedelta(seconds=20)
    state = reduce(state, Look(at=later, config=config(later)))
    finding = next(found for found in state.findings if found.code == "endpoint-pod-ending")
    assert "echo-v1-b" in finding.title
    # and it goes with the endpoint
    mended = reduce(state, Look(at=later, config=config(later, "10.0.0.1")))
    assert "endpoint-pod-ending" not in codes(mended)


def test_a_cluster_that_gives_no_answer_tells_no_truth_of_now() -> None:
    later = NOW + timedelta(seconds=20)
    state = reduce(begun(), ClusterSeen(at=later, behind=behind(later)))
    assert "endpoint-pod-ending" in codes(state)
    lost = reduce(state, ClusterSeen(at=later, behind=TargetUnreachable("The cluster is gone.", "look for it")))
    assert codes(lost).isdisjoint({"endpoint-pod-ending"})
    assert lost.behind is None
    (missing,) = (fact for fact in lost.missing if fact.fact is Fact.CLUSTER)
    assert (missing.why, missing.unlock) == ("The cluster is gone.", "look for it")
    back = reduce(lost, ClusterSeen(at=later, behind=behind(later)))
    assert not any(fact.fact is Fact.CLUSTER for fact in back.missing)


def test_the_same_answer_is_no_new_state() -> None:
    state = reduce(begun(), ClusterSeen(at=NOW, behind=behind()))
    assert state.behind is not None
    assert state.behind.versions == {"10.0.0.1": "v1"}
    later = NOW + timedelta(seconds=5)
    assert reduce(state, ClusterSeen(at=later, behind=behind(later))).revision == state.revision


def test_lists_that_lack_are_named_with_the_rights() -> None:
    lacking = (
        Lacking("EndpointSlices", "echo-grpc", "forbidden", LIST_SLICES),
        Lacking("pods", "echo-grpc", "forbidden", LIST_PODS),
        Lacking("pods", "shop", "forbidden", LIST_PODS),
        Lacking("Services", "", "50 of 51 are held against the cluster"),
    )
    state = reduce(begun(), ClusterSeen(at=NOW, behind=behind(lacking=lacking)))
    (missing,) = (fact for fact in state.missing if fact.fact is Fact.CLUSTER)
    assert missing.why == (
        "You may not list endpointslices.discovery.k8s.io, list pods in echo-grpc nor list pods in shop; "
        "Services: 50 of 51 are held against the cluster."
    )
    assert missing.unlock == (
        'A Role in echo-grpc with these rules grants it: {apiGroups: ["discovery.k8s.io"], resources:'
        ' ["endpointslices"], verbs: ["list"]}, {apiGroups: [""], resources: ["pods"], verbs: ["list"]}. '
        'A Role in shop with this rule grants it: {apiGroups: [""], resources: ["pods"], verbs: ["list"]}.'
    )


def event(uid: str, count: int = 1, *, warns: bool = True) -> KubernetesEvent:
    return KubernetesEvent(
        uid=uid,
        about=ObjectName("Pod", "echo-grpc", "client"),
        is_warning=warns,
        reason="Unhealthy" if warns else "Pulled",
        message=f"message {uid}",
        count=count,
        last=NOW + timedelta(seconds=count),
    )


def told(state: SessionState) -> list[str]:
    """What of the pod came into the timeline, the oldest first."""
    return [known.text for known in reversed(state.events) if known.kind is EventKind.POD]


def test_events_of_the_pod_come_into_the_timeline() -> None:
    first = (event("a"), event("b", warns=False))
    state = reduce(begun(), PodEventsSeen(at=NOW, events=PodEvents(events=first)))
    assert state.pod_events == first
    assert told(state) == ["Unhealthy: message a"]  # of what was before, only what warns
    newest = state.events[0]
    assert (newest.at, newest.health) == (NOW + timedelta(seconds=1), Health.DEGRADED)
    more = (*first, event("c", warns=False))
    state = reduce(state, PodEventsSeen(at=NOW, events=PodEvents(events=more)))
    assert told(state) == ["Unhealthy: message a", "Pulled: message c"]
    assert reduce(state, PodEventsSeen(at=NOW, events=PodEvents(events=more))) is state


def test_what_repeats_is_said_once_a_minute() -> None:
    state = reduce(begun(), PodEventsSeen(at=NOW, events=PodEvents(events=(event("a"),))))
    soon, later = NOW + timedelta(seconds=10), NOW + timedelta(seconds=70)
    state = reduce(state, PodEventsSeen(at=soon, events=PodEvents(events=(event("a", 2),))))
    assert told(state) == ["Unhealthy: message a"]
    state = reduce(state, PodEventsSeen(at=later, events=PodEvents(events=(event("a", 7),))))
    assert told(state) == ["Unhealthy: message a", "Unhealthy (7 times): message a"]


def test_events_that_may_not_be_listed() -> None:
    refused = PodEvents(lacking=Lacking("events", "echo-grpc", "forbidden", LIST_EVENTS))
    state = reduce(begun(), PodEventsSeen(at=NOW, events=refused))
    (missing,) = (fact for fact in state.missing if fact.fact is Fact.POD_EVENTS)
    assert missing.why == "You may not list events in echo-grpc."
    assert missing.unlock == (
        'A Role in echo-grpc with this rule grants it: {apiGroups: [""], resources: ["events"], verbs: ["list"]}.'
    )
    gone = reduce(state, PodEventsSeen(at=NOW, events=TargetUnreachable("The cluster is gone.")))
    assert [fact.why for fact in gone.missing if fact.fact is Fact.POD_EVENTS] == ["The cluster is gone."]
    assert not reduce(gone, PodEventsSeen(at=NOW, events=PodEvents())).missing


def test_another_client_at_the_address_is_not_held_against_what_was_asked_for_the_one_before() -> None:
    """The ghosts are those of the config at hand."""
    later = NOW + timedelta(seconds=20)
    state = reduce(begun(), ClusterSeen(at=later, behind=behind(later)))
    other = replace(config(later, "10.0.0.1"), node=replace(config().node, id="another"))
    assert "endpoint-pod-ending" not in codes(reduce(state, Look(at=later, config=other)))
