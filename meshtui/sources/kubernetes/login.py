"""How a user of a kubeconfig logs in."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from meshtui.model.kubernetes.kubeconfig import User
from meshtui.sources.kubernetes.failures import LoginFailed


class Credentials:
    """One user's credentials, as they are now."""

    def __init__(self, user: User) -> None:
        self._user = user

    async def headers(self) -> dict[str, str]:
        """What goes with every request. Raises ``LoginFailed``."""
        user = self._user
        if user.plugin is not None:
            raise LoginFailed("Login plugins are not run yet.")
        if user.token_file:
            return {"Authorization": f"Bearer {await self._file(user.token_file, 'token')}"}
        if user.token:
            return {"Authorization": f"Bearer {user.token}"}
        if user.username:
            pair = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    async def certificate(self) -> tuple[bytes, bytes]:
        """The client certificate and its key, both empty without one. Raises ``LoginFailed``."""
        user = self._user
        certificate, key = user.client_certificate_data, user.client_key_data
        if not certificate and user.client_certificate:
            certificate = (await self._file(user.client_certificate, "client certificate")).encode()
        if not key and user.client_key:
            key = (await self._file(user.client_key, "client key")).encode()
        return certificate, key

    async def _file(self, path: str, what: str) -> str:
        try:
            return (await asyncio.to_thread(Path(path).read_text)).strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text"
            raise LoginFailed(f"The {what} {path} cannot be read: {reason}.") from None
