"""Faults of reading files in a pod, which is done by exec."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.kubernetes.double.cluster import Frames, Held, Ran
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.pods import BOOTSTRAP
from tests.kubernetes.double.running import Double
from tests.kubernetes.double.said import Says, bad_request, plain, refusal
from tests.kubernetes.faults.arranging import Arrange, Fault, instead

FILE: Final = "bootstrap pod/echo-v1"

CERTS: Final = "certs pod/echo-v1"

FOUND: Final = 1
"""The exit code where the files were read and something is wrong with them."""


def _frames(name: str, frames: Frames, command: str = FILE) -> Fault:
    return Fault(name=f"exec: {name}", command=command, arrange=instead(frames, "pods/exec"))


def _cat(ran: Ran) -> Arrange:
    """What cat comes to."""

    def arrange(double: Double) -> None:
        double.cluster.programs["cat"] = lambda _: ran

    return arrange


def _old_node(double: Double) -> None:
    double.cluster.old_nodes = True
    _not_running(double)


def _not_running(double: Double) -> None:
    """Both containers have just ended, and the pod's phase is Running still."""

    def edit(document: dict[str, Any]) -> None:
        for one in document["status"]["containerStatuses"]:
            one["state"] = {"terminated": {"exitCode": 1, "reason": "Error"}}

    double.cluster.store.change(PODS, "echo-grpc", "echo-v1", edit)


def _gone(double: Double) -> None:
    double.cluster.files.clear()


def _status(**fields: Any) -> bytes:
    return b"\x03" + json.dumps({"metadata": {}, "status": "Failure", **fields}).encode()


EXEC_FAULTS: Final = (
    Fault(name="exec: forbidden", command=FILE, user="forward"),
    Fault(name="exec: forbidden to create", command=FILE, user="forward-get"),
    Fault(name="exec: forbidden, certificates", command=CERTS, user="forward"),
    Fault(name="exec: --read-only", command=f"{FILE} --read-only"),
    Fault(name="exec: --read-only, certificates", command=f"{CERTS} --read-only"),
    Fault(name="exec: no cat", command="bootstrap pod/distroless"),
    Fault(name="exec: no cat, certificates", command="certs pod/distroless"),
    Fault(name="exec: no such container", command=f"{FILE} --container nope"),
    Fault(name="exec: no such pod", command="bootstrap pod/nope"),
    Fault(name="exec: unscheduled", command="bootstrap pod/unscheduled"),
    Fault(name="exec: pending", command="bootstrap pod/sad-pending"),
    Fault(name="exec: completed", command="bootstrap pod/sad-completed"),
    Fault(name="exec: containers not running", command=FILE, arrange=_not_running),
    Fault(
        name="exec: containers not running, old node",
        command=FILE,
        arrange=_old_node,
    ),
    Fault(name="exec: node gone", command=FILE, arrange=lambda double: double.cluster.gone_nodes.add("node-one")),
    Fault(name="exec: no such file", command=FILE, arrange=_gone, code=FOUND, hinted=False),
    Fault(name="exec: no certificates", command=CERTS, code=FOUND, hinted=False),
    Fault(
        name="exec: permission denied",
        command=FILE,
        arrange=_cat(Ran(err=f"cat: {BOOTSTRAP}: Permission denied\n".encode(), code=1)),
        code=FOUND,
        hinted=False,
    ),
    Fault(name="exec: cat ends with 137", command=FILE, arrange=_cat(Ran(code=137))),
    Fault(name="exec: too large", command=FILE, arrange=_cat(Ran(b"x" * (2 << 20))), code=FOUND, hinted=False),
    Fault(name="exec: binary", command=FILE, arrange=_cat(Ran(bytes(range(256)))), code=FOUND, hinted=False),
    Fault(name="exec: silent handshake", command=f"{FILE} --timeout 3", arrange=instead(Held(), "pods/exec")),
    _frames("silent", Frames((b"\x01",), end="hold"), f"{FILE} --timeout 3"),
    _frames("cut at once", Frames(end="cut")),
    _frames("cut after a part", Frames((b"\x01", b"\x01{"), end="cut")),
    _frames("cut in the middle of a message", Frames((b"\x01",), b"\x82\x7e\x10\x00abc", "cut")),
    _frames("closed without a status", Frames((b"\x01", b"\x01{}"))),
    _frames("text", Frames(("hello",))),
    _frames("an unknown channel", Frames((b"\x01", b"\x07x"))),
    _frames("a status that is none", Frames((b"\x01", b"\x03hello"))),
    _frames("an error of the runtime", Frames((b"\x01", _status(message="no \x1b[31mcgroup\x1b[0m", code=500)))),
    _frames("no sub-protocol", Frames((b"\x01",), protocol=False)),
    _frames("a message that is too large", Frames((b"\x01",), b"\x82\x7f" + (1 << 40).to_bytes(8, "big"), "hold")),
    Fault(
        name="exec: the container is gone from the spec",
        command=FILE,
        arrange=instead(bad_request("container app is not valid for pod echo-v1"), "pods/exec"),
    ),
    Fault(
        name="exec: no container was named",
        command=FILE,
        arrange=instead(
            bad_request("a container name must be specified for pod echo-v1, choose one of: [app istio-proxy]"),
            "pods/exec",
        ),
    ),
    Fault(name="exec: 403 without a body", command=FILE, arrange=instead(Says(403, b"", None), "pods/exec")),
    Fault(
        name="exec: 500 plain",
        command=FILE,
        arrange=instead(plain(500, 'container not found ("app")'), "pods/exec"),
    ),
    Fault(
        name="exec: an admission webhook forbids it",
        command=FILE,
        arrange=instead(
            refusal(403, "Forbidden", 'admission webhook "no-exec.example.com" denied the request: no exec here'),
            "pods/exec",
        ),
    ),
)
