"""What keeps an API server from answering, in one sentence: the errors of its libraries and of the system."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from meshtui.model.kubernetes.proxy import Proxy
from meshtui.model.phrases import one_line
from meshtui.model.printable import printable
from meshtui.sources.kubernetes.failures import ApiUnreachable, Cause

LONGEST_QUOTE: Final = 200
"""Characters quoted of what a library says."""

MOST_NAMES: Final = 12
"""Names of a certificate that are said: an API server's has some ten."""

UNKNOWN_ISSUER: Final = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's verify codes for a certificate whose CA is not among those that are trusted (x509_vfy.h)."""

NOT_YET: Final = 9
EXPIRED: Final = 10
OTHER_NAME: Final = frozenset({62, 64})
"""Verify codes for times, and for a name or address that the certificate is not for."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """What was dialled: the ``server`` as a URL without credentials, through which proxy, and the time for it in
    seconds, ``None`` for a websocket, which has a part of what was given. ``name`` is the ``tls-server-name``,
    ``certificate_for`` what the server's certificate is for, where that was looked at."""

    server: str
    proxy: Proxy | None
    timeout: float | None
    name: str = ""
    certificate_for: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The server's host."""
        return urlsplit(self.server).hostname or self.server


def is_for_another_name(error: BaseException) -> bool:
    """Whether it is a certificate that is good, but for another name."""
    certificate = _verification(_chain(error))
    return certificate is not None and certificate.verify_code in OTHER_NAME


def _verification(chain: Iterable[BaseException]) -> ssl.SSLCertVerificationError | None:
    """Why a certificate does not verify. aiohttp's own error is one of these too, but does not say why."""
    verified = (
        each for each in chain if isinstance(each, ssl.SSLCertVerificationError) and hasattr(each, "verify_code")
    )
    return next(verified, None)


def unreachable(error: BaseException, dialled: Dialled) -> ApiUnreachable:
    """The error that ``error`` is: whose connection failed, why, and what to try."""
    chain = list(_chain(error))
    certificate = _verification(chain)
    if certificate is not None:
        return _certificate(certificate, dialled)
    through = _proxy_failed(chain, dialled)
    if through is not None:
        return through
    if any(isinstance(each, ssl.SSLError) for each in chain):
        return _tls(chain, dialled)
    if any(isinstance(each, socket.gaierror) for each in chain):
        return _no_name(chain, dialled)
    if any(isinstance(each, TimeoutError) for each in chain):
        through_proxy = f" through the proxy {dialled.proxy.shown} ({dialled.proxy.source})" if dialled.proxy else ""
        if dialled.timeout is None:
            return ApiUnreachable(
                f"{dialled.server} has not opened a websocket in time{through_proxy}.",
                "It asks the pod's node for it, which may be slow or gone; --timeout gives it more time.",
                cause=Cause.SILENT,
            )
        return ApiUnreachable(
            f"{dialled.server} does not answer within {dialled.timeout:g} s{through_proxy}.",
            "Is the VPN up? Is the server of the kubeconfig the right one?",
            cause=Cause.SILENT,
        )
    return _network(chain, dialled)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, what it was made of, and what it holds: aiohttp keeps the system's in an attribute."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (each.__cause__, each.__context__, getattr(each, "os_error", None), getattr(each, "_os_error", None))
        held = (*inner, getattr(each, "certificate_error", None), getattr(each, "proxy_error", None))
        waiting.extend(more for more in held if isinstance(more, BaseException))


def _certificate(error: ssl.SSLCertVerificationError, dialled: Dialled) -> ApiUnreachable:
    server = dialled.server
    if error.verify_code in UNKNOWN_ISSUER:
        return ApiUnreachable(
            f"The certificate of {server} is signed by a CA that the kubeconfig does not trust.",
            "Its certificate-authority-data has to be that of this cluster; or a proxy in between opens TLS.",
            cause=Cause.CERTIFICATE,
        )
    if error.verify_code in OTHER_NAME:
        name, names = dialled.name or dialled.host, dialled.certificate_for
        but = f", but for {_list(names)}" if names else ""
        which = "one of these names" if names else "the name in it, if it is known,"
        return ApiUnreachable(
            f"The certificate of {server} is not for {name}{but}.",
            f"If this is the cluster that is meant, {which} can be set as its tls-server-name in the kubeconfig.",
            cause=Cause.CERTIFICATE,
        )
    if error.verify_code in (EXPIRED, NOT_YET):
        when = "has expired" if error.verify_code == EXPIRED else "is not valid yet"
        return ApiUnreachable(
            f"The certificate of {server}, or its CA's, {when}.",
            "Is the clock of this machine right? Else the cluster has to renew it.",
            cause=Cause.CERTIFICATE,
        )
    said = _quote(error.verify_message or "it does not verify")
    return ApiUnreachable(f"The certificate of {server} is not accepted: {said}.", cause=Cause.CERTIFICATE)


def _list(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMES
    shown = ", ".join(_quote(name) for name in names[:MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown


def _proxy_failed(chain: list[BaseException], dialled: Dialled) -> ApiUnreachable | None:
    """What a proxy did, if it was the proxy."""
    proxy = dialled.proxy
    if proxy is None:
        return None
    who = f"The proxy {proxy.shown} ({proxy.source})"
    besides = " NO_PROXY takes hosts out of what goes through HTTPS_PROXY." if proxy.heeds_no_proxy else ""
    names = {type(each).__name__ for each in chain}
    status = _proxy_status(chain)
    if status == 407:
        return ApiUnreachable(
            f"{who} wants a login, or not the one it was given.",
            "Write it as http://USER:PASSWORD@HOST:PORT.",
            cause=Cause.PROXY,
        )
    if status:
        return ApiUnreachable(
            f"{who} does not connect to {dialled.server}: it answers {status}.",
            f"Does it let this server through?{besides}",
            cause=Cause.PROXY,
        )
    # By TCP nothing but the proxy is dialled: who refuses, or is not known, is the proxy.
    if names & _PROXY_NOT_REACHED or any(isinstance(each, socket.gaierror | ConnectionRefusedError) for each in chain):
        return ApiUnreachable(
            f"{who} cannot be reached: {_reason(chain)}.",
            f"Is it still there?{besides}",
            cause=Cause.PROXY,
        )
    if names & _PROXY_FAILED:
        said = next((_quote(str(each)) for each in chain if type(each).__name__ in _PROXY_FAILED), "")
        return ApiUnreachable(
            f"{who} does not connect to {dialled.server}: {said}.",
            f"Does it let this server through?{besides}",
            cause=Cause.PROXY,
        )
    return None


_PROXY_NOT_REACHED: Final = frozenset({"ClientProxyConnectionError", "ProxyConnectionError"})
_PROXY_FAILED: Final = frozenset({"ProxyError", "InvalidProxyMessage", "ReplyError", "ProxyTimeoutError"})
"""Errors of a proxy by the name of their class in aiohttp, websockets and python-socks, which are not loaded for it."""


def _proxy_status(chain: list[BaseException]) -> int:
    for each in chain:
        if type(each).__name__ == "ClientHttpProxyError":
            return int(getattr(each, "status", 0))
        if type(each).__name__ == "InvalidProxyStatus":
            return int(getattr(getattr(each, "response", None), "status_code", 0))
    return 0


def _tls(chain: list[BaseException], dialled: Dialled) -> ApiUnreachable:
    errors = [each for each in chain if isinstance(each, ssl.SSLError)]
    # aiohttp's own are such errors too, without a reason.
    reason = next((text for each in errors if (text := getattr(each, "reason", None))), "")
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        return ApiUnreachable(
            f"{dialled.server} answers, but not in TLS.",
            "Something else than an API server listens there, or its address begins with http://.",
            cause=Cause.TLS,
        )
    said = _quote(reason.replace("_", " ").lower() or str(errors[-1]))
    return ApiUnreachable(
        f"TLS with {dialled.server} failed: {said}.",
        "Does the kubeconfig's user have the client certificate that the server, or a proxy before it, wants?",
        cause=Cause.TLS,
    )


def _no_name(chain: list[BaseException], dialled: Dialled) -> ApiUnreachable:
    error = next(each for each in chain if isinstance(each, socket.gaierror))
    if error.errno == socket.EAI_AGAIN:
        return ApiUnreachable(
            f"The host {dialled.host} of {dialled.server} cannot be looked up: DNS does not answer.",
            "Is the network up?",
            cause=Cause.NO_SUCH_HOST,
        )
    return ApiUnreachable(
        f"There is no host {dialled.host}, says DNS ({dialled.server}).",
        "Is the VPN up? Is the server of the kubeconfig the right one?",
        cause=Cause.NO_SUCH_HOST,
    )


def _network(chain: list[BaseException], dialled: Dialled) -> ApiUnreachable:
    code = next((each.errno for each in chain if isinstance(each, OSError) and each.errno), 0)
    if code == errno.ECONNREFUSED:
        return ApiUnreachable(
            f"Nothing listens at {dialled.server} (connection refused).",
            "Is the cluster up? Is the server of the kubeconfig the right one?",
            cause=Cause.REFUSED,
        )
    names = {type(each).__name__ for each in chain}
    if "ContentEncodingError" in names:
        return ApiUnreachable(
            f"The answer of {dialled.server} says that it is compressed, and cannot be unpacked.",
            "Does a proxy in between change what is sent?",
            cause=Cause.OTHER,
        )
    if names & _CUT or any(isinstance(each, _RESET) for each in chain):
        return ApiUnreachable(
            f"The connection to {dialled.server} was cut.",
            "Try again; if it is always cut, something in between (a proxy, a load balancer, a firewall) does it.",
            cause=Cause.CUT,
        )
    if names & {"InvalidMessage", "ClientResponseError"}:
        return ApiUnreachable(
            f"{dialled.server} answers, but not in HTTP as an API server does.",
            "Is the server of the kubeconfig the right one?",
            cause=Cause.OTHER,
        )
    return ApiUnreachable(f"{dialled.server} cannot be reached: {_reason(chain)}.", cause=Cause.OTHER)


_RESET: Final = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)
_CUT: Final = frozenset({"ServerDisconnectedError", "ClientPayloadError", "IncompleteReadError", "EOFError"})
"""Errors of a connection that ended in the middle."""


def _reason(chain: list[BaseException]) -> str:
    """The system's own words, innermost first."""
    for each in reversed(chain):
        if isinstance(each, socket.gaierror):
            return "DNS knows no such host"
        if isinstance(each, TimeoutError):
            return "it does not answer in time"
        if isinstance(each, OSError) and each.errno:
            return os.strerror(each.errno).lower()  # asyncio's own words name no reason
    return _quote(str(chain[0])) or type(chain[0]).__name__


def _quote(text: str) -> str:
    return one_line(printable(text), LONGEST_QUOTE).rstrip(".")
