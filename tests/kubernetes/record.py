"""Record what a real API server holds and what kubectl says of it: ``python -m tests.kubernetes.record FOLDER``.

FOLDER has a kubeconfig for each user of ``tests.kubernetes.double.access`` (``full.yaml`` …), and ``admin.yaml``. The
cluster is some ten minutes old or older, so that no age changes from one second to the next.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shlex
import ssl
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.kubernetes.double.kinds import KINDS
from tests.kubernetes.double.pods import BOOTSTRAP
from tests.kubernetes.kubectl_cases import CASES, RECORDED, kubectl
from tests.kubernetes.stream_cases import STREAMS, outcome

NAMESPACES = ("echo-grpc", "shop", "secret-team", "")

PLAIN = (
    ("rig-users", "users"),
    ("rig-node", "node-one"),
    ("rig.local/", "example.com/"),
    ("rig-", "test-"),
)
"""Names of the cluster that was recorded, and what stands for them; in a column of a table one as long."""


def main() -> None:
    """Write the recording."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as cache:
        objects = _objects(folder, Path(cache))
        file = kubectl(folder / "admin.yaml", ["exec", "echo-v1", "-c", "app", "--", "cat", BOOTSTRAP], Path(cache))
        said = [_said(folder, Path(cache), user, case) for user, case in CASES]
    streams = asyncio.run(_streams(folder))
    # One object a line: a later recording is then compared line by line.
    lines = {
        key: ",\n".join(map(json.dumps, value))
        for key, value in (("objects", objects), ("said", said), ("streams", streams))
    }
    head = f'{{"bootstrap": {json.dumps(file.stdout)},\n"objects": [\n{lines["objects"]}\n],\n'
    text = f'{head}"said": [\n{lines["said"]}\n],\n"streams": [\n{lines["streams"]}\n]}}'
    for name, instead in PLAIN:
        text = text.replace(name, instead)
    text = re.sub(r"/tmp/meshtui-demo-\w+", "/tmp/meshtui-demo", text)
    RECORDED.write_text(text + "\n")


def _objects(folder: Path, cache: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind in KINDS:
        if kind.name in ("Event", "Node", "Secret", "Deployment", "ReplicaSet"):
            continue
        done = kubectl(folder / "admin.yaml", ["get", kind.full, "-A", "-o", "json"], cache)
        for item in json.loads(done.stdout)["items"]:
            metadata = item["metadata"]
            if (metadata.get("namespace") or metadata["name"]) in NAMESPACES or kind.name == "Namespace":
                found.append(item)
    return found


def _said(folder: Path, cache: Path, user: str, case: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    done = kubectl(folder / f"{user}.yaml", shlex.split(case), cache)
    asked = {"user": user, "case": case, "now": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {**asked, "code": done.returncode, "out": done.stdout, "err": done.stderr}


async def _streams(folder: Path) -> list[dict[str, Any]]:
    """What comes of each websocket."""
    found = []
    for stream in STREAMS:
        document = yaml.safe_load((folder / f"{stream.user}.yaml").read_text())
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        async with aiohttp.ClientSession(cluster["server"], connector=aiohttp.TCPConnector(ssl=tls)) as session:
            found.append(await outcome(session, stream, user["token"]))
    return found


if __name__ == "__main__":
    main()
