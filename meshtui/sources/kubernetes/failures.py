"""Why a cluster was not reached or said no, as values and in one sentence.

::

    TargetUnreachable
    ├── ApiUnreachable   no answer of an API server: names, refusals, TLS, proxies, silence
    ├── ApiRefused       it answered, and the answer is no: the HTTP status, Kubernetes' reason and message
    └── LoginFailed      no credentials came of the kubeconfig: a plugin failed, a file is not there
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Final

from meshtui.model.errors import TargetUnreachable
from meshtui.model.phrases import one_line
from meshtui.model.printable import printable

LONGEST_MESSAGE: Final = 600
"""Characters quoted of what a server says; Kubernetes' own sentences have some 200."""

NOT_HERE: Final = "Name another namespace with -n, or another cluster with --context."
"""What to try where a cluster does not have what was named."""

ANONYMOUS: Final = "system:anonymous"
"""Whom an API server takes somebody for who brings no credentials."""


ASKED_BY_HTTP: Final = ("HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port")
"""Words of a server that speaks HTTPS, asked by HTTP: Go's in plain text, nginx' in a page."""


class Cause(Enum):
    """What kept an API server from answering."""

    NO_SUCH_HOST = "no such host"
    REFUSED = "refused"
    SILENT = "silent"
    """No answer in the time it was given."""
    CERTIFICATE = "certificate"
    """The server's certificate does not verify."""
    TLS = "tls"
    PROXY = "proxy"
    CUT = "cut"
    """The connection ended in the middle."""
    OTHER = "other"


class ApiUnreachable(TargetUnreachable):
    """No API server answered there; ``cause`` says why as a value."""

    def __init__(self, what: str, hint: str = "", *, cause: Cause = Cause.OTHER) -> None:
        super().__init__(what, hint)
        self.cause = cause


class LoginFailed(TargetUnreachable):
    """No credentials came of what the kubeconfig says. ``broken_off`` says that a person ended the login plugin."""

    broken_off: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no. ``code`` is the HTTP status; ``reason`` Kubernetes' own word (``Forbidden``, ``NotFound``,
    ``Expired``), empty where there is none; ``message`` what the server wrote, made harmless.

    ``verb`` and ``resource`` (``pods``, ``pods/exec``) are what was forbidden, as far as the message names it.
    """

    code: int
    reason: str
    message: str
    verb: str = ""
    resource: str = ""


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
    def lacks_right(self) -> bool:
        """Whether it says that a known user lacks a right: by name, or by nothing behind the colon, as it is for the
        second right of a websocket. Anything else that is forbidden, as by a webhook, no Role allows; to act as
        another is a right of whoever acts, of whom reviews tell nothing."""
        named = bool(self.refusal.verb) or self.message.rstrip(": .").endswith(" is forbidden")
        return self.code == 403 and ANONYMOUS not in self.message and named and CANNOT_IMPERSONATE not in self.message

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
    if not isinstance(status, dict) or status.get("kind") != "Status":
        # A page of HTML is a proxy's or a login's, and its words say less than HTTP's.
        page = next((words for words in ASKED_BY_HTTP if words in text), fallback)
        return Refusal(code, "", page if text.lstrip().startswith("<") else _clean(text) or fallback)
    message, reason = status.get("message"), status.get("reason")
    said = message if isinstance(message, str) else ""
    denied = _DENIED.search(said)
    verb, resource = denied.groups() if denied is not None else ("", "")
    return Refusal(code, reason if isinstance(reason, str) else "", _clean(said) or fallback, verb, resource)


_DENIED: Final = re.compile(r'cannot ([a-z]{1,40}) resource "([a-z0-9./-]{1,200})"')
"""Kubernetes' sentence for a missing right (k8s.io/apiserver, responsewriters/errors.go)."""


def _clean(text: str) -> str:
    return one_line(printable(text.replace("\n", " ").replace("\t", " ")), LONGEST_MESSAGE)


CANNOT_IMPERSONATE: Final = " cannot impersonate"
"""In a refusal of ``as``: ``impersonate resource "users"``, since 1.37 also ``impersonate-on:serviceaccount:get``."""

IMPERSONATION: Final = (
    "The kubeconfig says to act as another (as): for that its own user needs the verb impersonate. "
    "Have it granted, or leave it out."
)
"""What to do about that (Kubernetes, Authentication: User impersonation)."""

ID_TOKEN: Final = (
    "It is the id-token of an auth-provider, which meshtui does not renew: any kubectl command does if there is a "
    "refresh-token, and writes it into the kubeconfig. Or use a login plugin (exec), such as kubelogin for OIDC."
)
"""What to do about one that is refused: kubectl 1.37 asks the issuer for another and keeps it (client-go, oidc.go)."""


def refused(
    refusal: Refusal, asked: str, user: str, *, anonymous: bool = False, by_id_token: bool = False
) -> ApiRefused:
    """The error for an answer that is no.

    ``asked`` is what was asked for ("GET /api/v1/…"), ``user`` who asked, ``anonymous`` whether without credentials and
    ``by_id_token`` whether with that of an auth-provider.
    """
    said = refusal.message.rstrip(".: ")
    if refusal.code in (401, 403) and (ANONYMOUS in said or (anonymous and refusal.code == 401)):
        return ApiRefused(
            f"You are not logged in to the cluster ({said}).",
            f"{'The kubeconfig has no credentials' if anonymous else 'It did not take the credentials'} for "
            f"{_who(user)}; log in as your cluster's provider says.",
            refusal=refusal,
        )
    match refusal.code:
        case 401:
            return ApiRefused(
                f"The cluster does not accept the login of {_who(user)}: {said or 'Unauthorized'}.",
                ID_TOKEN if by_id_token else "It may have expired: log in again as your cluster's provider says.",
                refusal=refusal,
            )
        case 403 if not said or said == "Forbidden":
            return ApiRefused(f"The cluster forbids {asked}, without a reason.", refusal=refusal)
        case 403:
            error = ApiRefused(f"The cluster forbids it: {said}.", refusal=refusal)
            if CANNOT_IMPERSONATE in said:
                error.hint = IMPERSONATION
            elif not error.lacks_right:
                error.hint = "No Role allows it; ask whoever set that up in the cluster."
            return error
        case 404 if refusal.reason:
            return ApiRefused(f"The cluster does not have it: {said}.", NOT_HERE, refusal=refusal)
        case code if 300 <= code < 400:
            return ApiRefused(
                f"The cluster answers {asked} with {code} ({said}), so no API server is there.",
                "The server of the kubeconfig may be that of a web page in front of it.",
                refusal=refusal,
            )
        case 400 if any(words in said for words in ASKED_BY_HTTP):
            return ApiRefused(
                f"The cluster speaks HTTPS, and was asked by HTTP: {said}.",
                "The server of the kubeconfig has to begin with https://.",
                refusal=refusal,
            )
        case _:
            return ApiRefused(
                f"The cluster answers {asked} with {refusal.code}: {said or _phrase(refusal.code)}.",
                _next(refusal),
                refusal=refusal,
            )


def _phrase(code: int) -> str:
    """HTTP's own word for a status that came without any."""
    with suppress(ValueError):
        return HTTPStatus(code).phrase
    return "nothing"


def _next(refusal: Refusal) -> str:
    """What to try after an answer that is no and not about the one who asks."""
    said = refusal.message
    if "error dialing backend" in said:  # the API server's words where it does not reach the kubelet
        return "The API server does not reach the pod's node: kubectl get nodes tells how that is."
    if refusal.code == 500 and said.startswith("pod not found ("):  # the kubelet's
        return "The node does not run it: kubectl get pods tells how it is now."
    if "does not have a host assigned" in said:
        return "It runs on no node yet: kubectl describe pod tells why."
    if refusal.code == 400 and " is not valid for pod " in said:
        return "The pod has no such container: kubectl get pod -o yaml tells which it has, and --container names one."
    if refusal.code == 400 and "is waiting to start" in said:
        return "The container has not started yet: kubectl describe pod tells why."
    if refusal.code == 400 and said.startswith("previous terminated container "):  # the kubelet's
        return "The container was not restarted, or its node no longer keeps the log of the process before."
    if refusal.code == 400 and refusal.reason:
        return "It does not understand what was typed: check names and labels."
    if refusal.code == 410:
        return "What was asked for is too old by now; try again."
    if refusal.code == 429:
        return "It is asked too much; try again in a moment."
    if refusal.code >= 500:
        return "Try again; if it stays, the cluster's control plane or a proxy before it is in trouble."
    return "Is the server of the kubeconfig an API server, and no proxy in between that changes what is asked?"


def _who(user: str) -> str:
    return f"the user {printable(user)!r}" if user else "nobody"
