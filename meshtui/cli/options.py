"""Options that every command with a TARGET shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import click

from meshtui.cli.layout import wide_option
from meshtui.cli.numbers import Number
from meshtui.cli.output import FORMATS
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


_TARGET_OPTIONS = (
    click.option("--tls", "use_tls", is_flag=True, help="Talk TLS; implied by the other TLS options."),
    click.option(
        "--ca",
        callback=_not_empty,
        metavar="FILE",
        help="CA certificates that vouch for the target (default: the system's).",
    ),
    click.option("--cert", callback=_not_empty, metavar="FILE", help="Own certificate for mTLS."),
    click.option("--key", callback=_not_empty, metavar="FILE", help="Key of the own certificate."),
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
        "--bootstrap", "bootstrap_file", callback=_not_empty, metavar="FILE", help="The pod's gRPC bootstrap file."
    ),
    click.option("--certs", "certs_dir", callback=_not_empty, metavar="DIR", help="The pod's certificate directory."),
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


def target_options(command: Callback) -> Callback:
    """Add the options that say how to reach a target; they arrive as one ``options: TargetOptions``."""

    def with_options(**arguments: Any) -> Any:
        options = TargetOptions(
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
        return command(options=options, **arguments)

    with_options.__name__ = command.__name__
    with_options.__doc__ = command.__doc__
    setattr(with_options, PARAMETERS, list(getattr(command, PARAMETERS, [])))
    for option in reversed(_TARGET_OPTIONS):
        with_options = option(with_options)
    return with_options


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
