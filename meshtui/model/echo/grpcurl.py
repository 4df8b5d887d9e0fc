"""The shell line that asks the same of the echo server with grpcurl, and what must be set before it works.

The line is shown, copied and kept in a shell's history, so the value of a header that is a secret is not in it. A shell
variable named after the header stands there: once it is set, the line works as it is.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from typing import Final

from meshtui.model.address import DEFAULT_PORT, socket_path
from meshtui.model.echo.spec import METHOD, EchoRequestSpec
from meshtui.model.errors import UsageError
from meshtui.model.identity.masking import is_secret
from meshtui.model.kubernetes.reference import ClusterOptions, parse_reference
from meshtui.model.kubernetes.typed import parse_line

SHELL_NAMES: Final = re.compile(
    r"(?:BASH|ZSH|LC|SSH)(?:_.*)?|(?:OLD)?PWD|E?[UG]ID|PPID|PATH|CDPATH|HOME|USER|LOGNAME|USERNAME|SHELL|IFS|TERM|LANG"
    r"|HOST|HOSTNAME|MAIL|ENV|EDITOR|PS[1-4]|OPT(?:ARG|IND|ERR)|LINENO|RANDOM|SECONDS|STATUS|ARGV|DISPLAY|TMPDIR|TZ"
)
"""Variables that shells set or live by: a header ``pwd`` must not send the directory."""


def grpcurl_line(spec: EchoRequestSpec, address: str, count: int | None = None) -> str:
    """The shell line that asks the same of the server, safe to paste whatever the texts hold.

    For the value of a secret header stands its variable (:func:`grpcurl_variables`). One line makes one batch, so a
    continuous run is shown as a batch of ``count`` (100 when not given). A pod is asked through a port-forward by hand
    (:func:`grpcurl_note`).
    """
    forwarded = _forwarded(address)
    if forwarded is not None:
        address = f"localhost:{forwarded[0]}"
    socket = socket_path(address)
    words = ["grpcurl", "-plaintext", *(["-unix"] if socket else []), "-d"]
    before = " ".join(shlex.quote(word) for word in words)
    return f"{before} {_body_word(spec, count or spec.count or 100)} {shlex.quote(socket or address)} {METHOD}"


def grpcurl_variables(spec: EchoRequestSpec) -> tuple[str, ...]:
    """The shell variables of the line, each once, in the order of the headers."""
    return tuple(dict.fromkeys(name for name in _variables(spec.all_headers) if name))


def grpcurl_note(spec: EchoRequestSpec, address: str = "") -> str:
    """What to do before the line works, in sentences; empty when it works as it is. ``address`` is the target's."""
    forwarded = _forwarded(address)
    first = f"Forward the pod's admin port first: {forwarded[1]}." if forwarded is not None else ""
    return " ".join(filter(None, (first, _secrets_note(spec))))


def _forwarded(target: str) -> tuple[int, str] | None:
    """The local port of a port-forward to a pod, and the line that makes it; ``None`` for a target that is no pod."""
    try:
        text, cluster = parse_line(target, ClusterOptions())
        reference = parse_reference(text, selector=cluster.selector)
    except UsageError:
        return None
    if reference is None:
        return None
    port = cluster.port or DEFAULT_PORT
    words = ["kubectl", "port-forward", text or "POD", str(port)]
    where = (("-n", cluster.namespace), ("--context", cluster.context), ("--kubeconfig", cluster.kubeconfig))
    return port, shlex.join([*words, *(word for option, value in where if value for word in (option, value))])


def _secrets_note(spec: EchoRequestSpec) -> str:
    names = grpcurl_variables(spec)
    if not names:
        return ""
    listed = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    note = f"Set {listed} in the shell first: secret headers are not in the line."
    secrets = [value for name, value in spec.all_headers if is_secret(name, value)]
    if any(json.dumps(value, ensure_ascii=False) != f'"{value}"' for value in secrets):
        note += ' Write each \\ and " of a value with a \\ before it: it becomes part of a JSON text.'
    return note


def _body_word(spec: EchoRequestSpec, number: int) -> str:
    """The request as one word of the shell: JSON in single quotes, the variables between them in double quotes."""
    seconds = spec.timeout_s + (number + 1) / spec.qps if spec.qps else spec.timeout_s
    members = [_member("url", spec.url), _member("count", number)]
    members += [_member("qps", spec.qps)] if spec.qps else []
    members.append(_member("timeout_micros", round(seconds * 1e6)))
    texts, text = list[str](), "{" + ",".join(members)
    for place, ((name, value), variable) in enumerate(zip(spec.all_headers, _variables(spec.all_headers), strict=True)):
        text += ("," if place else ',"headers":[') + f'{{{_member("key", name)},"value":'
        if variable:
            texts += [shlex.quote(text + '"'), f'"${variable}"']
            text = '"}'
        else:
            text += json.dumps(value) + "}"
    text += "]" if spec.all_headers else ""
    after = [_member(key, said) for key, said in (("message", spec.message), ("method", spec.method)) if said]
    after += [_member("newConnectionPerRequest", True)] if spec.new_connection else []
    texts.append(shlex.quote("".join([text, *(f",{member}" for member in after), "}"])))
    return "".join(texts)


def _member(key: str, value: str | int) -> str:
    return f"{json.dumps(key)}:{json.dumps(value)}"


def _variables(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The variable of each header, empty where it is no secret. Other values under one name have other variables."""
    taken: dict[str, str] = {}
    names = []
    for header, value in headers:
        if not is_secret(header, value):
            names.append("")
            continue
        stem = _variable(header)
        name, number = stem, 2
        while taken.setdefault(name, value) != value:
            name, number = f"{stem}_{number}", number + 1
        names.append(name)
    return tuple(names)


def _variable(header: str) -> str:
    """A name that every shell takes: ``x-api-key`` is ``X_API_KEY``."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", header).strip("_").upper()
    own = not name or name[0].isdecimal() or SHELL_NAMES.fullmatch(name) is not None
    return f"HEADER_{name}".rstrip("_") if own else name
