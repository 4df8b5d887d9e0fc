"""Files of a pod, read by ``cat`` in one of its containers: the bootstrap and certificates, and no private key."""

from __future__ import annotations

import asyncio
import errno
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from meshtui.model.errors import MeshtuiError, TargetUnreachable
from meshtui.model.identity.file_facts import FileFacts, FileKind
from meshtui.model.kubernetes.pod_bootstrap import is_absolute_file
from meshtui.model.kubernetes.rights import EXEC
from meshtui.sources.certificates.files import names_key
from meshtui.sources.kubernetes.api import Api
from meshtui.sources.kubernetes.exec import READ_ONLY, ExecFailed, ExecFailure, ExecResult, PodContainer, run_command
from meshtui.sources.kubernetes.rights import why_forbidden
from meshtui.sources.reading import TooLarge

LARGEST_FILE: Final = 1 << 20
"""Bytes of one file. A bootstrap has some 3 KiB, the bundle of all public roots a quarter of a MiB."""

ELSEWHERE: Final = frozenset({ExecFailure.NO_PROGRAM, ExecFailure.NOT_RUNNING})
"""What another container of the pod may do better."""


@dataclass(frozen=True, slots=True)
class ContainerFiles:
    """What was fetched of one container; implements ``sources.reading.Files``. Of what was not fetched nothing is
    known, and nothing can be read.
    """

    container: str = ""
    fetched: Mapping[str, bytes | OSError] = field(default_factory=dict)

    @property
    def opens_keys(self) -> bool:
        """Never: no private key leaves its pod."""
        return False

    def read(self, path: str, limit: int) -> bytes:
        """What was fetched from ``path``. Raises ``OSError``: what kept it from being fetched, or that it was not."""
        found = self.fetched.get(path)
        if found is None:
            raise PermissionError(errno.EACCES, "Not read from the pod", path)
        if isinstance(found, OSError):
            raise found.with_traceback(None)
        if len(found) > limit:
            raise TooLarge(errno.EFBIG, f"File too large ({len(found)} bytes)", path)
        return found

    def look_at(self, path: str) -> FileFacts:
        """What is known of ``path``; when it was written is not."""
        found = self.fetched.get(path)
        if found is None:
            return FileFacts(path, FileKind.NOT_LOOKED)
        if isinstance(found, bytes):
            return FileFacts(path, FileKind.FILE, size=len(found))
        kind = _KINDS.get(type(found), FileKind.UNREADABLE)
        return FileFacts(path, kind, detail=found.strerror or "")


_KINDS: Final = {FileNotFoundError: FileKind.MISSING, IsADirectoryError: FileKind.DIRECTORY}


class KeyRefused(ValueError):
    """Somebody asked for a private key of a pod. A defect, never input."""


class FilesMissing(TargetUnreachable):
    """No file of the pod can be read. ``alone`` says so without ``left``, by what else the same may be known."""

    def __init__(self, what: str, hint: str = "", *, left: str = "") -> None:
        super().__init__(f"{what} {left}" if left else what, hint)
        self.alone = what


class FilesForbidden(FilesMissing):
    """None can be read for want of a right."""


class PodReader:
    """Reads files of one pod: in the first of its containers in which that can be done, and then always in it."""

    def __init__(
        self, api: Api, namespace: str, pod: str, uid: str, containers: tuple[str, ...], *, read_only: bool
    ) -> None:
        """``containers`` in the order in which they are tried; ``read_only`` forbids to run anything in them."""
        self._api = api
        self._place = PodContainer(namespace, pod, "", uid)
        self._containers = containers
        self._read_only = read_only
        self._chosen = ""

    @property
    def container(self) -> str:
        """The container that files are read in; empty before the first."""
        return self._chosen

    async def fetch(self, paths: Iterable[str], keys: frozenset[str] = frozenset()) -> ContainerFiles:
        """These files as they are now. ``keys`` are paths that the bootstrap names as private keys.

        A path that may be a key, or is relative, is not fetched. Raises ``MeshtuiError`` where no file of the pod can
        be read, with what is left to be known by and what would unlock it.
        """
        wanted = [path for path in dict.fromkeys(paths) if may_be_read(path, keys)]
        fetched: dict[str, bytes | OSError] = {}
        if wanted:
            # The first alone: it finds the container for all.
            fetched[wanted[0]] = await self._read_somewhere(wanted[0])
            rest = await asyncio.gather(*(self._read(path, self._chosen) for path in wanted[1:]))
            fetched.update(zip(wanted[1:], rest, strict=True))
        return ContainerFiles(self._chosen, fetched)

    async def _read_somewhere(self, path: str) -> bytes | OSError:
        failures: list[ExecFailed] = []
        for container in dict.fromkeys(filter(None, (self._chosen, *self._containers))):
            try:
                found = await self._read(path, container)
            except ExecFailed as failed:
                if failed.failure not in ELSEWHERE:
                    raise await self._said(failed) from None
                failures.append(failed)
            else:
                self._chosen = container
                return found
        self._chosen = ""
        raise self._nowhere(failures)

    async def _read(self, path: str, container: str) -> bytes | OSError:
        """The file's contents, or what kept it from being read in that container."""
        if names_key(path):
            raise KeyRefused("meshtui reads no private key of a pod")
        place = PodContainer(self._place.namespace, self._place.pod, container, self._place.uid)
        try:
            result = await run_command(
                self._api,
                place,
                ["cat", path],
                read_only=self._read_only,
                timeout=self._api.timeout,
                largest=LARGEST_FILE,
            )
        except ExecFailed as failed:
            if failed.failure is ExecFailure.TOO_LARGE:
                return TooLarge(errno.EFBIG, f"File too large (more than {LARGEST_FILE} bytes)", path)
            raise
        if result.code and not result.complaints:  # killed, say: of the file that tells nothing
            raise ExecFailed(
                f"cat in container {container} ended with exit code {result.code}.", failure=ExecFailure.NODE
            )
        return result.output if result.code == 0 else _as_error(result, path)

    async def _said(self, failed: ExecFailed) -> MeshtuiError:
        hint = failed.hint or BY_HAND
        if failed.failure is ExecFailure.FORBIDDEN:
            place = self._place
            hint = await why_forbidden(self._api, place.namespace, EXEC, pod=place.pod) or hint
            return FilesForbidden(failed.what, hint)
        return FilesMissing(failed.what, hint)

    def _nowhere(self, failures: list[ExecFailed]) -> MeshtuiError:
        if not failures and self._read_only:  # no right would help
            return FilesMissing(READ_ONLY, BY_HAND)
        if not failures:
            return FilesForbidden(
                f"Which containers pod/{self._place.pod} has is not known, so none of its files can be read.",
                "--container names one; the right to get pods tells them all.",
            )
        return FilesMissing(" ".join(failed.what for failed in failures), BY_HAND)


BY_HAND: Final = "Copies of them can be given by --bootstrap FILE and --certs DIRECTORY."
"""What helps where nothing can be run in the pod."""


def may_be_read(path: str, keys: frozenset[str]) -> bool:
    """Whether a file of a pod may be fetched: no private key by its name, nor by what the bootstrap calls one."""
    plain = posixpath.normpath(path)
    return is_absolute_file(path) and not names_key(plain) and plain not in {posixpath.normpath(key) for key in keys}


def _as_error(result: ExecResult, path: str) -> OSError:
    """What ``cat`` complained of, as the system's own error."""
    for number in (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOTDIR, errno.ELOOP):
        words = _WORDS[number]
        if words.lower() in result.complaints.lower():
            return OSError(number, words, path)
    return OSError(errno.EIO, result.complaints, path)


_WORDS: Final = {
    errno.ENOENT: "No such file or directory",
    errno.EACCES: "Permission denied",
    errno.EISDIR: "Is a directory",
    errno.ENOTDIR: "Not a directory",
    errno.ELOOP: "Too many levels of symbolic links",
}
"""The system's own words in English, as GNU's and BusyBox's ``cat`` end their complaints."""
