"""Watches: a line of JSON for each change, bookmarks, and what is too old."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Cluster
from tests.kubernetes.double.kinds import Kind
from tests.kubernetes.double.lists import Lists, as_served, selected
from tests.kubernetes.double.said import JSON, too_old
from tests.kubernetes.double.store import Change, Document

INITIAL_END = {"k8s.io/initial-events-end": "true"}


@dataclass(eq=False)
class Watch:
    """One watch under way."""

    asked: Asked
    kind: Kind
    request: web.Request
    response: web.StreamResponse
    table: bool
    version: int
    bookmarks: bool
    news: asyncio.Event = field(default_factory=asyncio.Event)
    told_columns: bool = False
    marks: int = 0
    """Bookmarks that a test ordered and that were not sent yet."""
    sent: set[str] = field(default_factory=set)
    """UIDs that the watcher knows: of one that no longer fits the selector it is told DELETED."""


class Watches:
    """Every watch; :meth:`wake` is called after each change of the store."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lists = Lists(cluster)
        self.live: set[Watch] = set()

    def wake(self) -> None:
        """Look for changes."""
        for watch in self.live:
            watch.news.set()

    async def serve(self, request: web.Request, asked: Asked, kind: Kind) -> web.StreamResponse:
        """Answer a watch until it times out, the client goes or a test cuts it."""
        response = web.StreamResponse(headers={"Content-Type": JSON, "Cache-Control": "no-cache, private"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        begin = int(asked.one("resourceVersion") or 0)
        watch = Watch(
            asked,
            kind,
            request,
            response,
            "as=Table" in request.headers.get("Accept", ""),
            begin,
            asked.one("allowWatchBookmarks") in ("1", "true"),
        )
        self.live.add(watch)
        try:
            async with asyncio.timeout(float(asked.one("timeoutSeconds") or 3600)):
                await self._tell(watch, begin)
        except TimeoutError:
            with suppress(ConnectionError):
                await response.write_eof()
        except ConnectionError:
            pass  # the client has gone
        finally:
            self.live.discard(watch)
        return response

    async def _tell(self, watch: Watch, begin: int) -> None:
        store = self._cluster.store
        if begin and begin < store.compacted:
            await self._line(watch, {"type": "ERROR", "object": too_old(begin, store.compacted)})
            return
        if not begin:
            await self._all(watch)
        while True:
            for change in store.changes_since(watch.version, watch.kind):
                watch.version = change.version
                await self._change(watch, change)
            while watch.marks:
                watch.marks -= 1
                await self._bookmark(watch, {})
            await watch.news.wait()
            watch.news.clear()

    async def _all(self, watch: Watch) -> None:
        """What there is, as if it were new."""
        watch.version = self._cluster.store.version
        where = watch.asked.namespace or None if watch.kind.namespaced else None
        for document in self._cluster.store.all_of(watch.kind, where):
            await self._change(watch, Change(watch.version, watch.kind, "ADDED", document))
        if watch.asked.one("sendInitialEvents") in ("1", "true"):
            await self._bookmark(watch, INITIAL_END)

    async def _change(self, watch: Watch, change: Change) -> None:
        document, kind = change.document, change.type
        metadata = document["metadata"]
        if watch.kind.namespaced and watch.asked.namespace not in ("", metadata["namespace"]):
            return
        fits, known = selected(document, watch.asked), metadata["uid"] in watch.sent
        if not fits and not (known and kind == "MODIFIED"):
            return
        if kind == "MODIFIED":
            kind = "DELETED" if not fits else kind
        (watch.sent.discard if kind == "DELETED" else watch.sent.add)(metadata["uid"])
        await self._line(watch, {"type": kind, "object": self._shown(watch, document)})

    def _shown(self, watch: Watch, document: Document) -> Document:
        if not watch.table:
            return as_served(document, watch.kind, watch.asked.version)
        metadata = {"resourceVersion": document["metadata"]["resourceVersion"]}
        first, watch.told_columns = not watch.told_columns, True
        return self._lists.table(watch.asked, watch.kind, [document], metadata, columns=first)

    async def _bookmark(self, watch: Watch, annotations: dict[str, str]) -> None:
        metadata: dict[str, Any] = {"resourceVersion": str(self._cluster.store.version)}
        if annotations:
            metadata["annotations"] = annotations
        mark: Document = {"metadata": metadata}
        if not watch.table:
            mark = {"metadata": metadata, "spec": {"containers": None}, "status": {}}
        await self._line(watch, {"type": "BOOKMARK", "object": self._shown(watch, mark)})

    async def _line(self, watch: Watch, event: dict[str, Any]) -> None:
        await watch.response.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")

    def bookmark(self) -> None:
        """Send a bookmark to every watch that wants them."""
        for watch in self.live:
            if watch.bookmarks:
                watch.marks += 1
                watch.news.set()

    async def cut(self, part: bytes = b"") -> None:
        """Cut every watch; in the middle of a line, if one is given."""
        for watch in list(self.live):
            if part:
                await watch.response.write(part)
            if watch.request.transport is not None:
                watch.request.transport.close()
