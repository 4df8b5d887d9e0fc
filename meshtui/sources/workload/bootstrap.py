"""The gRPC bootstrap as it stands on disk or in the environment.

Functions block while they read; ``BootstrapFile`` wraps them for a session, off the event loop and cached.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from meshtui.model.identity.bootstrap import Bootstrap, SyntaxProblem, SyntaxProblemKind
from meshtui.model.identity.bootstrap_parse import MAXIMUM_BYTES, read_bootstrap
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.identity.token import TokenFacts, read_token
from meshtui.sources.reading import LOCAL, SETTLING, Files, TooLarge, look_at, read_limited

LOOKS_WHILE_SETTLING: Final = 5
"""Looks at a bootstrap while it settles: one that is fine is seen as soon as it is whole."""

LARGEST_TOKEN: Final = 64 * 1024
"""Bytes; a Kubernetes token has about one KiB, and HTTP/2 takes few headers beyond 16."""

FILE_VARIABLE: Final = "GRPC_XDS_BOOTSTRAP"
TEXT_VARIABLE: Final = "GRPC_XDS_BOOTSTRAP_CONFIG"
"""Where gRPC looks for its bootstrap, the file first."""


def read_bootstrap_file(path: str) -> Bootstrap:
    """The bootstrap at ``path``; what keeps it from being read is in its ``syntax``. Never raises.

    One that cannot be read is looked at again for :data:`SETTLING` seconds, as it may be being written. If it changes
    in that time and is not whole at its end, that is what is said of it: nothing more is known.
    """
    first = look_at(path)
    read = read_bootstrap_once(path)
    for _ in range(LOOKS_WHILE_SETTLING):
        if not may_be_half_written(read):
            break
        time.sleep(SETTLING / LOOKS_WHILE_SETTLING)  # blocking, as all of this module; sessions call it in a thread
        read = read_bootstrap_once(path)
    if may_be_half_written(read) and first.kind is FileKind.FILE and look_at(path) != first:
        return Bootstrap(
            path,
            SyntaxProblem(SyntaxProblemKind.BEING_WRITTEN, "it changed while it was looked at, and is not whole yet"),
        )
    return read


def may_be_half_written(read: Bootstrap) -> bool:
    """Whether what was read is what a bootstrap shows for a moment while it is replaced."""
    return read.syntax is not None and read.syntax.kind in _HALF_WRITTEN_BOOTSTRAP


_HALF_WRITTEN_BOOTSTRAP = frozenset({SyntaxProblemKind.MISSING, SyntaxProblemKind.EMPTY, SyntaxProblemKind.NOT_JSON})
"""Kinds of ``SyntaxProblem`` that a file shows for a moment while it is removed and made anew, or written in place."""


def read_bootstrap_once(path: str, files: Files = LOCAL) -> Bootstrap:
    """The bootstrap at ``path`` as it is at this moment, which may be half written. Never raises."""
    try:
        data = files.read(path, MAXIMUM_BYTES)
    except FileNotFoundError:
        return Bootstrap(path, SyntaxProblem(SyntaxProblemKind.MISSING, "No such file or directory"))
    except TooLarge as error:
        return Bootstrap(path, SyntaxProblem(SyntaxProblemKind.TOO_LARGE, error.strerror or "too large"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        return Bootstrap(path, SyntaxProblem(SyntaxProblemKind.UNREADABLE, reason))
    return read_bootstrap(data, path)


def bootstrap_from_environment(environment: Mapping[str, str]) -> Bootstrap | None:
    """The bootstrap gRPC would take from these variables, the file first; None when neither is set."""
    path, text = environment.get(FILE_VARIABLE, ""), environment.get(TEXT_VARIABLE, "")
    if path:
        return read_bootstrap_file(path)
    if text:
        return read_bootstrap(text.encode("utf-8", "surrogateescape"), f"${TEXT_VARIABLE}")
    return None


def facts_of(bootstrap: Bootstrap, files: Files = LOCAL) -> tuple[FileFacts, ...]:
    """What stands at every path the bootstrap names, as it is seen there."""
    return tuple(files.look_at(path) for path in bootstrap.paths_to_look_at())


def tokens_of(bootstrap: Bootstrap) -> tuple[TokenFacts, ...]:
    """What is in each token file that can be read; what stands at the others is said by :func:`facts_of`."""
    paths = dict.fromkeys(creds.token_file for creds in bootstrap.credentials if creds.token_file)
    return tuple(filter(None, map(_token, paths)))


def _token(path: str) -> TokenFacts | None:
    try:
        data = read_limited(path, LARGEST_TOKEN)
    except (OSError, ValueError):
        return None
    return read_token(data, path) if data.strip() else None


class BootstrapFile:
    """One bootstrap file, read again only when it changed; unchanged it is the same object."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: FileFacts | None = None
        self._last: Bootstrap | None = None

    async def poll(self) -> tuple[Bootstrap, tuple[FileFacts, ...]]:
        """The bootstrap now, and the facts about every path it names. Never raises."""
        return await asyncio.to_thread(self._poll)

    def _poll(self) -> tuple[Bootstrap, tuple[FileFacts, ...]]:
        seen = look_at(self._path)
        last = self._last
        unsettled = last is not None and last.syntax is not None and last.syntax.kind is SyntaxProblemKind.BEING_WRITTEN
        if last is None or unsettled or seen != self._seen or seen.kind is not FileKind.FILE:
            self._seen, self._last = seen, read_bootstrap_file(self._path)
        assert self._last is not None
        return self._last, facts_of(self._last)
