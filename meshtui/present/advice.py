"""What to do about what is often met, in one set of words for the screen and the command line."""

from __future__ import annotations

from typing import Final

NO_OUTBOUND: Final = "No outbound channel is open in this app, so it holds only its own inbound listener."

NO_OUTBOUND_FIX: Final = (
    "gRPC asks for routes, clusters and endpoints only while the app has an xds: channel open. Let the app call a "
    "service, or hold one open for a minute with a probe:"
)

NO_OUTBOUND_LINE: Final = "meshtui echo TARGET --url xds:///SERVICE:PORT --count 60 --qps 1"
"""A probe opens a channel of the app's own process, which lives as long as the probe runs."""
