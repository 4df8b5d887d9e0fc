"""A container's log."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.kinds import PODS
from tests.kubernetes.double.said import Says, bad_request, not_found
from tests.kubernetes.double.store import Document


async def serve_log(cluster: Cluster, request: web.Request, asked: Asked) -> web.StreamResponse:
    """The lines, and with ``follow`` those that come."""
    pod = cluster.store.get(PODS, asked.namespace, asked.name)
    wrong = not_found("pods", asked.name) if pod is None else wrong_container(pod, asked)
    if wrong is not None:
        return web.Response(status=wrong.status, body=wrong.body, content_type="application/json")
    assert pod is not None
    container = asked.one("container") or pod["spec"]["containers"][0]["name"]
    key = (asked.namespace, asked.name, container)
    lines = cluster.logs.setdefault(key, [])
    if asked.one("previous") in ("1", "true"):
        if key not in cluster.previous_logs:
            none = bad_request(f'previous terminated container "{container}" in pod "{asked.name}" not found')
            return web.Response(status=none.status, body=none.body, content_type="application/json")
        lines = cluster.previous_logs[key]
    since = asked.one("sinceTime")
    tail = asked.one("tailLines")
    at = max(0, len(lines) - int(tail)) if tail else 0
    response = web.StreamResponse(headers={"Content-Type": "text/plain", "Cache-Control": "no-cache, private"})
    await response.prepare(request)
    while True:
        for line in lines[at:]:
            if not since or line[: len(since) - 1] >= since[:-1]:
                await response.write(line.encode(errors="surrogateescape") + b"\n")
        at = len(lines)
        if asked.one("follow") not in ("1", "true") or not pod["spec"].get("nodeName"):
            return response  # of a pod without a node a real API server answers with nothing, and is done
        await asyncio.sleep(0.01)


def wrong_container(pod: Document, asked: Asked) -> Says | None:
    """400 if the container is not one of the pod's, or none was named and there are several."""
    spec = pod["spec"]
    names = [one["name"] for one in spec["containers"]]
    first = [one["name"] for one in spec.get("initContainers", [])]
    wanted = asked.one("container")
    if wanted and wanted not in names + first:
        return bad_request(f"container {wanted} is not valid for pod {asked.name}")
    if not wanted and len(names) > 1:
        choice = f"choose one of: [{' '.join(names)}]"
        if first:
            choice += f" or one of the init containers: [{' '.join(first)}]"
        return bad_request(f"a container name must be specified for pod {asked.name}, {choice}")
    return None
