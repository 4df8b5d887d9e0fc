"""A target as one line: ``pod/echo-v1 -n echo-grpc --context test``. The screen lists and keeps it, and takes it typed.

The words are those of the command line, so that such a line can be pasted behind ``meshtui attach``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError
from meshtui.model.kubernetes.reference import ClusterOptions, Kind, kind_of

READ_ONLY: Final = "--read-only"

_FIELDS: Final[Mapping[str, str]] = {
    "-n": "namespace",
    "--namespace": "namespace",
    "-l": "selector",
    "--selector": "selector",
    "--context": "context",
    "--kubeconfig": "kubeconfig",
    "-c": "container",
    "--container": "container",
    "--port": "port",
}
"""Each option with a value, and the field of ``ClusterOptions`` it fills."""

_WRITTEN: Final = ("-l", "-n", "--context", "--kubeconfig", "--container", "--port")
"""The options in the order they are written."""

_PORT: Final = r"[0-9]{1,5}"

HINT: Final = "Type it as on the command line: pod/NAME -n NAMESPACE --context NAME."


def parse_line(line: str, cluster: ClusterOptions) -> tuple[str, ClusterOptions]:
    """The target without its options, and the options: those of the line, else those of ``cluster``.

    The target is empty for a selector alone. A line without options is the target as it stands. Raises ``UsageError``.
    """
    words = _words(line)
    if not any(word.startswith("-") for word in words):
        return line.strip(), cluster
    given: dict[str, str] = {}
    targets: list[str] = []
    read_only = cluster.read_only
    left = iter(words)
    for word in left:
        option, value = _option(word)
        if option == READ_ONLY and value is None:
            read_only = True
        elif option is None:
            targets.append(word)
        elif option not in _FIELDS:
            raise UsageError(f"{as_typed(line)} has the option {as_typed(option)}, which no target has.", HINT)
        else:
            value = next(left, "") if value is None else value
            if not value.strip():
                raise UsageError(f"{as_typed(line)} gives {option} no value.", HINT)
            given[_FIELDS[option]] = value
    if len(targets) > 1:
        raise UsageError(f"{as_typed(line)} names {len(targets)} targets.", HINT)
    return "".join(targets), _with(line, cluster._replace(read_only=read_only), given)


def names_a_pod(line: str) -> bool:
    """Whether a line is meant as it stands, as ``pod/a`` or ``-l app=a``, and not as words to search for."""
    kinds = (word.partition("/")[0] for word in line.split() if "/" in word)
    return any(kind_of(kind) is not None for kind in kinds) or line.lstrip().startswith("-")


def short_line(line: str) -> str:
    """A target's line where there is little room: ``pod/echo-v1 · test`` with its context, an address as it stands."""
    target, cluster = split_line(line)
    return " · ".join(part for part in (target, cluster.context) if part)


def split_line(line: str) -> tuple[str, ClusterOptions]:
    """What a listed line means: the target, ``-l LABELS`` for a selector alone, and its options; an address as it
    stands."""
    if not names_a_pod(line):
        return line, ClusterOptions()
    target, cluster = parse_line(line, ClusterOptions())
    return target or f"-l {cluster.selector}", cluster


def line_to_pod(line: str, name: str, namespace: str) -> str:
    """The line that means another pod of the same cluster, as a target's successor. A port that was typed goes along,
    but for a Service's, whose number may be another one in the pod."""
    target, cluster = parse_line(line, ClusterOptions())
    of_service = kind_of(target.partition("/")[0]) is Kind.SERVICE
    port = None if of_service else cluster.port
    return line_of(f"pod/{name}", cluster._replace(selector=None, namespace=namespace, port=port))


def line_of(target: str, cluster: ClusterOptions) -> str:
    """The line that means this target with these options, however the options came about."""
    values = {
        "-l": cluster.selector,
        "-n": cluster.namespace,
        "--context": cluster.context,
        "--kubeconfig": cluster.kubeconfig,
        "--container": cluster.container,
        "--port": None if cluster.port is None else str(cluster.port),
    }
    words = [target] if target else []
    for option in _WRITTEN:
        value = values[option]
        if value is not None:
            words += [option, value] if not value.startswith("-") else [f"{option}={value}"]
    return shlex.join([*words, *([READ_ONLY] if cluster.read_only else [])])


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # a quote that nothing closes is no option's
        return [line]


def _option(word: str) -> tuple[str | None, str | None]:
    """The option and the value that is in the same word (``--context=x``, ``-nx``), as click and kubectl take them."""
    if word.startswith("--"):
        option, equals, value = word.partition("=")
        return option, value if equals else None
    if word.startswith("-") and len(word) > 1:
        return word[:2], word[2:].removeprefix("=") or None
    return None, None


def _with(line: str, cluster: ClusterOptions, given: Mapping[str, str]) -> ClusterOptions:
    port = given.get("port")
    if port is not None and not (re.fullmatch(_PORT, port) and 1 <= int(port) <= 65_535):
        raise UsageError(f"{as_typed(line)} has the port {as_typed(port)}; a port is a number from 1 to 65535.", HINT)
    return cluster._replace(
        context=given.get("context", cluster.context),
        kubeconfig=given.get("kubeconfig", cluster.kubeconfig),
        namespace=given.get("namespace", cluster.namespace),
        selector=given.get("selector", cluster.selector),
        container=given.get("container", cluster.container),
        port=cluster.port if port is None else int(port),
    )
