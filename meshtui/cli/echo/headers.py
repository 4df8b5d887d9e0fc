"""Headers from where only this user reads them: a file, or the environment. A command line is public on its machine."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from meshtui.cli.diagnostics import say
from meshtui.cli.echo.request import headers
from meshtui.model.echo.spec import parse_header
from meshtui.model.errors import BadInput, UsageError
from meshtui.model.identity.masking import is_secret

VARIABLE: Final = "MESHTUI_HEADERS"
"""Environment variable with headers, one a line."""

LARGEST: Final = 64 * 1024
"""Bytes of a file at most: gRPC servers take 8 to 16 KiB of headers in all."""

PIPE_TIMEOUT_S: Final = 10.0
"""How long a pipe may take, such as the shell's ``<(vault read …)``."""

STANDARD_INPUT: Final = "-"
"""The file that stands for standard input, as with curl."""

PATH: Final = "Check the path and its mode."

FORM: Final = "Write one NAME: VALUE a line."


def all_headers(
    texts: Sequence[str], files: Sequence[str], environment: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Those of the environment, of the files, and those typed, in this order; ``@FILE`` among the typed ones is one.

    Raises ``UsageError`` and ``BadInput``. No message quotes a line of a file or of the environment: it may be secret.
    """
    pairs = list(_lines(environment.get(VARIABLE, ""), VARIABLE))
    typed = [text for text in texts if not text.startswith("@")]
    for name in (*files, *(text[1:] for text in texts if text.startswith("@"))):
        pairs += _lines(_read(name), "standard input" if name == STANDARD_INPUT else name)
    shown = headers(typed)
    for name, value in shown:
        if is_secret(name, value):
            say(
                f"note: the value of {name} stands on the command line, where every user of this machine can read it;"
                f" --header-file or {VARIABLE} keeps it to you."
            )
    return (*pairs, *shown)


def _lines(text: str, place: str) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        pair = parse_header(line.strip())
        if pair is None:
            raise UsageError(f"Line {number} of {place} is no header.", FORM)
        pairs.append(pair)
    return pairs


def _read(name: str) -> str:
    """The text of a file or pipe, bounded in size and time."""
    try:
        # Not to block: a pipe that nobody writes to is opened at once and reads as empty.
        file = sys.stdin.fileno() if name == STANDARD_INPUT else os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise BadInput(f"{_shown(name)} cannot be read: {getattr(error, 'strerror', None) or error}.", PATH) from None
    try:
        data = _bytes(file, name)
    except OSError as error:
        raise BadInput(f"{_shown(name)} cannot be read: {error.strerror or error}.", PATH) from None
    finally:
        if name != STANDARD_INPUT:
            os.close(file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{name} is not text in UTF-8.", FORM) from None


def _shown(name: str) -> str:
    return name or "The file of an empty name"


def _bytes(file: int, name: str) -> bytes:
    kind = os.fstat(file).st_mode
    waits = (stat.S_ISFIFO(kind) or stat.S_ISCHR(kind) or stat.S_ISSOCK(kind)) and not os.isatty(file)
    data = b""
    while True:
        if waits and not select.select([file], [], [], PIPE_TIMEOUT_S)[0]:
            raise BadInput(f"{name} gave no end of its headers within {PIPE_TIMEOUT_S:g} s.", "name a file")
        piece = os.read(file, LARGEST + 1 - len(data))
        data += piece
        if len(data) > LARGEST:
            raise BadInput(f"{name} is larger than {LARGEST // 1024} KiB, which no server takes as headers.", FORM)
        if not piece:
            return data
