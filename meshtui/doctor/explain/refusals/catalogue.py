"""All known causes of a refusal, in the order to look for them.

A listener can hold its route configuration, so whatever is refused in a route can be refused in a listener.
"""

from __future__ import annotations

from typing import Final

from meshtui.doctor.explain.refusals import clusters, endpoints, listeners, routes, tls_settings, wire

REFUSALS: Final = (
    *listeners.ERRORS,  # before routes: the paths of C-core name the route in which a filter stands
    *tls_settings.ERRORS,
    *clusters.ERRORS,
    *routes.ERRORS,
    *endpoints.ERRORS,
    *wire.ERRORS,
)
"""All of them, the most specific first."""
