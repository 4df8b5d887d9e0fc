"""Waiting for a port that another process opens."""

from __future__ import annotations

import math
import socket
import time

POLL_SECONDS = 0.01
"""How often a process looks for what it waits for while it starts."""


def wait_for_port(ip: str, port: int, seconds: float = math.inf) -> bool:
    """Wait until somebody listens there. False when nobody did in so many seconds."""
    until = time.monotonic() + seconds
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex((ip, port)) == 0:
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(POLL_SECONDS)
