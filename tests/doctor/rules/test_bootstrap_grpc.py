"""What we say gRPC refuses, the gRPC installed here (C-core) does refuse, and nothing else of the corpus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import BootstrapEvidence, Evidence
from meshtui.doctor.kinds.bootstrap import REFUSES
from meshtui.model.identity.bootstrap_parse import read_bootstrap
from tests.pki import NOW
from tests.waiting import PATIENCE_S

CORPUS = Path(__file__).parents[2] / "data" / "bootstraps"

REFUSED_BY_CPP = frozenset({"bootstrap-duplicate-key", "bootstrap-provider-plugin-unknown"})
"""Codes whose pages say that C++ refuses while others do not."""

PROBE = """
import os, sys
os.environ["GRPC_VERBOSITY"] = "NONE"
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"
import grpc
for number, path in enumerate(sys.argv[1:]):
    os.environ["GRPC_XDS_BOOTSTRAP"] = path
    with grpc.insecure_channel(f"xds:///a{number}:1", options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            channel.unary_unary("/a/b")(b"", timeout=5)
        except grpc.RpcError as error:
            refused = "Failed to create XdsClient" in error.details()
    print("refused" if refused else "taken", flush=True)
    if not refused:
        break  # gRPC keeps the first bootstrap it takes for the life of the process
"""


def verdicts_of_grpc(paths: list[Path]) -> dict[str, str]:
    found: dict[str, str] = {}
    while len(found) < len(paths):
        rest = paths[len(found) :]
        done = subprocess.run(
            [sys.executable, "-c", PROBE, *map(str, rest)],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        words = done.stdout.split()
        assert words
        found.update((path.stem, word) for path, word in zip(rest, words, strict=False))
    return found


def our_verdict(path: Path) -> str:
    read = read_bootstrap(path.read_bytes(), path.name)
    findings = diagnose(Evidence(bootstrap=BootstrapEvidence(now=NOW, bootstrap=read)))
    refused = any(REFUSES in finding.explanation or finding.code in REFUSED_BY_CPP for finding in findings)
    return "refused" if refused else "taken"


def test_grpc_refuses_exactly_what_we_say_it_refuses() -> None:
    # Each bootstrap that is taken costs a process, so those we expect to be refused go first.
    paths = sorted(CORPUS.glob("*.json"), key=lambda path: (our_verdict(path) == "taken", path.stem))
    assert verdicts_of_grpc(paths) == {path.stem: our_verdict(path) for path in paths}
