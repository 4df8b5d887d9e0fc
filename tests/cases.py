"""Inputs from public reports (tests/data/cases) and from a real istiod (tests/data/istio), as snapshots of their time.

Where each comes from is in the SOURCES.md beside them.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from envoy.service.status.v3 import csds_pb2
from google.protobuf import json_format

from meshtui.doctor.diagnose import diagnose
from meshtui.doctor.evidence import ConfigEvidence, Evidence
from meshtui.model.finding import Finding, Severity
from meshtui.model.xds.graph import Graph, Node
from meshtui.model.xds.graph_build import build
from meshtui.model.xds.snapshot import Snapshot
from meshtui.sources.csds.answer import Known, read_answer

DATA: Final = Path(__file__).parent / "data"
CASE_TIME: Final = datetime(2025, 11, 27, 21, 20, tzinfo=UTC)
CAPTURE_TIME: Final = datetime(2026, 11, 27, 22, 5, tzinfo=UTC)


def case(name: str) -> Snapshot:
    """What the client of a public report answered, read at the time of the report."""
    return read_answer(Known(), case_answer(name), CASE_TIME)[0]


def case_answer(name: str) -> bytes:
    """The same as its bytes, to be served."""
    text = (DATA / "cases" / name / "csds.json").read_text()
    _load_types(text)
    message = json_format.Parse(text, csds_pb2.ClientStatusResponse(), max_recursion_depth=300)
    return bytes(message.SerializeToString())


def capture(name: str) -> Snapshot:
    """What Istio's echo app answered while these objects were applied."""
    return read_answer(Known(), (DATA / "istio" / f"csds-{name}.pb").read_bytes(), CAPTURE_TIME)[0]


def findings(seen: Snapshot) -> tuple[Finding, ...]:
    """What is found in the config alone."""
    return diagnose(Evidence(config=ConfigEvidence(now=seen.taken_at, snapshot=seen, graph=build(seen))))


def alarms(seen: Snapshot) -> list[str]:
    """The titles of the findings above info."""
    return [finding.title for finding in findings(seen) if finding.severity is not Severity.INFO]


def nodes(graph: Graph, label: str) -> list[Node]:
    """The nodes of this label, in the order of the tree."""
    return [node for _, node in graph.walk() if node.label == label]


def _load_types(text: str) -> None:
    """Import the modules of the types that the text names, so that an Any of them can be packed."""
    for package in sorted({name.rpartition(".")[0] for name in re.findall(r'"@type":\s*"[^"]*/([\w.]+)"', text)}):
        try:
            folder = importlib.import_module(package)
        except ImportError:
            continue
        for module in pkgutil.iter_modules(folder.__path__):
            if module.name.endswith("_pb2"):
                importlib.import_module(f"{package}.{module.name}")
