"""What every child process of the demo does first: bind its life to its parent's, and speak in JSON lines."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import NoReturn

from meshtui.demo.events import DemoEventKind

_GRPC_ENVIRONMENT = {
    "GRPC_VERBOSITY": "NONE",
    "GRPC_ENABLE_FORK_SUPPORT": "0",
}
"""Read by C-core when it is first imported."""

_UNWANTED = (
    "GRPC_TRACE",
    "GRPC_XDS_BOOTSTRAP",
    "GRPC_XDS_BOOTSTRAP_CONFIG",
    "http_proxy",
    "https_proxy",
    "grpc_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)
"""Would send the mesh's own connections elsewhere; C-core uses a proxy even for loopback."""

_lock = threading.Lock()


def child_environment(environment: dict[str, str]) -> dict[str, str]:
    """The environment for a child process that uses gRPC."""
    kept = {key: value for key, value in environment.items() if key not in _UNWANTED}
    return {**kept, **_GRPC_ENVIRONMENT}


def hold() -> None:
    """End this process when standard input ends: the parent holds the other end and need not do anything.

    It is the kernel that closes the pipe, so it works however the parent ends.
    """
    threading.Thread(target=_end_with_parent, name="lifeline", daemon=True).start()


def _end_with_parent() -> NoReturn:
    while os.read(0, 4096):
        pass
    os._exit(0)


def emit(event: DemoEventKind, **fields: object) -> None:
    """Tell the parent one event, as a JSON line on standard output. Any thread may call it."""
    line = json.dumps({"event": event, **fields}) + "\n"
    with _lock:
        try:
            sys.stdout.write(line)
            sys.stdout.flush()
        except OSError:
            os._exit(0)
