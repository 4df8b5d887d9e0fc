"""Chooses addresses for a mesh: pod IPs with the ports of the real thing where the machine has them free.

On Linux all of 127.0.0.0/8 is local, so each mesh takes a network of its own, 127.0.1.x first. Elsewhere, and
where a port is taken on every address, free ports stand in.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from meshtui.demo.pods import ADMIN_PORT, AGENT_PORT, DISCOVERY_PORT, GRPC_PORT, Listening

_NETWORKS = 64
"""How many meshes find a network of their own; more than a machine can run."""

_CLAIM_PORT = 15999
"""A port that is bound, never listened on: it marks a network as taken, and the kernel takes the mark away."""


@dataclass(slots=True)
class Addresses:
    """The addresses of one mesh. ``claim`` is held open for as long as they are used."""

    istiod: str
    pods: tuple[Listening, ...]
    claim: socket.socket | None


def choose(pod_count: int) -> Addresses:
    """Addresses for so many pods. Raises OSError only when not even 127.0.0.1 has free ports."""
    for number in range(1, _NETWORKS + 1):
        claim = _claim(f"127.0.{number}.10")
        if claim is None:
            continue
        found = _on_network(number, pod_count, claim)
        if found is not None:
            return found
        claim.close()
    return _on_one_address(pod_count)


def _claim(ip: str) -> socket.socket | None:
    mark = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        mark.bind((ip, _CLAIM_PORT))
    except OSError:
        mark.close()
        return None
    return mark


def _on_network(number: int, pod_count: int, claim: socket.socket) -> Addresses | None:
    """A mesh on its own network; a port that is taken there is replaced by a free one of the same IP."""
    network = f"127.0.{number}"
    wanted: list[tuple[str, tuple[int, ...]]] = [(f"{network}.10", (DISCOVERY_PORT,))]
    wanted += [(f"{network}.{11 + index}", (GRPC_PORT, ADMIN_PORT, AGENT_PORT)) for index in range(pod_count)]
    try:
        found = [(ip, [port if _free(ip, port) else _any_port(ip) for port in ports]) for ip, ports in wanted]
    except OSError:
        return None
    return _addresses(found, claim)


def _on_one_address(pod_count: int) -> Addresses:
    ip = "127.0.0.1"
    with contextlib.ExitStack() as held:
        ports = [_hold(held, ip) for _ in range(1 + 3 * pod_count)]
    pods = [(ip, ports[1 + 3 * index : 4 + 3 * index]) for index in range(pod_count)]
    return _addresses([(ip, ports[:1]), *pods], None)


def _addresses(found: Sequence[tuple[str, Sequence[int]]], claim: socket.socket | None) -> Addresses:
    (istiod_ip, istiod_ports), *pods = found
    return Addresses(
        f"{istiod_ip}:{istiod_ports[0]}",
        tuple(Listening(ip, ports[0], ports[1], ports[2]) for ip, ports in pods),
        claim,
    )


def _free(ip: str, port: int) -> bool:
    """Whether a server could listen there now. Raises OSError if the address is not this machine's."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of the last mesh that linger in TIME_WAIT do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _any_port(ip: str) -> int:
    with contextlib.ExitStack() as held:
        return _hold(held, ip)


def _hold(held: contextlib.ExitStack, ip: str) -> int:
    """A free port, kept until the stack is left so that the next one asked for is another."""
    probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    probe.bind((ip, 0))
    port: int = probe.getsockname()[1]
    return port
