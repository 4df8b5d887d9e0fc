"""A pod's bootstrap, certificates and agent, as they are seen through the double of the API server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.model.errors import MeshtuiError
from meshtui.model.identity.bootstrap import SyntaxProblemKind
from meshtui.model.identity.certificate import KeyState
from meshtui.model.identity.file_facts import FileKind
from meshtui.model.kubernetes.pod import pod_of
from meshtui.model.kubernetes.pod_bootstrap import AGENT_PORT, AGENT_PORT_ANNOTATION, agent_port, bootstrap_place
from meshtui.model.kubernetes.reference import ClusterOptions
from meshtui.model.target import TargetOptions
from meshtui.sources.kubernetes.pod_files import KeyRefused, PodReader, may_be_read
from meshtui.sources.kubernetes.pod_workload import AGENT_AGAIN_S, FILES_AGAIN_S, PodWorkload
from tests.kubernetes.double.cluster import Ran
from tests.kubernetes.double.pods import BOOTSTRAP, CERTIFICATES, container, pod, proxyless, waiting
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.store import Document
from tests.kubernetes.pod_server import NAMESPACE, asking, served
from tests.pki import issue, root
from tests.waiting import PATIENCE_S

CHAIN, ROOT, KEY = (f"{CERTIFICATES}/{name}.pem" for name in ("cert-chain", "root-cert", "key"))
NOW = datetime.now(UTC)
CA = root("CN=mesh", begins=NOW - timedelta(hours=2))


def a_bootstrap(chain: str = CHAIN, key: str = KEY) -> bytes:
    config = {"certificate_file": chain, "private_key_file": key, "ca_certificate_file": ROOT}
    server = {"server_uri": "unix:///etc/istio/proxy/XDS", "channel_creds": [{"type": "insecure"}]}
    document = {
        "xds_servers": [{**server, "server_features": ["xds_v3"]}],
        "node": {"id": "sidecar~10.0.0.1~echo-v1.echo-grpc~echo-grpc.svc.cluster.local"},
        "certificate_providers": {"default": {"plugin_name": "file_watcher", "config": config}},
    }
    return json.dumps(document).encode()


def a_leaf() -> bytes:
    return issue("CN=echo", CA, begins=NOW - timedelta(hours=1), sans=("URI:spiffe://cluster.local/ns/a/sa/b",)).pem


def fill(double: Double, name: str = "echo-v1", where: str = "*") -> None:
    """Let the pod have what Istio's agent writes, the key among it."""
    contents = {BOOTSTRAP: a_bootstrap(), CHAIN: a_leaf(), ROOT: CA.pem, KEY: CA.key_pem}
    for path, data in contents.items():
        double.cluster.files[NAMESPACE, name, where, path] = data


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def workload(
    double: Double, name: str = "echo-v1", *, user: str = "full", clock: Clock | None = None, read_only: bool = False
) -> AsyncIterator[PodWorkload]:
    options = ClusterOptions(read_only=read_only)
    async with asking(double, user) as api:
        seen = pod_of(await api.get(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}"))
        double.cluster.log.clear()
        target = TargetOptions(cluster=options, timeout=PATIENCE_S)
        found = PodWorkload(api, NAMESPACE, name, seen, target, monotonic=clock or Clock())
        try:
            yield found
        finally:
            await found.close()


def commands(double: Double) -> list[tuple[str, str]]:
    """(container, file) of each exec so far, all of which are ``cat FILE``."""
    run = [asked for asked in double.cluster.log if asked.subresource == "exec"]
    assert all(asked.all_of("command")[0] == "cat" and len(asked.all_of("command")) == 2 for asked in run)
    return [(asked.one("container"), asked.all_of("command")[1]) for asked in run]


async def test_bootstrap_and_certificates_of_the_app(double: Double) -> None:
    fill(double)
    async with workload(double) as pods:
        files = await pods.read()
        assert pods.container == "app"
    assert files.bootstrap is not None
    assert files.bootstrap.syntax is None
    assert files.bootstrap.source == BOOTSTRAP
    own = files.own
    assert own is not None
    assert own.leaf is not None
    assert own.leaf.file == CHAIN
    assert own.problems == ()
    assert own.chains
    assert own.key is not None
    assert own.key.state is KeyState.NOT_COMPARED
    kinds = {fact.path: fact.kind for fact in files.facts}
    assert kinds[CHAIN] is FileKind.FILE
    assert kinds[KEY] is FileKind.NOT_LOOKED
    assert kinds["/etc/istio/proxy/XDS"] is FileKind.NOT_LOOKED
    assert commands(double) == [("app", BOOTSTRAP), ("app", CHAIN), ("app", ROOT)]


@pytest.mark.parametrize("chain", [KEY, f"{CERTIFICATES}/../data/key.pem", "/other/tls.key", "relative.pem"])
async def test_a_key_is_never_read_whatever_the_bootstrap_calls_it(double: Double, chain: str) -> None:
    fill(double)
    double.cluster.files[NAMESPACE, "echo-v1", "*", BOOTSTRAP] = a_bootstrap(chain=chain)
    async with workload(double) as pods:
        files = await pods.read()
    assert commands(double) == [("app", BOOTSTRAP), ("app", ROOT)]
    assert files.own is not None
    assert files.own.leaf is None
    assert files.own.problems == ()


async def test_what_the_bootstrap_calls_a_key_is_not_read_under_another_name(double: Double) -> None:
    fill(double)
    double.cluster.files[NAMESPACE, "echo-v1", "*", BOOTSTRAP] = a_bootstrap(chain=CHAIN, key=CHAIN)
    async with workload(double) as pods:
        await pods.read()
    assert commands(double) == [("app", BOOTSTRAP), ("app", ROOT)]


async def test_a_key_is_refused_even_inside(double: Double) -> None:
    async with asking(double) as api:
        reader = PodReader(api, NAMESPACE, "echo-v1", "", ("app",), read_only=False)
        fetched = await reader.fetch([KEY])
        assert fetched.fetched == {}
        with pytest.raises(PermissionError):
            fetched.read(KEY, 10)
        with pytest.raises(KeyRefused):
            await reader._read(KEY, "app")
    assert commands(double) == []


@given(st.text(max_size=40), st.sampled_from(["key.pem", "tls.key", "server-key.pem", "privkey.pem", "KEY.PEM"]))
def test_no_path_to_a_key_may_be_read(folder: str, name: str) -> None:
    assert not may_be_read(f"/{folder}/{name}", frozenset())


@given(st.text(max_size=40))
def test_only_whole_paths_may_be_read(path: str) -> None:
    if may_be_read(path, frozenset()):
        assert path.startswith("/")
        assert path.isprintable()
    assert not may_be_read(path, frozenset({path}))


async def test_unchanged_files_are_the_same_object_and_read_seldom(double: Double) -> None:
    fill(double)
    clock = Clock()
    async with workload(double, clock=clock) as pods:
        first = await pods.read()
        seen = len(commands(double))
        assert await pods.read() is first
        assert len(commands(double)) == seen
        clock.now += FILES_AGAIN_S
        assert await pods.read() is first
        assert len(commands(double)) == 2 * seen
        double.cluster.files[NAMESPACE, "echo-v1", "*", CHAIN] = a_leaf()
        clock.now += FILES_AGAIN_S
        assert await pods.read() is not first


async def test_who_wants_them_anew_does_not_wait_for_the_minute(double: Double) -> None:
    fill(double)
    async with workload(double) as pods:
        first = await pods.read()
        seen = len(commands(double))
        double.cluster.files[NAMESPACE, "echo-v1", "*", CHAIN] = a_leaf()
        assert await pods.read() is first
        assert await pods.read(anew=True) is not first
        assert len(commands(double)) == 2 * seen


async def test_several_who_ask_at_once_are_one_look(double: Double) -> None:
    fill(double)
    async with workload(double) as pods:
        first, *others = await asyncio.gather(*(pods.read() for _ in range(5)))
    assert all(each is first for each in others)
    assert len(commands(double)) == 3


async def test_a_certificate_that_the_agent_got_anew_is_read_at_once(double: Double) -> None:
    fill(double)
    left = 600

    async def renewing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        if b"/stats" in await reader.readuntil(b"\r\n\r\n"):
            left *= 2
        body = b'istio_agent_cert_expiry_seconds{resource_name="default"} %d\n' % left
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    clock = Clock()
    async with served(double, renewing, port=AGENT_PORT), workload(double, clock=clock) as pods:
        await pods.ask_agent()
        before = await pods.read()
        clock.now += AGENT_AGAIN_S
        double.cluster.files[NAMESPACE, "echo-v1", "*", CHAIN] = a_leaf()
        await pods.ask_agent()
        assert await pods.read() is not before


async def test_a_container_without_cat_is_passed_over(double: Double) -> None:
    fill(double)
    double.cluster.distroless.add((NAMESPACE, "echo-v1", "app"))
    async with workload(double) as pods:
        files = await pods.read()
        assert pods.container == "istio-proxy"
    assert files.own is not None
    assert commands(double)[:2] == [("app", BOOTSTRAP), ("istio-proxy", BOOTSTRAP)]
    assert {where for where, _ in commands(double)[1:]} == {"istio-proxy"}


async def test_no_container_has_cat(double: Double) -> None:
    double.cluster.distroless.add((NAMESPACE, "echo-v1", "*"))
    async with workload(double) as pods:
        with pytest.raises(MeshtuiError) as caught:
            await pods.read()
    assert "Container app has no cat" in caught.value.what
    assert "Container istio-proxy has no cat" in caught.value.what
    assert "When certificates end may still be told by the agent's metrics" in caught.value.what


async def test_an_app_that_crashes_is_read_beside_it(double: Double) -> None:
    fill(double)
    document = proxyless("echo-v1")
    document["status"]["containerStatuses"][0] = waiting("app", "CrashLoopBackOff")
    double.cluster.store.put(document)
    async with workload(double) as pods:
        assert (await pods.read()).own is not None
        assert pods.container == "istio-proxy"


async def test_a_missing_right_is_said_once_and_not_asked_again(double: Double) -> None:
    clock = Clock()
    async with workload(double, user="forward", clock=clock) as pods:
        for _ in range(3):
            with pytest.raises(MeshtuiError) as caught:
                await pods.read()
        assert len(commands(double)) == 1
        assert "pods/exec" in caught.value.hint
        assert "agent's metrics" in caught.value.what


async def test_read_only_runs_nothing(double: Double) -> None:
    fill(double)
    async with workload(double, read_only=True) as pods:
        with pytest.raises(MeshtuiError, match="--read-only forbids"):
            await pods.read()
    assert double.cluster.log == []


async def test_a_bootstrap_the_spec_names_and_that_is_not_there(double: Double) -> None:
    async with workload(double) as pods:
        files = await pods.read()
    assert files.bootstrap is not None
    assert files.bootstrap.syntax is not None
    assert files.bootstrap.syntax.kind is SyntaxProblemKind.MISSING


async def test_a_bootstrap_that_is_not_said_and_not_found_is_unknown(double: Double) -> None:
    double.cluster.store.put(pod("bare", containers=[container("app")]))
    async with workload(double, "bare") as pods:
        with pytest.raises(MeshtuiError, match="the spec does not say where it is"):
            await pods.read()
    double.cluster.files[NAMESPACE, "bare", "*", CHAIN] = a_leaf()
    double.cluster.files[NAMESPACE, "bare", "*", ROOT] = CA.pem
    async with workload(double, "bare") as pods:
        files = await pods.read()
    assert files.bootstrap is None
    assert files.own is not None
    assert files.own.leaf is not None


async def test_one_that_another_container_lacks_is_not_said_to_be_missing(double: Double) -> None:
    """The app, whose file it is, cannot be looked into: that the agent has none proves nothing."""
    double.cluster.distroless.add((NAMESPACE, "echo-v1", "app"))
    async with workload(double) as pods:
        with pytest.raises(MeshtuiError, match="not there in container istio-proxy"):
            await pods.read()


async def test_a_bootstrap_in_the_spec_needs_no_exec(double: Double) -> None:
    text = json.dumps({"xds_servers": [{"server_uri": "istiod:15010", "channel_creds": [{"type": "insecure"}]}]})
    double.cluster.store.put(pod("inline", containers=[container("app", GRPC_XDS_BOOTSTRAP_CONFIG=text)]))
    async with workload(double, "inline", read_only=True) as pods:
        files = await pods.read()
    assert files.bootstrap is not None
    assert files.bootstrap.server_uris == ("istiod:15010",)
    assert commands(double) == []


async def test_a_file_that_may_not_be_read(double: Double) -> None:
    fill(double)

    def cat(command: list[str]) -> Ran:
        if command[1] == CHAIN:
            return Ran(err=f"cat: {CHAIN}: Permission denied\n".encode(), code=1)
        return Ran(a_bootstrap() if command[1] == BOOTSTRAP else CA.pem)

    double.cluster.programs["cat"] = cat
    async with workload(double) as pods:
        files = await pods.read()
    assert {fact.path: fact for fact in files.facts}[CHAIN].kind is FileKind.UNREADABLE
    assert files.own is not None
    assert [problem.detail for problem in files.own.problems] == ["Permission denied"]


async def test_what_is_half_written_is_read_again(double: Double) -> None:
    fill(double)
    reads = 0

    def growing() -> bytes:
        nonlocal reads
        reads += 1
        return b"" if reads == 1 else a_leaf()

    double.cluster.files[NAMESPACE, "echo-v1", "*", CHAIN] = growing
    async with workload(double) as pods:
        files = await pods.read()
    assert files.own is not None
    assert files.own.problems == ()


async def agent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of an istio-agent as is asked."""
    request = await reader.readuntil(b"\r\n\r\n")
    body = b"" if b"/healthz/ready" in request else EXPIRY
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


EXPIRY = b'# TYPE istio_agent_cert_expiry_seconds gauge\nistio_agent_cert_expiry_seconds{resource_name="default"} 600\n'


async def test_the_agent_answers_over_a_relay(double: Double) -> None:
    async with served(double, agent, port=AGENT_PORT), workload(double, user="forward") as pods:
        report = await pods.ask_agent()
        assert pods.offers.agent == "pod/echo-v1 (echo-grpc):15020"
    assert report.ready
    assert report.metrics is not None
    assert report.metrics.cert_expiry == timedelta(seconds=600)
    assert double.verbs() <= {("get", "pods/portforward"), ("get", "pods")}


async def test_no_agent_there(double: Double) -> None:
    async with workload(double) as pods:
        with pytest.raises(MeshtuiError, match="Nothing in the pod listens on localhost:15020"):
            await pods.ask_agent()


def _with(variables: dict[str, str], annotations: dict[str, str] | None = None) -> Document:
    return pod("p", containers=[container("app", None, **variables)], annotations=annotations)


@pytest.mark.parametrize(
    ("variables", "path", "is_said"),
    [
        ({}, BOOTSTRAP, False),
        ({"GRPC_XDS_BOOTSTRAP": "/a/b.json"}, "/a/b.json", True),
        ({"GRPC_XDS_BOOTSTRAP": "$(DIR)/b.json"}, BOOTSTRAP, False),
        ({"GRPC_XDS_BOOTSTRAP": "b.json"}, BOOTSTRAP, False),
        ({"GRPC_XDS_BOOTSTRAP": "/a/b.json", "GRPC_XDS_BOOTSTRAP_CONFIG": "{}"}, "/a/b.json", True),
        ({"GRPC_XDS_BOOTSTRAP_CONFIG": "{}"}, "", True),
    ],
)
def test_where_the_bootstrap_is(variables: dict[str, str], path: str, is_said: bool) -> None:
    place = bootstrap_place(pod_of(_with(variables)))
    assert (place.path, place.is_said) == (path, is_said)


@pytest.mark.parametrize(
    ("said", "port"), [("", 15020), ("15099", 15099), ("0", 15020), ("x", 15020), ("9" * 99, 15020)]
)
def test_where_the_agent_is(said: str, port: int) -> None:
    assert agent_port(pod_of(_with({}, {AGENT_PORT_ANNOTATION: said}))) == port
