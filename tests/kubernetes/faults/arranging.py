"""How a fault of the table is brought about: what is asked, as whom, of a cluster with what wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from tests.kubernetes.double.access import Asked
from tests.kubernetes.double.cluster import Odd
from tests.kubernetes.double.running import Double, client_certificate, stranger

STATUS: Final = "xds status pod/echo-v1"
"""What most are asked: the right to forward, a forward and an answer on it."""

Arrange = Callable[[Double], None]
Kubeconfig = Callable[[Double], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault: ``arrange`` spoils the cluster, ``kubeconfig`` the way to it."""

    name: str
    command: str = STATUS
    user: str = "full"
    arrange: Arrange = lambda double: None
    kubeconfig: Kubeconfig | None = None
    code: int = 3
    env: tuple[tuple[str, str], ...] = ()
    hinted: bool = True
    """Whether it must say what to try."""


def instead(odd: Odd, resource: str = "", verb: str = "") -> Arrange:
    """This answer in the place of the true one, to what is asked of the resource, such as ``pods/exec``."""

    def fits(asked: Asked) -> bool:
        return resource in ("", asked.full_resource) and verb in ("", asked.verb)

    return lambda double: double.cluster.instead(odd, fits)


def cluster(**fields: Any) -> Kubeconfig:
    """A kubeconfig whose cluster has these fields; None takes one out."""
    return lambda double: double.kubeconfig(name="spoilt", cluster=fields)


def user(**fields: Any) -> Kubeconfig:
    """A kubeconfig whose user has these fields alone."""
    return lambda double: double.kubeconfig(name="spoilt", user=fields)


def edited(edit: Callable[[dict[str, Any]], None]) -> Kubeconfig:
    """A kubeconfig that was edited as a whole."""

    def write(double: Double) -> Path:
        path = double.kubeconfig(name="spoilt")
        document = yaml.safe_load(path.read_text())
        edit(document)
        path.write_text(yaml.safe_dump(document))
        return path

    return write


def contents(text: str | bytes) -> Kubeconfig:
    """A kubeconfig with these contents."""

    def write(double: Double) -> Path:
        path = double.folder / "spoilt.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def by_certificate(name: str = "full", *, strange: bool = False, expired: bool = False) -> Kubeconfig:
    """Logs in by a client certificate; ``strange`` is one of a CA that the cluster does not know."""

    def write(double: Double) -> Path:
        days = timedelta(days=2) if expired else timedelta(0)
        issued = client_certificate(name, stranger() if strange else None, before=days)
        (double.folder / "client.pem").write_bytes(issued.pem)
        (double.folder / "client.key").write_bytes(issued.key_pem)
        files = {"client-certificate": "client.pem", "client-key": "client.key"}
        return double.kubeconfig(name="spoilt", user=files)

    return write


def plugin(script: str, *, command: str = "./login-plugin", **fields: Any) -> Kubeconfig:
    """Logs in by a plugin, a shell script beside the kubeconfig. TOKEN in it is the token of ``full``."""

    def write(double: Double) -> Path:
        path = double.folder / "login-plugin"
        path.write_text("#!/bin/sh\n" + script.replace("TOKEN", "full"))
        path.chmod(0o755)
        says = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "IfAvailable", "command": command}
        return double.kubeconfig(name="spoilt", user={"exec": {**says, **fields}})

    return write


def credential(status: str, version: str = "v1") -> str:
    """A script that prints an ExecCredential."""
    kind = f'"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/{version}"'
    return f"cat <<'END'\n{{{kind}, \"status\": {status}}}\nEND\n"
