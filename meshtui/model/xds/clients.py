"""Which gRPC reads the config: its language and its release, by the user agent in the client's node.

gRPC's languages read the same config by the same gRFCs, each with its own code and each since a release of its own.
What they read stands in :mod:`meshtui.model.xds.features`, how they read routes and balancing policies in
:mod:`meshtui.model.xds.readings`.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from meshtui.model.xds.snapshot import NodeIdentity


class Language(Enum):
    """An implementation of gRPC; the value is what people call it."""

    GO = "grpc-go"
    JAVA = "grpc-java"
    CORE = "gRPC C-core"
    NODE = "grpc-js"
    OTHER = "this client"


USER_AGENTS: Final = (
    ("gRPC Go", Language.GO),
    ("gRPC Java", Language.JAVA),
    ("gRPC C-core", Language.CORE),
    ("gRPC Node", Language.NODE),
)
"""How ``user_agent_name`` begins.

grpc-go ``internal/xds/bootstrap/bootstrap.go``; grpc-java ``GrpcBootstrapperImpl.java`` (``gRPC Java``); C-core
``src/core/xds/grpc/xds_client_grpc.cc`` (``gRPC C-core`` and the platform; C++, Python, Ruby, PHP, C#); grpc-js-xds
``src/xds-bootstrap.ts`` and ``xds-client.ts`` (``gRPC Node Pure JS``).
"""


class Version(NamedTuple):
    """A release of gRPC; of grpc-js that of the package ``@grpc/grpc-js-xds``."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}" + (f".{self.patch}" if self.patch else "")


class Client(NamedTuple):
    """Who reads the config. ``version`` is ``None`` where the node does not say the release."""

    language: Language = Language.OTHER
    version: Version | None = None

    @property
    def words(self) -> str:
        """``grpc-go 1.48``."""
        return f"{self.language.value} {self.version}" if self.version else self.language.value


UNKNOWN_CLIENT: Final = Client()
"""A client that does not say what it is."""


def client_of(node: NodeIdentity) -> Client:
    """The implementation behind a node's user agent, and its release."""
    starts = (language for start, language in USER_AGENTS if node.user_agent.startswith(start))
    language = next(starts, Language.OTHER)
    return Client(language, _release(node.user_agent_version) if language is not Language.OTHER else None)


_CORE_PREFIX: Final = "C-core "
_NUMBERS: Final = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")


def _release(text: str) -> Version | None:
    """The release out of ``1.78.0``, or of ``C-core 58.0.0 Python 1.85.1``, whose first number counts C-core itself.

    A build without the wrapper's name (``C-core 37.0.0``) says no release (C-core ``xds_client_grpc.cc``,
    ``GRPC_XDS_USER_AGENT_VERSION_SUFFIX_STRING``).
    """
    found = list(_NUMBERS.finditer(text[:200]))
    if text.startswith(_CORE_PREFIX):
        found = [match for match in found if match[1] == "1"]
    if not found:
        return None
    major, minor, patch = found[-1].groups()
    return Version(int(major), int(minor), int(patch or 0))
