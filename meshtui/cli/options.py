"""TARGET and the options that every command with one shares."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import click

from meshtui.cli.complete import (
    complete_contexts,
    complete_files,
    complete_folders,
    complete_labels,
    complete_namespaces,
    complete_targets,
)
from meshtui.cli.layout import wide_option
from meshtui.cli.numbers import Number, Whole
from meshtui.cli.output import FORMATS
from meshtui.model.address import as_typed
from meshtui.model.errors import UsageError
from meshtui.model.kubernetes.reference import ClusterOptions, parse_reference
from meshtui.model.size import parse_size, size_words
from meshtui.model.target import DEFAULT_MAX_MESSAGE, TargetOptions, TlsOptions

Callback: TypeAlias = Callable[..., Any]
"""What becomes a command: click gives it its options by name."""

PARAMETERS: Final = "__click_params__"
"""Where click keeps the options that decorators added before the command is made."""


def _size(_context: click.Context, _option: click.Parameter, value: str) -> int:
    """A number of bytes, as people write it: ``64M``."""
    size = parse_size(value)
    if size is None:
        raise click.BadParameter(f"{value[:40]!r} is no size from 1M to 64G; write it like 64M or 2G.")
    return size


def _not_empty(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """An unset variable in a script must not quietly turn TLS, or a look at a file, off."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty; leave the option out, or give it a value.")
    return value


def _labels(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """``-l=app=echo`` as kubectl takes it; no label's name begins with ``=``."""
    return _not_empty(context, option, value.removeprefix("=") if value is not None else None)


_CLUSTER_OPTIONS = (
    click.option(
        "-n",
        "--namespace",
        callback=_not_empty,
        metavar="NAME",
        shell_complete=complete_namespaces,
        help="The pod's namespace (default: the context's).",
    ),
    click.option(
        "-l",
        "--selector",
        callback=_labels,
        metavar="LABELS",
        shell_complete=complete_labels,
        help="A pod with these labels, in TARGET's place.",
    ),
    click.option(
        "--context",
        callback=_not_empty,
        metavar="NAME",
        shell_complete=complete_contexts,
        help="The kubeconfig's context (default: its current one).",
    ),
    click.option(
        "--kubeconfig",
        callback=_not_empty,
        metavar="FILE",
        shell_complete=complete_files,
        help="The kubeconfig (default: KUBECONFIG, ~/.kube/config, or the pod's own service account).",
    ),
    click.option(
        "--container",
        callback=_not_empty,
        metavar="NAME",
        help="The pod's container to read files in (default: the app's).",
    ),
    click.option(
        "--port",
        type=Whole(1, 65_535),
        metavar="PORT",
        help="The pod's port with the gRPC admin services (default: looked for, 17171 first).",
    ),
    click.option(
        "--read-only", is_flag=True, help="Run nothing in the pod, not even cat, by which its files are read."
    ),
)
"""Which pod of which cluster; they hold for pod/NAME, deploy/NAME, svc/NAME and the like."""


_TARGET_OPTIONS = (
    *_CLUSTER_OPTIONS,
    click.option("--tls", "use_tls", is_flag=True, help="Talk TLS; implied by the other TLS options."),
    click.option(
        "--ca",
        callback=_not_empty,
        metavar="FILE",
        shell_complete=complete_files,
        help="CA certificates that vouch for the target (default: the system's).",
    ),
    click.option(
        "--cert", callback=_not_empty, metavar="FILE", shell_complete=complete_files, help="Own certificate for mTLS."
    ),
    click.option(
        "--key", callback=_not_empty, metavar="FILE", shell_complete=complete_files, help="Key of the own certificate."
    ),
    click.option(
        "--server-name",
        callback=_not_empty,
        metavar="NAME",
        help="Name the target's certificate is for, if not the address.",
    ),
    click.option(
        "--agent", callback=_not_empty, metavar="URL", help="The istio-agent's HTTP port, such as localhost:15020."
    ),
    click.option(
        "--bootstrap",
        "bootstrap_file",
        callback=_not_empty,
        metavar="FILE",
        shell_complete=complete_files,
        help="The pod's gRPC bootstrap file.",
    ),
    click.option(
        "--certs",
        "certs_dir",
        callback=_not_empty,
        metavar="DIR",
        shell_complete=complete_folders,
        help="The pod's certificate directory.",
    ),
    click.option(
        "--timeout",
        type=Number(0.1, 300, "number of seconds"),
        default=5.0,
        show_default=True,
        metavar="SECONDS",
        help="How long one answer may take, connecting included.",
    ),
    click.option(
        "--max-message",
        callback=_size,
        default=size_words(DEFAULT_MAX_MESSAGE),
        show_default=True,
        metavar="SIZE",
        help="How large one answer of the target may be, unpacked; one of the agent an eighth of it.",
    ),
)


def target_options(*, optional: bool = False) -> Callable[[Callback], Callback]:
    """Add TARGET and the options that say how to reach it; they arrive as ``target: str`` and one ``options:
    TargetOptions``. Where TARGET is ``optional`` the command gets ``None`` for none.
    """

    def decorate(command: Callback) -> Callback:
        def with_options(**arguments: Any) -> Any:
            cluster = ClusterOptions(
                context=arguments.pop("context"),
                kubeconfig=arguments.pop("kubeconfig"),
                namespace=arguments.pop("namespace"),
                selector=arguments.pop("selector"),
                container=arguments.pop("container"),
                port=arguments.pop("port"),
                read_only=arguments.pop("read_only"),
            )
            target = _meant(arguments.pop("target"), cluster, optional=optional)
            options = TargetOptions(
                cluster=cluster,
                tls=TlsOptions(
                    enabled=arguments.pop("use_tls"),
                    ca=arguments.pop("ca"),
                    certificate=arguments.pop("cert"),
                    key=arguments.pop("key"),
                    server_name=arguments.pop("server_name"),
                ),
                agent=arguments.pop("agent"),
                bootstrap=arguments.pop("bootstrap_file"),
                certs=arguments.pop("certs_dir"),
                timeout=arguments.pop("timeout"),
                max_message=arguments.pop("max_message"),
            )
            return command(target=target, options=options, **arguments)

        with_options.__name__ = command.__name__
        with_options.__doc__ = command.__doc__
        setattr(with_options, PARAMETERS, list(getattr(command, PARAMETERS, [])))
        for option in reversed(_TARGET_OPTIONS):
            with_options = option(with_options)
        # Not required by click: labels may stand in its place.
        return click.argument("target", required=False, shell_complete=complete_targets)(with_options)

    return decorate


def _meant(target: str | None, cluster: ClusterOptions, *, optional: bool) -> str | None:
    """The target as typed; ``-l LABELS`` for labels in its place. Raises a usage error for what cannot be meant."""
    if target is None and cluster.selector is None:
        if optional and not cluster.given:
            return None
        raise click.MissingParameter(param_hint="'TARGET'", param_type="argument")
    if target is not None and not cluster.given and os.path.lexists(target):
        return target  # a file, to those commands that take one
    reference = parse_reference(target or "", selector=cluster.selector)
    if reference is None and cluster.given:
        raise UsageError(
            f"{as_typed(target or '')} is no pod, and -l, -n, --context, --kubeconfig, --container, --port and"
            " --read-only are for pods.",
            "name the pod as pod/NAME, deploy/NAME or svc/NAME, or leave the options out",
        )
    return str(reference) if reference is not None and not target else target


def output_option(command: Callback) -> Callback:
    """Add ``-o table|json|yaml`` and ``-w``."""
    command = wide_option(command)
    return click.option(
        "-o",
        "--output",
        "format_",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="Form of output.",
    )(command)
