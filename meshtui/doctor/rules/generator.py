"""What the GENERATOR of a client's node says about config that only Envoy takes."""

from __future__ import annotations

from typing import Final, NamedTuple

from meshtui.doctor.explain.refusals.listeners import ENVOY_CONFIG

GRPC_GENERATOR: Final = "grpc"
"""The GENERATOR of a proxyless gRPC client."""


class GeneratorSaid(NamedTuple):
    """``words`` is a sentence without its full stop, or empty where nothing was seen; ``fix`` what to do then."""

    words: str
    fix: str


def generator_said(value: str | None) -> GeneratorSaid:
    """istiod makes its config by it (Istio ``pilot/pkg/xds/xdsgen.go``, ``findGenerator``); ``None`` is not known."""
    if value == GRPC_GENERATOR:
        fix = (
            "look for an EnvoyFilter that adds to the config of this workload, and at which control plane answers: one "
            "that is not istiod takes no notice of GENERATOR"
        )
        return GeneratorSaid("The client's node does say GENERATOR=grpc, so that is not what is missing", fix)
    if value:
        return GeneratorSaid(f"The client's node says GENERATOR={value} and not grpc", ENVOY_CONFIG.fix)
    words = "" if value is None else "The metadata of the client's node have no GENERATOR"
    return GeneratorSaid(words, ENVOY_CONFIG.fix)
