"""The program, as ``meshtui`` and as ``python -m meshtui``."""

import signal


def program() -> None:
    """Run it. Ctrl+C while it is still being imported ends it like any other program, without a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from meshtui.cli import one_look
    from meshtui.cli.main import run

    try:
        run()
    except SystemExit as ended:
        one_look.leave(ended.code if isinstance(ended.code, int) else 0)
        raise


if __name__ == "__main__":
    program()
