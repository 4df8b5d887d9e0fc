"""Error texts of gRPC and of the echo server in plain words: what each means, and what to look at.

The texts are those of the implementations of gRPC as they were seen; the same catalogue explains what a probe reports
and why a client refuses a resource. What meshtui's own calls meet is in :mod:`meshtui.doctor.explain.at_target`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from meshtui.doctor.explain import config, connecting, probe, setup, tls
from meshtui.doctor.explain.known_error import KnownError
from meshtui.doctor.explain.rbac import denial_in, explained
from meshtui.doctor.explain.refusals.catalogue import REFUSALS
from meshtui.model.regex import found_in
from meshtui.model.xds.refusal_text import own_reason, without_quotes

IN_A_CALL: Final = (
    # The probe's own words first: they quote what gRPC says.
    probe.SHORT,
    probe.TOO_LARGE,
    probe.GARBAGE,
    probe.PROBE_LOST,
    probe.PROBE_UNAVAILABLE,
    probe.PROBE_SILENT,
    # The way to the control plane: why it fails is said of it, not of an endpoint.
    setup.AUTHORITY_UNKNOWN,
    setup.BOOTSTRAP_UNUSABLE,
    config.STREAM_ENDED,
    config.CONTROL_PLANE_UNREACHABLE,
    connecting.NAME_RESOLUTION,
    tls.UNKNOWN_TRUST_DOMAIN,
    tls.TLS_TO_PLAINTEXT,
    tls.SAN_MISMATCH,
    tls.NOT_YET_VALID,  # grpc-go says "expired or not yet valid" of both
    tls.EXPIRED,
    tls.OUTSIDE_ITS_TIME,
    tls.UNKNOWN_ISSUER,
    tls.CERTIFICATE_REFUSED,
    tls.HANDSHAKE_CLOSED,
    config.PERMISSION_DENIED,
    config.FAULT_INJECTED,
    config.DROPPED_BY_CONFIG,
    config.CIRCUIT_BREAKER,
    config.ROUTE_ACTION,
    setup.PROVIDER_UNKNOWN,
    setup.CLUSTER_UNBALANCED,
    setup.SERVER_ROUTES,
    setup.NOT_API_LISTENER,
    setup.AGGREGATE,
    setup.RESOURCE_LATE,
    config.CLUSTER_MISSING,
    config.RESOURCE_REFUSED,
    config.NO_ENDPOINTS,
    config.LISTENER_MISSING,
    config.ROUTES_MISSING,
    config.NO_ADDRESSES,
    config.VIRTUAL_HOST_MISSING,
    config.CHANNEL_PANIC,
    config.NO_ROUTE,
    setup.RESOURCE_MISSING,
    setup.MESSAGE_TOO_LARGE,
    setup.UNIMPLEMENTED,
    probe.SCHEME_UNSUPPORTED,
    connecting.CONNECTION_REFUSED,
    connecting.NO_SETTINGS,
    connecting.STILL_CONNECTING,
    connecting.NO_WAY,
    connecting.NO_KEEPALIVE,
    connecting.NOT_HTTP2,
    connecting.CLOSED,
    connecting.DEADLINE,
    connecting.TRANSIENT_FAILURE,
)
"""Every error that a call can end with. Specific texts stand before those that other texts quote as a part."""

UNKNOWN: Final = KnownError(
    code="unknown",
    title="An error that is not in the registry",
    explanation="The text is not one that is known. It is shown as it came.",
    fix='Read the text; the status code before "desc" says which side gave up.',
)
"""What is said of a text that no form fits."""

LONGEST_TEXT: Final = 20_000
"""Characters of a text that are looked at."""

LONGEST_SIGNATURE: Final = 160
"""Characters by which unknown texts are told apart."""

NODE_ID: Final = re.compile(r"\(?\s?(?:xDS )?node ID:.*", re.IGNORECASE | re.DOTALL)
VARIABLE: Final = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+(?:\.\d+)*", re.IGNORECASE)


def known_error(text: str) -> KnownError:
    """The most specific known error that the text of a failed call names, or :data:`UNKNOWN`.

    Where a client has no config because it refused it, its calls fail with the reason of the refusal.
    """
    looked_at = text[:LONGEST_TEXT]
    found = next((error for error in IN_A_CALL if _fits(error, looked_at)), UNKNOWN)
    if found is config.PERMISSION_DENIED:
        denial = denial_in(looked_at)
        return explained(denial) if denial else found
    if found not in (UNKNOWN, config.RESOURCE_REFUSED):
        return found
    reason = without_quotes(looked_at)
    refusal = next((error for error in REFUSALS if _fits(error, reason)), None)
    return _of_a_call(refusal) if refusal else found


OF_A_MESH: Final = (
    config.FAULT_INJECTED,
    config.DROPPED_BY_CONFIG,
    config.CIRCUIT_BREAKER,
    config.ROUTE_ACTION,
    config.CLUSTER_MISSING,
    config.RESOURCE_REFUSED,
    config.NO_ENDPOINTS,
    config.LISTENER_MISSING,
    config.ROUTES_MISSING,
    config.VIRTUAL_HOST_MISSING,
    config.CHANNEL_PANIC,
    config.NO_ROUTE,
    config.CONTROL_PLANE_UNREACHABLE,
)
"""What only calls of a channel into a mesh end with: meshtui's own channels have no xDS config."""


def is_of_a_mesh(text: str) -> bool:
    """Whether a call with these words was one into a mesh."""
    return known_error(text) in OF_A_MESH


def _of_a_call(refusal: KnownError) -> KnownError:
    """A refused resource as the cause of a failed call."""
    return replace(
        config.RESOURCE_REFUSED,
        code=refusal.code,
        title=f"The client refused its config: {refusal.title}",
        fix=f"{refusal.fix[:1].upper()}{refusal.fix[1:]}.",
    )


def known_refusal(details: str, type_: str, name: str = "") -> KnownError | None:
    """The most specific known cause for which a client refuses a resource of this type and name, or ``None``.

    ``details`` is the client's text, which may be about other resources too; what it quotes is not looked at.
    """
    return _known_refusal(without_quotes(own_reason(details, name)), type_)


@lru_cache(256)  # one cause often meets thousands of resources, and without what is quoted the texts are the same
def _known_refusal(reason: str, type_: str) -> KnownError | None:
    return next((error for error in REFUSALS if type_ in error.types and _fits(error, reason)), None)


def group_code(text: str) -> str:
    """The code that texts of one error share. Unknown texts are told apart by their words, not by numbers in them."""
    error = known_error(text)
    if error is UNKNOWN:
        return f"{UNKNOWN.code}: {signature(text)}"
    denial = denial_in(text[:LONGEST_TEXT]) if error.code == config.PERMISSION_DENIED.code else None
    return f"{error.code}: {denial.policy}" if denial and denial.policy else error.code


def signature(text: str) -> str:
    """The text without what differs from one occurrence to the next: numbers, hexadecimal ids, the node id at the
    end."""
    short = NODE_ID.sub("", text[:LONGEST_TEXT])
    return " ".join(VARIABLE.sub("#", short).split())[:LONGEST_SIGNATURE]


def _fits(error: KnownError, text: str) -> bool:
    return any(found_in(form, text) for form in error.forms)
