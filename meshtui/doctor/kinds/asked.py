"""Findings about what config does to calls by itself, and about what of it a client does not read."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

FAULTS_INJECTED: Final = Kind(
    code="faults-injected",
    area=Area.CONFIG,
    severity=Severity.WARNING,
    graded="an error when all calls of the host are aborted",
    title="Calls to {host} are delayed or aborted by config",
    why="Fault injection is in force: {what}. The client does this itself, however well its endpoints are.",
    fix="take the fault out of {origin}, unless it is meant",
    page=(
        "A fault filter of the listener, or its override on the virtual host, the route or the weighted cluster, makes "
        "the client delay or abort a share of its calls (gRFC A33). The most specific override counts, and only for a "
        "filter that the listener has; an override on the whole route configuration is not read (gRFC A39). "
        "Whatever its `headers` ask for, gRPC applies a fault to every call of its route. Faults that a call has to "
        "ask for by a header of its own are not reported."
    ),
    seen="the HTTP filters of the listener, and the overrides of the virtual host that fits the channel's authority.",
)

NOT_READ: Final = Kind(
    code="config-not-read",
    area=Area.CONFIG,
    severity=Severity.INFO,
    title="{client} ignores {name}",
    why="{place}: {what}. That is {where} (gRFC {grfc}), which {language} reads {since}. So {instead}.",
    fix="{how}",
    page=(
        "The config in force asks for something that this client does not read. gRPC ignores it without a word in its "
        "log. What each language reads, and since which release, is in docs/clients.md; nothing is "
        "said of a client that does not say its release, where that decides."
    ),
    seen="the user agent in the client's node, and the field in the accepted config.",
    page_fix="update the app's gRPC, set the environment variable, or take the field out of the config.",
)
