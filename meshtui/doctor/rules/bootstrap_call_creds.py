"""Rules over the call credentials for a control plane (gRFC A97), as far as the bootstrap's text goes.

Read in grpc-go ``internal/xds/bootstrap`` (``UnmarshalJSON`` of a server, ``jwtcreds``), grpc-java ``BootstrapperImpl``
(``parseCallCredentials``) and C-core ``call_creds_registry_init.cc``; grpcio 1.85 was run on each form. All three look
at ``call_creds`` only where GRPC_EXPERIMENTAL_XDS_BOOTSTRAP_CALL_CREDS is true; grpc-js does not know the field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from meshtui.doctor.evidence import BootstrapEvidence
from meshtui.doctor.kinds import bootstrap_servers as kinds
from meshtui.doctor.rules.rule import Rule
from meshtui.model.finding import Finding
from meshtui.model.identity.bootstrap import Creds, XdsServer
from meshtui.model.subject import BootstrapSubject

JWT: Final = "jwt_token_file"
"""The one type of call credentials that gRPC has, and the one field of its config."""

REFUSED_BY_ALL: Final = "gRPC refuses the whole bootstrap, so that every xds: channel fails and no xDS server starts."
REFUSED_BY_SOME: Final = (
    "Go and Java refuse the whole bootstrap, so that every xds: channel fails and no xDS server starts; C++ (with "
    "Python, Ruby and PHP) takes it, finds no token and fails each call to this control plane."
)
"""What follows from a config without a path, and from one with an empty path."""


def without_file(seen: BootstrapEvidence) -> Iterator[Finding]:
    """Credentials that are to read a token and do not say from where."""
    for server in seen.bootstrap.all_servers:
        for creds in server.call_creds:
            if creds.type == JWT and not creds.token_file:
                yield _incomplete(seen, server, creds)


def _incomplete(seen: BootstrapEvidence, server: XdsServer, creds: Creds) -> Finding:
    field = f"{creds.path}.config.{JWT}"
    path = next((place for place in (field, f"{creds.path}.config") if place in seen.bootstrap.lines), creds.path)
    empty = creds.config.get(JWT) == ""
    return kinds.CALL_CREDS_INCOMPLETE.finding(
        BootstrapSubject(path),
        server=server.path,
        then=REFUSED_BY_SOME if empty else REFUSED_BY_ALL,
        evidence=(seen.at(path, "is empty" if empty else f"has no {JWT}"),),
    )


def unknown(seen: BootstrapEvidence) -> Iterator[Finding]:
    """A type that no gRPC has; one that is left out is told of by the rule on types of values."""
    for server in seen.bootstrap.all_servers:
        types = ", ".join(repr(creds.type) for creds in server.call_creds if creds.type not in {"", JWT})
        if types:
            path = f"{server.path}.call_creds"
            yield kinds.CALL_CREDS_UNKNOWN.finding(
                BootstrapSubject(path), types=types, evidence=(seen.at(path, f"has {types}"),)
            )


RULES: Final[tuple[Rule[BootstrapEvidence], ...]] = (without_file, unknown)
"""The rules of this module."""
