"""Findings about istio-agent."""

from __future__ import annotations

from typing import Final

from meshtui.doctor.kinds.kind import Kind
from meshtui.model.finding import Area, Severity

NOT_READY: Final = Kind(
    code="agent-not-ready",
    area=Area.AGENT,
    severity=Severity.ERROR,
    title="The agent is not ready",
    why=(
        "Its readiness probe fails, so Kubernetes takes the pod out of its Services. The probe checks that the "
        "bootstrap parses and that the certificate files exist."
    ),
    fix="read the agent's log; most often it cannot get a certificate from istiod (15012) or cannot write its files",
    seen="the status of `GET /healthz/ready`.",
)

SIGNING_FAILS: Final = Kind(
    code="agent-signing-fails",
    area=Area.AGENT,
    severity=Severity.WARNING,
    title="The agent asks for a certificate and gets none",
    why=(
        "istiod's CA refuses to sign or does not answer. The present certificate goes on until it ends; then all "
        "mTLS fails."
    ),
    fix="look at the agent's log for the cause: istiod unreachable on 15012, token expired, or CA refusing",
    seen="`istio_agent_num_failed_outgoing_requests` and how it grew.",
)

ISTIOD_CONNECTION: Final = Kind(
    code="agent-istiod-connection",
    area=Area.AGENT,
    severity=Severity.WARNING,
    title="The agent has trouble with its connection to istiod",
    why="While it is not connected the app keeps the config it has and hears of no change. CSDS goes on saying ACKED.",
    fix="see that istiod runs and that port 15012 is reachable from this pod (NetworkPolicy, DNS)",
    page=(
        "The agent cannot connect to istiod, or its connections end in errors, while watched. The app keeps its "
        "config and hears of no change; CSDS goes on saying ACKED."
    ),
    seen="how the two counters grew.",
)

STREAMS_EVICTED: Final = Kind(
    code="agent-streams-evicted",
    area=Area.AGENT,
    severity=Severity.WARNING,
    graded="an error where channelz shows it on the app's own channels",
    title="The app's config streams push each other out at the agent",
    why=(
        "The agent serves one ADS stream and ends it when a second one comes (istio issue 53532). gRPC 1.66 and later "
        "opens one for each xds: target and one more for an xDS server (gRFC A71), so a server with a single target is "
        "enough. Changes get through in between at best, and calls that wait for config fail."
    ),
    fix=(
        "stay with a gRPC before 1.66, which has one stream for everything, or let the app ask istiod without the "
        "agent (tls and jwt_token_file credentials in its bootstrap, gRFC A97); one xds: target per process is no way "
        "out for a process that also runs an xDS server"
    ),
    seen=(
        "channelz: two or more channels to the agent, whose ADS calls ended well; or how "
        "`istio_agent_envoy_connection_terminations` grows."
    ),
)

ANSWER_UNUSABLE: Final = Kind(
    code="agent-answer-unusable",
    area=Area.AGENT,
    severity=Severity.WARNING,
    title="The agent did not answer everything",
    why="What could be read is shown. Another program may listen on this port.",
    fix="see that the port is istio-agent's status port (15020) and that the port-forward is to the right pod",
    page="One of the two requests to the agent was not answered as an agent does. What could be read is shown.",
    seen="the requests and what came back.",
)
