"""A login plugin of a kubeconfig, run (``client.authentication.k8s.io``): started, bounded in time, read, ended.

kubectl gives a plugin the terminal and no time limit. Here it has neither of them unless the terminal is lent: a prompt
nobody sees must not take keys away from a screen, and a plugin that hangs must not hold up a person.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from meshtui.model.kubernetes.kubeconfig import Cluster, ExecPlugin
from meshtui.model.kubernetes.login_answer import LoginAnswer, UnusableAnswer, read_answer
from meshtui.model.kubernetes.login_prompt import never
from meshtui.model.phrases import one_line
from meshtui.model.printable import printable
from meshtui.sources.kubernetes.failures import LoginFailed
from meshtui.sources.kubernetes.plugin_guard import PluginGuard

PLUGIN_TIMEOUT: Final = 120.0
"""Seconds a plugin may take: some wait for a person who logs in with a browser; what they say is shown meanwhile."""

ENDING: Final = 1.0
"""Seconds between asking a plugin to end and ending it; and how long its output may stay open after its end."""

LOOK_EVERY: Final = 0.1
"""Seconds between looks whether a plugin has ended whose output stays open, or whether it was broken off."""

BREAKING_OFF: Final = 0.3
"""Seconds that a plugin with the terminal may take to end by the Ctrl+C that it got, before it is told to."""

LARGEST_ANSWER: Final = 1 << 20
"""Bytes of a plugin's answer; a token has some KiB, a certificate with its chain some ten."""

WORDS_KEPT: Final = 20
"""Last lines of a plugin's stderr that are kept for the sentence of its failure."""

LONGEST_WORDS: Final = 400
"""Characters of them in a sentence."""

SAID: Final = "Log in as it says, or as your cluster's provider says."
SEEN: Final = "What it said is on the terminal that it had; a screen hides that until it is left."
"""What to try after a failure without the terminal, and with it."""

LONGEST_LINE: Final = 1_000
"""Characters of one line of stderr that are shown."""


async def run_plugin(
    plugin: ExecPlugin,
    cluster: Cluster,
    environ: Mapping[str, str],
    *,
    interactive: bool,
    says: Callable[[str], None],
    broken_off_at: Callable[[], float] = never,
    timeout: float = PLUGIN_TIMEOUT,
) -> LoginAnswer:
    """What the plugin answers. With ``interactive`` it has our terminal, else neither stdin nor any terminal at all.

    Raises ``LoginFailed`` with the plugin's own words, as far as they are not the terminal's. Cancelled, it ends the
    plugin with all it started; when Ctrl+C was pressed at its terminal (``broken_off_at``), the plugin alone.
    """
    began = time.monotonic()

    def broken_off() -> bool:
        return broken_off_at() >= began

    environment = {**environ, **dict(plugin.environment)}
    info = await asyncio.to_thread(exec_info, plugin, cluster, interactive=interactive)
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(info, default=str)
    guard = PluginGuard(environ)
    try:
        process = await _started(plugin, environment, guard, interactive=interactive)
        return await _answered(
            plugin, process, interactive=interactive, says=says, broken_off=broken_off, timeout=timeout
        )
    finally:
        guard.over()


async def _answered(
    plugin: ExecPlugin,
    process: Process,
    *,
    interactive: bool,
    says: Callable[[str], None],
    broken_off: Callable[[], bool],
    timeout: float,
) -> LoginAnswer:
    """What the running plugin answers. It has ended then, whatever came of it."""
    words: deque[str] = deque(maxlen=WORDS_KEPT)
    answer: list[bytes] = []
    reading = [
        asyncio.ensure_future(_read_answer(process, answer)),
        asyncio.ensure_future(_read_words(process, words, says)),
    ]
    try:
        async with asyncio.timeout(timeout):
            await _ended(process, broken_off)
        await asyncio.wait(reading, timeout=ENDING)
    except TimeoutError:
        raise LoginFailed(
            f"The login plugin {shown(plugin)} did not end within {timeout:g} s{_quoted(words)}.",
            f"Run it by hand to see what it waits for: {shown(plugin)}.",
        ) from None
    finally:
        # A helper that a plugin leaves behind on purpose has let go of our pipes; what has not is ended with it.
        if process.returncode is None or not all(task.done() for task in reading):
            await _end(process, group=not interactive)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    if process.returncode != 0 and broken_off():
        raise _broken_off(plugin)
    if process.returncode != 0:
        raise _failed(plugin, process.returncode or 0, words, SEEN if interactive else SAID)
    try:
        return read_answer(b"".join(answer), plugin.api_version)
    except UnusableAnswer as wrong:
        raise LoginFailed(
            f"The login plugin {shown(plugin)} gave no credentials: {wrong}{_quoted(words)}.",
            f"Run it by hand to see what it says: {shown(plugin)}.",
        ) from None


def shown(plugin: ExecPlugin) -> str:
    """The plugin's name for people."""
    return one_line(printable(plugin.command), LONGEST_WORDS)


def exec_info(plugin: ExecPlugin, cluster: Cluster, *, interactive: bool) -> dict[str, Any]:
    """What a plugin is told in ``KUBERNETES_EXEC_INFO``: an ExecCredential with its ``spec``. It blocks."""
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        spec["cluster"] = _cluster_info(cluster)
    return {"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec}


def _cluster_info(cluster: Cluster) -> dict[str, Any]:
    """The cluster as the API's type has it (client-go, pkg/apis/clientauthentication/v1: Cluster), the CA as data."""
    import base64

    from meshtui.sources.kubernetes.tls import authority_of

    said = {
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
        "certificate-authority-data": base64.b64encode(authority_of(cluster)).decode(),
        "proxy-url": cluster.proxy_url,
        "disable-compression": cluster.disable_compression,
    }
    given = {key: value for key, value in said.items() if value}
    return {"server": cluster.server, **given, "config": cluster.exec_config}


async def _started(
    plugin: ExecPlugin, environment: dict[str, str], guard: PluginGuard, *, interactive: bool
) -> Process:
    """The plugin's process. Cancelled just then, asyncio would end the plugin alone, and then wait for whatever it
    started that holds its pipes open."""
    starting = asyncio.ensure_future(_start(plugin, environment, guard, interactive=interactive))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with suppress(LoginFailed):
            await _end(await starting, group=not interactive)
        raise


async def _start(plugin: ExecPlugin, environment: dict[str, str], guard: PluginGuard, *, interactive: bool) -> Process:
    path = plugin.command
    if "/" not in path:
        path = shutil.which(path, path=environment.get("PATH")) or ""
    try:
        if not path:
            raise FileNotFoundError
        process = await asyncio.create_subprocess_exec(
            path,
            *plugin.arguments,
            env=environment,
            stdin=None if interactive else DEVNULL,
            stdout=PIPE,
            # With the terminal it is that, as with kubectl, and what is written there is not read. A pipe copied to the
            # terminal would do for those that print a prompt on stderr and read stdin (int128/kubelogin does), but
            # others draw their dialogue on stderr and do not ask where that is no terminal (Rust's dialoguer, by its
            # default; `[ -t 2 ]` in a shell). A pseudo-terminal in its place would fail those that read, or turn off
            # the echo, there. A login that works with kubectl must work here.
            stderr=None if interactive else PIPE,
            # A session of its own has no terminal to prompt at, and can be ended with all it started.
            start_new_session=not interactive,
        )
        # One that has the terminal is of our own process group, with whatever else the shell's job is.
        guard.watch(process.pid, group=not interactive)
        return process
    except FileNotFoundError:
        where = "" if "/" in plugin.command else " in PATH"
        raise LoginFailed(
            f"The login plugin {shown(plugin)} is not installed: there is none{where}.", _hint(plugin)
        ) from None
    except (OSError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else "its name or arguments are unusable"
        )
        raise LoginFailed(f"The login plugin {shown(plugin)} cannot be run: {reason}.", _hint(plugin)) from None


def _hint(plugin: ExecPlugin) -> str:
    """The kubeconfig's own words on how to install it."""
    return one_line(printable(plugin.install_hint.replace("\n", " ")), LONGEST_LINE) or (
        "Install it, or put it into PATH, as your cluster's provider says."
    )


async def _read_answer(process: Process, parts: list[bytes]) -> None:
    assert process.stdout is not None
    left = LARGEST_ANSWER
    while part := await process.stdout.read(1 << 16):
        if left > 0:
            parts.append(part[:left])
        left -= len(part)  # read on beyond the limit: a full pipe would hold the plugin up


async def _read_words(process: Process, words: deque[str], says: Callable[[str], None]) -> None:
    if process.stderr is None:
        return
    kept = b""
    while part := await process.stderr.read(1 << 12):
        *lines, kept = (kept + part).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            _hear(line, words, says)
        kept = kept[-LONGEST_LINE:]
    _hear(kept, words, says)


def _hear(line: bytes, words: deque[str], says: Callable[[str], None]) -> None:
    text = one_line(printable(line.decode("utf-8", "replace").replace("\t", " ")), LONGEST_LINE)
    if text:
        words.append(text)
        says(text)


async def _ended(process: Process, broken_off: Callable[[], bool] = lambda: False) -> None:
    """Until the plugin itself has ended; asyncio's own wait is also for whoever else holds its pipes open. One that is
    broken off has :data:`BREAKING_OFF`, and is then left to whoever ends it."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None and not broken_off():
            await asyncio.wait({waiting}, timeout=LOOK_EVERY)
        if process.returncode is None:
            await asyncio.wait({waiting}, timeout=BREAKING_OFF)
    finally:
        waiting.cancel()


async def _end(process: Process, *, group: bool) -> None:
    """Ends what still runs: the plugin with all of its group, first by asking."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            if group:
                os.killpg(process.pid, sent)
            else:
                process.send_signal(sent)
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                await _ended(process)
        if process.returncode is not None and sent == signal.SIGTERM and not group:
            return


def _broken_off(plugin: ExecPlugin) -> LoginFailed:
    failure = LoginFailed(f"The login by the plugin {shown(plugin)} was broken off by Ctrl+C.")
    failure.broken_off = True
    return failure


def _failed(plugin: ExecPlugin, code: int, words: deque[str], hint: str) -> LoginFailed:
    how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
    return LoginFailed(f"The login plugin {shown(plugin)} failed {how}{_quoted(words)}.", hint)


def _quoted(words: deque[str]) -> str:
    text = one_line(" ".join(words), LONGEST_WORDS).rstrip(".")
    return f": {text}" if text else ""
