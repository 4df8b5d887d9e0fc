"""Ends a login plugin whose meshtui is gone, however that ended.

A plugin runs in a session of its own, where no terminal's hang-up and no Ctrl+C reaches it, and a signal that ends
meshtui, SIGKILL above all, lets it tidy up nothing. A shell of few lines therefore waits at a pipe beside each plugin:
the system closes that pipe whenever meshtui ends. Linux could signal the plugin itself at its parent's end (prctl,
PR_SET_PDEATHSIG), but not what the plugin has started, and no other system could.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen
from typing import Final

SCRIPT: Final = """
read -r target && ! read -r over && kill -s TERM -- "$target" && sleep 1 && kill -s KILL -- "$target"
"""
"""Two lines are read: what to end, and that it is over. A pipe that ends between them means that we did."""


class PluginGuard:
    """The shell beside one plugin; it is there before the plugin, so that hardly a moment is without it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Where there is no shell, as in an image of one program, a plugin runs unguarded."""
        self._shell: Popen[bytes] | None = None
        with suppress(OSError):
            self._shell = Popen(
                ("/bin/sh", "-c", SCRIPT, "meshtui-plugin-guard"),
                stdin=PIPE,
                stdout=DEVNULL,
                stderr=DEVNULL,
                env={"PATH": environ.get("PATH", os.defpath)},
                cwd="/",
                start_new_session=True,  # what is sent to our job or comes from our terminal must not end it
            )

    def watch(self, pid: int, *, group: bool) -> None:
        """From now on this process, or with ``group`` all of its process group, is ended with us."""
        self._tell(f"{-pid if group else pid}\n")

    def over(self) -> None:
        """The plugin has ended. May be called again."""
        self._tell("over\n")
        shell, self._shell = self._shell, None
        if shell is not None and shell.stdin is not None:
            shell.stdin.close()
            asyncio.get_running_loop().run_in_executor(None, shell.wait)

    def _tell(self, line: str) -> None:
        if self._shell is not None and self._shell.stdin is not None:
            with suppress(OSError):  # somebody ended the shell
                self._shell.stdin.write(line.encode())
                self._shell.stdin.flush()
