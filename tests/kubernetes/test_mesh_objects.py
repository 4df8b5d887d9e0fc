"""What the cluster says of a client's endpoints, of Istio's objects and of a pod, each list with a right of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from meshtui.model.kubernetes.behind import MOST_SERVICES, ServiceRef
from meshtui.model.kubernetes.istio import DestinationRule, EnvoyFilter, VirtualService
from meshtui.model.kubernetes.lacking import rules_for
from meshtui.model.kubernetes.log_lines import StreamStep
from meshtui.model.kubernetes.log_pod import LogPlace
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.sources.kubernetes.api import Api, open_api
from meshtui.sources.kubernetes.events import read_events
from meshtui.sources.kubernetes.failures import ApiRefused, ApiUnreachable
from meshtui.sources.kubernetes.istio import read_istio
from meshtui.sources.kubernetes.logs import follow_log, read_log
from meshtui.sources.kubernetes.objects import BehindSource
from tests.kubernetes.double.access import READ, Rule, User
from tests.kubernetes.double.pods import pod, proxyless
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import refusal
from tests.kubernetes.mesh_objects import NAMESPACE, endpoint, endpoint_slice, istio, service
from tests.waiting import PATIENCE_S
from tests.world.clock import NOW

ECHO = ServiceRef(NAMESPACE, "echo")

EVERYTHING = tuple(
    Rule(READ, ("*",), group)
    for group in ("", "discovery.k8s.io", "networking.istio.io", "security.istio.io", "telemetry.istio.io")
)


@asynccontextmanager
async def api_of(double: Double, *rules: Rule, token: str = "test") -> AsyncIterator[Api]:
    """As a user who may do this and no more."""
    double.cluster.users[token] = User("tester", rules)
    async with open_api(ClusterOptions(kubeconfig=str(double.kubeconfig(token))), PATIENCE_S) as api:
        yield api


def echo(double: Double) -> None:
    """A Service with two pods, of which the second is ending."""
    store = double.cluster.store
    store.put(service())
    store.put(proxyless("echo-v1", ip="10.0.0.1", uid="uid-echo-v1"))
    store.put(
        proxyless(
            "echo-v2",
            version="v2",
            ip="10.0.0.2",
            uid="uid-echo-v2",
            deletionTimestamp="2026-11-22T12:00:30Z",
            deletionGracePeriodSeconds=30,
        )
    )
    store.put(endpoint_slice([endpoint("10.0.0.1", "echo-v1"), endpoint("10.0.0.2", "echo-v2", terminating=True)]))


# behind the endpoints


async def test_what_is_behind_a_service(double: Double) -> None:
    echo(double)
    store = double.cluster.store
    store.put(service("other", {"app": "other"}))
    store.put(endpoint_slice([endpoint("10.0.0.7", "shop")], of="other"))
    store.put(pod("shop", ip="10.0.0.7"))
    store.put(istio("WorkloadEntry", "vm", {"address": "10.0.0.8"}))
    async with api_of(double, *EVERYTHING) as api:
        found = await BehindSource(api, now=lambda: NOW).look(
            {ECHO: frozenset({"10.0.0.1", "10.0.0.7", "10.0.0.8", "10.0.0.9"})}
        )
    assert set(found.services) == {ECHO}
    (only,) = found.slices[ECHO]
    assert [(each.addresses, each.terminating) for each in only.endpoints] == [
        (("10.0.0.1",), False),
        (("10.0.0.2",), True),
    ]
    first, second = found.pods[ECHO]
    assert (first.version, first.deleted_at) == ("v1", None)
    assert second.deleted_at is not None
    assert found.versions == {"10.0.0.1": "v1", "10.0.0.2": "v2"}
    others = {address: other.name.name if other else None for (_, address), other in found.others.items()}
    assert others == {"10.0.0.7": "shop", "10.0.0.8": None, "10.0.0.9": None}
    assert found.entries == {NAMESPACE: frozenset({"10.0.0.8"})}
    assert found.lacking == ()
    assert {verb for verb, _ in double.verbs()} == {"list"}


@pytest.mark.parametrize(
    ("resource", "group", "what"),
    [
        ("services", "", "Services"),
        ("pods", "", "pods"),
        ("endpointslices", "discovery.k8s.io", "EndpointSlices"),
        ("workloadentries", "networking.istio.io", "WorkloadEntries"),
    ],
)
async def test_a_missing_right_costs_that_list_alone(double: Double, resource: str, group: str, what: str) -> None:
    echo(double)
    kinds = {"services": "", "pods": "", "endpointslices": "discovery.k8s.io", "workloadentries": "networking.istio.io"}
    rules = [Rule(READ, (name,), of) for name, of in kinds.items() if name != resource]
    async with api_of(double, *rules) as api:
        found = await BehindSource(api).look({ECHO: frozenset({"10.0.0.9"})})
    (lacking,) = found.lacking
    assert (lacking.what, lacking.namespace) == (what, NAMESPACE)
    assert f'cannot list resource "{resource}"' in lacking.why
    assert lacking.rule == f'- apiGroups: ["{group}"]\n  resources: ["{resource}"]\n  verbs: ["list"]\n'
    assert (ECHO in found.services) == (what != "Services")
    assert (ECHO in found.slices) == (what != "EndpointSlices")
    assert (ECHO in found.pods) == (what not in ("Services", "pods"))  # without a selector no pods are known
    assert (NAMESPACE in found.entries) == (what != "WorkloadEntries")


async def test_a_cluster_without_istio_has_no_workload_entries(double: Double) -> None:
    echo(double)
    double.cluster.instead(refusal(404, "NotFound", "not found"), lambda asked: ".istio.io" in asked.path)
    async with api_of(double, *EVERYTHING) as api:
        found = await BehindSource(api).look({ECHO: frozenset()})
        nothing = await read_istio(api, [NAMESPACE])
    assert (found.entries, found.lacking) == ({NAMESPACE: frozenset()}, ())
    assert (nothing.objects, dict(nothing.served), nothing.lacking) == ((), {}, ())


async def test_an_older_istio_serves_older_versions(double: Double) -> None:
    echo(double)
    double.cluster.store.put(istio("WorkloadEntry", "vm", {"address": "10.0.0.8"}))
    double.cluster.instead(
        refusal(404, "NotFound", "not found"),
        lambda asked: asked.path.startswith("/apis/networking.istio.io/v1/"),
    )
    async with api_of(double, *EVERYTHING) as api:
        source = BehindSource(api)
        for _ in range(2):
            found = await source.look({ECHO: frozenset()})
            assert found.entries == {NAMESPACE: frozenset({"10.0.0.8"})}
    asked = [each.version for each in double.cluster.log if each.resource == "workloadentries"]
    assert asked == ["v1", "v1beta1", "v1beta1"]


async def test_services_are_read_again_after_a_while_or_when_one_is_not_known(double: Double) -> None:
    """There may be hundreds in a namespace, and they hardly change."""
    echo(double)
    seconds = 0.0

    def lists() -> int:
        return sum(asked.resource == "services" for asked in double.cluster.log)

    async with api_of(double, *EVERYTHING) as api:
        source = BehindSource(api, monotonic=lambda: seconds)
        for _ in range(3):
            await source.look({ECHO: frozenset()})
        assert lists() == 1
        await source.look({ECHO: frozenset(), ServiceRef(NAMESPACE, "other"): frozenset()})
        assert lists() == 2
        seconds = 61.0
        double.cluster.store.put(service(selector={"app": "renamed"}))
        found = await source.look({ECHO: frozenset()})
        assert (lists(), found.pods[ECHO]) == (3, ())


async def test_somebody_unknown_lacks_no_right_but_a_login(double: Double) -> None:
    async with api_of(double) as api:
        del double.cluster.users["test"]
        with pytest.raises(ApiRefused, match="does not accept the login"):
            await BehindSource(api).look({ECHO: frozenset()})
        with pytest.raises(ApiRefused, match="does not accept the login"):
            await read_istio(api, [NAMESPACE])


async def test_a_client_of_very_many_services_is_looked_at_in_part(double: Double) -> None:
    wanted = {ServiceRef(NAMESPACE, f"echo-{number:03}"): frozenset[str]() for number in range(MOST_SERVICES + 1)}
    async with api_of(double, *EVERYTHING) as api:
        found = await BehindSource(api).look(wanted)
        assert (await BehindSource(api).look({})).slices == {}
    assert [each.words for each in found.lacking] == ["Services: 50 of 51 are held against the cluster"]
    assert len(found.slices) == MOST_SERVICES


async def test_a_list_that_was_forgotten_in_the_middle_is_read_again(double: Double) -> None:
    echo(double)
    gone = refusal(410, "Expired", "The provided continue parameter is too old")
    double.cluster.instead(gone, lambda asked: asked.resource == "endpointslices", times=1)
    async with api_of(double, *EVERYTHING) as api:
        found = await BehindSource(api).look({ECHO: frozenset()})
    assert (len(found.slices[ECHO]), found.lacking) == (1, ())


# Istio's objects


async def test_every_kind_in_the_version_it_is_served_in(double: Double) -> None:
    store = double.cluster.store
    store.put(istio("VirtualService", "echo", {"hosts": ["echo"]}))
    store.put(istio("DestinationRule", "echo", {"host": "echo"}))
    store.put(istio("EnvoyFilter", "all", {}, api="networking.istio.io/v1alpha3", at="istio-system"))
    store.put(istio("VirtualService", "elsewhere", {"hosts": ["x"]}, at="shop"))
    async with api_of(double, *EVERYTHING) as api:
        found = await read_istio(api, [NAMESPACE, "istio-system", NAMESPACE])
    assert found.namespaces == (NAMESPACE, "istio-system")
    assert [(each.name.words, each.version) for each in found.objects] == [
        ("DestinationRule echo in echo-grpc", "v1"),
        ("EnvoyFilter all in istio-system", "v1alpha3"),
        ("VirtualService echo in echo-grpc", "v1"),
    ]
    assert [len(found.of(kind)) for kind in (DestinationRule, EnvoyFilter, VirtualService)] == [1, 1, 1]
    assert found.served["networking.istio.io", "EnvoyFilter"] == "v1alpha3"
    assert found.served["telemetry.istio.io", "Telemetry"] == "v1"
    assert found.lacking == ()
    assert {verb for verb, _ in double.verbs()} == {"get", "list"}


async def test_a_kind_that_may_not_be_read_is_named(double: Double) -> None:
    double.cluster.store.put(istio("DestinationRule", "echo", {"host": "echo"}))
    async with api_of(double, Rule(READ, ("destinationrules", "sidecars"), "networking.istio.io")) as api:
        found = await read_istio(api, [NAMESPACE])
    assert [each.name.name for each in found.objects] == ["echo"]
    assert "VirtualService objects" in {each.what for each in found.lacking}
    assert not {"DestinationRule objects", "Sidecar objects"} & {each.what for each in found.lacking}
    assert '"virtualservices"' in rules_for(found.lacking)
    assert '"destinationrules"' not in rules_for(found.lacking)


# a pod's events and log


async def test_events_of_the_very_pod(double: Double) -> None:
    def event(name: str, about: str, uid: str, second: int) -> None:
        double.cluster.store.put(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "involvedObject": {"kind": "Pod", "name": about, "namespace": NAMESPACE, "uid": uid},
                "reason": "Unhealthy",
                "message": f"message {name}",
                "type": "Warning",
                "count": 1,
                "lastTimestamp": f"2026-11-22T11:00:{second:02}Z",
            }
        )

    event("b", "echo-v1", "mine", 5)
    event("a", "echo-v1", "mine", 3)
    event("c", "echo-v1", "before", 1)
    event("d", "echo-v2", "other", 1)
    async with api_of(double, Rule(READ, ("events",))) as api:
        found = await read_events(api, NAMESPACE, "echo-v1", "mine")
        whole = await read_events(api, NAMESPACE, "echo-v1")
    assert [each.message for each in found.events] == ["message a", "message b"]
    assert len(whole.events) == 3
    async with api_of(double, token="nobody") as api:
        refused = await read_events(api, NAMESPACE, "echo-v1")
    assert refused.events == ()
    assert refused.lacking is not None
    assert refused.lacking.rule == '- apiGroups: [""]\n  resources: ["events"]\n  verbs: ["list"]\n'


LOG = Rule(READ, ("pods", "pods/log"))
KEY = (NAMESPACE, "echo-v1", "istio-proxy")


def said(second: int, text: str, level: str = "info") -> str:
    """A line as the kubelet gives it with ``timestamps``."""
    return f"2026-11-28T18:44:{second:02}.5Z 2026-11-28T18:44:{second:02}.499999Z\t{level}\txdsproxy\t{text}"


async def test_the_newest_lines_of_the_log(double: Double) -> None:
    double.cluster.logs[KEY] = [
        said(1, "connected to upstream XDS server: istiod"),
        said(2, "registered overlapping stream; closing previous", "warn"),
    ]
    async with api_of(double, LOG) as api:
        (line,) = await read_log(api, NAMESPACE, "echo-v1", tail=1)
        with pytest.raises(ApiRefused, match="container nope is not valid for pod echo-v1"):
            await read_log(api, NAMESPACE, "echo-v1", "nope")
    assert (line.step, line.is_trouble) == (StreamStep.EVICTED, True)
    async with api_of(double, token="nobody") as api:
        with pytest.raises(ApiRefused, match='cannot get resource "pods/log"'):
            await read_log(api, NAMESPACE, "echo-v1")


async def test_a_log_is_followed_and_gone_on_with(double: Double) -> None:
    lines = double.cluster.logs[KEY] = [said(1, "one"), said(2, "two")]
    async with api_of(double, LOG) as api:
        seen: list[str] = []
        follower = follow_log(api, NAMESPACE, "echo-v1")
        async for batch in follower:
            seen += [line.text for line in batch]
            if len(seen) == 2:
                lines.append(said(3, "three"))
            if len(seen) == 3:
                last = batch[-1].at
                break
        await follower.aclose()
        assert seen == ["one", "two", "three"]
        assert last is not None
        again = follow_log(api, NAMESPACE, "echo-v1", after=LogPlace(last - timedelta(seconds=1), 1))
        assert [line.text for line in await anext(again)] == ["three"]
        await again.aclose()


async def test_a_log_that_is_cut_says_so(double: Double) -> None:
    """What came before is told; then the reason."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        line = said(1, "one").encode() + b"\n"
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(line), line))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        path = double.kubeconfig(name="plain", cluster={"server": url, "certificate-authority-data": None})
        async with open_api(ClusterOptions(kubeconfig=str(path)), PATIENCE_S) as api:
            follower = follow_log(api, NAMESPACE, "echo-v1")
            assert [line.text for line in await anext(follower)] == ["one"]
            with pytest.raises(ApiUnreachable):
                await anext(follower)
