"""Port-forward by websocket: frames of ``v4.channel.k8s.io``."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiohttp import WSMsgType, web

from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Cluster

PROTOCOLS: Final = ("v4.channel.k8s.io",)

CHUNK: Final = 32 * 1024
"""Bytes of a frame at most, as Go copies."""


class Forward:
    """One websocket: a pair of channels for each of its ports, and a TCP connection for each."""

    def __init__(self, cluster: Cluster, asked: Asked, uid: str, socket: web.WebSocketResponse) -> None:
        self.flows = asyncio.Event()
        """Cleared while nothing may pass, in either direction: a connection that is half open."""
        self.flows.set()
        self._cluster = cluster
        self._asked = asked
        self._sandbox = hashlib.sha256(uid.encode()).hexdigest()
        self._socket = socket
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def serve(self, ports: list[int]) -> None:
        """Pass bytes on until one side ends it."""
        for index, port in enumerate(ports):
            for channel in (2 * index, 2 * index + 1):
                await self._socket.send_bytes(bytes([channel]) + port.to_bytes(2, "little"))
        tasks: list[asyncio.Future[None]] = []
        try:
            opened = [await self._open(index, port) for index, port in enumerate(ports)]
            readers = [asyncio.ensure_future(self._from_pod(index, reader)) for index, reader in opened if reader]
            client = asyncio.ensure_future(self._from_client())
            tasks = [*readers, client, asyncio.ensure_future(_all(readers))]
            await asyncio.wait(tasks[-2:], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for writer in self._writers.values():  # first of all: what follows may be cancelled
                writer.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._socket.close()

    async def _open(self, index: int, port: int) -> tuple[int, asyncio.StreamReader | None]:
        address = self._cluster.target(self._asked.namespace, self._asked.name, port)
        try:
            reader, writer = await _connect(address)
        except OSError:
            await self._socket.send_bytes(bytes([2 * index + 1]) + self._refused(port).encode())
            return index, None
        self._writers[2 * index] = writer
        return index, reader

    def _refused(self, port: int) -> str:
        dialled = f"dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6 [::1]:{port}"
        return (
            f"error forwarding port {port} to pod {self._sandbox}, uid : failed to execute portforward in network "
            f'namespace "/var/run/netns/cni-{self._sandbox[:8]}": failed to connect to localhost:{port} inside '
            f'namespace "{self._sandbox}", IPv4: {dialled}: connect: connection refused '
        )

    async def _from_pod(self, index: int, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                await self.flows.wait()
                await self._socket.send_bytes(bytes([2 * index]) + data)

    async def _from_client(self) -> None:
        while True:
            await self.flows.wait()
            message = await self._socket.receive()
            if message.type is not WSMsgType.BINARY:
                return
            writer = self._writers.get(message.data[0])
            if writer is not None and len(message.data) > 1:
                await self.flows.wait()
                with suppress(ConnectionError):
                    writer.write(message.data[1:])
                    await writer.drain()


async def _all(tasks: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.gather(*tasks)


async def _connect(address: str | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address is None:
        raise ConnectionRefusedError
    if address.startswith("unix:"):
        return await asyncio.open_unix_connection(address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host.strip("[]"), int(port))
