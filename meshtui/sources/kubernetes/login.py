"""How a user of a kubeconfig logs in, and how a login is renewed: by time, and once the server refuses it."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from meshtui.model.kubernetes.kubeconfig import Cluster, User
from meshtui.model.kubernetes.login_prompt import LoginPrompt
from meshtui.sources.kubernetes.failures import LoginFailed
from meshtui.sources.kubernetes.plugin_login import SILENT, shared_login
from meshtui.sources.reading import read_limited

FRESH: Final = 10.0
"""Seconds a file's content is used before it is read again; a kubelet replaces a token at 80 % of its life."""

LARGEST_FILE: Final = 1 << 20
"""Bytes of a token, certificate or key."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Login:
    """What one request goes with: ``headers``, and a client certificate with its key, both empty without one.

    ``generation`` tells it from what a renewal brings.
    """

    headers: Headers = field(repr=False)
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    generation: int = 0


class Credentials:
    """One user's credentials, as they are now."""

    def __init__(
        self,
        user: User,
        cluster: Cluster,
        environ: Mapping[str, str],
        *,
        prompt: LoginPrompt = SILENT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.user = user
        self._prompt = prompt
        self._monotonic = monotonic
        self._files: dict[str, tuple[bytes, float]] = {}
        self._renewals = 0
        # client-go asks a plugin only where no header says already who it is.
        said = user.token or user.token_file or user.username
        self._plugin = shared_login(user.plugin, cluster, environ) if user.plugin is not None and not said else None

    @property
    def anonymous(self) -> bool:
        """Whether nothing is sent that says who asks."""
        user = self.user
        certificate = user.client_certificate or user.client_certificate_data
        said = user.token or user.token_file or user.username or user.auth_provider_id_token or certificate
        return not said and self._plugin is None

    @property
    def by_id_token(self) -> bool:
        """Whether it is the id-token of an auth-provider that says who asks."""
        user = self.user
        return bool(user.auth_provider_id_token) and not (user.token or user.token_file) and self._plugin is None

    @property
    def plugin_running(self) -> str:
        """The name of the login plugin that is waited for, or empty."""
        return self._plugin.running if self._plugin is not None else ""

    async def login(self) -> Login:
        """What the next request goes with. Raises ``LoginFailed``."""
        user = self.user
        if self._plugin is not None:
            answer = await self._plugin.answer(self._prompt)
            headers = (*_bearer(answer.token), *_impersonation(user))
            own = await self._certificate() if not answer.certificate else (answer.certificate, answer.key)
            return Login(headers, *own, generation=self._plugin.runs)
        return Login(
            (*await self._authorization(), *_impersonation(user)), *await self._certificate(), generation=self._renewals
        )

    async def renew(self, used: Login) -> bool:
        """After a refusal of ``used``: whether there is anything else to try now.

        A login that somebody else has renewed since is not renewed again. Raises ``LoginFailed``.
        """
        if self._plugin is not None:
            return await self._plugin.again(self._prompt, used.generation)
        if used.generation != self._renewals:
            return True
        self._files.clear()
        now = await self.login()
        if (now.headers, now.certificate, now.key) == (used.headers, used.certificate, used.key):
            return False
        self._renewals += 1
        return True

    async def _authorization(self) -> Headers:
        user = self.user
        token = (await self._file(user.token_file, "token")).decode("utf-8", "replace").strip()
        token = token or user.token or user.auth_provider_id_token
        if not token and user.username:
            pair = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
            return (("Authorization", f"Basic {pair}"),)
        return _bearer(token)

    async def _certificate(self) -> tuple[bytes, bytes]:
        user = self.user
        certificate = user.client_certificate_data or await self._file(user.client_certificate, "client certificate")
        return certificate, user.client_key_data or await self._file(user.client_key, "client key")

    async def _file(self, path: str, what: str) -> bytes:
        """What stands there; nothing for no path. Raises ``LoginFailed``."""
        if not path:
            return b""
        content, read = self._files.get(path, (b"", -FRESH))
        now = self._monotonic()
        if now - read >= FRESH:
            content = await _read(path, what)
            self._files[path] = (content, now)
        return content


async def _read(path: str, what: str) -> bytes:
    try:
        return await asyncio.to_thread(read_limited, path, LARGEST_FILE)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
        raise LoginFailed(
            f"The {what} {path} of the kubeconfig's user cannot be read: {reason}.",
            "Relative paths begin at the kubeconfig's folder; log in again if it was a login that wrote it.",
        ) from None


def _bearer(token: str) -> Headers:
    if not token:
        return ()
    if not token.isascii() or not token.isprintable():
        raise LoginFailed("The token contains characters that no token has.", "Log in again.")
    return (("Authorization", f"Bearer {token}"),)


def _impersonation(user: User) -> Headers:
    """Headers that say as whom to act (Kubernetes, Authentication: User impersonation), one for each group."""
    acting = user.impersonation
    if not acting.user:
        return ()
    return (
        ("Impersonate-User", acting.user),
        *((("Impersonate-Uid", acting.uid),) if acting.uid else ()),
        *(("Impersonate-Group", group) for group in acting.groups),
        *((f"Impersonate-Extra-{quote(key, safe='')}", value) for key, values in acting.extra for value in values),
    )
