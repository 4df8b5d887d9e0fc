"""Why a cluster was not reached or said no, as values and in one sentence.

::

    TargetUnreachable
    ├── ApiUnreachable   no answer of an API server: names, refusals, TLS, proxies, silence
    ├── ApiRefused       it answered, and the answer is no: the HTTP status, Kubernetes' reason and message
    └── LoginFailed      no credentials came of the kubeconfig: a plugin failed, a file is not there
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from meshtui.model.errors import TargetUnreachable
from meshtui.model.phrases import one_line
from meshtui.model.printable import printable

LONGEST_MESSAGE: Final = 600
"""Characters quoted of what a server says; Kubernetes' own sentences have some 200."""

ANONYMOUS: Final = "system:anonymous"
"""Whom an API server takes somebody for who brings no credentials."""


class ApiUnreachable(TargetUnreachable):
    """No API server answered there."""


class LoginFailed(TargetUnreachable):
    """No credentials came of what the kubeconfig says."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no. ``code`` is the HTTP status; ``reason`` Kubernetes' own word (``Forbidden``, ``NotFound``,
    ``Expired``), empty where there is none; ``message`` what the server wrote, made harmless."""

    code: int
    reason: str
    message: str


class ApiRefused(TargetUnreachable):
    """The API server answered, and the answer is no."""

    def __init__(self, what: str, hint: str = "", *, refusal: Refusal) -> None:
        super().__init__(what, hint)
        self.refusal = refusal

    @property
    def code(self) -> int:
        """The HTTP status."""
        return self.refusal.code

    @property
    def reason(self) -> str:
        """Kubernetes' word for it, or empty."""
        return self.refusal.reason

    @property
    def message(self) -> str:
        """What the server wrote, in one line."""
        return self.refusal.message


def refusal_of(code: int, body: bytes, fallback: str = "") -> Refusal:
    """What an answer says: a Status in JSON, or a kubelet's plain text. ``fallback`` is HTTP's own phrase."""
    text = body.decode("utf-8", "replace")
    try:
        status = json.loads(text)
    except (ValueError, RecursionError):
        status = None
    if isinstance(status, dict) and status.get("kind") == "Status":
        message, reason = status.get("message"), status.get("reason")
        return Refusal(
            code,
            reason if isinstance(reason, str) else "",
            _clean(message) if isinstance(message, str) and message.strip() else fallback,
        )
    return Refusal(code, "", _clean(text) or fallback)


def _clean(text: str) -> str:
    return one_line(printable(text.replace("\n", " ").replace("\t", " ")), LONGEST_MESSAGE)


def refused(refusal: Refusal, asked: str, user: str) -> ApiRefused:
    """The error for an answer that is no. ``asked`` is what was asked for ("GET /api/v1/…"), ``user`` who asked."""
    said = refusal.message
    match refusal.code:
        case 401:
            return ApiRefused(
                f"The cluster does not accept the login of {user}: {said or 'Unauthorized'}.",
                "Log in again as your cluster's provider says; the token may have expired.",
                refusal=refusal,
            )
        case 403 if ANONYMOUS in said:
            return ApiRefused(
                f"You are not logged in to the cluster: it takes you for {ANONYMOUS} ({said}).",
                "Log in as your cluster's provider says, or give the kubeconfig's user credentials.",
                refusal=refusal,
            )
        case 403 if not said:
            return ApiRefused(f"The cluster forbids {asked}, without a reason.", refusal=refusal)
        case 403:
            return ApiRefused(f"The cluster forbids it: {said}.", refusal=refusal)
        case _:
            return ApiRefused(f"The cluster answers {asked} with {refusal.code}: {said}.", refusal=refusal)
