"""Every command of ``pod/NAME`` says what it says of the pod's address, in the same words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.double.pods import BOOTSTRAP, CERTIFICATES, proxyless
from tests.kubernetes.double.running import Double
from tests.meshes import RunningMesh
from tests.program import Done, meshtui

pytestmark = pytest.mark.mesh

URL = "xds:///echo.echo-grpc.svc.cluster.local:7070"


def of_pod(double: Double, name: str = "client", token: str = "full") -> tuple[str, ...]:
    """A pod of the cluster as a target."""
    return (f"pod/{name}", "--kubeconfig", str(double.kubeconfig(token)))


async def as_json(*arguments: str, code: int = 0) -> dict[str, Any]:
    done = await meshtui(*arguments, "-o", "json")
    assert done.code == code, done.err
    assert done.err == ""
    return done.json


def without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    """A document without what is each run's own."""
    return {key: value for key, value in document.items() if key not in keys}


@pytest.mark.parametrize("command", ["status", "config", "tree"])
@pytest.mark.parametrize("pod", ["client", "echo-v1"])
async def test_the_config_of_a_pod_is_that_of_its_address(
    shifted_mesh: RunningMesh, shifted_cluster: Double, command: str, pod: str
) -> None:
    by_address = await as_json("xds", command, shifted_mesh.admin(pod))
    by_name = await as_json("xds", command, *of_pod(shifted_cluster, pod))
    assert by_name["target"] == f"pod/{pod}"
    assert without(by_name, "target") == without(by_address, "target")


async def test_check_looks_again_at_the_same_pod(shifted_cluster: Double) -> None:
    assert (await meshtui("xds", "status", *of_pod(shifted_cluster), "--check")).code == 0


async def test_check_reads_the_bootstrap_of_the_pod_or_says_that_it_did_not(cluster_of_mesh: Double) -> None:
    kept = await meshtui("xds", "status", *of_pod(cluster_of_mesh), "--check", "--read-only")
    assert "judged without the pod's bootstrap: --read-only forbids" in kept.err
    assert ("get", "pods/exec") not in cluster_of_mesh.verbs()
    read = await meshtui("xds", "status", *of_pod(cluster_of_mesh), "--check")
    assert (kept.code, read.code, read.err) == (0, 0, "")
    assert ("get", "pods/exec") in cluster_of_mesh.verbs()


async def test_requests_go_out_from_the_pod(shifted_cluster: Double) -> None:
    arguments = ("--url", URL, "--count", "60", "--expect", "config", "-o", "json")
    done = await meshtui("echo", *of_pod(shifted_cluster, "echo-v1"), *arguments)
    assert done.code in (0, 1), done.err  # so few answers may leave it open
    assert done.json["sent"] == 60
    assert done.json["failed"] == 0
    assert set(done.json["by_version"]) == {"v1", "v2"}


async def test_requests_need_no_config(shifted_cluster: Double) -> None:
    done = await meshtui("echo", *of_pod(shifted_cluster, "echo-v1"), "--url", URL, "--count", "4", "-o", "json")
    assert done.code == 0, done.err
    assert done.json["probe"] == "pod/echo-v1"


def in_the_pod(found: Any, demo: dict[str, Any]) -> Any:
    """A document with the paths of the pod in the place of the demo's folder."""
    text = json.dumps(found).replace(demo["certs"], CERTIFICATES)
    return json.loads(text.replace(f"{Path(demo['bootstrap']).parent}/", f"{Path(BOOTSTRAP).parent}/"))


async def test_the_certificates_of_a_pod_are_those_on_its_disk(
    shifted_mesh: RunningMesh, shifted_cluster: Double
) -> None:
    demo = shifted_mesh.pods["client"]
    on_disk = await as_json("certs", demo["bootstrap"], "--agent", demo["agent"])
    for _ in range(5):
        before, in_pod = on_disk, await as_json("certs", *of_pod(shifted_cluster))
        on_disk = await as_json("certs", demo["bootstrap"], "--agent", demo["agent"])
        if before["chains"] == on_disk["chains"]:
            break  # else they were rotated meanwhile
    own = ("target", "read_at", "key")  # of a pod the private key is not opened
    assert in_pod["key"]["state"] == "not compared"
    assert _ageless(without(in_pod, *own)) == _ageless(in_the_pod(without(on_disk, *own), demo))


def _ageless(document: dict[str, Any]) -> dict[str, Any]:
    return document | {
        "certificates": [without(each, "expires_in_seconds") for each in document["certificates"]],
        "findings": [],
    }


async def test_the_bootstrap_of_a_pod_is_that_on_its_disk(shifted_mesh: RunningMesh, shifted_cluster: Double) -> None:
    demo = shifted_mesh.pods["client"]
    on_disk = await as_json("bootstrap", demo["bootstrap"])
    in_pod = await as_json("bootstrap", *of_pod(shifted_cluster))
    assert in_pod["source"] == BOOTSTRAP
    assert in_pod["bootstrap"] == in_the_pod(on_disk["bootstrap"], demo)


async def test_read_only_runs_nothing_in_the_pod(cluster_of_mesh: Double) -> None:
    done = await meshtui("certs", *of_pod(cluster_of_mesh), "--read-only")
    assert "--read-only forbids running anything in a container" in said(done)
    assert "by its agent the pod's certificate ends at" in done.err
    assert ("create", "pods/exec") not in cluster_of_mesh.verbs()
    assert ("get", "pods/exec") not in cluster_of_mesh.verbs()


async def test_read_only_asks_for_no_right_to_run_anything(double: Double) -> None:
    done = await meshtui("bootstrap", *of_pod(double, "echo-v1", token="nothing"), "-n", "echo-grpc", "--read-only")
    assert "--read-only forbids running anything in a container" in said(done)
    assert "pods/exec" not in done.err


async def test_a_missing_right_to_read_files_is_said(shifted_cluster: Double) -> None:
    done = await meshtui("bootstrap", *of_pod(shifted_cluster, token="forward"))
    assert 'resources: ["pods/exec"]' in said(done)


def said(done: Done, code: int = 3) -> str:
    """What a command that cannot do its work says."""
    assert done.code == code, done
    assert done.out == ""
    return done.err


async def test_a_pod_that_is_not_there(shifted_cluster: Double) -> None:
    done = await meshtui("xds", "status", *of_pod(shifted_cluster, "nope"))
    assert "There is no pod/nope in namespace echo-grpc of context test." in said(done)


async def test_a_port_that_nobody_serves_is_said_with_the_forwards_reason(shifted_cluster: Double) -> None:
    done = await meshtui("xds", "status", *of_pod(shifted_cluster), "--port", "9")
    assert "Nothing in the pod listens on localhost:9 (connection refused)." in said(done)


async def test_a_port_that_speaks_something_else(shifted_cluster: Double) -> None:
    done = await meshtui("xds", "status", *of_pod(shifted_cluster), "--port", "15020")
    assert "speaks HTTP/1, not gRPC" in said(done)
    assert "port-forward" not in done.err


@pytest.mark.parametrize("labels", [("-l", "app=echo"), ("-l=app=echo",), ("--selector=app=echo",)], ids=str)
async def test_which_of_several_is_said(shifted_cluster: Double, labels: tuple[str, ...]) -> None:
    done = await meshtui("xds", "status", *labels, "--kubeconfig", str(shifted_cluster.kubeconfig()), "-o", "json")
    assert done.code == 0, done.err
    assert done.json["target"] == "-l app=echo"
    assert "of 2 pods with -l app=echo" in done.err


async def test_a_missing_right_is_said_with_the_rule_that_grants_it(shifted_cluster: Double) -> None:
    done = await meshtui("xds", "status", *of_pod(shifted_cluster, token="readonly"))
    assert 'resources: ["pods/portforward"], verbs: ["get", "create"]' in said(done)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("xds", "status", "localhost:1", "-n", "x"), "is no pod, and -l, -n"),
        (("xds", "tree", "pod/a", "-l", "app=echo"), "Give one of the two"),
        (("xds", "tree", "pod/A_b"), "is no name of a pod"),
        (("xds", "tree"), "Missing argument 'TARGET'"),
        (("certs", "-n", "x"), "Missing argument 'TARGET'"),
        (("bootstrap", "--context", "x"), "Missing argument 'TARGET'"),
        (("xds", "tree", "pod/a", "--kubeconfig", "/nowhere/config"), "There is no kubeconfig /nowhere/config."),
        (("xds", "tree", "pod/a", "-n", ""), "it is empty"),
        (("xds", "tree", "pod/a", "-n", "shop/../echo-grpc"), "is no name of a namespace"),
        (("xds", "tree", "pod/a", "-n", "echo-grpc/pods?limit=1#"), "is no name of a namespace"),
        (("xds", "tree", "pod/a", "-n", "Shop"), "is no name of a namespace"),
    ],
)
async def test_what_cannot_be_meant(arguments: tuple[str, ...], words: str) -> None:
    assert words in said(await meshtui(*arguments), code=2)


@pytest.mark.parametrize("command", ["certs", "bootstrap"])
async def test_a_pod_out_of_reach_is_not_dialled(double: Double, command: str) -> None:
    """What its status says is said, as ``xds`` says it."""
    double.cluster.store.put(proxyless("done", phase="Succeeded"))
    done = await meshtui(command, *of_pod(double, "done"))
    by_xds = await meshtui("xds", "status", *of_pod(double, "done"))
    assert "has ended: none of its containers runs" in said(done)
    assert done.err == by_xds.err
    assert not {("get", "pods/exec"), ("get", "pods/portforward")} & double.verbs()


async def test_a_container_that_is_not_there_is_not_dialled(double: Double) -> None:
    done = await meshtui("bootstrap", *of_pod(double, "echo-v1"), "--container", "nope")
    assert "pod/echo-v1 (echo-grpc) has no container nope, but app, istio-proxy." in said(done)
    assert ("get", "pods/exec") not in double.verbs()


async def test_what_was_given_by_hand_is_read_of_a_pod_out_of_reach(shifted_mesh: RunningMesh, double: Double) -> None:
    double.cluster.store.put(proxyless("done", phase="Succeeded"))
    folder = shifted_mesh.pods["client"]["certs"]
    done = await meshtui("certs", *of_pod(double, "done"), "--certs", folder, "-o", "json")
    assert done.json["certificates"] != []
    assert "has ended" in done.err


async def test_all_rights_that_are_missing_are_named_at_once(double: Double) -> None:
    double.cluster.store.put(service("echo"))
    done = await meshtui("certs", "svc/echo", "--kubeconfig", str(double.kubeconfig("nothing")), "-n", "echo-grpc")
    for rule in (
        '{apiGroups: [""], resources: ["services"], verbs: ["get"]}',
        '{apiGroups: [""], resources: ["pods"], verbs: ["list"]}',
        '{apiGroups: [""], resources: ["pods/exec", "pods/portforward"], verbs: ["get", "create"]}',
    ):
        assert rule in said(done)


async def test_a_missing_right_is_said_of_a_port_that_was_named_too(double: Double) -> None:
    done = await meshtui("xds", "status", *of_pod(double, "echo-v1", token="readonly"), "--port", "17171")
    assert 'resources: ["pods/portforward"], verbs: ["get", "create"]' in said(done)


async def test_where_a_port_of_a_service_leads_is_said(double: Double) -> None:
    double.cluster.store.put(service("echo"))
    config = ("--kubeconfig", str(double.kubeconfig()))
    done = await meshtui("xds", "status", "svc/echo", *config, "--port", "7070")
    assert "Port 7070 of service/echo leads to port 17070 of its pods." in said(done)
    files = await meshtui("bootstrap", "svc/echo", *config, "--port", "7070")
    assert "localhost:7070" not in files.err


def service(name: str) -> dict[str, Any]:
    """A Service in front of the echo pods."""
    ports = [{"name": "grpc", "port": 7070, "targetPort": 17070, "protocol": "TCP"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "echo-grpc"},
        "spec": {"type": "ClusterIP", "selector": {"app": "echo"}, "ports": ports},
    }
