"""The command line: which commands there are, and how every error ends."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import warnings
from contextlib import suppress
from typing import Final, NoReturn

import click

from meshtui import __version__
from meshtui.cli import streams
from meshtui.cli.diagnostics import ExitCode, fail, fail_unexpected, say, wants_traceback
from meshtui.cli.lazy_group import LazyGroup
from meshtui.model.errors import MeshtuiError
from meshtui.model.phrases import shorten

COMMANDS: Final = {
    "attach": "Open the screen on a target: pod/NAME, host:port or unix:///path.",
    "bootstrap": "The gRPC bootstrap, with what is wrong in it.",
    "certs": "Certificates: chain, names, time left, and what is wrong with them.",
    "completion": "Print the completion script of a shell.",
    "demo": "Start a real proxyless mesh on this machine and open the screen on it.",
    "echo": "Send requests through a pod that serves ForwardEcho, and judge the split by version.",
    "log": "What the agent in a pod (istio-proxy) wrote, with what it says of xDS picked out.",
    "xds": "The xDS config that the gRPC client in the target really holds.",
}
"""Each command with the first sentence of its help; it lives in the module of its name beside this one."""

LONGEST_LINE: Final = 400
"""Characters of a line of click's: it quotes what was typed, however long that is."""


@click.group(
    cls=LazyGroup,
    package="meshtui.cli",
    listed=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="meshtui")
@click.pass_context
def main(ctx: click.Context) -> None:
    """The interactive terminal debugger for gRPC proxyless service meshes.

    Without a command it opens the start screen. TARGET is a pod of a Kubernetes cluster by its name (pod/NAME,
    deploy/NAME, svc/NAME), or host:port or unix:///path of an app that serves the gRPC admin services.
    """
    _silence_logging()
    if ctx.invoked_subcommand is None:
        from meshtui.cli.attach import open_screen

        ctx.exit(open_screen())


def run() -> None:
    """Run the command that was typed and exit. Whatever happens ends in one sentence and an exit code."""
    streams.install()
    _silence_hooks()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if COMPLETE in os.environ:
        _complete()
    code = _outcome()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is left to tidy up
    sys.exit(code)


COMPLETE: Final = "_MESHTUI_COMPLETE"
"""The variable by which a shell asks for completion: click's, from the program's name."""


def _complete() -> NoReturn:
    """Answer a shell and be gone: a name that DNS is still looked up for keeps nobody waiting."""
    from meshtui.cli import shells

    shells.install()
    code = _outcome()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


def _outcome() -> int:
    try:
        code = main.main(standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except SystemExit as ended:  # click's own, as for completion
        return ended.code if isinstance(ended.code, int) else 0
    except BaseException as error:
        return _failed(error)


def _failed(error: BaseException) -> int:
    match error:
        case MeshtuiError():
            return fail(error)
        case click.ClickException():
            shown = io.StringIO()
            error.show(shown)
            say("\n".join(shorten(line, LONGEST_LINE) for line in shown.getvalue().splitlines()))
            return ExitCode.USAGE
        case click.Abort() | KeyboardInterrupt():
            say("interrupted")
            return ExitCode.INTERRUPTED
        case BaseExceptionGroup(exceptions=[one]):
            return _failed(one.with_traceback(one.__traceback__ or error.__traceback__))
        case _:
            return fail_unexpected(error)


def _silence_hooks() -> None:
    """What fails in a thread, in a task that nobody waits for or while an object goes away is no outcome of the
    command. Python writes what nobody handles to standard error, which may be the screen.
    """
    if not wants_traceback():
        threading.excepthook = lambda _: None
        sys.unraisablehook = lambda _: None
        # asyncio.run is given a coroutine, and finds no descriptor left to make its event loop with.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)


def _silence_logging() -> None:
    """asyncio and gRPC log what fails out of sight, and without a handler ``logging`` writes it to standard error.

    Only commands can meet such a failure; a list of them need not load ``logging``.
    """
    if not wants_traceback():
        import logging

        logging.getLogger().addHandler(logging.NullHandler())
